import { Writable } from 'node:stream';
import * as namespace from 'db-http-errors/frameworks/fastify';
import { fastifyConflicts } from 'db-http-errors/frameworks/fastify';
import { fastify as fastify5 } from 'fastify';
import { fastify as fastify4 } from 'fastify4';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { defineConflicts } from '../../../src/index.ts';
import { BARE } from '../frameworks.ts';
import { conflicts, THROWN } from '../thrown.ts';

const warnings: string[] = [];

beforeEach(() => {
  warnings.length = 0;
  vi.spyOn(process, 'emitWarning').mockImplementation((...warning: unknown[]) => {
    warnings.push(String(warning[2]));
  });
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe.each([
  ['4', fastify4 as unknown as typeof fastify5],
  ['5', fastify5],
])('Fastify %s', (_version, fastify) => {
  type App = ReturnType<typeof fastify5>;

  function routes(app: App, prefix = ''): void {
    app.all(`${prefix}/:route`, async (request: { params: unknown }) => {
      throw THROWN[(request.params as { route: string }).route]?.();
    });
  }

  async function status(app: App, url: string): Promise<number> {
    return (await app.inject({ method: 'POST', url })).statusCode;
  }

  test('answers routes behind it, hooks, and contexts within', async () => {
    const app = fastify();
    app.register(fastifyConflicts, { conflicts });
    routes(app);
    app.register(async (within) => {
      within.addHook('preHandler', async () => {
        throw THROWN.native?.();
      });
      within.get('/within', async () => 'never');
    });
    app.post('/callback', (_request, reply) => {
      reply.send(THROWN.native?.());
    });
    expect(await status(app, '/native')).toBe(409);
    expect(await status(app, '/callback')).toBe(409);
    expect((await app.inject('/within')).statusCode).toBe(409);
  });

  test('leaves other contexts alone', async () => {
    const app = fastify();
    app.register(async (within) => {
      within.register(fastifyConflicts, { conflicts });
      routes(within, '/within');
    });
    routes(app, '/outside');
    expect([await status(app, '/within/native'), await status(app, '/outside/native')]).toEqual([409, 500]);
  });

  test.each([
    ['is registered by its namespace', namespace],
    ['is registered by its default', namespace.default],
    ['is registered by a promise', import('db-http-errors/frameworks/fastify')],
  ])('%s', async (_name, plugin) => {
    const app = fastify();
    app.register(plugin as typeof fastifyConflicts, { conflicts });
    routes(app);
    expect(await status(app, '/native')).toBe(409);
  });

  test('needs no options', async () => {
    const app = fastify();
    app.register(fastifyConflicts);
    routes(app);
    expect((await app.inject('/native')).json()).toMatchObject({ code: 'duplicate' });
  });

  test('gives the rest to the error handler that the app had before', async () => {
    const app = fastify();
    app.setErrorHandler((error, _request, reply) => {
      reply.code(418).send({ mine: (error as Error).name });
    });
    await app.register(fastifyConflicts, { conflicts });
    routes(app);
    expect((await app.inject('/bug')).json()).toEqual({ mine: 'TypeError' });
    expect((await app.inject('/string')).statusCode).toBe(418);
    expect(await status(app, '/native')).toBe(409);
    expect((await app.inject('/required')).json()).toEqual(BARE);
  });

  test('gets what an error handler that the app has afterwards, or in a context within, throws again', async () => {
    const app = fastify();
    await app.register(fastifyConflicts, { conflicts });
    const handler = (error: unknown): object => {
      if (error instanceof TypeError) return { mine: error.name };
      throw error;
    };
    app.setErrorHandler(handler);
    app.register(async (within) => {
      within.setErrorHandler(handler);
      routes(within, '/within');
    });
    routes(app);
    for (const prefix of ['', '/within']) {
      expect((await app.inject(`${prefix}/bug`)).json()).toEqual({ mine: 'TypeError' });
      expect(await status(app, `${prefix}/native`)).toBe(409);
      expect((await app.inject(`${prefix}/syntax`)).json()).toEqual(BARE);
    }
  });

  test('gives no warning in a context without an error handler', async () => {
    const app = fastify();
    await app.register(fastifyConflicts, { conflicts });
    await app.register(async (within) => {
      await within.register(fastifyConflicts, { conflicts });
    });
    await app.ready();
    expect(warnings).toEqual([]);
  });

  test('answers with the rules of the nearest context', async () => {
    const app = fastify();
    const own = defineConflicts({ rules: { users_email_key: { detail: 'Of the context.' } } });
    app.register(fastifyConflicts, { conflicts });
    app.register(async (within) => {
      within.register(fastifyConflicts, { conflicts: own });
      routes(within);
    });
    expect((await app.inject('/native')).json()).toMatchObject({ detail: 'Of the context.' });
  });

  test('sends the document as it is, whatever schemas and serialisers there are', async () => {
    const app = fastify();
    app.register(fastifyConflicts, { conflicts });
    const mine = { type: 'object', properties: { mine: { type: 'string' } }, required: ['mine'] };
    app.get('/', { schema: { response: { '4xx': mine, 409: mine } } }, async () => {
      throw THROWN.native?.();
    });
    app.setReplySerializer(() => 'mine');
    expect((await app.inject('/')).json()).toMatchObject({ code: 'duplicate', resource: 'user' });
  });

  test('leaves validation and missing routes to Fastify', async () => {
    const app = fastify();
    app.register(fastifyConflicts, { conflicts });
    app.get('/', { schema: { querystring: { type: 'object', required: ['a'] } } }, async () => 'ok');
    expect((await app.inject('/')).json()).toMatchObject({ statusCode: 400, code: 'FST_ERR_VALIDATION' });
    expect((await app.inject('/nowhere')).json()).toMatchObject({ statusCode: 404 });
  });

  test('logs what it answers with a bare 500 once, as err, and no conflict', async () => {
    const lines: { level: number; err?: { code?: string } }[] = [];
    const stream = new Writable({
      write(chunk, _encoding, done) {
        lines.push(JSON.parse(String(chunk)));
        done();
      },
    });
    const app = fastify({ logger: { stream } });
    app.register(fastifyConflicts, { conflicts });
    routes(app);
    await app.inject('/native');
    expect(lines.filter(({ err }) => err)).toEqual([]);
    expect(JSON.stringify(lines)).not.toContain('alice');
    await app.inject('/required');
    expect(lines.filter(({ err }) => err)).toEqual([
      expect.objectContaining({ level: 50, err: expect.objectContaining({ code: '23502' }) }),
    ]);
  });

  test('takes back what the route said about another body, and keeps the rest', async () => {
    const app = fastify();
    app.register(fastifyConflicts, { conflicts });
    app.addHook('onSend', async (_request, reply) => {
      reply.header('x-hook', 'ran');
    });
    app.get('/', async (_request, reply) => {
      reply.headers({ 'content-length': 3, 'content-encoding': 'gzip', etag: '"old"', 'content-type': 'text/csv' });
      reply.headers({ 'access-control-allow-origin': '*', 'cache-control': 'max-age=60' });
      throw THROWN.native?.();
    });
    const { headers, body } = await app.inject('/');
    expect(JSON.parse(body)).toMatchObject({ code: 'duplicate' });
    expect(headers).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'content-length': expect.any(String),
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      date: expect.any(String),
      'x-hook': 'ran',
    });
  });
});

describe('Fastify 5', () => {
  test('warns where a handler is set already, and refuses where the app says so', async () => {
    const app = fastify5();
    app.setErrorHandler(() => 'mine');
    await app.register(fastifyConflicts, { conflicts });
    expect(warnings).toEqual(['FSTWRN004']);

    const strict = fastify5({ allowErrorHandlerOverride: false });
    strict.setErrorHandler(() => 'mine');
    strict.register(fastifyConflicts, { conflicts });
    await expect(strict.ready()).rejects.toMatchObject({ code: 'FST_ERR_ERROR_HANDLER_ALREADY_SET' });
  });
});
