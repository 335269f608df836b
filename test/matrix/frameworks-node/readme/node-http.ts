// #region readme: node:http
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const answersConflicts = nodeHttpConflicts(conflicts);
const server = createServer(
  answersConflicts(async (request, response) => {
    const user = await users.insert((await json(request)) as User);
    response.writeHead(201, { 'Content-Type': 'application/json' }).end(JSON.stringify(user));
  }),
);

// #endregion

export { server };
