import { sql } from 'kysely';
import { describeUpdated } from '../updated.ts';
import { ENGINES, open } from './open.ts';

describeUpdated('Kysely 0.29', ENGINES, (database) => {
  const db = open(database, undefined);
  const edit = (id: number, version: number) =>
    db
      .updateTable('orgs')
      .set({ version: version + 1 })
      .where('id', '=', id)
      .where('version', '=', version);
  const hasReturning = database.engine === 'postgresql' || database.engine === 'sqlite';
  return {
    ways: {
      'execute()': (id, version) => edit(id, version).execute(),
      'executeTakeFirst()': (id, version) => edit(id, version).executeTakeFirst(),
      ...(hasReturning && {
        'returning()': (id: number, version: number) => edit(id, version).returning('version').execute(),
      }),
      ...(database.engine !== 'sqlite' && {
        sql: async (id: number, version: number) => {
          const statement = sql`UPDATE orgs SET version = version + 1 WHERE id = ${id} AND version = ${version}`;
          return (await statement.execute(db)).numAffectedRows;
        },
      }),
    },
    close: () => db.destroy(),
  };
});
