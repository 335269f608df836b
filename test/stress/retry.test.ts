import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isConflict } from '../../src/index.ts';
import { withTransactionRetry } from '../../src/retry/index.ts';
import { describeLive } from '../live/describe-live.ts';
import { type Asked, openSession, type Session } from '../live/session.ts';

// How many give up on one hot row, by the policy as it is when nobody says anything.

const TRANSACTIONS = 10;

interface Run {
  readonly exhausted: number;
  readonly retries: number;
  readonly milliseconds: number;
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;

for (const engine of ['postgresql', 'mysql', 'mariadb'] as const) {
  describeLive(engine, (database) => {
    let db: Session;

    beforeAll(async () => {
      db = await openSession(database, 32);
      await db.script('CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)');
      await db.run('INSERT INTO counters (id, n) VALUES (1, 0)');
    });

    afterAll(() => db?.close());

    const count = async (asked: Asked) =>
      (await asked.rows<{ n: number }>('SELECT n FROM counters WHERE id = 1'))[0]?.n;

    async function race(contenders: number): Promise<Run> {
      await db.run('UPDATE counters SET n = 0 WHERE id = 1');
      const options = { isolation: 'serializable', onRetry: () => retries++ } as const;
      const started = performance.now();
      let retries = 0;
      let done = 0;
      let exhausted = 0;
      const increment = async (asked: Asked) => {
        const n = (await count(asked)) ?? 0;
        await asked.run('UPDATE counters SET n = ? WHERE id = 1', n + 1);
      };
      await Promise.all(
        Array.from({ length: contenders }, async () => {
          for (let time = 0; time < TRANSACTIONS; time++) {
            try {
              if (db.driver === 'pg') {
                const { asked, pool } = db;
                await withTransactionRetry(pool, (client) => increment(asked(client)), options);
              } else if (db.driver === 'mysql2') {
                const { asked, pool } = db;
                await withTransactionRetry(pool, (connection) => increment(asked(connection)), options);
              }
              done++;
            } catch (error) {
              if (!isConflict(error, 'contention')) throw error;
              exhausted++;
            }
          }
        }),
      );
      // Whatever happened, no update was lost.
      expect(await count(db)).toBe(done);
      const total = contenders * TRANSACTIONS;
      expect(done + exhausted).toBe(total);
      return { exhausted: (exhausted / total) * 100, retries, milliseconds: Math.round(performance.now() - started) };
    }

    // Readers of InnoDB keep each other from writing by their shared locks: there FOR UPDATE is for the hot row.
    test.each([
      [8, 5],
      [32, engine === 'postgresql' ? 15 : 40],
    ])('of %i contenders for one row at most %i in a hundred give up', async (contenders, most) => {
      const runs: Run[] = [];
      for (let run = 0; run < 3; run++) runs.push(await race(contenders));
      const shown = runs.map((run) => `${run.exhausted.toFixed(1)} % (${run.retries} retries, ${run.milliseconds} ms)`);
      console.log(`${engine}, ${contenders} contenders: ${shown.join(', ')}`);
      expect(median(runs.map(({ exhausted }) => exhausted))).toBeLessThanOrEqual(most);
    });
  });
}

describeLive('sqlite', () => {
  const PROCESSES = 8;
  const CONTENDER = fileURLToPath(new URL('retry-contender.mjs', import.meta.url));

  interface Contended {
    /** What the counter has in the end. */
    readonly count: number;
    readonly done: number;
    readonly retries: number;
    /** How often by which code. */
    readonly failures: Readonly<Record<string, number>>;
  }

  /** Lets processes write one row, and says what became of all that they did. */
  async function contend(journal: string, ...args: (string | number)[]): Promise<Contended> {
    const directory = mkdtempSync(join(tmpdir(), 'db-http-errors-'));
    try {
      const file = join(directory, 'contended.sqlite');
      const database = new BetterSqlite3(file);
      expect(database.pragma(`journal_mode = ${journal}`, { simple: true })).toBe(journal);
      database.exec('CREATE TABLE counters (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)');
      database.exec('INSERT INTO counters VALUES (1, 0)');
      const contenders = Array.from({ length: PROCESSES }, () =>
        fork(CONTENDER, [file, ...args.map(String)], { execArgv: ['--import', 'tsx'] }),
      );
      await Promise.all(contenders.map((contender) => once(contender, 'message')));
      const results = await Promise.all(
        contenders.map(async (contender) => {
          const answer = once(contender, 'message');
          contender.send('go');
          const [result] = await answer;
          return result as Omit<Contended, 'count'>;
        }),
      );
      const failures: Record<string, number> = {};
      for (const [code, times] of results.flatMap((result) => Object.entries(result.failures))) {
        failures[code] = (failures[code] ?? 0) + times;
      }
      const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
      const count = database.prepare('SELECT n FROM counters').pluck().get() as number;
      database.close();
      return {
        count,
        done: sum(results.map(({ done }) => done)),
        retries: sum(results.map(({ retries }) => retries)),
        failures,
      };
    } finally {
      rmSync(directory, { recursive: true });
    }
  }

  describe.each(['wal', 'delete'])('%s journal', (journal) => {
    test.each([0, 5])(`${PROCESSES} processes that wait %i ms for the lock lose no update`, async (timeout) => {
      const { count, done, retries, failures } = await contend(journal, timeout, TRANSACTIONS, 20);
      console.log(`sqlite, ${journal}, ${timeout} ms: ${done} done, ${retries} retries`);
      expect(count).toBe(done);
      expect(retries).toBeGreaterThan(0);
      expect(Object.keys(failures).filter((code) => code !== 'busy')).toEqual([]);
      expect(done).toBeGreaterThan(PROCESSES * TRANSACTIONS * 0.9);
    });

    test(`${PROCESSES} processes that edit with a version: every loser is told of another version`, async () => {
      const { count, done, retries, failures } = await contend(journal, 0, TRANSACTIONS, 20, 'edit');
      console.log(`sqlite, ${journal}, versions: ${done} done, ${JSON.stringify(failures)}, ${retries} retries`);
      expect([count, Object.keys(failures)]).toEqual([done, ['version_mismatch']]);
      expect(done + (failures.version_mismatch ?? 0)).toBe(PROCESSES * TRANSACTIONS);
      expect(retries).toBeGreaterThan(0);
    });

    test(`${PROCESSES} processes that edit with a version, not run again: some are told to try again`, async () => {
      const { count, done, retries, failures } = await contend(journal, 0, TRANSACTIONS, 1, 'edit');
      console.log(`sqlite, ${journal}, versions, one attempt: ${done} done, ${JSON.stringify(failures)}`);
      expect([count, retries]).toEqual([done, 0]);
      const { busy = 0, version_mismatch = 0, ...others } = failures;
      expect([busy > 0, others, done + busy + version_mismatch]).toEqual([true, {}, PROCESSES * TRANSACTIONS]);
    });
  });
});
