import { createRequire } from 'node:module';
import { DataTypes, literal, QueryTypes, Sequelize } from 'sequelize';
import { describeUpdated } from '../updated.ts';

const fromFixtures = createRequire(new URL('../../../fixtures/sqlite3/package.json', import.meta.url));

describeUpdated('Sequelize 6', ['postgresql', 'mysql', 'mariadb', 'sqlite'], ({ engine, url }) => {
  const options = { logging: false, pool: { max: 2 } } as const;
  const sequelize =
    engine === 'sqlite'
      ? new Sequelize({ ...options, dialect: 'sqlite', storage: url, dialectModule: fromFixtures('sqlite3') })
      : new Sequelize(url, { ...options, dialect: engine === 'postgresql' ? 'postgres' : 'mysql' });
  const Org = sequelize.define(
    'org',
    { id: { type: DataTypes.INTEGER, primaryKey: true }, version: DataTypes.INTEGER },
    { tableName: 'orgs', timestamps: false },
  );
  const SQL = 'UPDATE orgs SET version = version + 1 WHERE id = ? AND version = ?';
  return {
    ways: {
      'update()': (id, version) => Org.update({ version: literal('version + 1') }, { where: { id, version } }),
      ...(engine === 'postgresql' && {
        'update() with returning': (id: number, version: number) =>
          Org.update({ version: version + 1 }, { where: { id, version }, returning: true }),
      }),
      'query() of an UPDATE': (id, version) =>
        sequelize.query(SQL, { replacements: [id, version], type: QueryTypes.UPDATE }),
      // SQLite does not say it there.
      ...(engine !== 'sqlite' && {
        'query()': (id: number, version: number) => sequelize.query(SQL, { replacements: [id, version] }),
      }),
    },
    close: () => sequelize.close(),
  };
});
