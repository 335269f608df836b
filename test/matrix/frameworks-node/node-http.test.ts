import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'node-http',
  server: new URL('node-http.server.ts', import.meta.url),
  bare: false,
});
