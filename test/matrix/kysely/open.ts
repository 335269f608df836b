import BetterSqlite3 from 'better-sqlite3';
import { type Dialect, Kysely, MysqlDialect, PostgresDialect, SqliteDialect } from 'kysely';
import { createPool } from 'mysql2';
import pg from 'pg';
import Cursor from 'pg-cursor';
import type { Engine } from '../../../fixtures/scenarios/scenario.ts';
import type { Conflicts } from '../../../src/index.ts';
import kyselyConflicts from '../../../src/orms/kysely.ts';
import type { OrmDatabase } from '../orm-database.ts';
import type { Tables } from './tables.ts';

export const ENGINES: readonly Engine[] = ['postgresql', 'mysql', 'mariadb', 'sqlite'];

export function dialectOf({ engine, url }: OrmDatabase): Dialect {
  if (engine === 'postgresql') {
    return new PostgresDialect({ pool: new pg.Pool({ connectionString: url, max: 2 }), cursor: Cursor });
  }
  if (engine === 'sqlite') return new SqliteDialect({ database: new BetterSqlite3(url) });
  return new MysqlDialect({ pool: createPool({ uri: url, connectionLimit: 2 }) });
}

export function open(database: OrmDatabase, conflicts: Conflicts | undefined): Kysely<Tables> {
  const dialect = dialectOf(database);
  return new Kysely<Tables>({ dialect: conflicts ? kyselyConflicts(conflicts)(dialect) : dialect });
}
