// #region readme: h3
import { h3Conflicts } from 'db-http-errors/frameworks/h3';
import { H3, readBody } from 'h3';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const app = new H3({ onError: h3Conflicts(conflicts) });
app.post('/users', async (event) => {
  const user = await users.insert((await readBody<User>(event)) as User);
  event.res.status = 201;
  return user;
});

// #endregion

export { app };
