import pg from 'pg';
import { afterAll, beforeAll, describe } from 'vitest';
import { POSTGRESQL } from '../../fixtures/scenarios/postgresql.ts';
import { type PostgresDatabase, type PostgresWay, preparePostgres } from '../../fixtures/scenarios/run-postgresql.ts';
import { runAllButLast, thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { describeLive, testScenarios } from './describe-live.ts';

const WAYS: Readonly<Record<string, PostgresWay>> = {
  'client.query() with a callback': (client, statement) =>
    new Promise((resolve, reject) => {
      client.query(statement, (error, result) => (error ? reject(error) : resolve(result)));
    }),
  'a prepared statement': (client, text) => client.query({ name: 'scenario', text }),
};

describeLive('postgresql', (database) => {
  let prepared: PostgresDatabase;
  let pool: pg.Pool;

  beforeAll(async () => {
    prepared = await preparePostgres(database.url ?? '');
    pool = new pg.Pool({ ...prepared.config, max: 1 });
    // A pool ends before its connections do; dropping the database then ends them from the other side.
    pool.on('connect', (client) => client.on('error', () => undefined));
    pool.on('error', () => undefined);
  });

  afterAll(async () => {
    await pool?.end();
    await prepared?.drop();
  });

  describe('by client.query()', () => {
    testScenarios(database, POSTGRESQL, (scenario) => prepared.provoke(scenario));
  });

  const statements = POSTGRESQL.filter(({ sql }) => sql);
  for (const [name, way] of Object.entries(WAYS)) {
    describe(`by ${name}`, () => {
      testScenarios(database, statements, (scenario) => prepared.provoke(scenario, way));
    });
  }

  describe('by pool.query()', () => {
    const single = statements.filter(({ sql }) => sql?.length === 1);
    testScenarios(database, single, ({ sql = [] }) => thrownBy(() => pool.query(sql[0] ?? '')));
  });

  describe('by a pooled client in a transaction', () => {
    testScenarios(database, statements, async ({ sql = [] }) => {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        const last = await runAllButLast(sql, (statement) => client.query(statement));
        return await thrownBy(() => client.query(last));
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    });
  });
});
