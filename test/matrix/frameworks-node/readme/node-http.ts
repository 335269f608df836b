// #region readme: node:http
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const server = createServer(
  nodeHttpConflicts(conflicts)(async (request, response) => {
    const user = await users.insert((await json(request)) as User);
    response.writeHead(201).end(JSON.stringify(user));
  }),
);
// #endregion

export default server;
