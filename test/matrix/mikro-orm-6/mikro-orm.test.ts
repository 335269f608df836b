import { BetterSqliteDriver } from '@mikro-orm/better-sqlite';
import { EntitySchema, MikroORM } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { describeMikroOrm } from '../mikro-orm-7/mikro-orm.ts';

describeMikroOrm({
  title: 'MikroORM 6',
  MikroORM,
  EntitySchema,
  drivers: { postgresql: PostgreSqlDriver, mysql: MySqlDriver, mariadb: MySqlDriver, sqlite: BetterSqliteDriver },
});
