import { BetterSqliteDriver } from '@mikro-orm/better-sqlite';
import { EntitySchema, MikroORM, raw } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { describeUpdated } from '../updated.ts';

const DRIVERS = {
  postgresql: PostgreSqlDriver,
  mysql: MySqlDriver,
  mariadb: MySqlDriver,
  sqlite: BetterSqliteDriver,
} as const;

const Org = new EntitySchema<{ id: number; version: number }>({
  name: 'Org',
  tableName: 'orgs',
  properties: { id: { type: 'integer', primary: true }, version: { type: 'integer' } },
});

describeUpdated(
  'MikroORM 6',
  ['postgresql', 'mysql', 'mariadb', 'sqlite'],
  async ({ engine, url, name, host, port, user, password }) => {
    const orm = await MikroORM.init({
      ...{
        driver: DRIVERS[engine] as typeof PostgreSqlDriver,
        entities: [Org],
        pool: { min: 0, max: 2 },
        debug: false,
      },
      ...(engine === 'sqlite' ? { dbName: url } : { dbName: name, host, port, user, password }),
    });
    return {
      ways: {
        'nativeUpdate()': (id, version) =>
          orm.em.fork().nativeUpdate(Org, { id, version }, { version: raw('version + 1') }),
        'getConnection().execute()': (id, version) =>
          orm.em
            .fork()
            .getConnection()
            .execute('UPDATE orgs SET version = version + 1 WHERE id = ? AND version = ?', [id, version], 'run'),
      },
      close: () => orm.close(),
    };
  },
);
