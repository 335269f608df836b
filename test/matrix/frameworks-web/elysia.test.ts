import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'elysia',
  packageName: 'elysia',
  server: new URL('elysia.server.ts', import.meta.url),
});
