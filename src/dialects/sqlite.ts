import { byCode, type KindsByCode } from '../translator.ts';
import type { Violation } from '../violation.ts';
import { conditionOf, type Draft, Facts, isIdentifier } from './facts.ts';

/**
 * SQLite's extended result codes that are a violation, by name.
 * Source: https://sqlite.org/rescode.html
 */
export const RESULT_CODES: KindsByCode = /* @__PURE__ */ byCode(
  {
    unique_violation: [
      'CONSTRAINT_PRIMARYKEY', // 1555
      'CONSTRAINT_ROWID', // 2579
      'CONSTRAINT_UNIQUE', // 2067
    ],
    foreign_key_violation: [
      'CONSTRAINT_FOREIGNKEY', // 787: immediate and deferred, both directions
    ],
    check_violation: [
      'CONSTRAINT_CHECK', // 275
    ],
    not_null_violation: [
      'CONSTRAINT_NOTNULL', // 1299
    ],
    raise_exception: [
      'CONSTRAINT_TRIGGER', // 1811: RAISE; also RESTRICT, see below
    ],
    serialization_failure: [
      'BUSY_SNAPSHOT', // 517: the snapshot is out of date, only a new transaction helps
    ],
    lock_not_available: [
      'BUSY', // 5: another connection has the lock, busy_timeout is over
      'BUSY_RECOVERY', // 261
      'BUSY_TIMEOUT', // 773
      'LOCKED', // 6
      'LOCKED_SHAREDCACHE', // 262
      'LOCKED_VTAB', // 518
    ],
    query_canceled: [
      'INTERRUPT', // 9
    ],
    string_data_right_truncation: [
      'TOOBIG', // 18
    ],
    invalid_text_representation: [
      'CONSTRAINT_DATATYPE', // 3091: a STRICT table
      'MISMATCH', // 20: text for an INTEGER PRIMARY KEY
    ],
    read_only_sql_transaction: [
      'READONLY', // 8
      'READONLY_CANTINIT', // 1288
      'READONLY_CANTLOCK', // 520
      'READONLY_DBMOVED', // 1032
      'READONLY_DIRECTORY', // 1544
      'READONLY_RECOVERY', // 264
      'READONLY_ROLLBACK', // 776
    ],
  },
  'SQLITE_',
);

/** Names have no limit in SQLite; longer texts than this are not worth the time that reading them takes. */
const LONGEST = 8192;

/**
 * The facts of an SQLite error; `undefined` when it is no violation.
 *
 * @param code the extended result code's name
 * @param message SQLite's own text, without what a driver puts before it. Always English, never with a value of a row
 */
export function sqliteViolation(driver: string, code: string, message = ''): Violation | undefined {
  // RESTRICT is carried out as a trigger and shares RAISE's code: only the fixed text tells them apart, and only the
  // parent's side is ever restricted. A trigger that raises this very text cannot be told from it.
  // Source: https://github.com/sqlite/sqlite/blob/version-3.50.0/src/fkey.c (fkActionTrigger)
  const restricted = code === 'SQLITE_CONSTRAINT_TRIGGER' && message === 'FOREIGN KEY constraint failed';
  const kind = restricted ? 'foreign_key_violation' : RESULT_CODES.get(code);
  if (kind === undefined) return undefined;

  const violation = new Facts(kind, driver, code);
  violation.dialect = 'sqlite';
  switch (kind) {
    case 'unique_violation': {
      readColumns(violation, message, 'UNIQUE constraint failed: ');
      // A rowid is the primary key of some tables and not of others, and SQLite does not say which.
      if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') violation.primaryKey = true;
      break;
    }
    case 'foreign_key_violation':
      if (restricted) violation.direction = 'still_referenced';
      break;
    case 'check_violation': {
      // An unnamed check is reported by its expression: what is no identifier is no name.
      const name = rest(message, 'CHECK constraint failed: ');
      if (name !== undefined && name.length < LONGEST && isIdentifier(name)) violation.constraint = name;
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
      const condition = conditionOf(message);
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
  if (text === undefined || text.length > LONGEST) return;
  if (text.startsWith("index '") && text.endsWith("'")) {
    // A quote inside the name is doubled; where it is not, this is the column of a table with an odd name.
    const name = text.slice(7, -1);
    if (!name.replaceAll("''", '').includes("'")) violation.constraint = name.replaceAll("''", "'");
    return;
  }
  const dot = text.indexOf('.');
  if (dot <= 0) return;
  let columns = [text.slice(dot + 1)];
  // One dot in all: one column, even if its name has a comma.
  if (text.includes('.', dot + 1)) {
    const table = text.slice(0, dot + 1);
    columns = text.split(', ').map((part) => (part.startsWith(table) ? part.slice(table.length) : ''));
    if (columns.some((column) => column.includes('.'))) return;
  }
  if (columns.includes('')) return;
  violation.table = text.slice(0, dot);
  violation.columns = columns;
}

/** What follows a prefix; its last place where a wrapper put text of its own, or of the user's, before it. */
function rest(message: string, prefix: string): string | undefined {
  const at = message.startsWith(prefix) ? 0 : message.lastIndexOf(prefix);
  return at < 0 ? undefined : message.slice(at + prefix.length);
}
