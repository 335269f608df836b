import { type MysqlFields, mysqlViolation } from '../dialects/mysql.ts';
import { isError, safe, type Translator } from '../translator.ts';
import type { Violation } from '../violation.ts';

// Error numbers: src/dialects/mysql.ts, shared by every driver of MySQL and MariaDB.

/**
 * The connector's own numbers for a connection that is not there or is gone. They count only with its mark `fatal`:
 * SIGNAL may take any number. Not among them are the pool's, 45028 (ER_GET_CONNECTION_TIMEOUT) above all: it was busy, or
 * the server was away, or let nobody in.
 * Source: https://github.com/mariadb-corporation/mariadb-connector-nodejs/blob/3.5.4/lib/misc/errors.js
 */
const CLIENT_ERRNOS: ReadonlySet<unknown> = new Set([
  45009, // ER_SOCKET_UNEXPECTED_CLOSE
  45012, // ER_CONNECTION_TIMEOUT
  45013, // ER_CMD_CONNECTION_CLOSED: the connection had ended before the statement
  45026, // ER_SOCKET_TIMEOUT: the connector has closed the connection
  45042, // ER_PING_TIMEOUT
]);

/** Errors of the socket, to which the connector adds `fatal` and a general SQLSTATE. Source: lib/connection.js there */
const SOCKET_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

/**
 * What a `SqlError` has. `fatal` is always there, and so is `sql`, which may be `null`: mysql2 and mysql have either
 * the one or the other. Its class is no evidence, the CommonJS build has none of that name. `message` has the
 * connection before the server's text and the statement with all values behind it, and is not read.
 * Source: https://github.com/mariadb-corporation/mariadb-connector-nodejs/blob/3.5.4/lib/misc/errors.js
 */
interface SqlError extends MysqlFields {
  /** `null` in errors of the pool. */
  readonly sqlState: string | null;
  readonly fatal: boolean;
  readonly sql: string | null;
  /** The server's text in versions without `sqlMessage` (3.0). */
  readonly text?: unknown;
}

/** What an error of the socket has. */
interface SocketError {
  readonly code: string;
  readonly fatal: true;
  readonly sqlState: 'HY000';
}

/** Errors of `mariadb`, callbacks and promises, on MariaDB and MySQL. */
export const mariadb: Translator = /* @__PURE__ */ safe({
  name: 'mariadb',
  owns: (error) => isSqlError(error) || isSocketError(error),
  classify(error, dialect): Violation | undefined {
    if (isSqlError(error)) {
      const { errno, sqlState, sqlMessage = error.text, fatal } = error;
      if (!fatal || !CLIENT_ERRNOS.has(errno))
        return mysqlViolation('mariadb', { errno, sqlState, sqlMessage }, dialect);
      return { kind: 'connection_failure', driver: 'mariadb', code: String(errno) };
    }
    return isSocketError(error) ? { kind: 'connection_failure', driver: 'mariadb', code: error.code } : undefined;
  },
});

export default mariadb;

function isSqlError(error: unknown): error is SqlError {
  const { errno } = error as Partial<SqlError>;
  return (
    typeof errno === 'number' &&
    errno > 0 &&
    typeof (error as SqlError).fatal === 'boolean' &&
    (error as Partial<SqlError>).sqlState !== undefined &&
    (error as Partial<SqlError>).sql !== undefined &&
    isError(error as object)
  );
}

function isSocketError(error: unknown): error is SocketError {
  const { fatal } = error as Partial<SocketError>;
  return (
    fatal === true &&
    (error as SocketError).sqlState === 'HY000' &&
    SOCKET_CODES.has((error as SocketError).code) &&
    isError(error as object)
  );
}
