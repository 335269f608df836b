import { describeUpdated } from '../updated.ts';
import { ENGINES, open } from './open.ts';

describeUpdated('Knex 3', ENGINES, (database) => {
  const knex = open(database, undefined);
  const edit = (id: number, version: number) => knex('orgs').where({ id, version }).increment('version');
  const SQL = 'UPDATE orgs SET version = version + 1 WHERE id = ? AND version = ?';
  const hasReturning = database.engine === 'postgresql' || database.engine === 'sqlite';
  return {
    ways: {
      'increment()': edit,
      'update()': (id, version) =>
        knex('orgs')
          .where({ id, version })
          .update({ version: version + 1 }),
      'raw()': (id, version) => knex.raw(SQL, [id, version]),
      ...(hasReturning && { 'returning()': (id: number, version: number) => edit(id, version).returning('version') }),
    },
    close: () => knex.destroy(),
  };
});
