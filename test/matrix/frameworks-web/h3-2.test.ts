import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'h3-2',
  packageName: 'h3',
  server: new URL('h3-2.server.ts', import.meta.url),
});
