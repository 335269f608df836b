import { textOf } from '../dialects/facts.ts';
import { sqliteViolation, sqliteViolationByText, textBehind } from '../dialects/sqlite.ts';
import { isError, safe, type Translator } from '../translator.ts';

// Result codes: src/dialects/sqlite.ts, shared by every driver of SQLite.

/**
 * What an error of node-sqlite3 has: a native error with the primary result code as `errno` and by name, which is also
 * the beginning of `message`: `SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email`. The driver never asks for the
 * extended code, so the kind of a broken constraint stands in SQLite's text alone.
 * Source: https://github.com/TryGhost/node-sqlite3/blob/v6.0.1/src/macros.h (EXCEPTION)
 */
interface Sqlite3Error {
  readonly errno: number;
  /** The primary result code's name: `'SQLITE_CONSTRAINT'`. */
  readonly code: string;
  readonly message: unknown;
}

/**
 * Errors of `sqlite3` (node-sqlite3). A trigger that raises SQLite's very words cannot be told from SQLite, nor RESTRICT
 * from other foreign keys.
 */
export const sqlite3: Translator = /* @__PURE__ */ safe({
  name: 'sqlite3',
  owns: isSqlite3Error,
  classify(error) {
    if (!isSqlite3Error(error)) return undefined;
    const { code } = error;
    const message = textOf(error.message) ?? '';
    if (code !== 'SQLITE_CONSTRAINT') return sqliteViolation('sqlite3', code, message);
    const text = textBehind(code, message);
    return text === undefined ? undefined : sqliteViolationByText('sqlite3', text);
  },
});

export default sqlite3;

function isSqlite3Error(error: unknown): error is Sqlite3Error {
  const { errno } = error as Partial<Sqlite3Error>;
  const { code } = error as Partial<Sqlite3Error>;
  return (
    typeof errno === 'number' && typeof code === 'string' && code.startsWith('SQLITE_') && isError(error as object)
  );
}
