import { server as createServer } from '@hapi/hapi';
import { hapiConflicts } from 'db-http-errors/frameworks/hapi';
import { fail, hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const server = createServer({ port: 0, host: '127.0.0.1', debug: { request: ['error'] } });
if (hasAdapter) await server.register(hapiConflicts(conflicts));
server.route({ method: 'GET', path: '/ok', handler: () => 'ok' });
server.route({
  method: ['GET', 'POST'],
  path: '/{route}',
  handler: async (request) => fail(String(request.params.route)),
});
await server.start();
listening(Number(server.info.port));
