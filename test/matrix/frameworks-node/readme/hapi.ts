// #region readme: hapi
import { server as createServer } from '@hapi/hapi';
import { hapiConflicts } from 'db-http-errors/frameworks/hapi';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const server = createServer({ port: 0 });
await server.register(hapiConflicts(conflicts));
server.route({
  method: 'POST',
  path: '/users',
  handler: async (request, h) => h.response(await users.insert(request.payload as User)).code(201),
});
// #endregion

export default server;
