import Database from 'better-sqlite3';
import { defineConflicts } from 'db-http-errors';
import { elysiaConflicts } from 'db-http-errors/frameworks/elysia';
import { h3Conflicts } from 'db-http-errors/frameworks/h3';
import { honoConflicts } from 'db-http-errors/frameworks/hono';
import { defineIdempotency, idempotencyTableSql, toResponse } from 'db-http-errors/idempotency';
import { Elysia } from 'elysia';
import { H3 } from 'h3';
import { Hono } from 'hono';
import { describe, expect, test } from 'vitest';

// Idempotency keys where a handler returns a Response: three lines each.

const conflicts = defineConflicts();
const SCOPE = { owner: 'ada', route: '/payments' };

function open() {
  const database = new Database(':memory:').exec(idempotencyTableSql('sqlite'));
  database.exec('CREATE TABLE payments (amount INTEGER NOT NULL)');
  const keys = defineIdempotency(database, { conflicts });
  return {
    payments: () => database.prepare('SELECT count(*) FROM payments').pluck().get(),
    /** What a route does with its request. */
    async pay({ method, headers, url }: Request, body: unknown): Promise<Response> {
      const answer = await keys.inTransaction({ method, headers, url, body }, SCOPE, (tx) => {
        const { amount } = body as { amount: number };
        const { lastInsertRowid } = tx.prepare('INSERT INTO payments VALUES (?)').run(amount);
        return { status: 201, headers: { Location: `/payments/${lastInsertRowid}` }, body: { amount } };
      });
      return toResponse(answer);
    },
  };
}

type Shop = ReturnType<typeof open>;

const APPS: Readonly<Record<string, (shop: Shop) => (request: Request) => Response | Promise<Response>>> = {
  Hono: ({ pay }) => {
    const app = new Hono();
    app.onError(honoConflicts(conflicts));
    app.post('/payments', async (c) => pay(c.req.raw, await c.req.json()));
    return app.fetch;
  },
  h3: ({ pay }) => {
    const app = new H3({ onError: h3Conflicts(conflicts) });
    app.post('/payments', async (event) => pay(event.req, await event.req.json()));
    return (request) => app.fetch(request);
  },
  Elysia: ({ pay }) => {
    const app = new Elysia().use(elysiaConflicts(conflicts));
    app.post('/payments', ({ request, body }) => pay(request, body));
    return app.fetch;
  },
};

describe.each(Object.keys(APPS))('%s', (name) => {
  test('makes a payment once, and answers it the same each time', async () => {
    const shop = open();
    const fetch = APPS[name]?.(shop);
    const send = async (key: string, amount: number) => {
      const headers = { 'content-type': 'application/json', ...(key !== '' && { 'idempotency-key': key }) };
      const init = { method: 'POST', headers, body: JSON.stringify({ amount }) };
      const response = await fetch?.(new Request('http://localhost/payments', init));
      const body = (await response?.json()) as { code?: string };
      const sent = response?.headers;
      return [
        response?.status,
        body.code ?? JSON.stringify(body),
        sent?.get('location'),
        sent?.get('idempotency-replayed'),
      ];
    };
    expect(await send('a', 5)).toEqual([201, '{"amount":5}', '/payments/1', null]);
    expect(await send('"a"', 5)).toEqual([201, '{"amount":5}', '/payments/1', 'true']);
    expect(await send('a', 6)).toEqual([422, 'idempotency_key_reused', null, null]);
    expect(await send('', 5)).toEqual([400, 'idempotency_key_missing', null, null]);
    expect(shop.payments()).toBe(1);
  });
});
