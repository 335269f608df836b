import { isRecord, shown } from '../validate.ts';

/** How a transaction is begun and ended. Each attempt gets one of its own. */
export interface Beginner<Tx> {
  /** Takes a connection and begins. */
  begin(): Tx | Promise<Tx>;
  commit(tx: Tx): unknown;
  rollback(tx: Tx): unknown;
  /** Gives the connection back. `broken` says that it is in nobody knows which state, and must not be used again. */
  release?(tx: Tx, broken: boolean): unknown;
  /** True where `run` must be synchronous: the connection is everybody's, and whoever runs meanwhile runs inside. */
  readonly isSync?: boolean;
}

/** @default the server's own: READ COMMITTED on PostgreSQL, REPEATABLE READ on MySQL and MariaDB */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

/** A pool of `pg`. Source: https://node-postgres.com/apis/pool */
export interface PgPool<Client extends PgClient = PgClient> {
  connect(): Promise<Client>;
}

export interface PgClient {
  query(sql: string): Promise<unknown>;
  release(destroy?: boolean): void;
}

/** A pool of `mysql2/promise`. Source: https://sidorares.github.io/node-mysql2/docs */
export interface MysqlPool<Connection extends MysqlConnection = MysqlConnection> {
  getConnection(): Promise<Connection>;
}

export interface MysqlConnection {
  query(sql: string): Promise<unknown>;
  release(): void;
  destroy(): void;
}

/** A database of `better-sqlite3`. Source: https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  readonly inTransaction: boolean;
}

/**
 * The beginner of a pool or database of one of the three drivers; one that has `begin` itself is taken as it is.
 *
 * @throws {TypeError} for anything else
 */
export function beginnerOf(source: unknown, isolation: IsolationLevel | undefined): Beginner<unknown> {
  const level = isolation === undefined ? undefined : isolationOf(isolation);
  const candidate = (isRecord(source) || typeof source === 'object' ? source : {}) as Partial<
    Beginner<unknown> & PgPool & MysqlPool & SqliteDatabase & { promise(): MysqlPool }
  > | null;
  if (typeof candidate?.begin === 'function' && typeof candidate.commit === 'function') {
    if (typeof candidate.rollback === 'function') return candidate as Beginner<unknown>;
  }
  if (typeof candidate?.exec === 'function' && typeof candidate.inTransaction === 'boolean') {
    return sqliteBeginner(candidate as SqliteDatabase) as Beginner<unknown>;
  }
  // mysql2 with callbacks has the promises behind a method.
  if (typeof candidate?.promise === 'function') return beginnerOf(candidate.promise(), isolation);
  if (typeof candidate?.getConnection === 'function') {
    return mysqlBeginner(candidate as MysqlPool, level) as Beginner<unknown>;
  }
  if (typeof candidate?.connect === 'function') return pgBeginner(candidate as PgPool, level) as Beginner<unknown>;
  throw new TypeError(
    `Expected a pool of pg or mysql2, a database of better-sqlite3 or { begin, commit, rollback }, got ${shown(source)}`,
  );
}

function isolationOf(isolation: string): string {
  if (['read committed', 'repeatable read', 'serializable'].includes(isolation)) return isolation.toUpperCase();
  throw new TypeError(
    `Expected isolation to be "read committed", "repeatable read" or "serializable", got ${shown(isolation)}`,
  );
}

function pgBeginner(pool: PgPool, level: string | undefined): Beginner<PgClient> {
  return {
    async begin() {
      const client = await pool.connect();
      try {
        await client.query(level === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${level}`);
      } catch (error) {
        client.release(true);
        throw error;
      }
      return client;
    },
    async commit(client) {
      const { command } = (await client.query('COMMIT')) as { readonly command?: unknown };
      // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and calls it a success.
      // Source: https://www.postgresql.org/docs/current/sql-commit.html
      if (command === 'ROLLBACK') {
        throw new Error(
          'The transaction was rolled back: a statement in it had failed, and its error was not thrown on',
        );
      }
    },
    rollback: (client) => client.query('ROLLBACK'),
    release: (client, broken) => client.release(broken),
  };
}

function mysqlBeginner(pool: MysqlPool, level: string | undefined): Beginner<MysqlConnection> {
  return {
    async begin() {
      const connection = await pool.getConnection();
      try {
        // It is for the next transaction only.
        if (level !== undefined) await connection.query(`SET TRANSACTION ISOLATION LEVEL ${level}`);
        await connection.query('START TRANSACTION');
      } catch (error) {
        connection.destroy();
        throw error;
      }
      return connection;
    },
    commit: (connection) => connection.query('COMMIT'),
    rollback: (connection) => connection.query('ROLLBACK'),
    release: (connection, broken) => (broken ? connection.destroy() : connection.release()),
  };
}

function sqliteBeginner(database: SqliteDatabase): Beginner<SqliteDatabase> {
  return {
    isSync: true,
    begin() {
      if (database.inTransaction)
        throw new TypeError('Expected the database to be in no transaction, and it is in one');
      // Asks for the write lock at once: a transaction that begins by reading may find its snapshot out of date.
      // Source: https://sqlite.org/lang_transaction.html
      database.exec('BEGIN IMMEDIATE');
      return database;
    },
    commit: () => database.exec('COMMIT'),
    // Some errors have rolled it back already.
    rollback: () => database.inTransaction && database.exec('ROLLBACK'),
  };
}
