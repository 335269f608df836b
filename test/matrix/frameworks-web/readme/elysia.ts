// #region readme: Elysia
import { elysiaConflicts } from 'db-http-errors/frameworks/elysia';
import { Elysia } from 'elysia';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const app = new Elysia()
  .use(elysiaConflicts(conflicts)) // before the routes
  .post('/users', async ({ body, status }) => status(201, await users.insert(body as User)));

// #endregion

export { app };
