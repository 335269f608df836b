import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Database from 'better-sqlite3';
import { defineConflicts } from 'db-http-errors';
import { expressConflicts } from 'db-http-errors/frameworks/express';
import { fastifyConflicts } from 'db-http-errors/frameworks/fastify';
import { koaConflicts } from 'db-http-errors/frameworks/koa';
import { defineIdempotency, type Idempotency, idempotencyTableSql } from 'db-http-errors/idempotency';
import express from 'express';
import express4 from 'express4';
import fastify from 'fastify';
import fastify4 from 'fastify4';
import Koa from 'koa';
import Koa2 from 'koa2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bank, create, drop, pool } from './readme/payments.ts';

// Idempotency keys in the frameworks of Node: three lines each, over real sockets.

type Keys = Idempotency<Database.Database, { status: number; headers?: Record<string, string>; body?: unknown }>;

const conflicts = defineConflicts();

function open(): { keys: Keys; payments(): number; pay(amount: unknown): { status: number; body: unknown } } {
  const database = new Database(':memory:').exec(idempotencyTableSql('sqlite'));
  database.exec('CREATE TABLE payments (amount INTEGER NOT NULL)');
  return {
    keys: defineIdempotency(database, { conflicts }) as Keys,
    payments: () => database.prepare('SELECT count(*) FROM payments').pluck().get() as number,
    pay(amount) {
      const { lastInsertRowid } = database.prepare('INSERT INTO payments VALUES (?)').run(amount);
      const Location = `/payments/${lastInsertRowid}`;
      return { status: 201, headers: { Location }, body: { id: Number(lastInsertRowid), amount } } as never;
    },
  };
}

type App = (shop: ReturnType<typeof open>) => Promise<Server>;

const SCOPE = { owner: 'ada', route: '/payments' };

const withExpress =
  (framework: typeof express): App =>
  async ({ keys, pay }) => {
    const app = framework();
    app.post('/payments', framework.json(), async (request, response, next) => {
      try {
        const answer = await keys.inTransaction(request, SCOPE, () => pay(request.body.amount));
        response.status(answer.status).set(answer.headers).send(Buffer.from(answer.body));
      } catch (error) {
        next(error);
      }
    });
    app.use(expressConflicts(conflicts));
    return createServer(app);
  };

const withFastify =
  (framework: typeof fastify): App =>
  async ({ keys, pay }) => {
    const app = framework();
    app.register(fastifyConflicts, { conflicts });
    app.post('/payments', async (request, reply) => {
      const { amount } = request.body as { amount: number };
      const answer = await keys.inTransaction(request, SCOPE, () => pay(amount));
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    });
    await app.ready();
    return app.server;
  };

const withKoa =
  (Framework: typeof Koa): App =>
  async ({ keys, pay }) => {
    const app = new Framework();
    app.use(koaConflicts(conflicts));
    app.use(async (ctx) => {
      let text = '';
      for await (const chunk of ctx.req) text += chunk;
      const { method, headers, url } = ctx;
      const body = JSON.parse(text) as { amount: number };
      const answer = await keys.inTransaction({ method, headers, url, body }, SCOPE, () => pay(body.amount));
      ctx.status = answer.status;
      ctx.set(answer.headers);
      ctx.body = answer.body;
    });
    return createServer(app.callback());
  };

const APPS: Readonly<Record<string, App>> = {
  'Express 4': withExpress(express4 as unknown as typeof express),
  'Express 5': withExpress(express),
  'Fastify 4': withFastify(fastify4 as unknown as typeof fastify),
  'Fastify 5': withFastify(fastify),
  'Koa 2': withKoa(Koa2 as unknown as typeof Koa),
  'Koa 3': withKoa(Koa),
};

async function listening<T>(server: Server, use: (address: string) => Promise<T>): Promise<T> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function send(url: string, key: string | undefined, amount: unknown, user = 'ada'): Promise<unknown[]> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: user,
      ...(key !== undefined && { 'idempotency-key': key }),
    },
    body: JSON.stringify({ amount }),
  });
  const { status, headers } = response;
  const body = (await response.json()) as { code?: string };
  return [status, body.code ?? JSON.stringify(body), headers.get('content-type'), headers.get('idempotency-replayed')];
}

describe.each(Object.keys(APPS))('%s', (name) => {
  test('makes a payment once, and answers it the same each time', async () => {
    const shop = open();
    const server = await APPS[name]?.(shop);
    if (server === undefined) throw new Error(`Expected a server of ${name}`);
    await listening(server, async (address) => {
      const url = `${address}/payments`;
      const json = expect.stringMatching(/^application\/json/);
      const problem = expect.stringMatching(/^application\/problem\+json/);
      expect(await send(url, 'a', 5)).toEqual([201, '{"id":1,"amount":5}', json, null]);
      expect(await send(url, '"a"', 5)).toEqual([201, '{"id":1,"amount":5}', json, 'true']);
      expect(await send(url, 'a', 6)).toEqual([422, 'idempotency_key_reused', problem, null]);
      expect(await send(url, undefined, 5)).toEqual([400, 'idempotency_key_missing', problem, null]);
      expect((await send(url, 'b', null))[0]).toBe(500);
      expect(await send(url, 'b', 7)).toEqual([201, '{"id":2,"amount":7}', json, null]);
      expect(shop.payments()).toBe(2);
    });
  });
});

describe('the examples of the README', () => {
  beforeAll(create);
  afterAll(drop);

  test('make a payment once for each user', async () => {
    const app = (await import('./readme/idempotency.ts')).default;
    app.use(expressConflicts(conflicts));
    await listening(createServer(app), async (address) => {
      const answers = await Promise.all(Array.from({ length: 5 }, () => send(`${address}/payments`, 'a', 5)));
      expect(answers.map(([status, body]) => [status, body])).toEqual(Array(5).fill([201, '{"id":1,"amount":5}']));
      expect(answers.filter((answer) => answer[3] === null).length).toBe(1);
      expect((await send(`${address}/payments`, 'a', 5, 'bob'))[3]).toBe(null);
      expect((await pool.query('SELECT count(*) AS n FROM payments')).rows).toEqual([{ n: '2' }]);
      for (const replayed of [null, 'true']) {
        const [status, body, , mark] = await send(`${address}/charges`, 'a', 5);
        expect([status, body, mark]).toEqual([201, '{"charged":5}', replayed]);
      }
      expect([...bank.charges.values()]).toEqual([5]);
    });
  });
});
