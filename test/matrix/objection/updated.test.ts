import { Model } from 'objection';
import { describeUpdated } from '../updated.ts';
import { ENGINES, open } from './open.ts';

class Org extends Model {
  static override tableName = 'orgs';
}

describeUpdated('Objection 3', ENGINES, (database) => {
  const knex = open(database, undefined);
  const orgs = () => Org.query(knex);
  return {
    ways: {
      'patch()': (id, version) =>
        orgs()
          .patch({ version: version + 1 } as object)
          .where({ id, version }),
      'increment()': (id, version) => orgs().increment('version', 1).where({ id, version }),
    },
    close: () => knex.destroy(),
  };
});
