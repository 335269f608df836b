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
