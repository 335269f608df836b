import { DataTypes, Sequelize } from '@sequelize/core';
import { MariaDbDialect } from '@sequelize/mariadb';
import { MySqlDialect } from '@sequelize/mysql';
import { PostgresDialect } from '@sequelize/postgres';
import { SqliteDialect } from '@sequelize/sqlite3';
import { describeSequelize } from '../sequelize-6/sequelize.ts';

describeSequelize({
  title: 'Sequelize 7',
  DataTypes,
  open({ engine, url }) {
    const options = { logging: false, pool: { max: 2 } } as const;
    switch (engine) {
      case 'sqlite':
        return new Sequelize({ ...options, dialect: SqliteDialect, storage: url });
      case 'postgresql':
        return new Sequelize({ ...options, dialect: PostgresDialect, url });
      default:
        return new Sequelize({ ...options, dialect: MySqlDialect, url });
    }
  },
});

describeSequelize({
  title: 'Sequelize 7 with mariadb',
  DataTypes,
  engines: ['mariadb'],
  open({ host, port, user, password, name }) {
    const address = { host, port, user, password, database: name };
    return new Sequelize({ ...address, dialect: MariaDbDialect, logging: false, pool: { max: 2 } });
  },
});
