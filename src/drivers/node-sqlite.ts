import { textOf } from '../dialects/facts.ts';
import { resultCodeOf, sqliteViolation } from '../dialects/sqlite.ts';
import { isError, safe, type Translator } from '../translator.ts';

// Result codes: src/dialects/sqlite.ts, shared by every driver of SQLite.

/**
 * What an error of `node:sqlite` has: Node's own code for all of them, and SQLite's extended result code as a number.
 * `message` is SQLite's text alone.
 * Source: https://github.com/nodejs/node/blob/v24.0.0/src/node_sqlite.cc (CreateSQLiteError)
 */
interface NodeSqliteError {
  readonly code: 'ERR_SQLITE_ERROR';
  /** `2067`. */
  readonly errcode: number;
  readonly message: unknown;
}

/** Errors of `node:sqlite`. */
export const nodeSqlite: Translator = /* @__PURE__ */ safe({
  name: 'node-sqlite',
  owns: isNodeSqliteError,
  classify(error) {
    if (!isNodeSqliteError(error)) return undefined;
    const code = resultCodeOf(error.errcode);
    return code === undefined ? undefined : sqliteViolation('node-sqlite', code, textOf(error.message));
  },
});

export default nodeSqlite;

function isNodeSqliteError(error: unknown): error is NodeSqliteError {
  const { code } = error as Partial<NodeSqliteError>;
  return (
    code === 'ERR_SQLITE_ERROR' && typeof (error as NodeSqliteError).errcode === 'number' && isError(error as object)
  );
}
