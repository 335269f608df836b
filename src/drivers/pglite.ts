import { type PostgresqlFields, postgresqlValues, postgresqlViolation } from '../dialects/postgresql.ts';
import { isError, safe, type Translator } from '../translator.ts';

// Codes: src/sqlstate.ts, shared by every driver that speaks PostgreSQL's protocol.

/**
 * What an error of PGlite has that pg's has not: `query`, `params` and `queryOptions`, each present even where it is
 * `undefined`. The rest is pg's `DatabaseError`, whose code it shares; the class has another name in each build.
 * Source: https://github.com/electric-sql/pglite/blob/main/packages/pglite/src/errors.ts (makePGliteError)
 */
interface PGliteError extends PostgresqlFields {
  readonly severity: string;
  readonly query: unknown;
  readonly params: unknown;
  readonly queryOptions: unknown;
}

/**
 * Errors of PGlite (npm `@electric-sql/pglite`). Without it the built-in `pg` reads the same facts and says that the
 * driver is pg; so it is with errors that come by the package's `node-postgres` client, which lack PGlite's own
 * fields. A `PGliteWorker` hands on nothing but the message: such errors are nobody's.
 */
export const pglite: Translator = /* @__PURE__ */ safe({
  name: 'pglite',
  owns: isPGliteError,
  classify: (error) => (isPGliteError(error) ? postgresqlViolation('pglite', error) : undefined),
  values: (error) => (isPGliteError(error) ? postgresqlValues(error) : undefined),
});

export default pglite;

function isPGliteError(error: unknown): error is PGliteError {
  const { code } = error as Partial<PGliteError>;
  return (
    typeof code === 'string' &&
    code.length === 5 &&
    typeof (error as PGliteError).severity === 'string' &&
    'query' in (error as object) &&
    'params' in (error as object) &&
    'queryOptions' in (error as object) &&
    isError(error as object)
  );
}
