import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import {
  type Answer,
  defineIdempotency,
  type IdempotencyOptions,
  type IdempotentAnswer,
  type IdempotentRequest,
  type Lease,
} from '../../src/idempotency/index.ts';
import { isConflict } from '../../src/index.ts';
import { deferred } from '../deferred.ts';
import { createStore, type Run, type Store } from '../idempotency/stores.ts';
import { describeLive } from './describe-live.ts';

// Keys in real databases. The long ones, with fifty at a time and with processes that die, are in test/stress.

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const satisfies readonly Engine[];
const SCOPE = { owner: 'tenant-1', route: '/payments' };

function post(key: string, body: unknown = { amount: 1 }): IdempotentRequest {
  return { method: 'POST', headers: { 'idempotency-key': key }, url: '/payments', body };
}

/** What a client sees. */
function seen({ status, headers, body, isReplay }: IdempotentAnswer): unknown[] {
  return [status, headers, Buffer.from(body).toString(), isReplay];
}

const failure = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

const FIRST = [201, { 'Content-Type': 'application/json', Location: '/payments/1' }, '{"paid":true}', false];
const REPLAY = [
  201,
  { 'Content-Type': 'application/json', Location: '/payments/1', 'Idempotency-Replayed': 'true' },
  '{"paid":true}',
  true,
];

for (const engine of ENGINES) {
  describeLive(engine, ({ url }) => {
    let store: Store;
    let idempotency: Run;

    beforeAll(async () => {
      store = await createStore(engine, url);
      idempotency = store.define();
    });

    afterAll(() => store?.end());

    const payIn = (run: Run, key: string, scope = SCOPE) =>
      run.inTransaction(post(key), scope, (tx) => store.pay(tx, key));

    describe('a request in a transaction', () => {
      test('has its effect once, and the same answer each time', async () => {
        const key = randomUUID();
        expect(seen(await payIn(idempotency, key))).toEqual(FIRST);
        expect(seen(await payIn(idempotency, key))).toEqual(REPLAY);
        expect(seen(await payIn(store.define(), key))).toEqual(REPLAY);
        expect(await store.payments(key)).toBe(1);
      });

      test('has one effect when several are sent at once', async () => {
        const key = randomUUID();
        const answers = await Promise.all(Array.from({ length: 8 }, () => payIn(idempotency, key)));
        expect(answers.map(({ isReplay }) => isReplay).sort()).toEqual([false, ...Array(7).fill(true)]);
        expect(await store.payments(key)).toBe(1);
      });

      test('leaves nothing behind when it throws: neither effect nor key', async () => {
        const key = randomUUID();
        const failing = (tx: unknown): Answer | Promise<Answer> => {
          const paid = store.pay(tx, key);
          const fail = () => {
            throw new Error('no more');
          };
          return paid instanceof Promise ? paid.then(fail) : fail();
        };
        await expect(idempotency.inTransaction(post(key), SCOPE, failing)).rejects.toThrow('no more');
        expect(await store.payments(key)).toBe(0);
        expect(seen(await payIn(idempotency, key))).toEqual(FIRST);
      });

      test.each([401, 409, 412, 422, 429, 500, 503])(
        'is rolled back and may be tried again when it answers %i',
        async (status) => {
          const key = randomUUID();
          const refuse = (tx: unknown) => store.pay(tx, key, { status });
          const refused = await idempotency.inTransaction(post(key), SCOPE, refuse);
          expect([refused.status, refused.isReplay, await store.payments(key)]).toEqual([status, false, 0]);
          expect(seen(await payIn(idempotency, key))).toEqual(FIRST);
        },
      );

      test.each([400, 404, 410])('is answered %i again when that is its answer', async (status) => {
        const key = randomUUID();
        const refuse = (tx: unknown) => store.pay(tx, key, { status });
        await idempotency.inTransaction(post(key), SCOPE, refuse);
        const again = await payIn(idempotency, key);
        expect([again.status, again.isReplay]).toEqual([status, true]);
      });

      test('is 422 with the key of another request, and learns nothing of it', async () => {
        const key = randomUUID();
        await payIn(idempotency, key);
        const other = idempotency.inTransaction(post(key, { amount: 2 }), SCOPE, (tx) => store.pay(tx, key));
        const error = await failure(other);
        expect(JSON.parse(JSON.stringify(error))).toEqual({
          type: 'about:blank',
          title: 'Unprocessable Content',
          status: 422,
          instance: expect.stringMatching(/^urn:uuid:/),
          detail: 'This idempotency key was used for another request.',
          code: 'idempotency_key_reused',
          retryable: false,
          recovery: 'change_input',
        });
        expect(await store.payments(key)).toBe(1);
      });

      test('of another tenant with the same key is another request', async () => {
        const key = randomUUID();
        await payIn(idempotency, key);
        const other = await payIn(idempotency, key, { ...SCOPE, owner: 'tenant-2' });
        expect([other.isReplay, await store.payments(key)]).toEqual([false, 2]);
      });

      test('may send its key again when the first answer has expired, without a sweep', async () => {
        const key = randomUUID();
        await payIn(idempotency, key);
        await store.pass(86_400_001);
        expect(seen(await payIn(idempotency, key))).toEqual(FIRST);
        expect(seen(await payIn(idempotency, key))).toEqual(REPLAY);
        expect(await store.payments(key)).toBe(2);
      });

      test('has one effect when several are sent at once after the first answer has expired', async () => {
        const key = randomUUID();
        await payIn(idempotency, key);
        await store.pass(86_400_001);
        const answers = await Promise.all(Array.from({ length: 8 }, () => payIn(idempotency, key)));
        expect(answers.filter(({ isReplay }) => !isReplay).length).toBe(1);
        expect(await store.payments(key)).toBe(2);
      });

      test('keeps keys apart that differ in case or in spaces only', async () => {
        const key = randomUUID();
        for (const each of [`A${key}`, `a${key}`, `"a${key} "`]) {
          expect((await payIn(idempotency, each)).isReplay).toBe(false);
        }
      });

      test('may have the longest of keys, routes and owners', async () => {
        const scope = { owner: 'ö'.repeat(500), route: `/${'x'.repeat(3000)}` };
        const key = 'k'.repeat(255);
        expect((await payIn(idempotency, key, scope)).isReplay).toBe(false);
        expect((await payIn(idempotency, key, scope)).isReplay).toBe(true);
        expect((await payIn(idempotency, key, { ...scope, owner: `${scope.owner}x` })).isReplay).toBe(false);
      });

      test('may have a key that is written like SQL', async () => {
        const key = `"'; DROP TABLE x; -- \\\\ \\" ${randomUUID()}"`;
        expect((await payIn(idempotency, key)).isReplay).toBe(false);
        expect((await payIn(idempotency, key)).isReplay).toBe(true);
      });

      test('gets its body back byte by byte, and of a large one where the result is', async () => {
        const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
        const headers = { 'content-type': 'image/png', 'set-cookie': 'session=s3cret', etag: '"v1"', location: '/p/1' };
        const key = randomUUID();
        const give = (body: Uint8Array) => (tx: unknown) => store.pay(tx, key, { status: 201, headers, body });
        const first = await idempotency.inTransaction(post(key), SCOPE, give(bytes));
        const again = await idempotency.inTransaction(post(key), SCOPE, give(bytes));
        expect(first.headers).toEqual({
          'Content-Type': 'image/png',
          'set-cookie': 'session=s3cret',
          ETag: '"v1"',
          Location: '/p/1',
        });
        expect(again.headers).toEqual({
          'Content-Type': 'image/png',
          ETag: '"v1"',
          Location: '/p/1',
          'Idempotency-Replayed': 'true',
        });
        expect(Buffer.from(again.body).equals(bytes)).toBe(true);
        const large = randomUUID();
        const size = 65_537;
        const all = await idempotency.inTransaction(post(large), SCOPE, give(new Uint8Array(size)));
        expect(all.body.byteLength).toBe(size);
        const rest = await idempotency.inTransaction(post(large), SCOPE, give(new Uint8Array(size)));
        expect(seen(rest)).toEqual([201, { Location: '/p/1', 'Idempotency-Replayed': 'true' }, '', true]);
      });

      test('without a key is 400, or runs unprotected where none is needed', async () => {
        const text = randomUUID();
        const request = { method: 'POST', headers: {}, url: '/payments', body: { text } };
        const run = (tx: unknown) => store.pay(tx, text);
        const error = await failure(idempotency.inTransaction(request, SCOPE, run));
        expect(isConflict(error, 'idempotency_key_missing') && error.status).toBe(400);
        for (let time = 0; time < 2; time++) {
          const answer = await idempotency.inTransaction(request, { ...SCOPE, required: false }, run);
          expect(seen(answer)).toEqual(FIRST);
        }
        expect(await store.payments(text)).toBe(2);
      });

      test('says what of the database is wrong as it is thrown without a key', async () => {
        const key = randomUUID();
        const error = await failure(
          store.define({ table: 'no_such_table' }).inTransaction(post(key), SCOPE, () => ({ status: 200 })),
        );
        expect(isConflict(error)).toBe(false);
        expect(String(error)).toContain('no_such_table');
      });

      if (engine === 'postgresql') {
        test('is in progress when another one has begun with the key that its lease has lost', async () => {
          const key = randomUUID();
          const [begun, begin] = deferred();
          const [finished, finish] = deferred();
          let other: Promise<unknown> = Promise.resolve();
          const first = store.define({ waitFor: 50 }).withLease(post(key), SCOPE, async () => {
            await store.run(`DELETE FROM ${store.address.keys} WHERE idempotency_key = '${key}'`);
            other = idempotency.inTransaction(post(key), SCOPE, async (tx) => {
              begin();
              await finished;
              return store.pay(tx, key);
            });
            await begun;
            return { status: 200 };
          });
          expect(isConflict(await failure(first), 'idempotency_in_progress')).toBe(true);
          finish();
          await other;
          expect(await store.payments(key)).toBe(1);
        });
      }

      if (engine !== 'sqlite') {
        test('waits for the one before it, and is 409 when that takes too long', async () => {
          const key = randomUUID();
          const impatient = store.define({ waitFor: 50 });
          const [finished, finish] = deferred();
          const [begun, begin] = deferred();
          const first = idempotency.inTransaction(post(key), SCOPE, async (tx) => {
            begin();
            await finished;
            return store.pay(tx, key);
          });
          await begun;
          const patient = payIn(idempotency, key);
          for (const error of [
            await failure(payIn(impatient, key)),
            await failure(impatient.withLease(post(key), SCOPE, () => ({ status: 200 }))),
          ]) {
            expect(
              isConflict(error, 'idempotency_in_progress') && [error.status, error.headers['Retry-After']],
            ).toEqual([...[409, '1']]);
          }
          finish();
          expect(seen(await first)).toEqual(FIRST);
          expect(seen(await patient)).toEqual(REPLAY);
          expect(await store.payments(key)).toBe(1);
        });

        test('leaves the limits of its session as they were', async () => {
          const limit =
            engine === 'postgresql'
              ? 'SELECT current_setting($$lock_timeout$$) AS l'
              : 'SELECT @@innodb_lock_wait_timeout AS l';
          const read = async (tx: unknown) => {
            const result = (await (tx as { query(sql: string): Promise<unknown> }).query(limit)) as {
              rows?: object[];
            } & object[][];
            return (engine === 'postgresql' ? result.rows?.[0] : result[0]?.[0]) as { l: unknown };
          };
          const [{ l: before }] = (await store.rows(limit)) as [{ l: unknown }];
          let during: unknown;
          await store.define({ waitFor: 2000 }).inTransaction(post(randomUUID()), SCOPE, async (tx) => {
            during = (await read(tx)).l;
            return { status: 200 };
          });
          expect(during).toEqual(before);
        });

        if (engine !== 'postgresql') {
          test('has no success when DDL has committed it before its end', async () => {
            const key = randomUUID();
            const run = async (tx: unknown) => {
              const answer = await store.pay(tx, key);
              await (tx as mysql.PoolConnection).query(`CREATE TABLE ${store.address.payments}_ddl (id INT)`);
              return answer;
            };
            try {
              const error = await failure(idempotency.inTransaction(post(key), SCOPE, run));
              expect(String(error)).toContain('committed before its end');
              // The answer is stored after all, so that another try has no second effect.
              expect(seen(await payIn(idempotency, key))).toEqual(REPLAY);
              expect(await store.payments(key)).toBe(1);
            } finally {
              await store.run(`DROP TABLE ${store.address.payments}_ddl`);
            }
          });
        }

        test('survives the loss of its connection, whether it was committed or not', async () => {
          for (const when of ['before', 'after'] as const) {
            const key = randomUUID();
            let times = 0;
            const answer = await idempotency.inTransaction(post(key), SCOPE, async (tx) => {
              const answer = await store.pay(tx, key);
              if (times++ === 0) await loseConnection(tx, when);
              return answer;
            });
            expect([answer.status, answer.isReplay]).toEqual([201, when === 'after']);
            expect([await store.payments(key), times]).toEqual([1, when === 'after' ? 1 : 2]);
          }
        });
      }
    });

    describe('a request with an effect outside of the database', () => {
      const send = (run: Run, key: string, effect: (lease: Lease) => Answer | Promise<Answer>, body?: unknown) =>
        run.withLease(post(key, body), SCOPE, effect);

      test('has its effect once, and the same answer each time', async () => {
        const key = randomUUID();
        const effect = vi.fn(async () => ({ status: 202, body: { sent: true } }));
        const first = await send(idempotency, key, effect);
        const again = await send(idempotency, key, effect);
        expect([first.isReplay, again.isReplay, again.status]).toEqual([false, true, 202]);
        expect(Buffer.from(again.body).toString()).toBe('{"sent":true}');
        expect(effect).toHaveBeenCalledTimes(1);
      });

      test('is 409 while the first runs, and 422 with another payload even then', async () => {
        const key = randomUUID();
        const owner = held();
        const first = send(idempotency, key, owner.effect);
        const lease = await owner.begun;
        const error = await failure(send(idempotency, key, () => ({ status: 200 })));
        expect(isConflict(error, 'idempotency_in_progress') && error.headers['Retry-After']).toBe('30');
        const other = await failure(send(idempotency, key, () => ({ status: 200 }), { amount: 2 }));
        expect(isConflict(other, 'idempotency_key_reused') && other.status).toBe(422);
        expect(await lease.extend()).toBe(true);
        owner.finish({ status: 200 });
        expect((await first).isReplay).toBe(false);
      });

      test('is taken over when its lease is over, and overwrites nothing afterwards', async () => {
        const key = randomUUID();
        const [slow, quick] = [held(), held()];
        const first = send(idempotency, key, slow.effect);
        const old = await slow.begun;
        await store.pass(60_001, 'lease_until');
        const other = await failure(send(idempotency, key, () => ({ status: 200 }), { amount: 2 }));
        expect(isConflict(other, 'idempotency_key_reused')).toBe(true);
        const second = send(idempotency, key, quick.effect);
        const lease = await quick.begun;
        expect(await old.extend()).toBe(false);
        expect([lease.token === old.token, lease.effectKey === old.effectKey]).toEqual([false, true]);
        quick.finish({ status: 200, body: 'second' });
        expect(Buffer.from((await second).body).toString()).toBe('second');
        slow.finish({ status: 200, body: 'first' });
        const answers = [await first, await send(idempotency, key, () => ({ status: 500 }))];
        expect(answers.map(({ body, isReplay }) => [Buffer.from(body).toString(), isReplay])).toEqual([
          ['second', true],
          ['second', true],
        ]);
      });

      test('does not run unprotected where the database is there, but busy', async () => {
        const busy = await occupied(engine, url, store, { whenDown: 'run', attempts: 1, onUnprotected: vi.fn() });
        try {
          const effect = vi.fn(() => ({ status: 200 }));
          for (let time = 0; time < 2; time++) {
            const error = await failure(send(busy.idempotency, randomUUID(), effect));
            expect(isConflict(error, 'busy') && error.status).toBe(503);
          }
          expect(effect).not.toHaveBeenCalled();
        } finally {
          await busy.end();
        }
      });

      test('stays 409 for the first while the one that took over runs', async () => {
        const key = randomUUID();
        const [slow, quick] = [held(), held()];
        const first = failure(send(idempotency, key, slow.effect));
        await slow.begun;
        await store.pass(60_001, 'lease_until');
        const second = send(idempotency, key, quick.effect);
        await quick.begun;
        slow.finish({ status: 200, body: 'first' });
        expect(isConflict(await first, 'idempotency_in_progress')).toBe(true);
        quick.finish({ status: 200, body: 'second' });
        expect(Buffer.from((await second).body).toString()).toBe('second');
      });

      test.each<[string, () => Answer | Promise<Answer>]>([
        ['throws', () => Promise.reject(new Error('gateway'))],
        ['answers 503', async () => ({ status: 503 })],
        ['answers 409', () => ({ status: 409 })],
      ])('may be tried again at once when it %s', async (_, effect) => {
        const key = randomUUID();
        await failure(send(idempotency, key, effect));
        expect((await send(idempotency, key, () => ({ status: 200 }))).isReplay).toBe(false);
      });

      test.each([7, -7])('takes its times from the database, not from a machine that is %i days off', async (days) => {
        const key = randomUUID();
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * 86_400_000 });
        try {
          const owner = held();
          const first = send(idempotency, key, owner.effect);
          await owner.begun;
          vi.setSystemTime(Date.now() + days * 86_400_000);
          const error = await failure(send(idempotency, key, () => ({ status: 200 })));
          expect(isConflict(error, 'idempotency_in_progress')).toBe(true);
          await store.pass(60_001, 'lease_until');
          expect((await send(idempotency, key, () => ({ status: 200, body: 'taken over' }))).isReplay).toBe(false);
          owner.finish({ status: 200, body: 'late' });
          expect(Buffer.from((await first).body).toString()).toBe('taken over');
        } finally {
          vi.useRealTimers();
        }
      });
    });

    describe('the sweep', () => {
      test('deletes what has expired, in batches, and nothing else', async () => {
        const keys = Array.from({ length: 7 }, () => randomUUID());
        await idempotency.sweep();
        for (const key of keys.slice(0, 5)) await payIn(idempotency, key);
        await store.pass(86_400_001);
        for (const key of keys.slice(5)) await payIn(idempotency, key);
        const [{ n: before } = { n: 0 }] = await store.rows(`SELECT count(*) AS n FROM ${store.address.keys}`);
        const deleted = await idempotency.sweep({ batch: 2 });
        const [{ n: after } = { n: 0 }] = await store.rows(`SELECT count(*) AS n FROM ${store.address.keys}`);
        expect([deleted, Number(after)]).toEqual([Number(before) - 2, 2]);
        for (const key of keys.slice(5)) expect((await payIn(idempotency, key)).isReplay).toBe(true);
      });
    });

    if (engine !== 'sqlite') {
      test('sessions in different time zones agree on what time it is', async () => {
        const set = engine === 'postgresql' ? 'SET TIME ZONE' : 'SET time_zone =';
        const [east, west] = ["'+11:00'", "'-11:00'"].map((zone) =>
          store.define({ expiresAfter: 3_600_000 }, (connection) => {
            void (connection as { query(sql: string): Promise<unknown> }).query(`${set} ${zone}`);
          }),
        ) as [Run, Run];
        await east.sweep();
        for (const [one, other] of [
          [east, west],
          [west, east],
        ] as const) {
          const key = randomUUID();
          const owner = held();
          const first = one.withLease(post(key), SCOPE, owner.effect);
          await owner.begun;
          const error = await failure(other.withLease(post(key), SCOPE, () => ({ status: 200 })));
          expect(isConflict(error, 'idempotency_in_progress')).toBe(true);
          owner.finish({ status: 200 });
          await first;
          expect((await payIn(other, key)).isReplay).toBe(true);
          expect(await other.sweep()).toBe(0);
          await store.pass(3_600_001);
          expect((await payIn(other, key)).isReplay).toBe(false);
          await store.pass(3_600_001);
          expect(await one.sweep()).toBeGreaterThan(0);
        }
      });
    }
  });
}

/** An effect that runs until it is told to finish. */
function held() {
  const [finished, finish] = deferred<Answer>();
  const [begun, begin] = deferred<Lease>();
  const effect = (lease: Lease): Promise<Answer> => {
    begin(lease);
    return finished;
  };
  return { effect, begun, finish };
}

/** Ends the connection of a transaction: at once, or when its COMMIT was done and nobody has heard of it. */
async function loseConnection(tx: unknown, when: 'before' | 'after'): Promise<void> {
  // pg and mysql2 keep the socket in the same place.
  const client = tx as { query(sql: unknown): Promise<unknown>; connection: { stream: { destroy(): void } } };
  const query = client.query.bind(client);
  const destroy = () => client.connection.stream.destroy();
  if (when === 'before') {
    destroy();
    await sleep(20);
    return;
  }
  client.query = async (sql) => {
    const result = await query(sql);
    if (sql === 'COMMIT') {
      destroy();
      await sleep(20);
      throw Object.assign(new Error('Connection terminated unexpectedly'), { code: 'ECONNRESET' });
    }
    return result;
  };
}

/** One whose only connection, on SQLite the write lock, somebody else has. */
async function occupied(
  engine: Engine,
  url: string | undefined,
  store: Store,
  options: IdempotencyOptions,
): Promise<{ readonly idempotency: Run; end(): Promise<void> }> {
  if (engine === 'sqlite') {
    await store.run('BEGIN IMMEDIATE');
    const touch = (database: object) => (database as BetterSqlite3.Database).pragma('busy_timeout = 0');
    return { idempotency: store.define(options, touch), end: () => store.run('ROLLBACK') };
  }
  const withTable = { table: store.address.keys, ...options };
  if (engine === 'postgresql') {
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const client = await pool.connect();
    pool.options.connectionTimeoutMillis = 50; // for those who wait now: to connect may take longer
    const end = () => {
      client.release();
      return pool.end();
    };
    return { idempotency: defineIdempotency(pool, withTable) as unknown as Run, end };
  }
  const pool = mysql.createPool({ uri: new URL('/mysql', url).href, connectionLimit: 1, waitForConnections: false });
  const connection = await pool.getConnection();
  const end = () => {
    connection.release();
    return pool.end();
  };
  return { idempotency: defineIdempotency(pool, withTable) as unknown as Run, end };
}
