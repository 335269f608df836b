import { randomBytes } from 'node:crypto';
import { idempotencyTableSql } from 'db-http-errors/idempotency';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type {} from '../../live/setup.ts';
import { canariesIn, DOCUMENTS, describeFramework, type Running, routed, start } from '../frameworks.ts';
import { build } from './project.ts';

// `next build` checks the types of the routes, too: the wrapped handlers are still handlers.
const printed = build();

const schema = `next_${randomBytes(4).toString('hex')}`;
const url = inject('databases').find(({ server }) => server.engine === 'postgresql')?.url ?? '';
const pool = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` });

async function createPayments(): Promise<void> {
  await pool.query(`CREATE SCHEMA ${schema}`);
  await pool.query(idempotencyTableSql('postgresql'));
  await pool.query('CREATE TABLE payments (id SERIAL PRIMARY KEY, amount INTEGER NOT NULL)');
}

async function dropPayments(): Promise<void> {
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
}

describeFramework({
  title: 'next',
  packageName: 'next',
  server: new URL('next.server.ts', import.meta.url),
  bare: false,
  // What Next.js does in development with any frozen error that a route throws: it writes to its message.
  rejections: /Cannot assign to read only property 'message'/,
});

describe('next start', () => {
  let running: Running;

  beforeAll(async () => {
    await createPayments();
    const env = { NODE_ENV: 'production', PAYMENTS_URL: url, PAYMENTS_SCHEMA: schema };
    running = await start(new URL('next-start.server.ts', import.meta.url), ['adapter'], env);
  });

  afterAll(async () => {
    await running?.stop();
    await dropPayments();
  });

  test('serves what next build made', () => {
    expect(printed).toContain('Compiled successfully');
    expect(printed).toContain('/users');
  });

  test('answers what a route throws with the problem document', async () => {
    for (const route of ['conflict', 'native', 'wrapped', 'version', 'busy', 'frozen'] as const) {
      const { body } = await running.send(routed(route));
      expect(JSON.parse(body)).toEqual(DOCUMENTS[route]);
    }
  });

  test('answers as the route in the README does', async () => {
    const create = (email: string) => running.send({ path: '/users', body: JSON.stringify({ email }) });
    const taken = await create('taken@example.com');
    expect(JSON.parse(taken.body)).toEqual(DOCUMENTS.native);
    expect(taken).toMatchObject({ status: 409, headers: { 'content-type': 'application/problem+json' } });
    expect(canariesIn(taken)).toEqual([]);
    expect(await create('new@example.com')).toMatchObject({ status: 201, body: '{"email":"new@example.com"}' });
  });

  /** What a payment is answered with: of a problem its code. */
  async function pay(path: string, key: string | undefined, amount: number | null, user = 'ada'): Promise<unknown[]> {
    const { status, headers, body } = await running.send({
      path: `/orders/${path}`,
      headers: { authorization: user, ...(key !== undefined && { 'idempotency-key': key }) },
      body: JSON.stringify({ amount }),
    });
    const isProblem = headers['content-type'] === 'application/problem+json';
    const text = isProblem ? (JSON.parse(body) as { code?: string }).code : body;
    return [status, text, headers.location, headers['idempotency-replayed']];
  }

  test('makes a payment once, and answers it the same each time', async () => {
    const first = [201, '{"id":1,"amount":5}', '/orders/7/payments/1'];
    expect(await pay('7/payments', 'a', 5)).toEqual([...first, undefined]);
    expect(await pay('7/payments', '"a"', 5)).toEqual([...first, 'true']);
    expect(await pay('7/payments', 'a', 6)).toEqual([422, 'idempotency_key_reused', undefined, undefined]);
    expect(await pay('8/payments', 'a', 5)).toEqual([422, 'idempotency_key_reused', undefined, undefined]);
    expect(await pay('7/payments', undefined, 5)).toEqual([400, 'idempotency_key_missing', undefined, undefined]);
    expect(await pay('7/payments', 'b', null)).toEqual([500, undefined, undefined, undefined]);
    expect(await pay('7/payments', 'a', 5, 'bob')).toEqual([
      201,
      expect.stringMatching(/^\{"id":\d+,"amount":5\}$/),
      expect.stringMatching(/^\/orders\/7\/payments\/\d+$/),
      undefined,
    ]);
    expect((await pool.query('SELECT amount FROM payments')).rows).toEqual([{ amount: 5 }, { amount: 5 }]);
  });

  test('has an effect once', async () => {
    const [status, key, , replayed] = await pay('7/charges', 'c', 5);
    expect([status, key, replayed]).toEqual([200, expect.stringMatching(/^[0-9a-f]{64}$/), undefined]);
    expect(await pay('7/charges', 'c', 5)).toEqual([200, key, undefined, 'true']);
  });

  test('leaves redirect() and notFound() to Next.js', async () => {
    expect(await running.send({ method: 'GET', path: '/elsewhere' })).toMatchObject({
      status: 307,
      headers: { location: '/ok' },
    });
    expect(await running.send({ method: 'GET', path: '/elsewhere?gone' })).toMatchObject({ status: 404, body: '' });
    expect(running.output()).not.toContain('NEXT_');
  });
});
