import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'fastify-4',
  packageName: 'fastify4',
  server: new URL('fastify-4.server.ts', import.meta.url),
});

describeFramework({
  title: 'fastify-5',
  packageName: 'fastify',
  server: new URL('fastify-5.server.ts', import.meta.url),
});
