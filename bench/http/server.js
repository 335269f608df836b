import dbErrors from 'db-errors';
import { defineConflicts } from '../../dist/index.js';
import { fromRoot } from '../from-root.js';
import { makeRepository } from './repository.js';

/**
 * One server: `server.js <framework> <variant>`. It tells its port, and when it is asked, the CPU time that it has used.
 */

const createError = fromRoot('http-errors');
const [framework, variant] = process.argv.slice(2);

const DETAIL = 'This e-mail is already registered.';
const conflicts = defineConflicts({
  rules: { users_email_key: { resource: 'user', fields: ['email'], detail: DETAIL } },
});
const bare = makeRepository();
const repository = variant === 'wrapped' ? conflicts.wrap(bare) : bare;

/** The same document as ours but for the id, which nobody writes by hand. */
const BY_HAND = {
  type: 'about:blank',
  title: 'Conflict',
  status: 409,
  detail: DETAIL,
  code: 'duplicate',
  resource: 'user',
  errors: [{ pointer: '#/email', code: 'taken' }],
  retryable: false,
  recovery: 'change_input',
};
const HEADERS = { 'content-type': 'application/problem+json', 'cache-control': 'no-store' };

/** What services do in the error handler of their framework: the body and its status, or nothing. */
const HANDLERS = {
  hand: (error) => (error.code === '23505' ? BY_HAND : undefined),
  peers(error) {
    if (!(dbErrors.wrapError(error) instanceof dbErrors.UniqueViolationError)) return undefined;
    const { status, message } = createError(409, DETAIL);
    return { ...BY_HAND, status, detail: message };
  },
};
const toBody = HANDLERS[variant];

const SERVERS = {
  async express() {
    const { default: express } = await import('express');
    const { expressConflicts } = await import('../../dist/frameworks/express.js');
    const app = express().disable('x-powered-by').use(express.json());
    app.post('/users', async (request, response) => {
      response.status(201).json(await repository.createUser(request.body.email));
    });
    app.post('/notes', async (request, response) => {
      response.status(201).json(await repository.createNote(request.body.email));
    });
    if (variant === 'ours') app.use(expressConflicts(conflicts));
    if (toBody !== undefined) {
      app.use((error, _request, response, next) => {
        const body = toBody(error);
        if (body === undefined) next(error);
        else response.status(body.status).set(HEADERS).end(JSON.stringify(body));
      });
    }
    return await new Promise((resolve) => {
      const server = app.listen(0, '127.0.0.1', () => resolve(server.address().port));
    });
  },

  async fastify() {
    const { default: fastify } = await import('fastify');
    const { fastifyConflicts } = await import('../../dist/frameworks/fastify.js');
    const app = fastify();
    if (variant === 'ours') app.register(fastifyConflicts, { conflicts });
    if (toBody !== undefined) {
      app.setErrorHandler((error, _request, reply) => {
        const body = toBody(error);
        if (body === undefined) throw error;
        reply.code(body.status).headers(HEADERS).send(JSON.stringify(body));
      });
    }
    app.post('/users', async (request, reply) => {
      const user = await repository.createUser(request.body.email);
      return reply.code(201).send(user);
    });
    app.post('/notes', async (request, reply) => {
      const note = await repository.createNote(request.body.email);
      return reply.code(201).send(note);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server.address().port;
  },

  async hono() {
    const { Hono } = await import('hono');
    const { serve } = await import('@hono/node-server');
    const { honoConflicts } = await import('../../dist/frameworks/hono.js');
    const app = new Hono();
    if (variant === 'ours') app.onError(honoConflicts(conflicts));
    if (toBody !== undefined) {
      app.onError((error, context) => {
        const body = toBody(error);
        if (body === undefined) return context.text('Internal Server Error', 500);
        return context.body(JSON.stringify(body), body.status, HEADERS);
      });
    }
    app.post('/users', async (context) => {
      const { email } = await context.req.json();
      return context.json(await repository.createUser(email), 201);
    });
    app.post('/notes', async (context) => {
      const { email } = await context.req.json();
      return context.json(await repository.createNote(email), 201);
    });
    return await new Promise((resolve) => {
      serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => resolve(port));
    });
  },
};

const port = await SERVERS[framework]();
process.on('message', (message) => {
  if (message === 'end') process.exit();
  const { user, system } = process.cpuUsage();
  process.send({ cpu: user + system });
});
process.once('disconnect', () => process.exit());
process.send({ port });
