import type { Catalog, Constraint, ReferentialAction } from '../constraints.ts';
import type { CheckRule, ExclusionRule, ForeignKeyRule, NotNullRule, PlainRule, UniqueRule } from '../policy.ts';
import { checkMembers, isRecord, shown } from '../validate.ts';
import * as mysql from './mysql.ts';
import * as postgresql from './postgresql.ts';
import type { SqliteQueryable } from './sqlite.ts';
import * as sqlite from './sqlite.ts';

export type { ForeignKeyExplanation, SqliteConnection } from './explain-foreign-key.ts';
export { explainForeignKey, explainForeignKeys } from './explain-foreign-key.ts';
export type {
  Catalog,
  CheckRule,
  Constraint,
  ExclusionRule,
  ForeignKeyRule,
  NotNullRule,
  PlainRule,
  ReferentialAction,
  SqliteQueryable,
  UniqueRule,
};

/** Options of {@link loadCatalog}. */
export interface CatalogOptions {
  /**
   * The schemas of PostgreSQL or databases of MySQL to read; SQLite has none.
   * @default every schema that is not the system's; on MySQL and MariaDB the connection's database
   */
  readonly schemas?: readonly string[];
}

/** A pool or client of `pg`, or of what behaves like it. Source: https://node-postgres.com/apis/client */
export interface PgQueryable {
  query(sql: string, values: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
}

/** A pool or connection of `mysql2/promise`. Source: https://sidorares.github.io/node-mysql2/docs */
export interface MysqlQueryable {
  query(sql: string, values: unknown[]): Promise<readonly [unknown, ...unknown[]]>;
  execute(...args: never[]): unknown;
}

/** A pool or connection of `mysql2` with callbacks. */
export interface MysqlCallbackQueryable {
  promise(): MysqlQueryable;
}

/**
 * Reads every constraint of a database: primary and unique keys (the indexes that have no constraint included), foreign
 * keys, checks, exclusion constraints and NOT NULL. Once, at build time or at boot, never inside a failed transaction.
 *
 * @param connection of `pg`, `mysql2` or `better-sqlite3`; it is left as it is
 * @throws {TypeError} for anything else; what the driver throws when it cannot read
 */
export async function loadCatalog(
  connection: PgQueryable | MysqlQueryable | MysqlCallbackQueryable | SqliteQueryable,
  options: CatalogOptions = {},
): Promise<Catalog> {
  checkMembers('the options of loadCatalog()', options, {
    schemas: [(value) => Array.isArray(value) && value.length > 0, 'an array of names'],
  });
  const { schemas } = options;
  const given: unknown = connection;
  const source = (typeof given === 'object' && given !== null ? given : {}) as Partial<
    PgQueryable & MysqlQueryable & MysqlCallbackQueryable & SqliteQueryable
  >;
  // mysql2's callbacks and promises both have `execute`; only the first have a method that gives the second.
  if (typeof source.promise === 'function') return loadMysql(source.promise(), schemas);
  if (typeof source.query === 'function') {
    if (typeof source.execute === 'function') return loadMysql(source as MysqlQueryable, schemas);
    const { rows } = await (source as PgQueryable).query(postgresql.QUERY, [schemas ?? null]);
    return { dialect: 'postgresql', constraints: (rows as postgresql.Row[]).map(postgresql.constraintOf) };
  }
  if (typeof source.prepare === 'function') {
    return { dialect: 'sqlite', constraints: sqlite.constraintsIn(source as SqliteQueryable) };
  }
  throw new TypeError(
    `Expected a connection of pg or mysql2, or a database of better-sqlite3, got ${
      isRecord(given) ? 'an object without query() and prepare()' : shown(given)
    }`,
  );
}

async function loadMysql(connection: MysqlQueryable, schemas: readonly string[] = []): Promise<Catalog> {
  const ask = 'SELECT VERSION() AS version';
  let [[answer]] = (await connection.query(ask, [])) as Versions;
  const isShaped = typeof answer?.version !== 'string';
  if (isShaped) [[answer]] = (await connection.query(plainly(ask), [])) as Versions;
  const { version } = answer as { readonly version: string };
  const abilities = mysql.abilitiesOf(version);
  const sql = mysql.queryFor(abilities, schemas.length);
  const values = Array.from({ length: mysql.partsOf(abilities) }, () => schemas).flat();
  const [rows] = await connection.query(isShaped ? plainly(sql) : sql, values);
  return {
    dialect: abilities.isMariadb ? 'mariadb' : 'mysql',
    constraints: mysql.constraintsOf(rows as readonly mysql.Row[]),
  };
}

type Versions = readonly [readonly [{ readonly version?: unknown } | undefined]];

/**
 * For a connection that gives its rows another shape: the options of a query overrule its own.
 * Source: https://github.com/sidorares/node-mysql2/blob/master/typings/mysql/lib/protocol/sequences/Query.d.ts
 */
function plainly(sql: string): string {
  return { sql, rowsAsArray: false, nestTables: false } as unknown as string;
}
