import type { Connection as CallbackConnection } from 'mysql2';
import { type Connection, createPool, type Pool } from 'mysql2/promise';
import { afterAll, beforeAll, describe } from 'vitest';
import { MYSQL } from '../../fixtures/scenarios/mysql.ts';
import { type MysqlDatabase, type MysqlWay, prepareMysql } from '../../fixtures/scenarios/run-mysql.ts';
import { type Engine, runAllButLast, thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { describeLive, testScenarios } from './describe-live.ts';

/** The callback connection that a promise connection wraps; the driver's types do not tell of it. */
const withCallbacks = (connection: Connection): CallbackConnection =>
  (connection as unknown as { connection: CallbackConnection }).connection;

const WAYS: Readonly<Record<string, { way: MysqlWay; isPrepared?: true }>> = {
  'connection.query() with a callback': {
    way: (connection, statement) =>
      new Promise((resolve, reject) => {
        withCallbacks(connection).query(statement, (error, result) => (error ? reject(error) : resolve(result)));
      }),
  },
  'connection.execute()': { way: (connection, statement) => connection.execute(statement), isPrepared: true },
  'connection.execute() with a callback': {
    way: (connection, statement) =>
      new Promise((resolve, reject) => {
        withCallbacks(connection).execute(statement, (error, result) => (error ? reject(error) : resolve(result)));
      }),
    isPrepared: true,
  },
};

/** The live tests of mysql2 on one of the two servers that it speaks to. */
export function describeMysql2(engine: Engine): void {
  describeLive(engine, (database) => {
    let prepared: MysqlDatabase;
    let pool: Pool;

    beforeAll(async () => {
      prepared = await prepareMysql(database.url ?? '');
      pool = createPool({ ...prepared.options, connectionLimit: 1 });
    });

    afterAll(async () => {
      await pool?.end();
      await prepared?.drop();
    });

    describe('by connection.query()', () => {
      testScenarios(database, MYSQL, (scenario) => prepared.provoke(scenario));
    });

    const statements = MYSQL.filter(({ sql }) => sql);
    for (const [name, { way, isPrepared }] of Object.entries(WAYS)) {
      describe(`by ${name}`, () => {
        // The prepared-statement protocol does not take a bare SIGNAL.
        const possible = statements.filter(({ sql }) => !isPrepared || !sql?.at(-1)?.startsWith('SIGNAL'));
        testScenarios(database, possible, (scenario) => prepared.provoke(scenario, way));
      });
    }

    const single = statements.filter(({ sql }) => sql?.length === 1);
    describe('by pool.query()', () => {
      testScenarios(database, single, ({ sql = [] }) => thrownBy(() => pool.query(sql[0] ?? '')));
    });

    describe('by a pooled connection in a transaction', () => {
      testScenarios(database, single, async ({ sql = [] }) => {
        const connection = await pool.getConnection();
        try {
          await connection.beginTransaction();
          const last = await runAllButLast(sql, (statement) => connection.query(statement));
          return await thrownBy(() => connection.query(last));
        } finally {
          await connection.rollback();
          connection.release();
        }
      });
    });
  });
}
