import { textOf } from '../dialects/facts.ts';
import { resultCodeOf, sqliteViolation, sqliteViolationByText, textBehind } from '../dialects/sqlite.ts';
import { isError, safe, type Translator } from '../translator.ts';

// Result codes: src/dialects/sqlite.ts, shared by every driver of SQLite.

/**
 * What an error of `libsql` has, and a `LibsqlError` of `@libsql/client` on a file of its own. The names of the codes
 * are incomplete (`UNKNOWN_SQLITE_ERROR_3091`), the number is not.
 * Source: https://github.com/tursodatabase/libsql-js/blob/v0.5.29/sqlite-error.js,
 * https://github.com/tursodatabase/libsql-client-ts/blob/main/packages/libsql-core/src/api.ts
 */
interface SqliteError {
  /** `libsql`: the extended result code's name. The client: the primary code's, with which its message begins. */
  readonly code: string;
  /** The extended result code: `2067`. */
  readonly rawCode: number;
  readonly message: unknown;
}

/**
 * What a `LibsqlError` of a remote database has. Its server sends the primary code only, so the kind of a broken
 * constraint stands in SQLite's text alone: `SQLITE_CONSTRAINT: SQLite error: UNIQUE constraint failed: users.email`.
 * Other codes are the client's and the server's own, such as `TRANSACTION_CLOSED`.
 * Source: https://github.com/tursodatabase/libsql/blob/main/libsql-server/src/hrana/stmt.rs,
 * https://github.com/tursodatabase/libsql-client-ts/blob/main/packages/libsql-client/src/hrana.ts (mapHranaError)
 */
interface RemoteError {
  readonly name: 'LibsqlError' | 'LibsqlBatchError';
  readonly code: string;
  readonly rawCode?: undefined;
  readonly message: unknown;
}

/**
 * Errors of `libsql` and of `@libsql/client`, also of a batch and a transaction. On a remote database a trigger that
 * raises SQLite's very words cannot be told from SQLite, nor RESTRICT from other foreign keys.
 */
export const libsql: Translator = /* @__PURE__ */ safe({
  name: 'libsql',
  owns: (error) => isSqliteError(error) || isRemoteError(error),
  classify(error) {
    if (!isSqliteError(error) && !isRemoteError(error)) return undefined;
    const { code, rawCode } = error;
    const message = textOf(error.message) ?? '';
    const behind = textBehind(code, message);
    if (rawCode !== undefined) {
      const name = resultCodeOf(rawCode);
      return name === undefined ? undefined : sqliteViolation('libsql', name, behind ?? message);
    }
    if (code !== 'SQLITE_CONSTRAINT') return sqliteViolation('libsql', code, message);
    if (behind === undefined) return undefined;
    const text = behind.startsWith(SERVER) ? behind.slice(SERVER.length) : behind;
    return sqliteViolationByText('libsql', text);
  },
});

export default libsql;

/** What the server puts before SQLite's text. */
const SERVER = 'SQLite error: ';

function isSqliteError(error: unknown): error is SqliteError {
  const { rawCode } = error as Partial<SqliteError>;
  const { code } = error as Partial<SqliteError>;
  return (
    typeof rawCode === 'number' && typeof code === 'string' && code.includes('SQLITE_') && isError(error as object)
  );
}

function isRemoteError(error: unknown): error is RemoteError {
  const { name } = error as Partial<RemoteError>;
  return (
    (name === 'LibsqlError' || name === 'LibsqlBatchError') &&
    typeof (error as RemoteError).code === 'string' &&
    isError(error as object)
  );
}
