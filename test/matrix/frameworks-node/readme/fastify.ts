// #region readme: Fastify
import { fastifyConflicts } from 'db-http-errors/frameworks/fastify';
import fastify from 'fastify';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const app = fastify();
app.register(fastifyConflicts, { conflicts });
app.post<{ Body: User }>('/users', (request, reply) => {
  reply.code(201);
  return users.insert(request.body);
});
// #endregion

export default app;
