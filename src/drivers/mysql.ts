import { type MysqlFields, mysqlViolation } from '../dialects/mysql.ts';
import { isError, safe, type Translator } from '../translator.ts';
import type { Violation } from '../violation.ts';

// Error numbers: src/dialects/mysql.ts, shared by every driver of MySQL and MariaDB.

/**
 * Errors of the connection, which have no number of the server. They count only with the driver's own mark `fatal`,
 * which mysql2 sets as well: no field tells the two drivers' lost connections apart.
 * Source: https://github.com/mysqljs/mysql/blob/v2.18.1/lib/protocol/Protocol.js
 */
const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT', // the driver waited too long and has given the connection up
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

/**
 * What a server error of mysql has, and mysql2's has not: queries have `index`, the handshake `fatal` (mariadb has
 * both `fatal` and `sql`). `message` is `code` and the server's text, and is not read.
 * Source: https://github.com/mysqljs/mysql/blob/v2.18.1/lib/protocol/sequences/Query.js,
 * https://github.com/mysqljs/mysql/blob/v2.18.1/lib/protocol/sequences/Handshake.js
 */
interface QueryError extends MysqlFields {
  /** Of the statement among several. */
  readonly index?: number;
  readonly fatal?: true;
  readonly sql?: string;
}

/** What an error of the connection has. */
interface ConnectionError {
  readonly code: string;
  readonly fatal: true;
}

/** Errors of `mysql` (mysqljs), on MySQL and MariaDB. */
export const mysql: Translator = /* @__PURE__ */ safe({
  name: 'mysql',
  owns: (error) => isQueryError(error) || isConnectionError(error),
  classify(error, dialect): Violation | undefined {
    if (isQueryError(error)) return mysqlViolation('mysql', error, dialect);
    return isConnectionError(error) ? { kind: 'connection_failure', driver: 'mysql', code: error.code } : undefined;
  },
});

export default mysql;

function isQueryError(error: unknown): error is QueryError {
  const { errno } = error as Partial<QueryError>;
  return (
    typeof errno === 'number' &&
    errno > 0 &&
    (typeof (error as QueryError).index === 'number' ||
      ((error as QueryError).fatal === true && (error as QueryError).sql === undefined)) &&
    'sqlMessage' in (error as object) &&
    isError(error as object)
  );
}

function isConnectionError(error: unknown): error is ConnectionError {
  const { fatal } = error as Partial<ConnectionError>;
  return fatal === true && CONNECTION_CODES.has((error as ConnectionError).code) && isError(error as object);
}
