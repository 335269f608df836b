import type { Violation, ViolationKind } from '../violation.ts';
import { conditionOf, isIdentifier, textOf } from './text.ts';

/**
 * SQLite's extended result codes that are a violation, by name.
 * Source: https://sqlite.org/rescode.html
 */
export const RESULT_CODES: Readonly<Record<string, ViolationKind | undefined>> = {
  SQLITE_BUSY: 'lock_not_available', // 5: another connection has the lock, busy_timeout is over
  SQLITE_BUSY_RECOVERY: 'lock_not_available', // 261
  SQLITE_BUSY_SNAPSHOT: 'serialization_failure', // 517: the snapshot is out of date, only a new transaction helps
  SQLITE_BUSY_TIMEOUT: 'lock_not_available', // 773
  SQLITE_CONSTRAINT_CHECK: 'check_violation', // 275
  SQLITE_CONSTRAINT_DATATYPE: 'invalid_text_representation', // 3091: a STRICT table
  SQLITE_CONSTRAINT_FOREIGNKEY: 'foreign_key_violation', // 787: immediate and deferred, both directions
  SQLITE_CONSTRAINT_NOTNULL: 'not_null_violation', // 1299
  SQLITE_CONSTRAINT_PRIMARYKEY: 'unique_violation', // 1555
  SQLITE_CONSTRAINT_ROWID: 'unique_violation', // 2579
  SQLITE_CONSTRAINT_TRIGGER: 'raise_exception', // 1811: RAISE; also RESTRICT, see below
  SQLITE_CONSTRAINT_UNIQUE: 'unique_violation', // 2067
  SQLITE_INTERRUPT: 'query_canceled', // 9
  SQLITE_LOCKED: 'lock_not_available', // 6
  SQLITE_LOCKED_SHAREDCACHE: 'lock_not_available', // 262
  SQLITE_LOCKED_VTAB: 'lock_not_available', // 518
  SQLITE_MISMATCH: 'invalid_text_representation', // 20: text for an INTEGER PRIMARY KEY
  SQLITE_READONLY: 'read_only_sql_transaction', // 8
  SQLITE_READONLY_CANTINIT: 'read_only_sql_transaction', // 1288
  SQLITE_READONLY_CANTLOCK: 'read_only_sql_transaction', // 520
  SQLITE_READONLY_DBMOVED: 'read_only_sql_transaction', // 1032
  SQLITE_READONLY_DIRECTORY: 'read_only_sql_transaction', // 1544
  SQLITE_READONLY_RECOVERY: 'read_only_sql_transaction', // 264
  SQLITE_READONLY_ROLLBACK: 'read_only_sql_transaction', // 776
  SQLITE_TOOBIG: 'string_data_right_truncation', // 18
};

/**
 * Result codes of the same neighbourhood that are no violation, each with the reason. No code reads this table to
 * classify: whatever {@link RESULT_CODES} does not have is left alone.
 * Source: as above.
 */
export const RESULT_CODES_LEFT_ALONE: Readonly<Record<string, string>> = {
  SQLITE_ABORT: '4: the statement was aborted, another error says why',
  SQLITE_ABORT_ROLLBACK: '516: the transaction was rolled back under the statement',
  SQLITE_AUTH: '23: permissions',
  SQLITE_CANTOPEN: '14: the operator',
  SQLITE_CONSTRAINT: '19: a virtual table, or a driver that hides which constraint',
  SQLITE_CONSTRAINT_COMMITHOOK: '531: a hook of the application',
  SQLITE_CONSTRAINT_FUNCTION: '1043: an extension’s own function',
  SQLITE_CONSTRAINT_PINNED: '2835: a trigger deleted the row that the statement updates',
  SQLITE_CONSTRAINT_VTAB: '2323: a virtual table’s own rule',
  SQLITE_CORRUPT: '11: the operator',
  SQLITE_ERROR: '1: a bug of the statement',
  SQLITE_FULL: '13: the operator',
  SQLITE_NOTADB: '26: the operator',
  SQLITE_PERM: '3: permissions',
};

/** A violation under construction. */
type Draft = { -readonly [K in 'table' | 'constraint' | 'direction' | 'condition']?: string } & {
  columns?: readonly string[];
  primaryKey?: true;
  retryable?: true;
};

/**
 * The facts of an SQLite error; `undefined` when it is no violation.
 *
 * @param code the extended result code's name
 * @param message SQLite's own text, without what a driver puts before it. Always English, never with a value of a row
 */
export function sqliteViolation(driver: string, code: string, message: string): Violation | undefined {
  // RESTRICT is carried out as a trigger and shares RAISE's code: only the fixed text tells them apart, and only the
  // parent's side is ever restricted. A trigger that raises this very text cannot be told from it.
  // Source: https://github.com/sqlite/sqlite/blob/version-3.50.0/src/fkey.c (fkActionTrigger)
  const restricted = code === 'SQLITE_CONSTRAINT_TRIGGER' && message === 'FOREIGN KEY constraint failed';
  const kind = restricted ? 'foreign_key_violation' : RESULT_CODES[code];
  if (kind === undefined) return undefined;

  const violation = { kind, driver, dialect: 'sqlite', code } as Draft;
  switch (kind) {
    case 'unique_violation': {
      readColumns(violation, message, 'UNIQUE constraint failed: ');
      if (code !== 'SQLITE_CONSTRAINT_UNIQUE') violation.primaryKey = true;
      break;
    }
    case 'foreign_key_violation':
      if (restricted) violation.direction = 'still_referenced';
      break;
    case 'check_violation': {
      // An unnamed check is reported by its expression: what is no identifier is no name.
      const name = rest(message, 'CHECK constraint failed: ');
      if (name !== undefined && isIdentifier(name)) violation.constraint = name;
      break;
    }
    case 'not_null_violation':
      readColumns(violation, message, 'NOT NULL constraint failed: ');
      break;
    case 'invalid_text_representation': {
      // cannot store TEXT value in INT column items.quantity
      const at = message.indexOf(' column ');
      if (at >= 0) readColumns(violation, message, message.slice(0, at + 8));
      break;
    }
    case 'raise_exception': {
      const condition = conditionOf(textOf(message));
      if (condition !== undefined) violation.condition = condition;
      break;
    }
    case 'serialization_failure':
      violation.retryable = true;
      break;
    case 'lock_not_available':
      // SQLITE_LOCKED is a quarrel inside one process, which a second run meets again.
      if (code.startsWith('SQLITE_BUSY')) violation.retryable = true;
      break;
  }
  return violation as Violation;
}

/**
 * `users.email`, `t.a, t.b`, or `index 'users_lower_email'` when a part of the key is an expression. Names are not
 * quoted: what has more dots than columns can be read in two ways and is left out.
 */
function readColumns(violation: Draft, message: string, prefix: string): void {
  const text = rest(message, prefix);
  if (text === undefined) return;
  if (text.startsWith("index '") && text.endsWith("'")) {
    violation.constraint = text.slice(7, -1).replaceAll("''", "'");
    return;
  }
  const dot = text.indexOf('.');
  if (dot <= 0) return;
  const table = text.slice(0, dot + 1);
  // One dot in all: one column, even if its name has a comma.
  const parts = text.includes('.', dot + 1) ? text.split(', ') : [text];
  const columns: string[] = [];
  for (const part of parts) {
    const column = part.slice(table.length);
    if (!part.startsWith(table) || column === '' || column.includes('.')) return;
    columns.push(column);
  }
  violation.table = text.slice(0, dot);
  violation.columns = columns;
}

/** What follows the last place of a prefix: some wrappers put text of their own, or of the user's, before it. */
function rest(message: string, prefix: string): string | undefined {
  const at = message.lastIndexOf(prefix);
  return at < 0 ? undefined : message.slice(at + prefix.length);
}
