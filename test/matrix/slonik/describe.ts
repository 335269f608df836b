import type {
  DatabasePool,
  DatabaseTransactionConnection,
  createPool as SlonikCreatePool,
  sql as SlonikSql,
} from 'slonik';
import { expect, onTestFinished, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../../src/index.ts';
import slonikConflicts from '../../../src/orms/slonik.ts';
import type { OrmDatabase } from '../orm-database.ts';
import { describeEngines, describeOrm } from '../orms.ts';

/** The package, of whichever version. */
export interface Slonik {
  readonly createPool: typeof SlonikCreatePool;
  readonly sql: typeof SlonikSql;
}

type Queryable = Pick<DatabaseTransactionConnection, 'query'>;

export function describeSlonik(title: string, { createPool, sql }: Slonik): void {
  const open = ({ url }: OrmDatabase, conflicts: Conflicts | undefined): Promise<DatabasePool> =>
    createPool(url, { maximumPoolSize: 2, interceptors: conflicts ? [slonikConflicts(conflicts)] : [] });
  const org = (on: Queryable, id: number, slug: string) =>
    on.query(sql.unsafe`INSERT INTO orgs (id, slug) VALUES (${id}, ${slug})`);
  const bump = (on: Queryable, id: number) =>
    on.query(sql.unsafe`UPDATE orgs SET version = version + 1 WHERE id = ${id}`);

  describeOrm({
    title,
    engines: ['postgresql'],
    past: (scenario) => ['deferred', 'serialization', 'deadlock'].includes(scenario),
    connect: async (database, conflicts) => {
      const pool = await open(database, conflicts);
      const member = (id: number, orgId: number, email: string | null, age: number) =>
        pool.query(sql.unsafe`INSERT INTO members VALUES (${id}, ${orgId}, ${email}, ${age})`);
      return {
        scenarios: {
          unique: () => org(pool, 3, 'acme'),
          uniqueComposite: () => member(2, 1, 'alice@example.com', 40),
          parentMissing: () => member(3, 99, 'bob@example.com', 40),
          stillReferenced: () => pool.query(sql.unsafe`DELETE FROM orgs WHERE id = ${1}`),
          check: () => member(4, 1, 'carol@example.com', 5),
          notNull: () => member(5, 1, null, 40),
          deferred: () => pool.transaction((trx) => trx.query(sql.unsafe`INSERT INTO notes VALUES (1, 99)`)),
          inTransaction: () =>
            pool.transaction(async (trx) => {
              await org(trx, 4, 'initech');
              await org(trx, 5, 'acme');
            }),
          serialization: (rival) =>
            pool.transaction(async (trx) => {
              await trx.query(sql.unsafe`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
              await trx.query(sql.unsafe`SELECT * FROM orgs WHERE id = 1`);
              await rival.change();
              await bump(trx, 1);
            }),
          deadlock: (rival) =>
            pool.transaction(async (trx) => {
              await bump(trx, 1);
              await rival.lock();
              await bump(trx, 2);
            }, 0),
          syntaxError: () => pool.query(sql.unsafe`SELEC 1`),
        },
        insert: (table, row) =>
          table === 'orgs'
            ? org(pool, Number(row.id), String(row.slug))
            : member(Number(row.id), Number(row.org_id), String(row.email), Number(row.age)),
        countOrgs: async () => Number(await pool.oneFirst(sql.unsafe`SELECT count(*) FROM orgs`)),
        close: () => pool.end(),
      };
    },
  });

  describeEngines(`Every way through ${title}`, ['postgresql'], (database) => {
    const conflicts = defineConflicts({ onUnregistered: () => {} });
    const use = async () => {
      const pool = await open(database(), conflicts);
      onTestFinished(() => pool.end());
      return pool;
    };

    test('lets slonik run a transaction again', async () => {
      const pool = await use();
      let times = 0;
      await pool.transaction(async (trx) => {
        await trx.query(sql.unsafe`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`);
        await trx.query(sql.unsafe`SELECT * FROM orgs WHERE id = 1`);
        if (times++ < 2) await database().rival.change();
        await bump(trx, 1);
      });
      expect(times).toBe(3);
      expect(await pool.oneFirst(sql.unsafe`SELECT version FROM orgs WHERE id = 1`)).toBe(4);
    });

    test('rolls back to the savepoint of a nested transaction', async () => {
      const pool = await use();
      const thrown = await pool.transaction(async (outer) => {
        await org(outer, 3, 'initech');
        const error = await thrownBy(() =>
          outer.transaction(async (inner) => {
            await org(inner, 4, 'umbrella');
            await org(inner, 5, 'acme');
          }),
        );
        await org(outer, 6, 'hooli');
        return error;
      });
      expect(isConflict(thrown, 'duplicate')).toBe(true);
      expect(await pool.anyFirst(sql.unsafe`SELECT id FROM orgs ORDER BY id`)).toEqual([1, 2, 3, 6]);
    });

    test('throws the conflict of a connection, a stream and one row', async () => {
      const pool = await use();
      const insert = sql.unsafe`INSERT INTO orgs (id, slug) VALUES (3, 'acme') RETURNING id`;
      for (const way of [
        () => pool.connect((connection) => connection.query(insert)),
        () => pool.one(insert),
        () => pool.stream(insert, (stream) => void stream.on('data', () => {}).on('error', () => {})),
      ]) {
        const thrown = await thrownBy(way);
        expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
      }
    });

    test('leaves every other error as it is', async () => {
      const pool = await use();
      const none = await thrownBy(() => pool.one(sql.unsafe`SELECT id FROM orgs WHERE id = 99`));
      expect((none as Error).constructor.name).toBe('NotFoundError');
      const bug = new TypeError('a bug');
      const thrown = await thrownBy(() =>
        pool.transaction(async () => {
          throw bug;
        }),
      );
      expect(thrown).toBe(bug);
    });
  });
}
