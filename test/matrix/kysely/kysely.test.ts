import { type Kysely, sql } from 'kysely';
import { describeOrm } from '../orms.ts';
import { ENGINES, open } from './open.ts';
import type { Tables } from './tables.ts';

describeOrm({
  title: 'Kysely 0.29',
  engines: ENGINES,
  connect: async (database, conflicts) => {
    const db = open(database, conflicts);
    const isPostgres = database.engine === 'postgresql';
    const insert = <T extends keyof Tables>(into: Kysely<Tables>, table: T, row: Tables[T]) =>
      into
        .insertInto(table)
        .values(row as never)
        .execute();
    const bump = (trx: Kysely<Tables>, id: number) =>
      trx
        .updateTable('orgs')
        .set((eb) => ({ version: eb('version', '+', 1) }))
        .where('id', '=', id)
        .execute();
    return {
      scenarios: {
        unique: () => insert(db, 'orgs', { id: 3, slug: 'acme' }),
        uniqueComposite: () => insert(db, 'members', { id: 2, org_id: 1, email: 'alice@example.com', age: 40 }),
        parentMissing: () => insert(db, 'members', { id: 3, org_id: 99, email: 'bob@example.com', age: 40 }),
        stillReferenced: () => db.deleteFrom('orgs').where('id', '=', 1).execute(),
        check: () => insert(db, 'members', { id: 4, org_id: 1, email: 'carol@example.com', age: 5 }),
        notNull: () => insert(db, 'members', { id: 5, org_id: 1, email: null, age: 40 }),
        deferred: () => db.transaction().execute((trx) => insert(trx, 'notes', { id: 1, org_id: 99 })),
        inTransaction: () =>
          db.transaction().execute(async (trx) => {
            await insert(trx, 'orgs', { id: 4, slug: 'initech' });
            await insert(trx, 'orgs', { id: 5, slug: 'acme' });
          }),
        serialization: (rival) => {
          const transaction = isPostgres ? db.transaction().setIsolationLevel('repeatable read') : db.transaction();
          return transaction.execute(async (trx) => {
            await trx.selectFrom('orgs').selectAll().where('id', '=', 1).execute();
            await rival.change();
            await bump(trx, 1);
          });
        },
        deadlock: (rival) =>
          db.transaction().execute(async (trx) => {
            await bump(trx, 1);
            await rival.lock();
            await bump(trx, 2);
          }),
        syntaxError: () => sql`SELEC 1`.execute(db),
      },
      findOrCreate: (slug) => {
        const query = db.insertInto('orgs').values({ id: 10, slug });
        const isMysql = database.engine === 'mysql' || database.engine === 'mariadb';
        return (isMysql ? query.ignore() : query.onConflict((conflict) => conflict.doNothing())).execute();
      },
      insert: (table, row) => insert(db, table, row as never),
      countOrgs: async () => {
        const { count } = await db.selectFrom('orgs').select(db.fn.countAll().as('count')).executeTakeFirstOrThrow();
        return Number(count);
      },
      close: () => db.destroy(),
    };
  },
});
