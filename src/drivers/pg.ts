import { type PostgresqlFields, postgresqlValues, postgresqlViolation } from '../dialects/postgresql.ts';
import { isError, safe, type Translator } from '../translator.ts';

// Codes: src/sqlstate.ts, shared by every driver that speaks PostgreSQL's protocol.

/**
 * What a `DatabaseError` has that nothing else has. Its class is no evidence: copies of pg-protocol differ, pg-native
 * throws plain errors, and its `name` is `'error'`.
 * Source: https://github.com/brianc/node-postgres/blob/master/packages/pg-protocol/src/messages.ts
 */
interface DatabaseError extends PostgresqlFields {
  /** In the server's language: `'ERROR'`, `'FEHLER'`. */
  readonly severity: string;
}

/** Errors of `pg` and `pg-native`, with any server that speaks PostgreSQL's protocol. */
export const pg: Translator = /* @__PURE__ */ safe({
  name: 'pg',
  owns: isPg,
  classify: (error) => (isPg(error) ? postgresqlViolation('pg', error) : undefined),
  values: (error) => (isPg(error) ? postgresqlValues(error) : undefined),
});

function isPg(error: unknown): error is PostgresqlFields {
  const { code } = error as { readonly code?: unknown };
  if (typeof code !== 'string' || code.length !== 5) return false;
  return isDatabaseError(error as object) || (code === '23505' && isCaughtBySequelize(error as object));
}

function isDatabaseError(error: object): error is DatabaseError {
  return typeof (error as Partial<DatabaseError>).severity === 'string' && isError(error);
}

/**
 * What Sequelize's findOrCreate() leaves of a duplicate that it caught in a function of its own on the server: a plain
 * object with the code, the detail and its own statement.
 * Source: https://github.com/sequelize/sequelize/blob/v6.37.8/src/dialects/postgres/query.js (sequelize_caught_exception)
 */
function isCaughtBySequelize(error: object): error is PostgresqlFields {
  const { sql } = error as { readonly sql?: unknown };
  return typeof sql === 'string' && sql.includes('sequelize_caught_exception');
}
