import databases, { IsolationLevel, type Queryable, type SQLQuery, sql } from '@databases/pg';
import { expect, onTestFinished, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { defineConflicts, isConflict } from '../../../src/index.ts';
import { describeEngines, describeOrm } from '../orms.ts';

// @databases/pg copies pg's error to a plain one. It has no hook for it; its pool is an object whose methods give
// promises, which is what `wrap` is for.

// A CommonJS module: its default is the module.
const createConnectionPool = databases.default;

const open = (url: string) => createConnectionPool({ connectionString: url, poolSize: 2, bigIntMode: 'number' });
const org = (id: number, slug: string): SQLQuery => sql`INSERT INTO orgs (id, slug) VALUES (${id}, ${slug})`;
const bump = (on: Queryable, id: number) => on.query(sql`UPDATE orgs SET version = version + 1 WHERE id = ${id}`);

describeOrm({
  title: '@databases/pg 6',
  engines: ['postgresql'],
  connect: async ({ url }, conflicts) => {
    const pool = open(url);
    const db = conflicts ? conflicts.wrap(pool) : pool;
    const member = (id: number, orgId: number, email: string | null, age: number) =>
      db.query(sql`INSERT INTO members VALUES (${id}, ${orgId}, ${email}, ${age})`);
    return {
      scenarios: {
        unique: () => db.query(org(3, 'acme')),
        uniqueComposite: () => member(2, 1, 'alice@example.com', 40),
        parentMissing: () => member(3, 99, 'bob@example.com', 40),
        stillReferenced: () => db.query(sql`DELETE FROM orgs WHERE id = ${1}`),
        check: () => member(4, 1, 'carol@example.com', 5),
        notNull: () => member(5, 1, null, 40),
        deferred: () => db.tx((trx) => trx.query(sql`INSERT INTO notes VALUES (1, 99)`)),
        inTransaction: () =>
          db.tx(async (trx) => {
            await trx.query(org(4, 'initech'));
            await trx.query(org(5, 'acme'));
          }),
        serialization: (rival) =>
          db.tx(async (trx) => {
            await trx.query(sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
            await trx.query(sql`SELECT * FROM orgs WHERE id = 1`);
            await rival.change();
            await bump(trx, 1);
          }),
        deadlock: (rival) =>
          db.tx(async (trx) => {
            await bump(trx, 1);
            await rival.lock();
            await bump(trx, 2);
          }),
        syntaxError: () => db.query(sql`SELEC 1`),
      },
      insert: (table, row) =>
        table === 'orgs'
          ? db.query(org(Number(row.id), String(row.slug)))
          : member(Number(row.id), Number(row.org_id), String(row.email), Number(row.age)),
      countOrgs: async () => (await db.query(sql`SELECT count(*) FROM orgs`))[0].count,
      close: () => pool.dispose(),
    };
  },
});

describeEngines('Every way through @databases/pg 6', ['postgresql'], (database) => {
  const conflicts = defineConflicts({ onUnregistered: () => {} });

  test('is as the README has it', async () => {
    process.env.DATABASE_URL = database().url;
    const { db } = await import('./databases-pg.ts');
    onTestFinished(() => db.dispose());
    const thrown = await thrownBy(() => db.query(org(3, 'acme')));
    expect(isConflict(thrown) && thrown.problem.detail).toBe('This slug is taken.');
  });

  test('throws the conflict of many statements, a task and a serializable transaction that is retried', async () => {
    const pool = open(database().url);
    onTestFinished(() => pool.dispose());
    const db = conflicts.wrap(pool);
    for (const way of [
      () => db.query([sql`SELECT 1`, org(3, 'acme')]),
      () => db.task((task) => task.query(org(3, 'acme'))),
      () => db.tx((trx) => trx.task((task) => task.query(org(3, 'acme')))),
    ]) {
      const thrown = await thrownBy(way);
      expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
      expect((thrown as Error).cause).not.toBeInstanceOf(TypeError);
    }
    let times = 0;
    const options = { isolationLevel: IsolationLevel.REPEATABLE_READ, retrySerializationFailures: true };
    await db.tx(async (trx) => {
      await trx.query(sql`SELECT * FROM orgs WHERE id = 1`);
      if (times++ === 0) await database().rival.change();
      await bump(trx, 1);
    }, options);
    expect(times).toBe(2);
  });
});
