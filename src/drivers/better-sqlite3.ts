import { textOf } from '../dialects/facts.ts';
import { sqliteViolation } from '../dialects/sqlite.ts';
import { isError, safe, type Translator } from '../translator.ts';

// Result codes: src/dialects/sqlite.ts, shared by every driver of SQLite.

/**
 * All that a `SqliteError` has. It is no native error, so only `instanceof` and its code tell it.
 * Source: https://github.com/WiseLibs/better-sqlite3/blob/master/lib/sqlite-error.js
 */
interface SqliteError {
  /** The extended result code's name: `'SQLITE_CONSTRAINT_UNIQUE'`. */
  readonly code: string;
  readonly message: unknown;
}

/** Errors of `better-sqlite3`. */
export const betterSqlite3: Translator = /* @__PURE__ */ safe({
  name: 'better-sqlite3',
  owns: isSqliteError,
  classify: (error) =>
    isSqliteError(error) ? sqliteViolation('better-sqlite3', error.code, textOf(error.message)) : undefined,
});

function isSqliteError(error: unknown): error is SqliteError {
  const { code } = error as Partial<SqliteError>;
  return typeof code === 'string' && code.startsWith('SQLITE_') && isError(error as object);
}
