import { DataSource, EntitySchema } from 'typeorm';
import { describeUpdated } from '../updated.ts';

const Orgs = new EntitySchema<{ id: number; version: number }>({
  name: 'Org',
  tableName: 'orgs',
  columns: { id: { type: 'int', primary: true }, version: { type: 'int' } },
});

describeUpdated('TypeORM 1', ['postgresql', 'mysql', 'mariadb', 'sqlite'], async ({ engine, url }) => {
  const entities = [Orgs];
  const source =
    engine === 'sqlite'
      ? new DataSource({ type: 'better-sqlite3', database: url, entities })
      : new DataSource({ type: engine === 'postgresql' ? 'postgres' : engine, url, entities, poolSize: 2 });
  await source.initialize();
  const holder = (number: number) => (engine === 'postgresql' ? `$${number}` : '?');
  const SQL = `UPDATE orgs SET version = version + 1 WHERE id = ${holder(1)} AND version = ${holder(2)}`;
  return {
    ways: {
      'update()': (id, version) => source.getRepository(Orgs).update({ id, version }, { version: version + 1 }),
      'increment()': (id, version) => source.getRepository(Orgs).increment({ id, version }, 'version', 1),
      'createQueryBuilder()': (id, version) =>
        source
          .createQueryBuilder()
          .update(Orgs)
          .set({ version: () => 'version + 1' })
          .where({ id, version })
          .execute(),
      // On SQLite it gives the id of the last row that was inserted.
      'query()': (id, version) => source.query(engine === 'sqlite' ? `${SQL} RETURNING id` : SQL, [id, version]),
    },
    close: () => source.destroy(),
  };
});
