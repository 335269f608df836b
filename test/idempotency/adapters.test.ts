import { readdirSync, readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import Database from 'better-sqlite3';
import type { Pool, PoolConnection } from 'mysql2/promise';
import type pg from 'pg';
import { describe, expect, expectTypeOf, test } from 'vitest';
import * as elysia from '../../src/idempotency/elysia.ts';
import * as express from '../../src/idempotency/express.ts';
import * as fastify from '../../src/idempotency/fastify.ts';
import * as h3 from '../../src/idempotency/h3.ts';
import * as hapi from '../../src/idempotency/hapi.ts';
import * as hono from '../../src/idempotency/hono.ts';
import { defineIdempotency, idempotencyTableSql, type Lease, type Scope } from '../../src/idempotency/index.ts';
import * as koa from '../../src/idempotency/koa.ts';
import * as nest from '../../src/idempotency/nest.ts';
import * as next from '../../src/idempotency/next.ts';
import * as nodeHttp from '../../src/idempotency/node-http.ts';

// What the adapters of all frameworks have in common. The matrix runs each in its framework.

const ADAPTERS = {
  elysia: [elysia, elysia.elysiaIdempotency],
  express: [express, express.expressIdempotency],
  fastify: [fastify, fastify.fastifyIdempotency],
  h3: [h3, h3.h3Idempotency],
  hapi: [hapi, hapi.hapiIdempotency],
  hono: [hono, hono.honoIdempotency],
  koa: [koa, koa.koaIdempotency],
  nest: [nest, nest.nestIdempotency],
  next: [next, next.nextIdempotency],
  'node-http': [nodeHttp, nodeHttp.nodeHttpIdempotency],
} as const;

const SOURCE = new URL('../../src/idempotency/', import.meta.url);
const scope = (): Scope => ({ owner: 'ada', route: '/payments' });

function open() {
  const database = new Database(':memory:').exec(idempotencyTableSql('sqlite'));
  database.exec('CREATE TABLE payments (amount INTEGER NOT NULL)');
  return { database, idempotency: defineIdempotency(database) };
}

/** A request whose body was not read. */
const posted = (key: string, body: unknown) =>
  new Request('http://localhost/orders/7/payments?a=1', {
    method: 'POST',
    headers: { 'idempotency-key': key, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

describe.each(Object.entries(ADAPTERS))('the adapter of %s', (name, [module, adapter]) => {
  test('is the only thing that its file exports, named and by default', () => {
    expect(Object.values(module)).toEqual([adapter, adapter]);
    expect(adapter.name).toBe(`${name.replace(/-(.)/, (_, letter: string) => letter.toUpperCase())}Idempotency`);
  });

  test('refuses wrong options at once', () => {
    const { idempotency } = open();
    const run = () => ({ status: 204 });
    const define = adapter as (...args: unknown[]) => unknown;
    expect(() => define(idempotency, { scope, owner: 'ada' }, run)).toThrow(
      new TypeError('Unknown member "owner" in the options of an idempotent route, expected one of body, scope, mode'),
    );
    expect(() => define(idempotency, {}, run)).toThrow(
      new TypeError('Expected the scope of an idempotent route to be a function of the request, got undefined'),
    );
    expect(() => define(idempotency, { scope, mode: 'once' }, run)).toThrow(TypeError);
    expect(() => define(idempotency, { scope })).toThrow(
      new TypeError('Expected an idempotent route to be a function, got undefined'),
    );
    expect(() => define({}, { scope }, run)).toThrow(
      new TypeError('Expected what defineIdempotency() returns, got object'),
    );
  });
});

describe('the package', () => {
  test('exports the adapters of idempotency keys, and nothing else of their folder', () => {
    const { exports } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      exports: Record<string, unknown>;
    };
    const files = readdirSync(SOURCE).map((file) => file.replace(/\.ts$/, ''));
    const reached = files.filter((file) => exports[`./idempotency/${file}`] !== null);
    expect(exports).toHaveProperty(['./idempotency/*', 'default'], './dist/idempotency/*.js');
    expect(reached.sort()).toEqual(Object.keys(ADAPTERS).sort());
  });
});

describe('an idempotent route', () => {
  test('reads the body once, before it asks for the scope', async () => {
    const { idempotency, database } = open();
    const calls: unknown[] = [];
    const POST = next.nextIdempotency(
      idempotency,
      {
        body: async ({ request }: { request: Request; params: { id: string } }) => {
          calls.push('body');
          return (await request.json()) as { amount: number };
        },
        scope: async ({ params }, body) => {
          calls.push(['scope', params, body]);
          return { owner: 'ada', route: '/orders/:id/payments' };
        },
      },
      ({ params }, tx, { amount }) => {
        tx.prepare('INSERT INTO payments VALUES (?)').run(amount);
        return { status: 201, body: { order: params.id, amount } };
      },
    );
    const context = { params: Promise.resolve({ id: '7' }) };
    for (const replayed of [null, 'true']) {
      const response = await POST(posted('a', { amount: 5 }), context);
      expect(response.headers.get('idempotency-replayed')).toBe(replayed);
      expect([response.status, await response.json()]).toEqual([201, { order: '7', amount: 5 }]);
    }
    const each = ['body', ['scope', { id: '7' }, { amount: 5 }]];
    expect(calls).toEqual([...each, ...each]);
    expect(database.prepare('SELECT amount FROM payments').pluck().all()).toEqual([5]);
  });

  test('compares path and query, too', async () => {
    const { idempotency } = open();
    const event = (url: string) => ({ req: { method: 'POST', headers: { 'idempotency-key': 'a' }, url } });
    const handle = h3.h3Idempotency(idempotency, { scope }, () => ({ status: 204 }));
    expect((await handle(event('/orders/7/payments'))).status).toBe(204);
    await expect(handle(event('/orders/8/payments'))).rejects.toMatchObject({ code: 'idempotency_key_reused' });
    await expect(handle(event('/orders/7/payments?a'))).rejects.toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('compares what the scope says instead', async () => {
    const { idempotency } = open();
    const POST = next.nextIdempotency(
      idempotency,
      {
        body: ({ request }) => request.json() as Promise<{ id: number; sentAt: number }>,
        scope: (_, { id }) => ({ owner: 'ada', route: '/hooks', payload: id }),
      },
      () => ({ status: 200, body: 'done' }),
    );
    const context = { params: Promise.resolve({}) };
    expect((await POST(posted('a', { id: 1, sentAt: 1 }), context)).headers.has('idempotency-replayed')).toBe(false);
    expect((await POST(posted('a', { id: 1, sentAt: 2 }), context)).headers.has('idempotency-replayed')).toBe(true);
    await expect(POST(posted('a', { id: 2, sentAt: 1 }), context)).rejects.toMatchObject({
      code: 'idempotency_key_reused',
    });
  });

  test('refuses to compare a body that nobody has read', async () => {
    const { idempotency } = open();
    const handle = nodeHttp.nodeHttpIdempotency(idempotency, { scope }, () => ({ status: 204 }));
    const request = { method: 'POST', headers: { 'idempotency-key': 'a', 'content-length': '2' }, url: '/' };
    await expect(handle(request as never, {} as never)).rejects.toThrow(
      /^Expected the body of the request to be parsed/,
    );
  });

  test('has the client of the pool, by its type', () => {
    const types = (pool: pg.Pool, mysql: Pool, database: Database.Database) => {
      express.expressIdempotency(defineIdempotency(pool), { scope }, async (request, client) => {
        expectTypeOf(client).toEqualTypeOf<pg.PoolClient>();
        expectTypeOf(request).toEqualTypeOf<IncomingMessage & { readonly body?: unknown }>();
        return { status: 204 };
      });
      koa.koaIdempotency(defineIdempotency(mysql), { scope, mode: 'transaction' }, async (_, connection) => {
        expectTypeOf(connection).toEqualTypeOf<PoolConnection>();
        return { status: 204 };
      });
      hono.honoIdempotency(defineIdempotency(database), { scope, body: async () => 7 }, (_, tx, body) => {
        expectTypeOf(tx).toEqualTypeOf<Database.Database>();
        expectTypeOf(body).toEqualTypeOf<number>();
        return { status: 204 };
      });
      fastify.fastifyIdempotency(defineIdempotency(database), { scope, mode: 'lease' }, async (_, lease) => {
        expectTypeOf(lease).toEqualTypeOf<Lease>();
        return { status: 204 };
      });
      // @ts-expect-error: what runs in a transaction of better-sqlite3 is synchronous
      fastify.fastifyIdempotency(defineIdempotency(database), { scope }, async () => ({ status: 204 }));
      // @ts-expect-error: an answer has a status
      fastify.fastifyIdempotency(defineIdempotency(pool), { scope }, async () => ({ body: 'done' }));
      // @ts-expect-error: nobody but the server says whose key it is
      fastify.fastifyIdempotency(defineIdempotency(pool), {}, async () => ({ status: 204 }));
    };
    expect(types).toBeTypeOf('function');
  });
});
