import { byCode, type KindsByCode, markUnread } from '../translator.ts';
import type { Violation, ViolationKind } from '../violation.ts';
import { conditionOf, type Draft, Facts, isIdentifier, ownText } from './facts.ts';

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

/**
 * The names of these codes by number, for drivers that tell the number only.
 * Source: https://sqlite.org/rescode.html
 */
const NAMES: ReadonlyMap<unknown, string> = new Map([
  [5, 'SQLITE_BUSY'],
  [6, 'SQLITE_LOCKED'],
  [8, 'SQLITE_READONLY'],
  [9, 'SQLITE_INTERRUPT'],
  [18, 'SQLITE_TOOBIG'],
  [20, 'SQLITE_MISMATCH'],
  [261, 'SQLITE_BUSY_RECOVERY'],
  [262, 'SQLITE_LOCKED_SHAREDCACHE'],
  [264, 'SQLITE_READONLY_RECOVERY'],
  [275, 'SQLITE_CONSTRAINT_CHECK'],
  [517, 'SQLITE_BUSY_SNAPSHOT'],
  [518, 'SQLITE_LOCKED_VTAB'],
  [520, 'SQLITE_READONLY_CANTLOCK'],
  [773, 'SQLITE_BUSY_TIMEOUT'],
  [776, 'SQLITE_READONLY_ROLLBACK'],
  [787, 'SQLITE_CONSTRAINT_FOREIGNKEY'],
  [1032, 'SQLITE_READONLY_DBMOVED'],
  [1288, 'SQLITE_READONLY_CANTINIT'],
  [1299, 'SQLITE_CONSTRAINT_NOTNULL'],
  [1544, 'SQLITE_READONLY_DIRECTORY'],
  [1555, 'SQLITE_CONSTRAINT_PRIMARYKEY'],
  [1811, 'SQLITE_CONSTRAINT_TRIGGER'],
  [2067, 'SQLITE_CONSTRAINT_UNIQUE'],
  [2579, 'SQLITE_CONSTRAINT_ROWID'],
  [3091, 'SQLITE_CONSTRAINT_DATATYPE'],
]);

/** The name of an extended result code; `undefined` for one that is no violation. */
export function resultCodeOf(number: unknown): string | undefined {
  return NAMES.get(number);
}

/** Names have no limit in SQLite; longer texts than this are not worth the time that reading them takes. */
const LONGEST = 8192;

/** SQLite's whole text of a broken foreign key, in both directions. */
const FOREIGN_KEY_FAILED = 'FOREIGN KEY constraint failed';

/**
 * The facts of an SQLite error; `undefined` when it is no violation.
 *
 * @param code the extended result code's name
 * @param message SQLite's own text, without what a driver puts before it; an ORM's words before it do no harm. Always
 *   English, and of SQLite's own never with a value of a row
 */
export function sqliteViolation(driver: string, code: string, message = ''): Violation | undefined {
  if (code !== 'SQLITE_CONSTRAINT_TRIGGER') {
    const kind = RESULT_CODES.get(code);
    return kind && read(kind, driver, code, message);
  }
  // RESTRICT is carried out as a trigger and shares RAISE's code: only the fixed text tells them apart, and only the
  // parent's side is ever restricted. A trigger that raises this very text cannot be told from it.
  // Source: https://github.com/sqlite/sqlite/blob/version-3.50.0/src/fkey.c (fkActionTrigger)
  const text = ownText(withoutClass(message));
  if (text !== FOREIGN_KEY_FAILED) return read('raise_exception', driver, code, text);
  const violation = new Facts('foreign_key_violation', driver, code);
  violation.dialect = 'sqlite';
  violation.direction = 'still_referenced';
  return violation as Violation;
}

/**
 * The facts of an SQLite error of which only the primary code is known, `SQLITE_CONSTRAINT`: here SQLite's fixed words
 * have to tell the kind. They do so exactly but for two things. Whether a key is the primary key, and whether a foreign
 * key is a RESTRICT, is not among them, and so is left out. And RAISE may raise any text: one that has SQLite's very
 * words, with names where names belong, is taken for SQLite's. A bare identifier is what RAISE raised, for SQLite and
 * its own modules say nothing so short; a sentence may be that of a virtual table, and is left alone.
 *
 * @param text SQLite's own text and nothing else
 */
export function sqliteViolationByText(driver: string, text: string): Violation | undefined {
  const kind = kindOf(text);
  return kind && read(kind, driver, 'SQLITE_CONSTRAINT', text);
}

/**
 * The text behind a primary code, which some drivers put before it, `SQLITE_CONSTRAINT: UNIQUE …`, and before which
 * Knex puts the statement with all values: there the last place counts, for SQLite's text stands at the end.
 * `undefined` when the code is missing.
 */
export function textBehind(code: string, message: string): string | undefined {
  const mark = `${code}: `;
  let text = withoutClass(message);
  if (!text.startsWith(mark)) {
    const at = text.lastIndexOf(` - ${mark}`);
    if (at < 0) return undefined;
    text = text.slice(at + 3);
  }
  text = text.slice(mark.length);
  // A batch of libSQL has it twice.
  return text.startsWith(mark) ? text.slice(mark.length) : text;
}

function kindOf(text: string): ViolationKind | undefined {
  const columns = rest(text, 'UNIQUE constraint failed: ', true);
  if (columns !== undefined) return namesSomething(columns) ? 'unique_violation' : undefined;
  const column = rest(text, 'NOT NULL constraint failed: ', true);
  if (column !== undefined) return namesSomething(column) ? 'not_null_violation' : undefined;
  if (rest(text, 'CHECK constraint failed: ', true)) return 'check_violation';
  if (text === FOREIGN_KEY_FAILED) return 'foreign_key_violation';
  if (storedIn(text, true) !== undefined) return 'invalid_text_representation';
  return conditionOf(text) === undefined ? undefined : 'raise_exception';
}

/** `table.column`, or `index '…'`: what SQLite always says of a key. */
function namesSomething(text: string): boolean {
  return text.indexOf('.') > 0 || (text.startsWith("index '") && text.endsWith("'"));
}

function read(kind: ViolationKind, driver: string, code: string, message: string): Violation {
  const violation = new Facts(kind, driver, code);
  violation.dialect = 'sqlite';
  switch (kind) {
    case 'unique_violation': {
      readKey(violation, message);
      // A rowid is the primary key of some tables and not of others, and SQLite does not say which.
      if (code === 'SQLITE_CONSTRAINT_PRIMARYKEY') violation.primaryKey = true;
      break;
    }
    case 'check_violation': {
      // An unnamed check is reported by its expression: what is no identifier is no name.
      const name = rest(message, 'CHECK constraint failed: ');
      if (name === undefined || name.length >= LONGEST) break;
      if (isIdentifier(name)) violation.constraint = name;
      else markUnread(violation, name);
      break;
    }
    case 'not_null_violation':
      readColumns(violation, rest(message, 'NOT NULL constraint failed: '));
      break;
    case 'invalid_text_representation':
      readColumns(violation, storedIn(message));
      break;
    case 'raise_exception': {
      const condition = conditionOf(message);
      if (condition !== undefined) violation.condition = condition;
      break;
    }
    case 'serialization_failure':
    case 'lock_not_available':
      // SQLITE_LOCKED is a quarrel inside one process, which a second run meets again.
      if (code.startsWith('SQLITE_BUSY')) violation.retryable = true;
      break;
  }
  return violation as Violation;
}

/** The columns of the keys that were broken before, by SQLite's whole text. */
const KEYS = /* @__PURE__ */ new Map<string, Key>();

interface Key {
  readonly table: string;
  readonly columns: readonly string[];
}

/** How many keys are remembered, and how long their texts may be. */
const MOST_KEYS = 1000;
const LONGEST_KEY = 256;

/** SQLite says the same of a key each time, and no values, so that it is read once. */
function readKey(violation: Draft, message: string): void {
  const key = KEYS.get(message);
  if (key !== undefined) {
    violation.table = key.table;
    violation.columns = key.columns;
    return;
  }
  readColumns(violation, rest(message, 'UNIQUE constraint failed: '));
  const { table, columns } = violation;
  // The words of a wrapper may have values.
  if (table === undefined || columns === undefined || !message.startsWith('UNIQUE')) return;
  Object.freeze(columns);
  if (message.length > LONGEST_KEY) return;
  if (KEYS.size === MOST_KEYS) KEYS.clear();
  KEYS.set(message, { table, columns });
}

/**
 * `users.email`, `t.a, t.b`, or `index 'users_lower_email'` when a part of the key is an expression. Names are not
 * quoted: what has more dots than columns can be read in two ways and is left out.
 */
function readColumns(violation: Draft, text: string | undefined): void {
  if (text === undefined || text.length > LONGEST) return;
  if (text.startsWith("index '") && text.endsWith("'")) {
    // A quote inside the name is doubled; where it is not, this is the column of a table with an odd name.
    const name = text.slice(7, -1);
    if (name !== '' && !name.replaceAll("''", '').includes("'")) violation.constraint = name.replaceAll("''", "'");
    return;
  }
  const dot = text.indexOf('.');
  if (dot <= 0) return;
  let columns = [text.slice(dot + 1)];
  // One dot in all: one column, even if its name has a comma.
  if (text.includes('.', dot + 1)) {
    const table = text.slice(0, dot + 1);
    columns = text.split(', ').map((part) => (part.startsWith(table) ? part.slice(table.length) : ''));
    if (columns.some((column) => column.includes('.') || column === '')) {
      markUnread(violation, text);
      return;
    }
  }
  if (columns.includes('')) return;
  violation.table = text.slice(0, dot);
  violation.columns = columns;
}

/**
 * The column that `cannot store TEXT value in INT column items.quantity` names.
 * Source: https://github.com/sqlite/sqlite/blob/version-3.50.0/src/vdbe.c (OP_TypeCheck)
 */
function storedIn(message: string, whole = false): string | undefined {
  const text = rest(message, 'cannot store ', whole);
  if (text === undefined) return undefined;
  const [found] = /^(?:INT|REAL|TEXT|BLOB|NULL) value in (?:ANY|BLOB|INT|INTEGER|REAL|TEXT) column /.exec(text) ?? [];
  return found && text.slice(found.length);
}

/**
 * What follows a prefix; its last place where a wrapper put text of its own, or of the user's, before it.
 *
 * @param whole the message is SQLite's text alone
 */
function rest(message: string, prefix: string, whole = false): string | undefined {
  const at = message.startsWith(prefix) ? 0 : whole ? -1 : message.lastIndexOf(prefix);
  return at < 0 ? undefined : message.slice(at + prefix.length);
}

/**
 * TypeORM's message begins with the class of the driver's error.
 * Source: https://github.com/typeorm/typeorm/blob/1.1.1/src/error/QueryFailedError.ts
 */
function withoutClass(message: string): string {
  for (const prefix of CLASSES) if (message.startsWith(prefix)) return message.slice(prefix.length);
  return message;
}

const CLASSES = ['SqliteError: ', 'LibsqlError: ', 'LibsqlBatchError: '];
