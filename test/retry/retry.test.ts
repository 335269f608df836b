import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { Pool as CallbackPool } from 'mysql2';
import type mysql from 'mysql2/promise';
import type pg from 'pg';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { defineConflicts, isConflict, translate, type Violation, type ViolationKind } from '../../src/index.ts';
import { type Beginner, type Retry, type RetryOptions, withTransactionRetry } from '../../src/retry/index.ts';
import { captured } from '../violations.ts';

const QUICK: RetryOptions = { baseDelay: 1 };

/** A database that does nothing but count. */
function counting(): Beginner<number> & { readonly calls: string[] } {
  const calls: string[] = [];
  let number = 0;
  return {
    calls,
    begin: () => {
      number++;
      calls.push(`begin ${number}`);
      return number;
    },
    commit: (tx) => calls.push(`commit ${tx}`),
    rollback: (tx) => calls.push(`rollback ${tx}`),
    release: (tx, broken) => calls.push(`${broken ? 'destroy' : 'release'} ${tx}`),
  };
}

/** Fails as often as there are errors, then gives the number of the attempt. */
function failing(...errors: unknown[]): (tx: number, about: { attempt: number }) => Promise<number> {
  return async (_, { attempt }) => {
    if (attempt <= errors.length) throw errors[attempt - 1];
    return attempt;
  };
}

const deadlock = () => captured('pg/postgresql-18/deadlock');

describe('a transaction', () => {
  test('is committed once when nothing fails', async () => {
    const database = counting();
    expect(await withTransactionRetry(database, failing())).toBe(1);
    expect(database.calls).toEqual(['begin 1', 'commit 1', 'release 1']);
  });

  test('is run again from its start, with a transaction of its own', async () => {
    const database = counting();
    const retries: Retry[] = [];
    const [first, second] = [deadlock(), deadlock()];
    const onRetry = (retry: Retry) => void retries.push(retry);
    expect(await withTransactionRetry(database, failing(first, second), { ...QUICK, onRetry })).toBe(3);
    expect(database.calls).toEqual([
      ...['begin 1', 'rollback 1', 'release 1'],
      ...['begin 2', 'rollback 2', 'release 2'],
      ...['begin 3', 'commit 3', 'release 3'],
    ]);
    expect(retries.map(({ attempt, error }) => [attempt, error])).toEqual([
      [1, first],
      [2, second],
    ]);
    expect(retries.every(({ delay, violation }) => delay < 2 && violation.kind === 'deadlock_detected')).toBe(true);
  });

  test.each([
    'pg/postgresql-18/serialization-failure',
    'pg/postgresql-18/serialization-failure-commit',
    'pg/postgresql-18/deadlock',
    'mysql2/mysql-9/deadlock',
    'mysql2/mysql-9/lock-timeout',
    'mysql2/mariadb-10/deadlock',
    'better-sqlite3/sqlite-3/busy',
    'better-sqlite3/sqlite-3/busy-snapshot',
  ])('is run again after %s', async (name) => {
    expect(await withTransactionRetry(counting(), failing(captured(name)), QUICK)).toBe(2);
    expect(await withTransactionRetry(counting(), failing(translate(captured(name))), QUICK)).toBe(2);
  });

  test.each([
    ['pg/postgresql-18/unique', 'duplicate'],
    ['pg/postgresql-18/lock-timeout', 'busy'],
    ['pg/postgresql-18/nowait', 'busy'],
    ['mysql2/mysql-9/nowait', 'busy'],
    ['pg/postgresql-18/too-many-connections', 'busy'],
    ['pg/postgresql-18/query-canceled', undefined],
    ['pg/postgresql-18/connection-killed', undefined],
    ['better-sqlite3/sqlite-3/syntax-error', undefined],
  ])('is not run again after %s', async (name, code) => {
    const database = counting();
    const error = captured(name);
    const thrown = await withTransactionRetry(database, failing(error), QUICK).catch((reason: unknown) => reason);
    expect(database.calls).toEqual(['begin 1', 'rollback 1', 'release 1']);
    if (code === undefined) expect(thrown).toBe(error);
    else expect(thrown).toMatchObject({ code, cause: error });
  });

  test('is contention when all attempts have failed, and tells the client to come back', async () => {
    const database = counting();
    const run = vi.fn(failing(...Array.from({ length: 9 }, deadlock)));
    const thrown = await withTransactionRetry(database, run, QUICK).catch((reason: unknown) => reason);
    expect(run).toHaveBeenCalledTimes(5);
    expect(isConflict(thrown, 'contention') && thrown.headers['Retry-After']).toBe('1');
  });

  test('is not run again when its time is over', async () => {
    const run = vi.fn(failing(...Array.from({ length: 9 }, deadlock)));
    const options = { baseDelay: 40, maxDelay: 40, attempts: 1000, budget: 100 };
    await expect(withTransactionRetry(counting(), run, options)).rejects.toMatchObject({ code: 'contention' });
    expect(run.mock.calls.length).toBeGreaterThan(1);
    expect(run.mock.calls.length).toBeLessThan(10);
  });

  test('is run again when it fails at COMMIT', async () => {
    const database = counting();
    const commit = vi.fn().mockRejectedValueOnce(captured('pg/postgresql-18/serialization-failure-commit'));
    expect(await withTransactionRetry({ ...database, commit }, failing(), QUICK)).toBe(2);
    expect(database.calls).toContain('rollback 1');
  });

  test.each(['pg/postgresql-18/connection-killed', 'mysql2/mysql-9/connection-killed'])(
    'is never run again when its outcome is unknown: %s at COMMIT',
    async (name) => {
      const database = counting();
      const error = captured(name);
      const commit = vi.fn().mockRejectedValue(error);
      const rollback = vi.fn().mockRejectedValue(new Error('no connection'));
      const run = vi.fn(failing());
      await expect(withTransactionRetry({ ...database, commit, rollback }, run, QUICK)).rejects.toBe(error);
      expect(run).toHaveBeenCalledTimes(1);
      expect(database.calls).toEqual(['begin 1', 'destroy 1']);
    },
  );

  test('is run again after a duplicate only by the name of the key', async () => {
    const duplicate = () => captured('pg/postgresql-18/unique');
    const { constraint } = defineConflicts().classify(duplicate()) as { constraint: string };
    const options = { ...QUICK, retryUnique: [constraint] };
    expect(await withTransactionRetry(counting(), failing(duplicate()), options)).toBe(2);
    const other = { ...QUICK, retryUnique: ['other_key'] };
    await expect(withTransactionRetry(counting(), failing(duplicate()), other)).rejects.toMatchObject({
      code: 'duplicate',
    });
  });

  test('is stopped by a signal, also while it waits', async () => {
    const database = counting();
    const aborted = AbortSignal.abort(new Error('gone'));
    await expect(withTransactionRetry(database, failing(), { signal: aborted })).rejects.toThrow('gone');
    expect(database.calls).toEqual([]);
    const controller = new AbortController();
    const onRetry = () => controller.abort(new Error('gone'));
    const options = { signal: controller.signal, baseDelay: 60_000, maxDelay: 60_000, budget: 120_000, onRetry };
    await expect(withTransactionRetry(counting(), failing(deadlock()), options)).rejects.toThrow('gone');
  });

  test('does not care what a hook throws', async () => {
    const onRetry = () => {
      throw new Error('metrics are down');
    };
    expect(await withTransactionRetry(counting(), failing(deadlock()), { ...QUICK, onRetry })).toBe(2);
  });

  test('waits longer each time, at random, and no longer than it may', async () => {
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.999);
    const delays: number[] = [];
    const onRetry = ({ delay }: Retry) => void delays.push(Math.round(delay));
    const run = failing(...Array.from({ length: 5 }, deadlock));
    await withTransactionRetry(counting(), run, { attempts: 6, baseDelay: 2, maxDelay: 10, onRetry });
    random.mockRestore();
    expect(delays).toEqual([2, 4, 8, 10, 10]);
  });

  test('is answered by the rules of the application', async () => {
    const conflicts = defineConflicts({ rules: { users_email_key: { detail: 'Taken.' } } });
    const run = failing(captured('pg/postgresql-18/unique'));
    const thrown = await withTransactionRetry(counting(), run, { conflicts }).catch((reason: unknown) => reason);
    expect(isConflict(thrown) && thrown.problem.detail).toBe('Taken.');
  });

  test.each<[string, unknown, RetryOptions, string]>([
    [
      'no database',
      {},
      {},
      'Expected a pool of pg or mysql2, a database of better-sqlite3 or { begin, commit, rollback }',
    ],
    ['nothing', undefined, {}, 'Expected a pool of pg or mysql2'],
    [
      'an unknown option',
      counting(),
      { attempt: 3 } as never,
      'Unknown member "attempt" in the options of withTransactionRetry()',
    ],
    ['no attempts', counting(), { attempts: 0 }, 'to have a whole number above 0 as "attempts"'],
    ['an isolation that nobody sets', counting(), { isolation: 'serializable' }, 'Expected no isolation with { begin,'],
    ['no isolation', { connect: async () => ({}) }, { isolation: 'snapshot' as never }, 'Expected isolation to be'],
  ])('complains about %s', async (_, source, options, complaint) => {
    await expect(withTransactionRetry(source as Beginner<number>, failing(), options)).rejects.toThrow(complaint);
  });
});

test('a transaction gets what its pool gives', () => {
  // Never called: what counts is what the compiler knows of the first parameter.
  const types = (pool: pg.Pool, promises: mysql.Pool, callbacks: CallbackPool, database: BetterSqlite3.Database) => [
    withTransactionRetry(pool, async (client) => {
      expectTypeOf(client).toEqualTypeOf<pg.PoolClient>();
      return (await client.query<{ n: number }>('SELECT $1 AS n', [1])).rows;
    }),
    withTransactionRetry(promises, async (connection) => {
      expectTypeOf(connection).toEqualTypeOf<mysql.PoolConnection>();
      return connection.execute('SELECT ?', [1]);
    }),
    withTransactionRetry(callbacks, async (connection) => connection.execute('SELECT ?', [1])),
    withTransactionRetry(database, (tx) => {
      expectTypeOf(tx).toEqualTypeOf<BetterSqlite3.Database>();
      return tx.prepare('SELECT 1').all();
    }),
  ];
  expectTypeOf(types).returns.items.toExtend<Promise<unknown>>();
});

describe('a transaction of better-sqlite3', () => {
  test('that cannot be rolled back fails as it has failed', async () => {
    const failure = new Error('after the end');
    const broken = {
      ...{ isSync: true, begin() {}, commit() {} },
      rollback() {
        throw new Error('the connection is gone');
      },
    };
    const run = () => {
      throw failure;
    };
    await expect(withTransactionRetry(broken, run)).rejects.toBe(failure);
  });

  const open = () => new BetterSqlite3(':memory:').exec('CREATE TABLE t (id INTEGER PRIMARY KEY)');
  const count = (database: BetterSqlite3.Database) => database.prepare('SELECT count(*) FROM t').pluck().get();

  test('is committed, or rolled back', async () => {
    const database = open();
    expect(await withTransactionRetry(database, (tx) => tx.prepare('INSERT INTO t VALUES (1)').run().changes)).toBe(1);
    const twice = () => database.exec('INSERT INTO t VALUES (2); INSERT INTO t VALUES (1)');
    await expect(withTransactionRetry(database, twice)).rejects.toMatchObject({ code: 'duplicate' });
    expect([count(database), database.inTransaction]).toEqual([1, false]);
  });

  test('is refused when it is asynchronous, for others would run inside of it', async () => {
    const database = open();
    const later = async () => database.exec('INSERT INTO t VALUES (1)');
    await expect(withTransactionRetry(database, later)).rejects.toThrow(
      'Expected a transaction of better-sqlite3 to be synchronous, got a promise',
    );
    expect([count(database), database.inTransaction]).toEqual([0, false]);
  });

  test('meets no other one on the same database', async () => {
    const database = open();
    const insert = (id: number) => withTransactionRetry(database, (tx) => tx.exec(`INSERT INTO t VALUES (${id})`));
    await Promise.all(Array.from({ length: 10 }, (_, id) => insert(id)));
    expect(count(database)).toBe(10);
  });

  test('is refused when it is a query that has not begun', async () => {
    const database = open();
    const then = vi.fn();
    await expect(withTransactionRetry(database, () => ({ then }) as never)).rejects.toThrow('to be synchronous');
    expect(then).not.toHaveBeenCalled();
    expect(database.inTransaction).toBe(false);
  });

  test('is refused inside of another', async () => {
    const database = open();
    database.exec('BEGIN');
    await expect(withTransactionRetry(database, () => 1)).rejects.toThrow('to be in no transaction');
    expect(database.inTransaction).toBe(true);
  });

  test('waits for whoever has the lock', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'db-http-errors-'));
    try {
      const [ours, theirs] = [0, 1].map(() => new BetterSqlite3(join(directory, 'a.sqlite'), { timeout: 0 }));
      if (!ours || !theirs) throw new Error('Expected two connections');
      ours.exec('CREATE TABLE t (id INTEGER PRIMARY KEY)');
      theirs.exec('BEGIN IMMEDIATE; INSERT INTO t VALUES (1)');
      const violations: Violation[] = [];
      const onRetry = ({ violation }: Retry) => {
        violations.push(violation);
        if (violations.length === 2) theirs.exec('COMMIT');
      };
      expect(await withTransactionRetry(ours, () => count(ours), { ...QUICK, onRetry })).toBe(1);
      const kind: ViolationKind = 'lock_not_available';
      expect(violations.map((violation) => violation.kind)).toEqual([kind, kind]);
      theirs.exec('BEGIN IMMEDIATE');
      await expect(withTransactionRetry(ours, () => 1, QUICK)).rejects.toMatchObject({ code: 'busy', status: 503 });
      ours.close();
      theirs.close();
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('a transaction of mysql2', () => {
  /** Refuses what begins like this. */
  const refusing = (start: string, error: Error) => {
    const calls: string[] = [];
    const connection = {
      query: async (sql: string) => {
        calls.push(sql);
        if (sql.startsWith(start)) throw error;
      },
      release: () => calls.push('release'),
      destroy: () => calls.push('destroy'),
    };
    return { calls, pool: { promise: () => ({ getConnection: async () => connection }) } };
  };
  const run = (pool: unknown) => withTransactionRetry(pool as CallbackPool, async () => 'done', { attempts: 1 });

  test('is begun on the promises of a pool with callbacks', async () => {
    const { calls, pool } = refusing('nothing', new Error('none'));
    expect(await run(pool)).toBe('done');
    const savepoint = ['SAVEPOINT db_http_errors', 'RELEASE SAVEPOINT db_http_errors'];
    expect(calls).toEqual(['START TRANSACTION', ...savepoint, 'COMMIT', 'release']);
  });

  test('that cannot begin gives its connection up', async () => {
    const lost = new Error('lost');
    const { calls, pool } = refusing('START', lost);
    await expect(run(pool)).rejects.toBe(lost);
    expect(calls).toEqual(['START TRANSACTION', 'destroy']);
  });

  test('is rolled back when its savepoint is refused for another reason than that it is gone', async () => {
    const lost = new Error('lost');
    const { calls, pool } = refusing('RELEASE', lost);
    await expect(run(pool)).rejects.toBe(lost);
    expect(calls).not.toContain('COMMIT');
    expect(calls.at(-2)).toBe('ROLLBACK');
  });
});

test('what begins and commits and cannot roll back is no database', async () => {
  const source = { begin: () => 1, commit: () => {} };
  await expect(withTransactionRetry(source as never, failing())).rejects.toThrow('Expected a pool of pg or mysql2');
});

test('a deadlock that has a cause of its own is given up as any other', async () => {
  const error = Object.assign(deadlock(), { cause: new Error('behind it') });
  const inner = () => withTransactionRetry(counting(), failing(error, error), { ...QUICK, attempts: 2 });
  const outer = counting();
  await expect(withTransactionRetry(outer, inner, { ...QUICK, attempts: 3 })).rejects.toMatchObject({
    code: 'contention',
  });
  expect(outer.calls).toEqual(['begin 1', 'rollback 1', 'release 1']);
});

test('a transaction of better-sqlite3 leaves no rejection unhandled, and survives a database that is closed in it', async () => {
  const rejected = async () => {
    throw new Error('later');
  };
  const open = () => new BetterSqlite3(':memory:');
  await expect(withTransactionRetry(open(), rejected)).rejects.toThrow('to be synchronous, got a promise');
  const closed = (tx: BetterSqlite3.Database) => {
    tx.close();
    throw new TypeError('closed');
  };
  await expect(withTransactionRetry(open(), closed)).rejects.toThrow(new TypeError('closed'));
});
