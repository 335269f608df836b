import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'hono',
  packageName: 'hono',
  server: new URL('hono.server.ts', import.meta.url),
});
