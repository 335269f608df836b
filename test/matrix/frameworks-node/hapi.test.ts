import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'hapi',
  packageName: '@hapi/hapi',
  server: new URL('hapi.server.ts', import.meta.url),
  bare: false,
  // Boom.boomify defines properties on it.
  frozenHangs: ['adapter', 'bare'],
});
