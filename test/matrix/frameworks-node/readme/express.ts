// #region readme: Express
import { expressConflicts } from 'db-http-errors/frameworks/express';
import express from 'express';
import { conflicts } from './conflicts.ts';
import { users } from './users.ts';

const app = express();
app.post('/users', express.json(), async (request, response) => {
  response.status(201).json(await users.insert(request.body));
});
app.use(expressConflicts(conflicts)); // behind the routes
// #endregion

export default app;
