// #region readme: Hono
import { honoConflicts } from 'db-http-errors/frameworks/hono';
import { Hono } from 'hono';
import { conflicts } from './conflicts.ts';
import { users } from './users.ts';

const app = new Hono();
app.onError(honoConflicts(conflicts));
app.post('/users', async (c) => c.json(await users.insert(await c.req.json()), 201));

// #endregion

export { app };
