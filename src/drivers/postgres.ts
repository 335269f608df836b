import { type PostgresqlFields, postgresqlValues, postgresqlViolation } from '../dialects/postgresql.ts';
import { isError, safe, type Translator } from '../translator.ts';
import type { Violation } from '../violation.ts';

// Codes: src/sqlstate.ts, shared by every driver that speaks PostgreSQL's protocol.

/**
 * Errors of the connection that postgres.js makes itself.
 * Source: https://github.com/porsager/postgres/blob/v3.4.9/src/connection.js, src/index.js (Errors.connection)
 */
const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  'CONNECTION_CLOSED', // the server or the network ended it; also what a terminated query gets
  'CONNECTION_DESTROYED', // sql.end() ran out of time, or the connection was terminated
  'CONNECTION_ENDED', // a query after sql.end()
  'CONNECT_TIMEOUT',
]);

/** Errors of the socket that Node.js makes and postgres.js hands on. They count only with its own fields. */
const SOCKET_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
]);

/**
 * What a `PostgresError` has: the protocol's fields, some under other names than pg's. `severity_local` is always
 * there, nothing else has it, and it survives being copied onto another class.
 * Source: https://github.com/porsager/postgres/blob/v3.4.9/src/connection.js (errorFields, parseError)
 */
interface PostgresError {
  readonly code: string;
  /** In the server's language: `'ERROR'`, `'FEHLER'`. pg calls it `severity`. */
  readonly severity_local: string;
  readonly message: unknown;
  readonly detail?: unknown;
  readonly schema_name?: unknown;
  readonly table_name?: unknown;
  readonly column_name?: unknown;
  readonly constraint_name?: unknown;
  readonly routine?: unknown;
}

/** What an error of the connection has. */
interface ConnectionError {
  readonly code: string;
  /** The same as the code, where postgres.js made the error. */
  readonly errno?: unknown;
  /** What postgres.js adds to every error that rejects a query: `query`, `parameters` and `types`, not enumerable, too. */
  readonly args?: unknown;
}

/**
 * Errors of postgres.js (npm `postgres`), with any server that speaks PostgreSQL's protocol. The built-in `pg` takes
 * them for its own, without table and constraint: pass this in `drivers`, which are asked first.
 */
export const postgres: Translator = /* @__PURE__ */ safe({
  name: 'postgres',
  owns: (error) => isPostgresError(error) || isConnectionError(error),
  classify(error): Violation | undefined {
    if (isPostgresError(error)) return postgresqlViolation('postgres', fieldsOf(error));
    return isConnectionError(error)
      ? { kind: 'connection_failure', driver: 'postgres', dialect: 'postgresql', code: error.code }
      : undefined;
  },
  values: (error) => (isPostgresError(error) ? postgresqlValues(fieldsOf(error)) : undefined),
});

export default postgres;

function isPostgresError(error: unknown): error is PostgresError {
  const { code } = error as Partial<PostgresError>;
  return (
    typeof code === 'string' &&
    code.length === 5 &&
    typeof (error as PostgresError).severity_local === 'string' &&
    isError(error as object)
  );
}

function isConnectionError(error: unknown): error is ConnectionError {
  const { code } = error as Partial<ConnectionError>;
  if (CONNECTION_CODES.has(code)) return (error as ConnectionError).errno === code && isError(error as object);
  return SOCKET_CODES.has(code) && isOfQuery(error as ConnectionError) && isError(error as object);
}

/** True for an error that postgres.js has rejected a query with. */
function isOfQuery(error: ConnectionError): boolean {
  return Array.isArray(error.args) && 'query' in error && 'parameters' in error && 'types' in error;
}

/** Under the names that the dialect reads. */
function fieldsOf(error: PostgresError): PostgresqlFields {
  return {
    code: error.code,
    message: error.message,
    detail: error.detail,
    schema: error.schema_name,
    table: error.table_name,
    column: error.column_name,
    constraint: error.constraint_name,
    routine: error.routine,
  };
}
