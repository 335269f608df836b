import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Answer, defineIdempotency, idempotencyTableSql } from '../../src/idempotency/index.ts';
import { isConflict } from '../../src/index.ts';
import { createStore, type Run, type Store } from '../idempotency/stores.ts';

// T17: nobody may get the stored answer of somebody else, and no key or table may become SQL.

let store: Store;
let idempotency: Run;

beforeAll(async () => {
  store = await createStore('sqlite', undefined);
  idempotency = store.define();
});

afterAll(() => store?.end());

const pay = (key: string, owner: string | number, route = '/payments', body: unknown = {}) =>
  idempotency.inTransaction(
    { method: 'POST', headers: { 'idempotency-key': key }, url: route, body },
    { owner, route },
    (tx) => store.pay(tx, `paid by ${owner}`, { status: 201, body: `for ${owner} alone` }) as Answer,
  );

const text = async (answer: ReturnType<typeof pay>) => Buffer.from((await answer).body).toString();

test('the same key of two users is two requests', async () => {
  expect(await text(pay('stolen', 'alice'))).toBe('for alice alone');
  expect(await text(pay('stolen', 'mallory'))).toBe('for mallory alone');
  expect([await store.payments('paid by alice'), await store.payments('paid by mallory')]).toEqual([1, 1]);
});

test.each([
  ['alice","POST","/payments', '/x'],
  ['["alice"', '/payments'],
  ['alice\0', '/payments'],
  ['Alice', '/payments'],
  ['alice ', '/payments'],
  ['ali', 'ce/payments'],
  ['%61lice', '/payments'],
])('an owner %j on %s is not alice on /payments', async (owner, route) => {
  await pay('boundary', 'alice');
  const answer = await pay('boundary', owner, route);
  expect([answer.isReplay, Buffer.from(answer.body).toString()]).toEqual([false, `for ${owner} alone`]);
});

test('without an owner nothing runs', async () => {
  for (const owner of [undefined, null, '', {}, [], Number.NaN] as never[]) {
    await expect(pay('nobody', owner)).rejects.toThrow('Expected the owner of a key');
  }
});

test.each([
  "x'; DROP TABLE idempotency_keys; --",
  'x") OR 1=1 --',
  '"a\\"b"',
  '../../etc/passwd',
  '%s%n%x',
  'null',
  '__proto__',
  'x'.repeat(255),
  '"; a=1"',
])('the key %j is a key or a 400, and nothing else', async (key) => {
  const first = await pay(key, 'alice').catch((error: unknown) => error);
  if (first instanceof Error) {
    expect(isConflict(first, 'idempotency_key_missing') && first.status).toBe(400);
  } else {
    expect((await pay(key, 'alice')).isReplay).toBe(true);
    expect((await pay(key, 'bob')).isReplay).toBe(false);
  }
});

test.each(['', ' ', 'a\r\nb', '"a", "b"', 'a, b', 'x'.repeat(256), '"unclosed', 'é', '\u0000'])(
  'the key %j is a 400',
  async (key) => {
    const error = await pay(key, 'alice').catch((reason: unknown) => reason);
    expect(isConflict(error, 'idempotency_key_missing') && error.status).toBe(400);
  },
);

test.each([
  'keys; DROP TABLE users',
  'keys--',
  'keys" WHERE 1=1',
  "keys'",
  'a.b.c.d',
  'keys(id)',
  'keys k',
  '`keys`',
  '',
  '1',
  'a\0',
])('the table %j is refused', (table) => {
  expect(() => defineIdempotency({ prepare() {}, transaction() {} } as never, { table })).toThrow(TypeError);
  expect(() => idempotencyTableSql('postgresql', table)).toThrow(TypeError);
});
