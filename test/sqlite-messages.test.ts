import { describe, expect, test } from 'vitest';
import { sqliteViolation, sqliteViolationByText, textBehind } from '../src/dialects/sqlite.ts';
import { betterSqlite3 } from '../src/drivers/better-sqlite3.ts';
import { unreadOf } from '../src/translator.ts';
import type { Violation } from '../src/violation.ts';

// What the texts of SQLite say, and what is not said by such as only look like them.

const UNIQUE = 'UNIQUE constraint failed: ';

function read(code: string, message?: string): Violation | undefined {
  return sqliteViolation('better-sqlite3', `SQLITE_${code}`, message);
}

const facts = (kind: string, code: string, more: object = {}) => ({
  ...{ kind, driver: 'better-sqlite3', code: `SQLITE_${code}`, dialect: 'sqlite' },
  ...more,
});

describe('a code of SQLite', () => {
  test.each([
    ['CONSTRAINT_PRIMARYKEY', 'unique_violation', { primaryKey: true }],
    ['CONSTRAINT_ROWID', 'unique_violation', {}],
    ['CONSTRAINT_UNIQUE', 'unique_violation', {}],
    ['CONSTRAINT_FOREIGNKEY', 'foreign_key_violation', {}],
    ['CONSTRAINT_CHECK', 'check_violation', {}],
    ['CONSTRAINT_NOTNULL', 'not_null_violation', {}],
    ['CONSTRAINT_TRIGGER', 'raise_exception', {}],
    ['CONSTRAINT_DATATYPE', 'invalid_text_representation', {}],
    ['MISMATCH', 'invalid_text_representation', {}],
    ['BUSY_SNAPSHOT', 'serialization_failure', { retryable: true }],
    ['BUSY', 'lock_not_available', { retryable: true }],
    ['BUSY_RECOVERY', 'lock_not_available', { retryable: true }],
    ['BUSY_TIMEOUT', 'lock_not_available', { retryable: true }],
    ['LOCKED', 'lock_not_available', {}],
    ['LOCKED_SHAREDCACHE', 'lock_not_available', {}],
    ['LOCKED_VTAB', 'lock_not_available', {}],
    ['INTERRUPT', 'query_canceled', {}],
    ['TOOBIG', 'string_data_right_truncation', {}],
    ['READONLY', 'read_only_sql_transaction', {}],
    ['READONLY_DBMOVED', 'read_only_sql_transaction', {}],
  ])('alone tells the kind: %s', (code, kind, more) => {
    for (const message of [undefined, '', 'any words']) {
      expect(read(code, message)).toStrictEqual(facts(kind, code, more));
    }
  });

  test.each(['CONSTRAINT', 'FULL', 'CONSTRAINT_VTAB', 'LOCKED_', ''])('is no violation: %s', (code) => {
    expect(read(code, `${UNIQUE}users.email`)).toBeUndefined();
  });
});

describe('the names in a message of SQLite', () => {
  const unique = (more: object) => facts('unique_violation', 'CONSTRAINT_UNIQUE', more);

  test.each([
    ['users.email', { table: 'users', columns: ['email'] }],
    ['users.a, users.b', { table: 'users', columns: ['a', 'b'] }],
    ['users.a, b', { table: 'users', columns: ['a, b'] }],
    ['u.a, u.b, u.c', { table: 'u', columns: ['a', 'b', 'c'] }],
    ["index 'users_lower'", { constraint: 'users_lower' }],
    ["index 'it''s'", { constraint: "it's" }],
    ["index ''", {}],
    ["index 'a'b'", {}],
    ["index 'a.b'", { constraint: 'a.b' }],
    ["index 'a.b", { table: "index 'a", columns: ['b'] }],
    ["index.b'", { table: 'index', columns: ["b'"] }],
    ["index 'a", {}],
    ["a'", {}],
    ['users.', {}],
    ['.email', {}],
    ['email', {}],
    ['', {}],
    [`u.${'c'.repeat(8190)}`, { table: 'u', columns: ['c'.repeat(8190)] }],
    [`u.${'c'.repeat(8191)}`, {}],
  ])('are those of a key, the first time and later: %s', (text, names) => {
    for (const message of [`${UNIQUE}${text}`, `${UNIQUE}${text}`, `insert - ${UNIQUE}${text}`]) {
      const found = read('CONSTRAINT_UNIQUE', message) as Violation;
      expect(found).toStrictEqual(unique(names));
      expect(unreadOf(found)).toBeUndefined();
    }
  });

  test.each(['users.a, posts.b', 'users.a, b.c', 'main.users.email', 'users.a, users.', 'users.a.b, users.c'])(
    'are left to the catalog where they can be read in two ways: %s',
    (text) => {
      for (const code of ['CONSTRAINT_UNIQUE', 'CONSTRAINT_ROWID']) {
        const found = read(code, `${UNIQUE}${text}`) as Violation;
        expect(found).toStrictEqual(facts('unique_violation', code));
        expect(unreadOf(found)).toBe(text);
      }
    },
  );

  test('are those of a column that must not be empty', () => {
    const found = (message: string) => read('CONSTRAINT_NOTNULL', message);
    const expected = facts('not_null_violation', 'CONSTRAINT_NOTNULL', { table: 'users', columns: ['email'] });
    expect(found('NOT NULL constraint failed: users.email')).toStrictEqual(expected);
    expect(found(`insert - NOT NULL constraint failed: users.email`)).toStrictEqual(expected);
    expect(found(`${UNIQUE}users.email`)).toStrictEqual(facts('not_null_violation', 'CONSTRAINT_NOTNULL'));
  });

  const types = ['INT', 'REAL', 'TEXT', 'BLOB', 'NULL'].flatMap((type) =>
    ['ANY', 'BLOB', 'INT', 'INTEGER', 'REAL', 'TEXT'].map((column) => [type, column] as const),
  );

  test.each(types)('are those of a column of a STRICT table: %s in %s', (type, column) => {
    const message = `cannot store ${type} value in ${column} column items.quantity`;
    expect(read('CONSTRAINT_DATATYPE', message)).toStrictEqual(
      facts('invalid_text_representation', 'CONSTRAINT_DATATYPE', { table: 'items', columns: ['quantity'] }),
    );
  });

  test.each([
    'cannot store it in column items.quantity',
    'cannot store DATE value in INT column items.quantity',
    'cannot store INT value in DATE column items.quantity',
    'cannot store a INT value in INT column items.quantity',
    'INT value in INT column items.quantity',
  ])('are none of a column where the words are not SQLite’s own: %s', (message) => {
    expect(read('CONSTRAINT_DATATYPE', message)).toStrictEqual(
      facts('invalid_text_representation', 'CONSTRAINT_DATATYPE'),
    );
  });

  test.each([
    ['quantity_check', 'quantity_check', undefined],
    ['quantity > 0', undefined, 'quantity > 0'],
    ['', undefined, ''],
    ['n'.repeat(8191), 'n'.repeat(8191), undefined],
    ['n'.repeat(8192), undefined, undefined],
    ['>'.repeat(8191), undefined, '>'.repeat(8191)],
    ['>'.repeat(8192), undefined, undefined],
  ])('are that of a check, or its expression: %s', (text, constraint, unread) => {
    const found = read('CONSTRAINT_CHECK', `CHECK constraint failed: ${text}`) as Violation;
    expect(found).toStrictEqual(facts('check_violation', 'CONSTRAINT_CHECK', constraint ? { constraint } : {}));
    expect(unreadOf(found)).toBe(unread);
  });
});

describe('a key that is broken again', () => {
  const columnsOf = (text: string) => {
    const { columns } = read('CONSTRAINT_UNIQUE', text) as { readonly columns?: readonly string[] };
    return columns;
  };

  test('has the very same columns, which nobody can change', () => {
    const text = `${UNIQUE}memberships.org_id, memberships.user_id`;
    expect(columnsOf(text)).toBe(columnsOf(text));
    expect(Object.isFrozen(columnsOf(text))).toBe(true);
    const longest = `${UNIQUE}${'t'.repeat(256 - UNIQUE.length - 2)}.c`;
    expect(columnsOf(longest)).toBe(columnsOf(longest));
  });

  test('is not remembered with words of others or of more than a short text', () => {
    for (const text of [`insert - ${UNIQUE}users.email`, `${UNIQUE}${'t'.repeat(256 - UNIQUE.length - 1)}.c`]) {
      expect(columnsOf(text)).toEqual(columnsOf(text));
      expect(columnsOf(text)).not.toBe(columnsOf(text));
    }
  });

  test('is forgotten after a thousand others, and not after one', () => {
    const key = (name: string) => `${UNIQUE}${name}.id`;
    const first = columnsOf(key('first'));
    for (let at = 0; at < 1000; at++) columnsOf(key(`other_${at}`));
    expect(columnsOf(key('first'))).not.toBe(first);
    const isKept = (name: string) => {
      const columns = columnsOf(key(name));
      columnsOf(key(`${name}_other`));
      return columnsOf(key(name)) === columns;
    };
    // All are forgotten at once, which may be after the first of them.
    expect([isKept('kept_1'), isKept('kept_2')]).toContain(true);
  });
});

describe('a text of SQLite alone', () => {
  test.each([
    [`${UNIQUE}users.email`, 'unique_violation', { table: 'users', columns: ['email'] }],
    [`${UNIQUE}index 'users_lower'`, 'unique_violation', { constraint: 'users_lower' }],
    ['NOT NULL constraint failed: users.email', 'not_null_violation', { table: 'users', columns: ['email'] }],
    ['CHECK constraint failed: positive', 'check_violation', { constraint: 'positive' }],
    ['CHECK constraint failed: a > 0', 'check_violation', {}],
    ['FOREIGN KEY constraint failed', 'foreign_key_violation', {}],
    ['cannot store TEXT value in INT column a.b', 'invalid_text_representation', { table: 'a', columns: ['b'] }],
    ['order_shipped', 'raise_exception', { condition: 'order_shipped' }],
  ])('tells the kind by its words: %s', (text, kind, more) => {
    expect(sqliteViolationByText('sqlite3', text)).toStrictEqual({
      ...{ kind, driver: 'sqlite3', code: 'SQLITE_CONSTRAINT', dialect: 'sqlite' },
      ...more,
    });
    for (const other of [`Bad name: ${text}`, ` ${text}`, `insert into t values (1) - ${text}`]) {
      expect(sqliteViolationByText('sqlite3', other)).toBeUndefined();
    }
  });

  test.each(['', '.email', 'email', "index 'a", "a'", 'index a'])('is none of a key that has no name: %s', (name) => {
    expect(sqliteViolationByText('sqlite3', `${UNIQUE}${name}`)).toBeUndefined();
    expect(sqliteViolationByText('sqlite3', `NOT NULL constraint failed: ${name}`)).toBeUndefined();
  });

  test.each(['', 'CHECK constraint failed: ', 'Order shipped', 'FOREIGN KEY constraint failed: a'])(
    'is none of SQLite’s own: %s',
    (text) => {
      expect(sqliteViolationByText('sqlite3', text)).toBeUndefined();
    },
  );
});

test.each([
  ['SQLITE_CONSTRAINT: text', 'text'],
  ['SQLITE_CONSTRAINT: SQLITE_CONSTRAINT: text', 'text'],
  ['LibsqlError: SQLITE_CONSTRAINT: text', 'text'],
  ['LibsqlBatchError: SQLITE_CONSTRAINT: text', 'text'],
  ['SqliteError: SQLITE_CONSTRAINT: text', 'text'],
  ['OtherError: SQLITE_CONSTRAINT: text', undefined],
  [' - SQLITE_CONSTRAINT: text', 'text'],
  ["insert … ('x - SQLITE_CONSTRAINT: y') - SQLITE_CONSTRAINT: text", 'text'],
  ['insert … - SQLITE_CONSTRAINT: SQLITE_CONSTRAINT: text', 'text'],
  ['insert … SQLITE_CONSTRAINT: text', undefined],
  ['SQLITE_CONSTRAINT', undefined],
  ['SQLITE_BUSY: text', undefined],
  ['', undefined],
])('what stands behind the code is the text of SQLite: %s', (message, text) => {
  expect(textBehind('SQLITE_CONSTRAINT', message)).toBe(text);
});

describe('an error of better-sqlite3', () => {
  const coded = (code: unknown, error: object = new Error(`${UNIQUE}users.email`)) => Object.assign(error, { code });

  test('is an error with a code of SQLite', () => {
    expect(betterSqlite3.owns(coded('SQLITE_CONSTRAINT_UNIQUE'))).toBe(true);
    expect(betterSqlite3.owns(coded('SQLITE_FULL'))).toBe(true);
    expect(betterSqlite3.classify(coded('SQLITE_FULL'))).toBeUndefined();
    expect(betterSqlite3.classify(coded('SQLITE_CONSTRAINT_UNIQUE'))).toStrictEqual(
      facts('unique_violation', 'CONSTRAINT_UNIQUE', { table: 'users', columns: ['email'] }),
    );
  });

  test.each([
    coded('ER_DUP_ENTRY'),
    coded('CONSTRAINT_UNIQUE'),
    coded(''),
    coded(undefined),
    coded(['SQLITE_CONSTRAINT_UNIQUE']),
    coded({ startsWith: () => true }),
    coded('SQLITE_CONSTRAINT_UNIQUE', { message: `${UNIQUE}users.email` }),
    coded('SQLITE_CONSTRAINT_UNIQUE', []),
  ])('is nothing else: %j', (other) => {
    expect([betterSqlite3.owns(other), betterSqlite3.classify(other)]).toEqual([false, undefined]);
  });
});
