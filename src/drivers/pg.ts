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
  owns: isDatabaseError,
  classify: (error) => (isDatabaseError(error) ? postgresqlViolation('pg', error) : undefined),
  values: (error) => (isDatabaseError(error) ? postgresqlValues(error) : undefined),
});

function isDatabaseError(error: unknown): error is DatabaseError {
  const { code } = error as Partial<DatabaseError>;
  return (
    typeof code === 'string' &&
    code.length === 5 &&
    typeof (error as DatabaseError).severity === 'string' &&
    isError(error as object)
  );
}
