import type { Knex } from 'knex';
import { describeOrm, type OrmSession } from '../orms.ts';
import { ENGINES, open } from './open.ts';

describeOrm({
  title: 'Knex 3',
  engines: ENGINES,
  connect: async (database, conflicts): Promise<OrmSession> => {
    const knex = open(database, conflicts);
    const isPostgres = database.engine === 'postgresql';
    const isSqlite = database.engine === 'sqlite';
    const bump = (trx: Knex, id: number) => trx('orgs').where({ id }).increment('version', 1);
    return {
      scenarios: {
        unique: () => knex('orgs').insert({ id: 3, slug: 'acme' }),
        uniqueComposite: () => knex('members').insert({ id: 2, org_id: 1, email: 'alice@example.com', age: 40 }),
        parentMissing: () => knex('members').insert({ id: 3, org_id: 99, email: 'bob@example.com', age: 40 }),
        stillReferenced: () => knex('orgs').where({ id: 1 }).delete(),
        check: () => knex('members').insert({ id: 4, org_id: 1, email: 'carol@example.com', age: 5 }),
        notNull: () => knex('members').insert({ id: 5, org_id: 1, email: null, age: 40 }),
        // A COMMIT that SQLite refuses leaves the transaction open, and Knex leaves it so.
        deferred: () =>
          knex
            .transaction((trx) => trx('notes').insert({ id: 1, org_id: 99 }))
            .finally(() => (isSqlite ? knex.raw('ROLLBACK') : undefined)),
        inTransaction: () =>
          knex.transaction(async (trx) => {
            await trx('orgs').insert({ id: 4, slug: 'initech' });
            await trx('orgs').insert({ id: 5, slug: 'acme' });
          }),
        serialization: (rival) =>
          knex.transaction(
            async (trx) => {
              await trx('orgs').where({ id: 1 }).first();
              await rival.change();
              await bump(trx, 1);
            },
            isPostgres ? { isolationLevel: 'repeatable read' } : {},
          ),
        deadlock: (rival) =>
          knex.transaction(async (trx) => {
            await bump(trx, 1);
            await rival.lock();
            await bump(trx, 2);
          }),
        syntaxError: () => knex.raw('SELEC 1'),
      },
      findOrCreate: (slug) => knex('orgs').insert({ id: 10, slug }).onConflict().ignore(),
      insert: (table, row) => knex(table).insert(row),
      countOrgs: async () => Number((await knex('orgs').count({ count: '*' }).first())?.count),
      close: () => knex.destroy(),
    };
  },
});
