import type mysql from 'mysql2/promise';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isConflict, translate } from '../../src/index.ts';
import { withTransactionRetry } from '../../src/retry/index.ts';
import { describeLive } from '../live/describe-live.ts';
import { openSession, type Session } from '../live/session.ts';
import { thrownBy } from './attack.ts';

// T21: what fails at COMMIT is a conflict too, and a transaction that has failed must not look committed.

describeLive('postgresql', (database) => {
  let session: Session;
  let pool: pg.Pool;

  beforeAll(async () => {
    session = await openSession(database, 3);
    pool = session.pool as pg.Pool;
    await session.script(
      `CREATE TABLE seats (id INT PRIMARY KEY, place INT, CONSTRAINT seats_place_key UNIQUE (place) DEFERRABLE INITIALLY DEFERRED)`,
      'INSERT INTO seats VALUES (1, 1)',
    );
  });

  afterAll(() => session?.close());

  const count = async () => (await session.rows<{ n: string }>('SELECT count(*) AS n FROM seats'))[0]?.n;

  test('a deferred duplicate, which COMMIT reports, is a conflict', async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('INSERT INTO seats VALUES (2, 1)');
      const error = await thrownBy(() => client.query('COMMIT'));
      const answer = translate(error);
      expect(isConflict(answer, 'duplicate') && answer.violation).toMatchObject({ constraint: 'seats_place_key' });
    } finally {
      client.release();
    }
    expect(await count()).toBe('1');
  });

  test('through withTransactionRetry() as well, and it is not run again', async () => {
    let runs = 0;
    const error = await thrownBy(() =>
      withTransactionRetry(pool, async (client) => {
        runs++;
        await client.query('INSERT INTO seats VALUES (2, 1)');
      }),
    );
    expect([isConflict(error, 'duplicate'), runs, await count()]).toEqual([true, 1, '1']);
  });

  test('a failure that was swallowed does not pass for a success', async () => {
    const error = await thrownBy(() =>
      withTransactionRetry(pool, async (client) => {
        await client.query('INSERT INTO seats VALUES (3, 3)');
        await client.query('INSERT INTO seats VALUES (1, 9)').catch(() => undefined);
      }),
    );
    expect(String(error)).toContain('rolled back');
    expect(await count()).toBe('1');
  });

  test('a statement after the failure is no conflict, and no success', async () => {
    const client = await pool.connect();
    try {
      await client.query('BEGIN');
      await client.query('INSERT INTO seats VALUES (1, 9)').catch(() => undefined);
      const error = (await thrownBy(() => client.query('SELECT 1'))) as { code?: unknown };
      expect(error.code).toBe('25P02');
      expect(translate(error)).toBe(error);
    } finally {
      await client.query('ROLLBACK');
      client.release();
    }
  });
});

for (const engine of ['mysql', 'mariadb'] as const) {
  describeLive(engine, (database) => {
    let session: Session;
    let pool: mysql.Pool;
    const alone = database.server.major >= 8 ? ['after'] : [];

    beforeAll(async () => {
      session = await openSession(database, 3);
      pool = session.pool as mysql.Pool;
      await session.script(
        'CREATE TABLE seats (id INT PRIMARY KEY, place INT)',
        'CREATE TABLE log (text VARCHAR(20) PRIMARY KEY)',
        'INSERT INTO seats VALUES (1, 0), (2, 0)',
      );
    });

    afterAll(() => session?.close());

    /** What is there when a deadlock was swallowed in the middle of a transaction. */
    const log = async () => (await session.rows<{ text: string }>('SELECT text FROM log')).map(({ text }) => text);
    const update = (id: number) => `UPDATE seats SET place = place + 1 WHERE id = ${id}`;

    /** Runs after the first statement of the victim, and makes the second one a deadlock. */
    async function contend(): Promise<() => Promise<void>> {
      const other = await pool.getConnection();
      await other.query('BEGIN');
      // Heavier than the other transaction: the lighter one is the victim.
      await other.query("INSERT INTO log VALUES ('a'), ('b'), ('c'), ('d'), ('e')");
      await other.query(update(2));
      const waits = other.query(update(1));
      return async () => {
        await waits;
        await other.query('ROLLBACK');
        other.release();
      };
    }

    test('a deadlock that was swallowed does not pass for a success', async () => {
      let swallowed: unknown;
      const error = await thrownBy(() =>
        withTransactionRetry(pool, async (connection) => {
          await connection.query("INSERT INTO log VALUES ('first')");
          await connection.query(update(1));
          const end = await contend();
          swallowed = await connection.query(update(2)).catch((reason: unknown) => reason);
          await end();
          await connection.query("INSERT INTO log VALUES ('after')");
        }),
      );
      expect(swallowed).toMatchObject({ errno: 1213 });
      expect(error).not.toHaveProperty('errno');
      expect(String(error)).toContain('rolled back');
      // The server runs alone what comes after the end of a transaction; MySQL 5.6 begins another one. What counts is
      // that nobody is told "done".
      expect(await log()).toEqual(alone);
    });

    test('a duplicate that was handled does not end the transaction', async () => {
      await withTransactionRetry(pool, async (connection) => {
        await connection.query("INSERT INTO log VALUES ('one')");
        await connection.query('INSERT INTO seats VALUES (1, 9)').catch(() => undefined);
        await connection.query("INSERT INTO log VALUES ('two')");
      });
      expect((await log()).sort()).toEqual([...alone, 'one', 'two']);
    });
  });
}
