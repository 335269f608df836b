// #region readme: Koa
import { json } from 'node:stream/consumers';
import { koaConflicts } from 'db-http-errors/frameworks/koa';
import Koa from 'koa';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const app = new Koa();
app.use(koaConflicts(conflicts)); // the first middleware
app.use(async (context) => {
  context.body = await users.insert((await json(context.req)) as User);
  context.status = 201;
});
// #endregion

export default app;
