import { type PostgresqlFields, postgresqlValues, postgresqlViolation } from '../dialects/postgresql.ts';
import { isError, safe, type Translator } from '../translator.ts';
import type { Violation } from '../violation.ts';

// Codes: src/sqlstate.ts, shared by every driver that speaks PostgreSQL's protocol.

/** Why a request came to nothing, as `fetch` of Node.js (undici) reports it: certainly the connection. */
const CONNECTION_CODES: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
]);

/**
 * What a `NeonDbError` of `neon()`, the driver over HTTP, has: pg's fields, a name of its own, and `sourceError`,
 * present even where it is `undefined`, so that a copy on another class still has it.
 * Source: https://www.npmjs.com/package/@neondatabase/serverless/v/1.2.0 (index.d.ts, index.mjs); what Neon sends:
 * https://github.com/neondatabase/neon/blob/main/proxy/src/serverless/sql_over_http.rs. Not run against Neon itself:
 * fixtures/neon/endpoint.ts stands in for its proxy.
 */
interface NeonDbError extends Omit<PostgresqlFields, 'code'> {
  /** Empty where Neon's proxy itself refused the request; absent where no answer came. */
  readonly code?: string;
  readonly sourceError?: SourceError;
}

/** What `fetch` threw. Only that of Node.js has a cause with a code. */
interface SourceError {
  readonly cause?: { readonly code?: unknown };
}

/**
 * Errors of `neon()` (npm `@neondatabase/serverless`). Those of its `Pool` and `Client` are pg's own and cannot be told
 * from them: the built-in `pg` reads them, and says so.
 */
export const neon: Translator = /* @__PURE__ */ safe({
  name: 'neon',
  owns: isNeonDbError,
  classify(error): Violation | undefined {
    if (!isNeonDbError(error)) return undefined;
    if (isReported(error)) return postgresqlViolation('neon', error);
    const code = error.sourceError?.cause?.code;
    return typeof code === 'string' && CONNECTION_CODES.has(code)
      ? { kind: 'connection_failure', driver: 'neon', dialect: 'postgresql', code }
      : undefined;
  },
  values: (error) => (isNeonDbError(error) && isReported(error) ? postgresqlValues(error) : undefined),
});

export default neon;

function isNeonDbError(error: unknown): error is NeonDbError {
  const { name, code, severity } = error as { name?: unknown; code?: unknown; severity?: unknown };
  const isReport = typeof code === 'string';
  const isMarked = 'sourceError' in (error as object);
  // Two of its marks are enough: its name, which a copy may have lost, `sourceError`, and what the server reports.
  const isOwn = name === 'NeonDbError' ? isMarked || isReport : isMarked && isReport && typeof severity === 'string';
  return isOwn && isError(error as object);
}

function isReported(error: NeonDbError): error is NeonDbError & PostgresqlFields {
  return typeof error.code === 'string';
}
