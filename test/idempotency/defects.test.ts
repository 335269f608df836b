import { randomUUID } from 'node:crypto';
import BetterSqlite3 from 'better-sqlite3';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  type Answer,
  defineIdempotency,
  type IdempotentAnswer,
  type IdempotentRequest,
  idempotencyTableSql,
  type Scope,
} from '../../src/idempotency/index.ts';
import { isConflict } from '../../src/index.ts';
import { freePort } from '../servers/process.ts';
import { createStore, type Run, type Store } from './stores.ts';

// What goes wrong in other libraries, one test each: none of it happens here. On one SQLite file with two connections;
// test/live has the same on every engine, test/stress with processes that are killed.

const SCOPE: Scope = { owner: 'tenant-1', route: '/payments' };

function post(key: string | undefined, body: unknown = { amount: 1 }): IdempotentRequest {
  return { method: 'POST', headers: key === undefined ? {} : { 'idempotency-key': key }, url: '/payments', body };
}

const codeOf = (promise: Promise<IdempotentAnswer>): Promise<unknown> =>
  promise.then(
    ({ isReplay }) => (isReplay ? 'replay' : 'first'),
    (error: unknown) => (isConflict(error) ? error.code : error),
  );

let store: Store;
let here: Run;
let there: Run;

beforeAll(async () => {
  store = await createStore('sqlite', undefined);
  here = store.define();
  there = store.define();
});

afterAll(() => store?.end());

const statusOf = async () => (await store.rows(`SELECT status FROM ${store.address.keys}`))[0]?.status;

describe('express-idempotency', () => {
  // https://github.com/VilledeMontreal/express-idempotency/issues/32
  test('stores on send and waits for nothing; here an answer is stored when it is given', async () => {
    for (const run of [
      () => here.inTransaction(post(randomUUID()), SCOPE, () => ({ status: 200 })),
      () => here.withLease(post(randomUUID()), SCOPE, () => ({ status: 200 })),
    ]) {
      await store.run(`DELETE FROM ${store.address.keys}`);
      await run();
      expect(await statusOf()).toBe(1);
    }
  });

  test('keeps a key in progress after a handler has failed; here the next request runs', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    const fail = (): Answer => {
      throw new Error('a bug');
    };
    await codeOf(here.inTransaction(post(one), SCOPE, fail));
    await codeOf(here.withLease(post(other), SCOPE, fail));
    expect(await codeOf(there.inTransaction(post(one), SCOPE, () => ({ status: 200 })))).toBe('first');
    expect(await codeOf(there.withLease(post(other), SCOPE, () => ({ status: 200 })))).toBe('first');
  });
});

describe('@node-idempotency', () => {
  test('blocks a key for a day after a crash; here for its lease', async () => {
    const key = randomUUID();
    void here.withLease(post(key), SCOPE, () => new Promise(() => {}));
    await vi.waitFor(async () =>
      expect(await codeOf(there.withLease(post(key), SCOPE, () => ({ status: 200 })))).toBe('idempotency_in_progress'),
    );
    await store.pass(60_001, 'lease_until');
    expect(await codeOf(there.withLease(post(key), SCOPE, () => ({ status: 200 })))).toBe('first');
  });

  test('calls a missing key too long; here it is missing', async () => {
    expect(await codeOf(here.inTransaction(post(undefined), SCOPE, () => ({ status: 200 })))).toBe(
      'idempotency_key_missing',
    );
  });

  test('lets a request hang when its store fails; here it is answered', async () => {
    const pool = new pg.Pool({ host: '127.0.0.1', port: await freePort() });
    const idempotency = defineIdempotency(pool);
    const run = vi.fn(async () => ({ status: 200 }));
    expect(await codeOf(idempotency.withLease(post('k'), SCOPE, run))).toBe('busy');
    expect(run).not.toHaveBeenCalled();
    await pool.end();
  });

  test('compares no payload while the first request runs; here another payload is 422 at once', async () => {
    const key = randomUUID();
    void here.withLease(post(key), SCOPE, () => new Promise(() => {}));
    await vi.waitFor(async () =>
      expect(await codeOf(there.withLease(post(key, { amount: 2 }), SCOPE, () => ({ status: 200 })))).toBe(
        'idempotency_key_reused',
      ),
    );
  });

  test('has one key for all users; here each has its own', async () => {
    const key = randomUUID();
    const secret = () => ({ status: 200, body: { balance: 's3cret' } });
    await here.inTransaction(post(key), SCOPE, secret);
    const other = await here.inTransaction(post(key), { ...SCOPE, owner: 'tenant-2' }, () => ({ status: 200 }));
    expect([other.isReplay, Buffer.from(other.body).toString()]).toEqual([false, '']);
  });

  test('has no room for a long key with its URL; here every valid key fits', async () => {
    const request = { ...post('k'.repeat(255)), url: `/${'u'.repeat(8000)}` };
    const scope = { owner: 'o'.repeat(1000), route: `/${'r'.repeat(1000)}` };
    expect(await codeOf(here.inTransaction(request, scope, () => ({ status: 200 })))).toBe('first');
    expect(await codeOf(there.inTransaction(request, scope, () => ({ status: 200 })))).toBe('replay');
  });

  test('takes another order of members for another payload; here it is the same', async () => {
    const key = randomUUID();
    await here.inTransaction(post(key, { a: 1, b: 2 }), SCOPE, () => ({ status: 200 }));
    expect(await codeOf(here.inTransaction(post(key, { b: 2, a: 1 }), SCOPE, () => ({ status: 200 })))).toBe('replay');
  });

  test('lets one whose time is over overwrite the answer; here it gets the answer of the one that took over', async () => {
    const key = randomUUID();
    let finish: (answer: Answer) => void = () => {};
    const slow = here.withLease(post(key), SCOPE, () => new Promise<Answer>((resolve) => (finish = resolve)));
    await vi.waitFor(async () =>
      expect(await codeOf(there.withLease(post(key), SCOPE, () => ({ status: 200 })))).toBe('idempotency_in_progress'),
    );
    await store.pass(60_001, 'lease_until');
    await there.withLease(post(key), SCOPE, () => ({ status: 200, body: 'second' }));
    finish({ status: 200, body: 'first' });
    expect(Buffer.from((await slow).body).toString()).toBe('second');
  });
});

describe('hono-idempotency', () => {
  test('never lets an expired key go before it is purged (D1); here it is free when it has expired', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    await here.inTransaction(post(one), SCOPE, () => ({ status: 200 }));
    void here.withLease(post(other), SCOPE, () => new Promise(() => {}));
    await vi.waitFor(async () =>
      expect(await codeOf(there.withLease(post(other), SCOPE, () => ({ status: 200 })))).toBe(
        'idempotency_in_progress',
      ),
    );
    await store.pass(86_400_001);
    expect(await codeOf(there.inTransaction(post(one), SCOPE, () => ({ status: 200 })))).toBe('first');
    expect(await codeOf(there.withLease(post(other), SCOPE, () => ({ status: 200 })))).toBe('first');
  });
});

describe('@nestarc/idempotency', () => {
  test('claims apart from the effect; here both are committed, or neither is', async () => {
    const database = new BetterSqlite3(':memory:').exec(idempotencyTableSql('sqlite'));
    database.exec('CREATE TABLE payments (id INTEGER PRIMARY KEY)');
    const idempotency = defineIdempotency(database);
    const both = () =>
      database
        .prepare('SELECT (SELECT count(*) FROM payments) + 10 * (SELECT count(*) FROM idempotency_keys)')
        .pluck()
        .get();
    const pay = () => {
      database.exec('INSERT INTO payments DEFAULT VALUES');
      return { status: 201 };
    };
    const commit = vi.spyOn(database, 'exec').mockImplementation(function (this: typeof database, sql: string) {
      if (sql === 'COMMIT') throw new Error('the disk is full');
      return BetterSqlite3.prototype.exec.call(this, sql);
    });
    expect(String(await codeOf(idempotency.inTransaction(post('k'), SCOPE, pay)))).toBe('Error: the disk is full');
    expect(both()).toBe(0);
    commit.mockRestore();
    await idempotency.inTransaction(post('k'), SCOPE, pay);
    expect(both()).toBe(11);
  });
});

describe('AWS Powertools', () => {
  // https://github.com/aws-powertools/powertools-lambda-python/issues/8049
  test('runs an effect twice after its deadline; here both runs have the same key for the service that is called', async () => {
    const key = randomUUID();
    const service = new Map<string, number>();
    const effect = async ({ effectKey }: { readonly effectKey: string }): Promise<Answer> => {
      if (!service.has(effectKey)) service.set(effectKey, service.size + 1);
      return { status: 201, body: { payment: service.get(effectKey) } };
    };
    let isCharged = false;
    void here.withLease(post(key), SCOPE, async (lease) => {
      await effect(lease);
      isCharged = true;
      return new Promise<Answer>(() => {});
    });
    await vi.waitFor(() => expect(isCharged).toBe(true));
    await store.pass(60_001, 'lease_until');
    const { body } = await there.withLease(post(key), SCOPE, effect);
    expect([Buffer.from(body).toString(), service.size]).toEqual(['{"payment":1}', 1]);
  });

  // https://github.com/aws-powertools/powertools-lambda-typescript/issues/1501
  test('takes all missing keys for one; here a request without a key has no stored answer', async () => {
    for (const key of ['', '""', undefined]) {
      const optional = { ...SCOPE, required: false };
      for (let time = 0; time < 2; time++) {
        expect(await codeOf(here.inTransaction(post(key), optional, () => ({ status: 200 })))).toBe(
          key === undefined ? 'first' : 'idempotency_key_missing',
        );
      }
    }
  });
});

describe('copies in applications', () => {
  test('run unprotected when the store is down; here only where that was chosen', async () => {
    const down = store.define({ table: 'gone' });
    const run = vi.fn(() => ({ status: 200 }));
    await codeOf(down.inTransaction(post('k'), SCOPE, run));
    await codeOf(down.withLease(post('k'), SCOPE, run));
    expect(run).not.toHaveBeenCalled();
  });

  test('keep a key after a failure of the server; here the next request runs', async () => {
    const key = randomUUID();
    await here.withLease(post(key), SCOPE, () => ({ status: 502 }));
    expect(await codeOf(here.withLease(post(key), SCOPE, () => ({ status: 200 })))).toBe('first');
  });

  test('check, then set; here fifty at once have one effect', async () => {
    const key = randomUUID();
    const run = vi.fn(async () => ({ status: 200 }));
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(here.withLease(post(key), SCOPE, run))));
    expect([run.mock.calls.length, codes.filter((code) => code === 'first').length]).toEqual([1, 1]);
  });

  test('keep cookies and whole headers; here what belongs to a session is not stored', async () => {
    const key = randomUUID();
    const headers = { 'Set-Cookie': 'session=s3cret', Connection: 'close', Location: '/a' };
    await here.inTransaction(post(key), SCOPE, () => ({ status: 200, headers }));
    const again = await here.inTransaction(post(key), SCOPE, () => ({ status: 200 }));
    expect(again.headers).toEqual({ Location: '/a', 'Idempotency-Replayed': 'true' });
    expect(JSON.stringify(await store.rows(`SELECT response_headers FROM ${store.address.keys}`))).not.toContain(
      's3cret',
    );
  });
});
