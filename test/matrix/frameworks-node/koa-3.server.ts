import { createServer } from 'node:http';
import { koaConflicts } from 'db-http-errors/frameworks/koa';
import Koa from 'koa';
import { fail, hasAdapter, serve } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = new Koa();
if (hasAdapter) app.use(koaConflicts(conflicts));
app.use(async (context) => {
  if (context.path !== '/ok') fail(context.path.slice(1));
  context.body = 'ok';
});
await serve(createServer(app.callback()));
