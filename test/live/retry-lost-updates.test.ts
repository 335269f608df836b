import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { assertUpdated, expectVersion } from '../../src/concurrency/index.ts';
import { isConflict, translate } from '../../src/index.ts';
import { type IsolationLevel, withTransactionRetry } from '../../src/retry/index.ts';
import { MYSQL, POSTGRESQL } from '../recipes/schema.ts';
import { describeLive } from './describe-live.ts';
import { type Asked, openSession, type Session } from './session.ts';

// Fifty people edit one row at once, each with the version that it has loaded.

vi.setConfig({ testTimeout: 20_000 });

const WRITERS = 50;
const LEVELS: readonly IsolationLevel[] = ['read committed', 'repeatable read', 'serializable'];

for (const engine of ['postgresql', 'mysql', 'mariadb'] as const) {
  describeLive(engine, (database) => {
    let db: Session;

    beforeAll(async () => {
      db = await openSession(database, 25);
      await db.script(...(engine === 'postgresql' ? POSTGRESQL : MYSQL).posts);
      await db.run('INSERT INTO posts (id, title) VALUES (?, ?)', 1, 'Draft');
    });

    afterAll(() => db?.close());

    const versionOf = async (asked: Asked, lock = ''): Promise<number> =>
      (await asked.rows<{ version: number }>(`SELECT version FROM posts WHERE id = 1${lock}`))[0]?.version ?? 0;

    /** What a handler does in its transaction. */
    async function edit(asked: Asked, expected: number): Promise<void> {
      expectVersion(expected, await versionOf(asked));
      const result = await asked.run('UPDATE posts SET version = version + 1 WHERE id = 1 AND version = ?', expected);
      // Not what the snapshot of a transaction has, but what is there.
      await assertUpdated(result, { current: () => versionOf(asked, ' FOR UPDATE'), expected });
    }

    /** One attempt, or as many as are usual. */
    function editOnce(expected: number, isolation: IsolationLevel, attempts?: number): Promise<void> {
      const options = { isolation, budget: 20_000, ...(attempts !== undefined && { attempts }) };
      return db.driver === 'pg'
        ? withTransactionRetry(db.pool, (client) => edit(asked(client), expected), options)
        : withTransactionRetry(db.pool as never, (connection) => edit(asked(connection), expected), options);
    }

    const asked = (connection: unknown): Asked => (db as { asked(connection: unknown): Asked }).asked(connection);

    async function race(isolation: IsolationLevel, attempts?: number): Promise<Record<string, number>> {
      const before = await versionOf(db);
      const codes: Record<string, number> = {};
      const count = (code: string) => {
        codes[code] = (codes[code] ?? 0) + 1;
      };
      await Promise.all(
        Array.from({ length: WRITERS }, async () => {
          const expected = await versionOf(db);
          await editOnce(expected, isolation, attempts).then(
            () => count('done'),
            (error) => {
              const answer = translate(error);
              count(isConflict(answer) ? answer.code : String(error));
            },
          );
        }),
      );
      // No update is lost: each that was told that it is done has counted.
      expect((await versionOf(db)) - before).toBe(codes.done);
      return codes;
    }

    test.each(LEVELS)(
      'at %s, run again: one wins, and every loser has a version that is not the current one',
      async (isolation) => {
        const { done = 0, version_mismatch = 0, ...others } = await race(isolation);
        expect(others).toEqual({});
        expect(done).toBeGreaterThan(0);
        expect(done + version_mismatch).toBe(WRITERS);
        expect(version_mismatch).toBeGreaterThan(0);
      },
    );

    test('not run again: some losers are told of contention', async () => {
      const all: string[] = [];
      for (const isolation of LEVELS) {
        const { done, version_mismatch, contention, ...others } = await race(isolation, 1);
        expect(others).toEqual({});
        if (contention) all.push(isolation);
      }
      expect(all).toContain('serializable');
      if (engine === 'postgresql') expect(all).toContain('repeatable read');
    });

    test('leaves the version out where the snapshot has only the old one', async () => {
      const thrown = await withTransactionRetry(
        db.pool as never,
        async (connection: never) => {
          const expected = await versionOf(asked(connection));
          await db.run('UPDATE posts SET version = version + 1 WHERE id = 1');
          const result = await asked(connection).run(
            'UPDATE posts SET title = ? WHERE id = 1 AND version = ?',
            'x',
            expected,
          );
          await assertUpdated(result, { current: () => versionOf(asked(connection)), expected });
        },
        { isolation: 'repeatable read', attempts: 1 },
      ).catch((error: unknown) => error);
      // MariaDB notices it since 11.6.2 (innodb_snapshot_isolation).
      if (engine === 'postgresql' || (engine === 'mariadb' && isConflict(thrown, 'contention'))) {
        expect(thrown).toMatchObject({ code: 'contention' });
      } else {
        expect(thrown).toMatchObject({ code: 'version_mismatch' });
        expect(isConflict(thrown) && thrown.problem).not.toHaveProperty('current_version');
        expect(isConflict(thrown) && thrown.headers).not.toHaveProperty('ETag');
      }
    });
  });
}
