import { describeFramework } from '../frameworks.ts';

// Elysia's own server for Node.
describeFramework({
  title: 'elysia-node',
  packageName: '@elysiajs/node',
  server: new URL('elysia-node.server.ts', import.meta.url),
});
