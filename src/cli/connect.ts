import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MysqlQueryable, PgQueryable, SqliteQueryable } from '../catalog/index.ts';
import { Failure, lineOf, UsageError } from './failure.ts';

/** An open connection of the user's own driver. */
export interface Connection {
  readonly dialect: 'postgresql' | 'mysql' | 'sqlite';
  readonly source: PgQueryable | MysqlQueryable | SqliteQueryable;
  /** What the user calls it: the database's name, or the file. */
  readonly title: string;
  /** False where a server was named, and none of its databases. */
  readonly hasDatabase: boolean;
  close(): Promise<void>;
}

/** How long a server may take to answer, in milliseconds. */
const TIMEOUT = 10_000;

/**
 * Opens the database at a URL.
 *
 * @throws {Failure} with a line that says why not; it never has the password, nor what may be one
 */
export async function connect(given: string): Promise<Connection> {
  // A scheme of one letter is a drive of Windows.
  const scheme = /^([a-z][a-z\d+.-]+):/i.exec(given)?.[1]?.toLowerCase();
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return connectPostgresql(addressOf(given, scheme));
    case 'mysql':
    case 'mariadb':
      return connectMysql(addressOf(given, scheme));
    case 'sqlite':
    case 'sqlite3':
    case 'file':
    case undefined:
      return openSqlite(fileOf(given));
    default:
      // What stands before a colon and is no URL may be anything.
      throw new UsageError(
        `Expected a URL of postgres:, mysql:, mariadb: or sqlite:, or a file of SQLite${given.startsWith('://', scheme.length) ? `, got one of ${scheme}:` : ''}`,
      );
  }
}

/** A server's address, and what of it must not be said. */
interface Address {
  readonly url: URL;
  readonly user: string;
  readonly database: string;
  readonly server: string;
  readonly secrets: readonly string[];
}

function addressOf(given: string, scheme: string): Address {
  const url = URL.canParse(given) && given.toLowerCase().startsWith(`${scheme}://`) ? new URL(given) : undefined;
  // An @ behind the server: what comes before it is a password that was not escaped, and not the server's name. Nor are
  // lists of keywords names: `mysql://localhost;password=…`.
  if (
    url === undefined ||
    `${url.pathname}${url.search}${url.hash}`.includes('@') ||
    /[=;]/.test(decoded(url.username) + url.host + url.pathname)
  ) {
    throw new UsageError(
      `Expected a URL such as ${scheme}://user@localhost/database, got one that is none`,
      'Characters such as @ / # : in a password have to be written as %40 %2F %23 %3A.',
    );
  }
  const secrets = [url.password, decoded(url.password)];
  for (const [name, value] of url.searchParams) if (/pass|pwd|secret|token|key/i.test(name)) secrets.push(value);
  return {
    url,
    user: decoded(url.username) || url.searchParams.get('user') || '',
    database: decoded(url.pathname.slice(1)),
    server: url.host || url.searchParams.get('host') || 'localhost',
    secrets: secrets.filter((secret) => secret !== ''),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What is used of a client of `pg`. Source: https://node-postgres.com/apis/client */
interface PgClient extends PgQueryable {
  connect(): Promise<void>;
  end(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): void;
}

async function connectPostgresql(address: Address): Promise<Connection> {
  const pg = load<{ Client: new (options: object) => PgClient }>('pg');
  const source = await orFail(address, async () => {
    const client = new pg.Client({
      connectionString: address.url.href,
      connectionTimeoutMillis: TIMEOUT,
      application_name: 'db-http-errors',
    });
    client.on('error', () => {}); // a query that is lost says so itself
    await client.connect();
    return client;
  });
  return {
    dialect: 'postgresql',
    source: guarded(source, address),
    title: address.database || address.server,
    hasDatabase: true, // the user's own, where the URL does not say
    close: () => source.end(),
  };
}

/** What is used of `mysql2/promise`. Source: https://sidorares.github.io/node-mysql2/docs */
interface MysqlConnection extends MysqlQueryable {
  end(): Promise<void>;
  on(event: 'error', listener: (error: unknown) => void): void;
}

async function connectMysql(address: Address): Promise<Connection> {
  const { createConnection } = load<{ createConnection(options: object): Promise<MysqlConnection> }>('mysql2/promise');
  const uri = address.url.href.replace(/^mariadb:/i, 'mysql:');
  const source = await orFail(address, async () => {
    const connection = await quietly(() => createConnection({ uri, connectTimeout: TIMEOUT }));
    connection.on('error', () => {});
    return connection;
  });
  return {
    dialect: 'mysql',
    source: guarded(source, address),
    title: address.database || address.server,
    hasDatabase: address.database !== '',
    close: () => source.end(),
  };
}

/** Runs what would print warnings: mysql2 tells of each parameter of a URL that it does not know. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { error, warn } = console;
  console.error = console.warn = () => {};
  try {
    return await run();
  } finally {
    Object.assign(console, { error, warn });
  }
}

/** The same connection; what a query throws is a failure of one line. */
function guarded<T extends PgQueryable | MysqlQueryable>(source: T, address: Address): T {
  const query = (sql: string, values: unknown[]): Promise<unknown> =>
    orFail(address, () => source.query(sql, values) as Promise<unknown>);
  return { query, ...('execute' in source && { execute: () => {} }) } as unknown as T;
}

/** Runs what speaks to a server. */
async function orFail<T>(address: Address, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw failureOf(error, address);
  }
}

/** Says in a line why a server cannot be used. */
function failureOf(error: unknown, { user, database, server, secrets }: Address): Failure {
  // Several addresses of one name: Node tells of each.
  const [first = error] = error instanceof AggregateError ? error.errors : [];
  const { code, errno } = first as { code?: unknown; errno?: unknown };
  switch (typeof errno === 'number' && errno > 0 ? errno : code) {
    case 'ECONNREFUSED':
      return new Failure(`No server answers at ${server}: the connection was refused`);
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new Failure(`There is no host of the name in ${server}`);
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new Failure(`No server answers at ${server}: it cannot be reached`);
    case 'ENOENT':
      return new Failure(`No server answers at ${server}: there is no such socket`);
    case '28P01':
    case 1045:
    case 1698:
      return new Failure(`${server} refuses the user "${user}": the password is wrong, or there is no such user`);
    case '28000':
      return new Failure(
        `${server} refuses the user "${user}": there is no such user, or it may not connect from here`,
      );
    case '3D000':
    case 1049:
      return new Failure(`${server} has no database "${database}"`);
    case 1044:
    case '42501':
      return new Failure(`The user "${user}" may not read the database "${database}"`);
  }
  const line = lineOf(first);
  if (/timeout/i.test(line)) return new Failure(`No server answers at ${server}: it cannot be reached`);
  if (/password must be a (?:non-empty )?string/.test(line)) {
    return new Failure(`${server} wants a password of the user "${user}"`);
  }
  if (/^Connection terminated|^Received unexpected/.test(line)) {
    return new Failure(`${server} does not answer as a server of PostgreSQL does`);
  }
  const isSafe = !secrets.some((secret) => line.includes(secret));
  return new Failure(`${server} cannot be used: ${isSafe ? line : String(code ?? 'an error that names the password')}`);
}

/** What is used of a database of `better-sqlite3` or `node:sqlite`. */
interface SqliteDatabase extends SqliteQueryable {
  close(): void;
}

function fileOf(given: string): string {
  if (/^file:\/\//i.test(given)) {
    try {
      return fileURLToPath(given);
    } catch {
      // A host, or an escape that is none: the text itself may be a path.
    }
  }
  return /^(?:file|sqlite3?):/i.test(given) ? given.replace(/^\w+:(\/\/)?/, '').replace(/\?.*$/s, '') : given;
}

/** True for what can only be a file's name, and no other form of a URL with a password in it. */
function isPlain(file: string): boolean {
  return file !== '' && !/[@=?;&:]/.test(file.replace(/^[a-z]:(?=[\\/])/i, ''));
}

function openSqlite(file: string): Connection {
  if (!existsSync(file) || !statSync(file).isFile()) {
    // What is no file may be a URL that was not written as one, password and all.
    if (/^\s*\w[\w ]*=/.test(file)) {
      throw new UsageError('Expected a URL such as postgres://user@localhost/database, got a list of keywords');
    }
    const shown = isPlain(file) ? ` ${file}` : '';
    throw new Failure(`There is no file${shown} to read a database of SQLite from`);
  }
  let database: SqliteDatabase | undefined;
  try {
    database = openFile(file);
    database.prepare('SELECT count(*) FROM sqlite_schema').all();
  } catch (error) {
    database?.close();
    if (error instanceof Failure) throw error;
    throw new Failure(`${file} cannot be read as a database of SQLite: ${lineOf(error)}`);
  }
  const { close } = database;
  return {
    dialect: 'sqlite',
    source: database,
    title: file,
    hasDatabase: true,
    close: async () => close.call(database),
  };
}

type OpenFile = new (file: string, options: object) => SqliteDatabase;

function openFile(file: string): SqliteDatabase {
  // Where the driver is not installed, Node may have one: since 22.13 without a flag.
  const own = process.getBuiltinModule?.('node:sqlite' as 'fs') as unknown as { DatabaseSync: OpenFile } | undefined;
  const openByNode = () => own && new own.DatabaseSync(file, { readOnly: true });
  if (find('better-sqlite3') === undefined) {
    const database = openByNode();
    if (database !== undefined) return database;
  }
  const Database = load<OpenFile>('better-sqlite3');
  try {
    return new Database(file, { readonly: true, fileMustExist: true, timeout: TIMEOUT });
  } catch (error) {
    // The addon is loaded no sooner than here.
    if ((error as { code?: unknown }).code !== 'ERR_DLOPEN_FAILED') throw error;
    const database = openByNode();
    if (database !== undefined) return database;
    throw new Failure(
      `The driver better-sqlite3 is installed, but not built for Node ${process.versions.node}`,
      'Build it: npm rebuild better-sqlite3',
    );
  }
}

/** Where the user's own driver is: from the folder of the user, or beside this command. */
function find(name: string): ((name: string) => unknown) | undefined {
  return [join(process.cwd(), 'package.json'), import.meta.url]
    .map((from) => createRequire(from))
    .find((require) => {
      try {
        return require.resolve(name);
      } catch {
        return false;
      }
    });
}

function load<T>(name: string): T {
  const require = find(name);
  const [driver] = name.split('/');
  if (require === undefined) {
    throw new Failure(`The driver ${driver} is not installed here`, `Install it: ${installer()} ${driver}`);
  }
  try {
    return require(name) as T;
  } catch (error) {
    throw new Failure(`The driver ${driver} is installed, but cannot be loaded: ${lineOf(error)}`);
  }
}

/** How the user's package manager installs a package. Source: https://docs.npmjs.com/cli/v11/using-npm/config#user-agent */
function installer(): string {
  const [name = ''] = (process.env.npm_config_user_agent ?? '').split('/');
  return ['pnpm', 'yarn', 'bun'].includes(name) ? `${name} add` : 'npm install';
}
