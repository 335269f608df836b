import { fastifyConflicts } from 'db-http-errors/frameworks/fastify';
import { fastify } from 'fastify4';
import { fail, hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = fastify({ logger: true });
if (hasAdapter) app.register(fastifyConflicts, { conflicts });
app.get('/ok', async () => 'ok');
app.route({
  method: ['GET', 'POST'],
  url: '/:route',
  handler: async (request) => fail((request.params as { route: string }).route),
});
listening(Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port));
