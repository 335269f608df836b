import { describeFramework } from '../frameworks.ts';

describeFramework({
  title: 'koa-2',
  packageName: 'koa2',
  server: new URL('koa-2.server.ts', import.meta.url),
  // Koa's ctx.onerror writes the status to it.
  frozenHangs: ['bare'],
});

describeFramework({
  title: 'koa-3',
  packageName: 'koa',
  server: new URL('koa-3.server.ts', import.meta.url),
  // Koa's ctx.onerror writes the status to it.
  frozenHangs: ['bare'],
});
