import { type MysqlFields, mysqlViolation } from '../dialects/mysql.ts';
import { isError, safe, type Translator } from '../translator.ts';
import type { Violation } from '../violation.ts';

// Error numbers: src/dialects/mysql.ts, shared by every driver of MySQL and MariaDB.

/**
 * Errors of the connection, which have no number of the server. They count only with mysql2's own mark `fatal`: any
 * socket can be refused.
 * Source: https://github.com/sidorares/node-mysql2/blob/master/lib/base/connection.js
 */
const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

/**
 * What a server error of mysql2 has. `code` is left out on purpose: it is the number's name on MySQL, also when
 * MariaDB has sent the number.
 * Source: https://github.com/sidorares/node-mysql2/blob/master/lib/packets/packet.js (asError)
 */
interface QueryError extends MysqlFields {
  readonly sqlState: string;
}

/** What an error of the connection has. */
interface ConnectionError {
  readonly code: string;
  readonly fatal: true;
}

/** Errors of `mysql2`, callbacks and promises, on MySQL and MariaDB. */
export const mysql2: Translator = /* @__PURE__ */ safe({
  name: 'mysql2',
  owns: (error) => isQueryError(error) || isConnectionError(error),
  classify(error, dialect): Violation | undefined {
    if (isQueryError(error)) return mysqlViolation('mysql2', error, dialect);
    return isConnectionError(error) ? { kind: 'connection_failure', driver: 'mysql2', code: error.code } : undefined;
  },
});

function isQueryError(error: unknown): error is QueryError {
  const { errno } = error as Partial<QueryError>;
  return (
    typeof errno === 'number' &&
    errno > 0 &&
    typeof (error as QueryError).sqlState === 'string' &&
    isError(error as object)
  );
}

function isConnectionError(error: unknown): error is ConnectionError {
  const { fatal } = error as Partial<ConnectionError>;
  return fatal === true && CONNECTION_CODES.has((error as ConnectionError).code) && isError(error as object);
}
