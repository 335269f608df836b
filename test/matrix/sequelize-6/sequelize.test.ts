import { createRequire } from 'node:module';
import { DataTypes, Sequelize } from 'sequelize';
import { describeSequelize } from './sequelize.ts';

const fromFixtures = createRequire(new URL('../../../fixtures/sqlite3/package.json', import.meta.url));

describeSequelize({
  title: 'Sequelize 6',
  DataTypes,
  open({ engine, url }) {
    const options = { logging: false, pool: { max: 2 } } as const;
    switch (engine) {
      case 'sqlite':
        return new Sequelize({
          ...{ ...options, dialect: 'sqlite', storage: url },
          dialectModule: fromFixtures('sqlite3'),
        });
      case 'postgresql':
        return new Sequelize(url, { ...options, dialect: 'postgres' });
      default:
        return new Sequelize(url, { ...options, dialect: 'mysql' });
    }
  },
});

describeSequelize({
  title: 'Sequelize 6 with mariadb',
  DataTypes,
  engines: ['mariadb'],
  open({ url }) {
    const address = url.replace(/^mysql:/, 'mariadb:');
    return new Sequelize(address, { dialect: 'mariadb', logging: false, pool: { max: 2 } });
  },
});
