import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import {
  connect,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import Hapi from '@hapi/hapi';
import Database from 'better-sqlite3';
import { expressConflicts } from 'db-http-errors/frameworks/express';
import { fastifyConflicts } from 'db-http-errors/frameworks/fastify';
import { hapiConflicts } from 'db-http-errors/frameworks/hapi';
import { koaConflicts } from 'db-http-errors/frameworks/koa';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { defineIdempotency, idempotencyTableSql, type Lease } from 'db-http-errors/idempotency';
import { expressIdempotency } from 'db-http-errors/idempotency/express';
import { fastifyIdempotency } from 'db-http-errors/idempotency/fastify';
import { hapiIdempotency } from 'db-http-errors/idempotency/hapi';
import { koaIdempotency } from 'db-http-errors/idempotency/koa';
import { nodeHttpIdempotency } from 'db-http-errors/idempotency/node-http';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import fastify4 from 'fastify4';
import Koa from 'koa';
import Koa2 from 'koa2';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { describeIdempotency, type Order, type Shop } from '../idempotency.ts';
import { bank, create, drop, pool } from './readme/payments.ts';

// Idempotency keys in the frameworks of Node, over real sockets.

type App = (shop: Shop) => Promise<Server>;

const withExpress =
  (framework: typeof express): App =>
  async ({ keys, scope, pay, charge, conflicts }) => {
    const app = framework();
    app.use(framework.json());
    app.post(
      '/payments',
      expressIdempotency(
        keys,
        { scope: (request: express.Request) => scope(request.headers.authorization, '/payments') },
        (request, tx) => {
          expectTypeOf(tx).toEqualTypeOf<Database.Database>();
          return pay(tx, request.body);
        },
      ),
    );
    app.post(
      '/charges',
      expressIdempotency(
        keys,
        { mode: 'lease', scope: (request: express.Request) => scope(request.headers.authorization, '/charges') },
        async (request, lease) => {
          expectTypeOf(lease).toEqualTypeOf<Lease>();
          return charge(lease, request.body);
        },
      ),
    );
    app.use(expressConflicts(conflicts));
    return createServer(app);
  };

const withFastify =
  (framework: typeof fastify): App =>
  async ({ keys, scope, pay, charge, conflicts }) => {
    const app = framework();
    app.register(fastifyConflicts, { conflicts });
    app.post<{ Body: Order }>(
      '/payments',
      fastifyIdempotency(
        keys,
        { scope: (request) => scope(request.headers.authorization, '/payments') },
        (request, tx) => {
          expectTypeOf(tx).toEqualTypeOf<Database.Database>();
          return pay(tx, request.body);
        },
      ),
    );
    app.post<{ Body: Order }>(
      '/charges',
      fastifyIdempotency(
        keys,
        { mode: 'lease', scope: (request) => scope(request.headers.authorization, '/charges') },
        async (request, lease) => {
          expectTypeOf(lease).toEqualTypeOf<Lease>();
          return charge(lease, request.body);
        },
      ),
    );
    await app.ready();
    return app.server;
  };

const withKoa =
  (Framework: typeof Koa): App =>
  async ({ keys, scope, pay, charge, conflicts }) => {
    const app = new Framework();
    app.use(koaConflicts(conflicts));
    // What a parser of bodies does.
    app.use(async (ctx, next) => {
      Object.assign(ctx.request, { body: await json(ctx.req) });
      await next();
    });
    type Context = Koa.Context & { request: { body: Order } };
    const payments = koaIdempotency(
      keys,
      { scope: (ctx: Context) => scope(ctx.headers.authorization, '/payments') },
      (ctx, tx) => {
        expectTypeOf(tx).toEqualTypeOf<Database.Database>();
        return pay(tx, ctx.request.body);
      },
    );
    const charges = koaIdempotency(
      keys,
      { mode: 'lease', scope: (ctx: Context) => scope(ctx.headers.authorization, '/charges') },
      async (ctx, lease) => {
        expectTypeOf(lease).toEqualTypeOf<Lease>();
        return charge(lease, ctx.request.body);
      },
    );
    app.use((ctx) => (ctx.path === '/payments' ? payments(ctx as Context) : charges(ctx as Context)));
    return createServer(app.callback());
  };

const withHapi: App = async ({ keys, scope, pay, charge, conflicts }) => {
  const server = Hapi.server({ debug: false });
  await server.register(hapiConflicts(conflicts));
  server.route({
    method: 'POST',
    path: '/payments',
    handler: hapiIdempotency(
      keys,
      { scope: (request: Hapi.Request) => scope(request.raw.req.headers.authorization, '/payments') },
      (request, tx) => {
        expectTypeOf(tx).toEqualTypeOf<Database.Database>();
        return pay(tx, request.payload as Order);
      },
    ),
  });
  server.route({
    method: 'POST',
    path: '/charges',
    handler: hapiIdempotency(
      keys,
      { mode: 'lease', scope: (request: Hapi.Request) => scope(request.raw.req.headers.authorization, '/charges') },
      async (request, lease) => {
        expectTypeOf(lease).toEqualTypeOf<Lease>();
        return charge(lease, request.payload as Order);
      },
    ),
  });
  await server.initialize();
  return server.listener as Server;
};

const withNode: App = async ({ keys, scope, pay, charge, conflicts }) => {
  const body = (request: IncomingMessage) => json(request) as Promise<Order>;
  const payments = nodeHttpIdempotency(
    keys,
    { body, scope: (request) => scope(request.headers.authorization, '/payments') },
    (_, tx, order) => {
      expectTypeOf(tx).toEqualTypeOf<Database.Database>();
      expectTypeOf(order).toEqualTypeOf<Order>();
      return pay(tx, order);
    },
  );
  const charges = nodeHttpIdempotency(
    keys,
    { body, mode: 'lease', scope: (request) => scope(request.headers.authorization, '/charges') },
    async (_, lease, order) => {
      expectTypeOf(lease).toEqualTypeOf<Lease>();
      return charge(lease, order);
    },
  );
  return createServer(
    nodeHttpConflicts(conflicts)((request, response) =>
      request.url === '/payments' ? payments(request, response) : charges(request, response),
    ),
  );
};

const APPS: Readonly<Record<string, App>> = {
  'Express 4': withExpress(express4 as unknown as typeof express),
  'Express 5': withExpress(express),
  'Fastify 4': withFastify(fastify4 as unknown as typeof fastify),
  'Fastify 5': withFastify(fastify),
  'Koa 2': withKoa(Koa2 as unknown as typeof Koa),
  'Koa 3': withKoa(Koa),
  hapi: withHapi,
  'node:http': withNode,
};

async function listening(server: Server): Promise<{ address: string; close(): unknown }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

for (const [name, app] of Object.entries(APPS)) {
  describeIdempotency(name, async (shop) => listening(await app(shop)));
}

test('node:http2 has the same adapter', async () => {
  const database = new Database(':memory:').exec(idempotencyTableSql('sqlite'));
  const keys = defineIdempotency(database);
  const pay = nodeHttpIdempotency(
    keys,
    {
      body: (request: Http2ServerRequest) => json(request) as Promise<Order>,
      scope: ({ headers }) => ({ owner: headers.authorization ?? 'nobody', route: '/payments' }),
    },
    (_, __, { amount }) => (amount === 0 ? { status: 204 } : { status: 201, body: { amount } }),
  );
  const server = createHttp2Server(
    nodeHttpConflicts()((request: Http2ServerRequest, response: Http2ServerResponse) => pay(request, response)),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  async function send(key: string, amount: number): Promise<unknown[]> {
    const stream = session.request({ ':method': 'POST', ':path': '/payments', 'idempotency-key': key });
    const head = once(stream, 'response') as Promise<[IncomingHttpHeaders & IncomingHttpStatusHeader]>;
    stream.end(JSON.stringify({ amount }));
    const [headers] = await head;
    const body = await text(stream);
    const { code = body } = (body === '' ? {} : JSON.parse(body)) as { code?: string };
    return [headers[':status'], code, headers['idempotency-replayed']];
  }
  try {
    expect(await send('a', 5)).toEqual([201, '{"amount":5}', undefined]);
    expect(await send('a', 5)).toEqual([201, '{"amount":5}', 'true']);
    expect(await send('a', 6)).toEqual([422, 'idempotency_key_reused', undefined]);
    expect(await send('b', 0)).toEqual([204, '', undefined]);
    expect(await send('b', 0)).toEqual([204, '', 'true']);
  } finally {
    session.close();
    server.close();
    database.close();
  }
});

describe('the examples of the guide', () => {
  let running: Awaited<ReturnType<typeof listening>>;

  beforeAll(async () => {
    await create();
    const app = (await import('./readme/idempotency.ts')).default;
    app.use(expressConflicts());
    running = await listening(createServer(app));
  });

  afterAll(async () => {
    await running?.close();
    await drop();
  });

  async function send(path: string, user: string): Promise<unknown[]> {
    const response = await fetch(`${running.address}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: user, 'idempotency-key': 'a' },
      body: '{"amount":5}',
    });
    return [response.status, await response.text(), response.headers.get('idempotency-replayed')];
  }

  test.each(['/payments', '/transfers'])('make a payment once for each user: %s', async (path) => {
    const made = async () => Number((await pool.query('SELECT count(*) FROM payments')).rows[0].count);
    const before = await made();
    const answers = await Promise.all(Array.from({ length: 5 }, () => send(path, 'ada')));
    const body = expect.stringMatching(/^\{"id":\d+,"amount":5\}$/);
    expect(answers.filter(([, , replayed]) => replayed === null)).toEqual([[201, body, null]]);
    expect(answers.filter(([, , replayed]) => replayed === 'true')).toEqual(
      Array(4).fill([201, answers[0]?.[1], 'true']),
    );
    expect(await send(path, 'bob')).toEqual([201, body, null]);
    expect(await made()).toBe(before + 2);
  });

  test('have an effect once', async () => {
    expect(await send('/charges', 'ada')).toEqual([201, '{"charged":5}', null]);
    expect(await send('/charges', 'ada')).toEqual([201, '{"charged":5}', 'true']);
    expect([...bank.charges.values()]).toEqual([5]);
  });
});
