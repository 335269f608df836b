import { EntitySchema, MikroORM } from '@mikro-orm/core';
import { MySqlDriver } from '@mikro-orm/mysql';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { describeMikroOrm } from './mikro-orm.ts';

describeMikroOrm({
  title: 'MikroORM 7',
  MikroORM,
  EntitySchema,
  drivers: { postgresql: PostgreSqlDriver, mysql: MySqlDriver, mariadb: MySqlDriver, sqlite: SqliteDriver },
});
