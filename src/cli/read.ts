import {
  type Catalog,
  loadCatalog,
  type MysqlQueryable,
  type PgQueryable,
  type SqliteQueryable,
} from '../catalog/index.ts';
import { type Connection, connect } from './connect.ts';
import { Failure, lineOf, UsageError } from './failure.ts';
import { showProgress } from './terminal.ts';

/** What a database says about its conflicts. */
export interface Schema {
  readonly catalog: Catalog;
  /** Names of conditions that triggers and functions raise: `RAISE(ABORT, 'order_already_shipped')`. */
  readonly conditions: readonly string[];
  /** What the user calls the database. */
  readonly title: string;
}

/**
 * Reads the constraints of a database, and closes it.
 *
 * @throws {Failure} where there is none, or it cannot be read
 */
export async function readSchema(url: string, schemas: readonly string[] | undefined): Promise<Schema> {
  const end = showProgress('Reading constraints');
  try {
    const connection = await connect(url);
    try {
      return await read(connection, schemas);
    } finally {
      await connection.close().catch(() => {});
    }
  } finally {
    end();
  }
}

async function read(connection: Connection, schemas: readonly string[] | undefined): Promise<Schema> {
  const { title } = connection;
  if (!connection.hasDatabase && schemas === undefined) {
    throw new UsageError('Expected a URL that names a database, or --schema', 'For one: mysql://root@localhost/shop');
  }
  let catalog: Catalog;
  let sources: readonly string[];
  try {
    catalog = await loadCatalog(connection.source, schemas === undefined ? {} : { schemas });
    sources = await sourcesOf(connection, schemas);
  } catch (error) {
    throw error instanceof Failure ? error : new Failure(`${title} cannot be read: ${lineOf(error)}`);
  }
  if (catalog.constraints.length === 0) {
    throw new Failure(
      `There is no constraint in ${title}${schemas === undefined ? '' : `, schema ${schemas.join(', ')}`}`,
      connection.dialect === 'sqlite'
        ? 'Is it the right file?'
        : 'Is it the right database, are its migrations done, and may the user see its tables?',
    );
  }
  return { catalog, conditions: conditionsIn(sources), title };
}

const POSTGRESQL = `
SELECT p.prosrc AS source FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
 WHERE l.lanname = 'plpgsql' AND CASE WHEN $1::text[] IS NULL
       THEN n.nspname <> 'information_schema' AND n.nspname !~ '^pg_' ELSE n.nspname = ANY ($1) END`;

const SQLITE = `SELECT sql AS source FROM sqlite_schema WHERE type = 'trigger'`;

/** The texts of triggers and functions; those that the user may not read are missing. */
async function sourcesOf({ dialect, source }: Connection, schemas: readonly string[] | undefined): Promise<string[]> {
  let rows: readonly unknown[];
  switch (dialect) {
    case 'postgresql':
      rows = (await (source as PgQueryable).query(POSTGRESQL, [schemas ?? null])).rows;
      break;
    case 'mysql': {
      const names = schemas?.map(() => '?').join(', ');
      const within = (column: string) => (names === undefined ? `${column} = DATABASE()` : `${column} IN (${names})`);
      const sql = `SELECT ACTION_STATEMENT AS source FROM information_schema.TRIGGERS WHERE ${within('TRIGGER_SCHEMA')}
        UNION ALL SELECT ROUTINE_DEFINITION FROM information_schema.ROUTINES WHERE ${within('ROUTINE_SCHEMA')}`;
      const [found] = await (source as MysqlQueryable).query(sql, [...(schemas ?? []), ...(schemas ?? [])]);
      rows = found as readonly unknown[];
      break;
    }
    case 'sqlite':
      rows = (source as SqliteQueryable).prepare(SQLITE).all();
  }
  return rows.map((row) => (row as { source: unknown }).source).filter((text) => typeof text === 'string');
}

/** What is raised, where it is a bare identifier: by RAISE of SQLite and of PostgreSQL, and by SIGNAL. */
const RAISED = [
  /\braise\s*\(\s*(?:abort|fail|rollback)\s*,\s*'([\p{L}_][\p{L}\p{N}_$]{0,63})'\s*\)/giu,
  /\braise\s+(?:exception\s+)?'([\p{L}_][\p{L}\p{N}_$]{0,63})'/giu,
  /\bmessage(?:_text)?\s*=\s*'([\p{L}_][\p{L}\p{N}_$]{0,63})'/giu,
];

function conditionsIn(sources: readonly string[]): string[] {
  const found = sources.flatMap((text) => RAISED.flatMap((pattern) => [...text.matchAll(pattern)]));
  return [...new Set(found.map(([, name]) => name as string))].sort();
}
