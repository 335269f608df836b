import { describe, expect, test } from 'vitest';
import { fixtures } from '../fixtures/load.ts';
import { RESULT_CODES, resultCodeOf } from '../src/dialects/sqlite.ts';
import { libsql } from '../src/drivers/libsql.ts';
import { mariadb } from '../src/drivers/mariadb.ts';
import { mysql } from '../src/drivers/mysql.ts';
import { mysql2 } from '../src/drivers/mysql2.ts';
import { nodeSqlite } from '../src/drivers/node-sqlite.ts';
import { pg } from '../src/drivers/pg.ts';
import { sqlite3 } from '../src/drivers/sqlite3.ts';
import { classify } from '../src/index.ts';
import { captured } from './violations.ts';

// Texts of servers that nothing here runs: the templates are the servers' own (errmsg files), or as reported.

function mysqlError(errno: number, sqlState: string, sqlMessage: string): Error {
  return Object.assign(new Error(sqlMessage), { errno, sqlState, sqlMessage });
}

describe('a message of MySQL or MariaDB', () => {
  test('in Chinese has its foreign key in full-width parentheses', () => {
    const text =
      '无法添加或更新子行：外键约束失败（`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`c`) REFERENCES `d` (`id`)）';
    expect(classify(mysqlError(1452, '23000', text))).toEqual({
      kind: 'foreign_key_violation',
      driver: 'mysql2',
      code: '1452',
      sqlState: '23000',
      direction: 'parent_missing',
      schema: 'shop',
      table: 'orders',
      constraint: 'fk',
      columns: ['c'],
      referencedTable: 'd',
      referencedColumns: ['id'],
    });
  });

  test('in Italian has a backtick for an accent', () => {
    expect(classify(mysqlError(1048, '23000', "La colonna 'email' non puo` essere nulla"))).toMatchObject({
      columns: ['email'],
    });
  });

  test('in Dutch names more than the table in quotes, and then none is read', () => {
    const text = "Kan niet opslaan naar table 'users' vanwege 'unique' beperking";
    expect(classify(mysqlError(1169, '23000', text))).not.toHaveProperty('table');
  });

  test('in French has an apostrophe before the name', () => {
    expect(classify(mysqlError(1048, '23000', "L'attribut 'email' ne peut être vide"))).toMatchObject({
      columns: ['email'],
    });
  });

  test('of a foreign key that ends early gives what it has said', () => {
    const text = 'a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`c`) REFERENCES `d`)';
    expect(classify(mysqlError(1452, '23000', text))).toEqual({
      ...{ kind: 'foreign_key_violation', driver: 'mysql2', code: '1452', sqlState: '23000' },
      ...{ direction: 'parent_missing', schema: 'shop', table: 'orders', constraint: 'fk', columns: ['c'] },
    });
  });

  test('of MariaDB may begin a name with a backtick', () => {
    expect(classify(mysqlError(4025, '23000', 'CONSTRAINT `q` failed for ```sh`.`t`'))).toMatchObject({
      ...{ constraint: 'q', schema: '`sh', table: 't' },
    });
  });

  test('of MariaDB doubles a backtick inside a name', () => {
    expect(classify(mysqlError(4025, '23000', 'CONSTRAINT `q` failed for `shop`.`it``ems`'))).toMatchObject({
      constraint: 'q',
      schema: 'shop',
      table: 'it`ems',
    });
  });

  test('that Vitess has put into its own, with the statement, gives no name', () => {
    const text =
      "target: ks.-.primary: vttablet: rpc error: code = AlreadyExists desc = Duplicate entry 'a' for key 'users.uq' " +
      `(errno 1062) (sqlstate 23000) (CallerID: x): Sql: "insert into t values ('s3cret')"`;
    expect(classify(mysqlError(1062, '23000', text))).toEqual({
      kind: 'unique_violation',
      driver: 'mysql2',
      code: '1062',
      sqlState: '23000',
    });
  });

  test.each([
    [3819, "Check constraint 'x' is violated."],
    [1062, "Duplicate entry 'a' for key 'users.uq'"],
  ])('with the state of SIGNAL is what SIGNAL raised, whatever its number: %i', (errno, text) => {
    expect(classify(mysqlError(errno, '45000', text))).toEqual({
      kind: 'raise_exception',
      driver: 'mysql2',
      code: String(errno),
      sqlState: '45000',
    });
  });
});

function sqliteError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}

describe('a message of PostgreSQL', () => {
  const state = (message: string, more: object = {}) =>
    Object.assign(new Error(message), {
      ...{ severity: 'ERROR', code: 'P0001', routine: 'exec_stmt_raise', file: 'pl_exec.c', length: 99 },
      ...more,
    });
  const raised = (condition?: string) => ({
    ...{ kind: 'raise_exception', driver: 'pg', dialect: 'postgresql', code: 'P0001', sqlState: 'P0001' },
    ...(condition && { condition }),
  });

  test.each([
    'update "o" set "state" = $1 where "id" = $2',
    'update "shop"."o" as "x" set "state" = $1',
    'update only o set n = n - 1 where (a - b) > $1',
    'insert into "o" ("a", "b") values ($1, $2) returning "id"',
    'with recursive "t" as (select 1) delete from "o" where "id" = $1',
    'merge into "o" using "p" on (o.a = p.a) when matched then delete',
  ])('is what RAISE raised behind what Knex puts before it: %s', (statement) => {
    const message = `${statement} - order_already_shipped`;
    expect(classify(state(message))).toEqual(raised('order_already_shipped'));
    const converted = state(`${message}\n - detail: a - b`, { detail: 'a - b' });
    expect(classify(converted)).toEqual(raised('order_already_shipped'));
    expect(classify(state(`${statement} - Order a - order_already_shipped`))).toEqual(raised());
    expect(classify(state(`${statement} - x - order_already_shipped`))).toEqual(raised());
  });

  test.each([
    'Cannot ship - order_already_shipped',
    'Select a plan - x',
    'Update plan set x - y',
    'a - b',
    'select a - b',
  ])('is nobody’s name because of what it ends with: %s', (message) => {
    expect(classify(state(message))).toEqual(raised());
  });
});

describe('a detail of PostgreSQL', () => {
  const missing = (detail: string) =>
    classify(Object.assign(captured('pg/postgresql-18/foreign-key-parent-missing'), { detail }));

  test.each(['a)=(1) is not present in table "customers".', 'Key ()=(1) is not present in table "customers".'])(
    'that nobody has written has no columns: %s',
    (detail) => {
      expect(missing(detail)).toMatchObject({ kind: 'foreign_key_violation', direction: 'parent_missing' });
      expect(missing(detail)).not.toHaveProperty('columns');
    },
  );
});

describe('a message of SQLite', () => {
  const FAILED = 'FOREIGN KEY constraint failed';
  const raise = 'SQLITE_CONSTRAINT_TRIGGER';
  const restricted = {
    kind: 'foreign_key_violation',
    driver: 'better-sqlite3',
    dialect: 'sqlite',
    code: raise,
    direction: 'still_referenced',
  };
  const raised = (condition?: string) => ({
    kind: 'raise_exception',
    driver: 'better-sqlite3',
    dialect: 'sqlite',
    code: raise,
    ...(condition && { condition }),
  });

  test.each([
    FAILED,
    `SqliteError: ${FAILED}`,
    "delete from `countries` where `code` = 'de' - FOREIGN KEY constraint failed",
    "update `countries` set `rank` = `rank` - 1, `name` = 'O\\'Brien' where `code` = 'de' - FOREIGN KEY constraint failed",
    "\n  DELETE FROM countries WHERE name = 'it''s' - FOREIGN KEY constraint failed",
    `insert or replace into "a - b" values ('x - y') - FOREIGN KEY constraint failed`,
    "with gone as (select 1) delete from t where a = '`' - FOREIGN KEY constraint failed",
    "delete from t -- don't\n where a = 1 - FOREIGN KEY constraint failed",
    '/* app - web */ delete from `p` where `id` = 1 - FOREIGN KEY constraint failed',
    '-- app - web\n-- again\ndelete from p /* a - b */ where id = 1 - FOREIGN KEY constraint failed',
    'update `p` as `x` set `id` = 2 - FOREIGN KEY constraint failed',
    'update main.p x set id = 2 - FOREIGN KEY constraint failed',
    'update "two words" as "t w" set "id" = 2 - FOREIGN KEY constraint failed',
    'update or ignore [p - q] indexed by p_id set id = 2 - FOREIGN KEY constraint failed',
    'update p not indexed set (id, n) = (2, 3) - FOREIGN KEY constraint failed',
    'with recursive `t` as (select 1) delete from `p` - FOREIGN KEY constraint failed',
    'with t(a, b) as (select 1, 2) delete from p - FOREIGN KEY constraint failed',
    'delete from p where (n - m) > 0 - FOREIGN KEY constraint failed',
    'delete from p where id in (select a - b from q) - FOREIGN KEY constraint failed',
  ])('is RESTRICT behind what an ORM puts before it: %s', (message) => {
    expect(classify(sqliteError(raise, message))).toEqual(restricted);
  });

  test.each([
    'order_already_shipped',
    'SqliteError: order_already_shipped',
    "update `shipments` set `state` = 'lost' where `id` = 1 - order_already_shipped",
    "insert into `t` (`a`) values ('x - FOREIGN KEY constraint failed') - order_already_shipped",
    "insert into `t` (`a`) values ('\\' - FOREIGN KEY constraint failed') - order_already_shipped",
    '/* x - FOREIGN KEY constraint failed */ update `p` as `x` set `id` = 2 - order_already_shipped',
    "with recursive `t` as (select '(') delete from `p` where `a` = ')' - order_already_shipped",
  ])('is what RAISE raised behind what an ORM puts before it: %s', (message) => {
    expect(classify(sqliteError(raise, message))).toEqual(raised('order_already_shipped'));
  });

  // RAISE takes an expression since SQLite 3.47, and so may repeat a value.
  test.each([
    'Cannot ship - closed',
    `Bad name: x - ${FAILED}`,
    `Update refused for x - ${FAILED}`,
    "insert into `t` (`name`) values ('x') - Bad name: x - FOREIGN KEY constraint failed",
    "insert into `t` (`name`) values ('x') - Bad name: x - order_already_shipped",
    "update `t` set `name` = 'x' - Cannot ship - closed",
    `Update the plan set for x - ${FAILED}`,
    `Update plan set x - ${FAILED}`,
    'With a plan - order_already_shipped',
    `/* x - ${FAILED}`,
    `(x - ${FAILED}`,
    // A subtraction of names, or a RAISE of these words.
    'delete from p where n - m > 0 - FOREIGN KEY constraint failed',
    'update `p` as `x` set `id` = 2 - x - FOREIGN KEY constraint failed',
    `${FAILED}: orders`,
    `x ${FAILED}`,
  ])('is nobody’s name and no RESTRICT because of what it ends with: %s', (message) => {
    expect(classify(sqliteError(raise, message))).toEqual(raised());
  });

  test.each([
    ['SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: users.email'],
    ['SQLITE_CONSTRAINT_NOTNULL', 'NOT NULL constraint failed: users.email'],
    ['SQLITE_CONSTRAINT_DATATYPE', 'cannot store TEXT value in INT column users.email'],
  ])('of %s gives the column at its end, whatever a value before it holds', (code, text) => {
    const values = [
      'UNIQUE constraint failed: a.b',
      'cannot store TEXT value in INT column a.b',
      'a column b.c',
      ' - ',
    ];
    for (const value of values) {
      const message = `insert into \`users\` (\`email\`) values ('${value}') - ${text}`;
      expect(classify(sqliteError(code, message))).toMatchObject({ table: 'users', columns: ['email'] });
    }
  });

  test('of a key is read alike the first time and later, however many keys there are', () => {
    for (let turn = 0; turn < 2; turn++) {
      for (let at = 0; at < 1100; at++) {
        const message = `UNIQUE constraint failed: tenant_${at}.a, tenant_${at}.b`;
        const facts = classify(sqliteError('SQLITE_CONSTRAINT_PRIMARYKEY', message));
        expect(facts).toMatchObject({ table: `tenant_${at}`, columns: ['a', 'b'], primaryKey: true });
        expect(classify(sqliteError('SQLITE_CONSTRAINT_UNIQUE', message))).not.toHaveProperty('primaryKey');
      }
    }
  });

  test('of a key gives columns that nobody can change for the next error', () => {
    const error = () => sqliteError('SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: users.nick');
    expect(() => (classify(error()) as unknown as { columns: string[] }).columns.push('x')).toThrow(TypeError);
    expect(classify(error())?.columns).toEqual(['nick']);
  });

  test('of an odd name of a column is no type that SQLite has', () => {
    const message = 'cannot store TEXT value in INT column typed.cannot store x value in INT column y';
    expect(classify(sqliteError('SQLITE_CONSTRAINT_DATATYPE', message))).toMatchObject({
      table: 'typed',
      columns: ['cannot store x value in INT column y'],
    });
  });
});

describe('a message of SQLite of which the primary code is known', () => {
  const primary = (message: string) => Object.assign(sqliteError('SQLITE_CONSTRAINT', message), { errno: 19 });
  const unique = {
    kind: 'unique_violation',
    driver: 'sqlite3',
    dialect: 'sqlite',
    code: 'SQLITE_CONSTRAINT',
    table: 'users',
    columns: ['email'],
  };

  test.each([
    'SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email',
    "insert into `users` (`email`) values ('x') - SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email",
    "insert into `users` values ('x - SQLITE_CONSTRAINT: CHECK constraint failed: a') - SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email",
  ])('tells its kind behind what an ORM puts before it: %s', (message) => {
    expect(sqlite3.classify(primary(message))).toEqual(unique);
  });

  test.each([
    'UNIQUE constraint failed: users.email',
    'SQLITE_CONSTRAINT: UNIQUE constraint failed: you cannot do this',
    'SQLITE_CONSTRAINT: NOT NULL constraint failed: nothing',
    'SQLITE_CONSTRAINT: CHECK constraint failed: ',
    'SQLITE_CONSTRAINT: Bad name: UNIQUE constraint failed: users.email',
    'SQLITE_CONSTRAINT: Bad name: SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email',
    'SQLITE_CONSTRAINT: FOREIGN KEY constraint failed: orders',
    'SQLITE_CONSTRAINT: cannot store it in column a.b',
    'SQLITE_CONSTRAINT: constraint failed',
    'SQLITE_CONSTRAINT',
    '',
  ])('is left alone where the words are not SQLite’s own: %s', (message) => {
    expect(sqlite3.classify(primary(message))).toBeUndefined();
    expect(sqlite3.owns(primary(message))).toBe(true);
  });

  test('is not asked where the extended code is there, too', () => {
    const message = 'SQLITE_CONSTRAINT: UNIQUE constraint failed: areas.id';
    const error = Object.assign(sqliteError('SQLITE_CONSTRAINT', message), {
      extendedCode: 'SQLITE_CONSTRAINT',
      rawCode: 19,
    });
    expect(libsql.classify(error)).toBeUndefined();
    expect(libsql.owns(error)).toBe(true);
  });

  test.each([
    ' - ',
    "'",
    'SQLITE_CONSTRAINT: ',
    ' - SQLITE_CONSTRAINT: ',
    ' ',
    '\\',
    'a ',
    '/*',
    '/**/',
    '--',
    '--\n',
    '""',
    '"a"',
    '[a]',
    '((',
    ' "',
  ])('of a megabyte of %j is read in no time', (piece) => {
    const text = piece.repeat(2 ** 20 / piece.length);
    const before = process.cpuUsage();
    for (const start of [
      '',
      'update ',
      'update a ',
      'update a set ',
      'update "',
      '/*',
      '--',
      'with a ',
      'delete from t ',
      'insert or ',
    ]) {
      sqlite3.classify(primary(start + text));
      classify(sqliteError('SQLITE_CONSTRAINT_TRIGGER', start + text));
    }
    const { user, system } = process.cpuUsage(before);
    // Where mutants are counted each step of the readers takes longer.
    expect((user + system) / 1000).toBeLessThan(process.env.MUTATION === 'true' ? 10_000 : 1000);
  });
});

test('every result code of SQLite that is a violation has its number', () => {
  const numbers = Array.from({ length: 2 ** 16 }, (_, number) => number).filter((number) => resultCodeOf(number));
  expect(new Set(numbers.map(resultCodeOf))).toEqual(new Set(RESULT_CODES.keys()));
  expect(resultCodeOf('2067')).toBeUndefined();
});

describe('drivers of one server', () => {
  const SIBLINGS = [
    { translator: mariadb, others: ['mysql2', 'mysql'] },
    { translator: mysql, others: ['mysql2', 'mariadb'] },
    { translator: sqlite3, others: ['better-sqlite3', 'libsql', 'node-sqlite'] },
    { translator: libsql, others: ['better-sqlite3', 'sqlite3', 'node-sqlite'] },
    { translator: nodeSqlite, others: ['better-sqlite3', 'sqlite3', 'libsql'] },
  ].map((row) => ({ ...row, name: row.translator.name }));

  /** A connection that was lost has the same fields from mysql and from mysql2. */
  const isLost = (error: object): boolean => 'fatal' in error && !('errno' in error && Number(error.errno) > 0);

  test.each(SIBLINGS)('$name takes nobody else’s errors for its own', ({ translator, others }) => {
    for (const { name, error } of others.flatMap((driver) => fixtures(driver))) {
      if (translator === mysql && isLost(error)) continue;
      expect(translator.owns(error), name).toBe(false);
    }
  });

  test.each(SIBLINGS)('$name reads the copies that ORMs make of its errors', ({ translator }) => {
    for (const { name, error, violation } of fixtures(translator.name)) {
      if (violation === null) continue;
      const prefixed = `insert into \`t\` (\`a\`) values ('it\\'s - x') - ${error.message}`;
      class QueryFailedError extends Error {}
      const copies = [
        Object.assign(new QueryFailedError(String(error).replace(/^Error: /, '')), error, { query: 'SELECT 1' }),
        Object.assign(new Error(prefixed), { name: error.name }, error),
      ];
      for (const copy of copies) expect(translator.classify(copy), `${name}: ${copy.message}`).toEqual(violation);
    }
  });
});

test('a message of SQLite that ends early names no column', () => {
  expect(classify(sqliteError('SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: users.'))).toEqual({
    ...{ kind: 'unique_violation', driver: 'better-sqlite3', dialect: 'sqlite', code: 'SQLITE_CONSTRAINT_UNIQUE' },
  });
});

describe('an error of a remote libSQL database whose primary code is known', () => {
  const remote = (message: string) =>
    Object.assign(new Error(message), { name: 'LibsqlError', code: 'SQLITE_CONSTRAINT' });

  test.each(['SQLite error: ', ''])('is told by the text behind "%s"', (server) => {
    const error = remote(`SQLITE_CONSTRAINT: ${server}UNIQUE constraint failed: users.email`);
    expect(libsql.classify(error)).toMatchObject({ kind: 'unique_violation', table: 'users', columns: ['email'] });
  });

  test('is none where nothing is behind the code', () => {
    expect(libsql.classify(remote('UNIQUE constraint failed: users.email'))).toBeUndefined();
  });
});

describe('an error of mysql2', () => {
  test.each([
    'PROTOCOL_CONNECTION_LOST',
    'ECONNREFUSED',
    'ECONNRESET',
    'EPIPE',
    'ETIMEDOUT',
    'ENOTFOUND',
    'EHOSTUNREACH',
  ])('that has lost the connection is told by %s and the mark of the driver', (code) => {
    const lost = Object.assign(new Error('lost'), { code, fatal: true });
    expect(mysql2.classify(lost)).toEqual({ kind: 'connection_failure', driver: 'mysql2', code });
    expect(mysql2.owns(lost)).toBe(true);
    for (const fatal of [undefined, false, 1]) expect(mysql2.owns(Object.assign(lost, { fatal }))).toBe(false);
  });

  test.each([0, -1062, '1062', Number.NaN, undefined])('has a number of the server, which is not %s', (errno) => {
    const error = Object.assign(new Error('any'), { errno, sqlState: '23000', code: 'ER_DUP_ENTRY' });
    expect([mysql2.owns(error), mysql2.classify(error)]).toEqual([false, undefined]);
    expect(mysql2.owns(Object.assign(error, { errno: 1062 }))).toBe(true);
  });
});

describe('an error of pg', () => {
  test.each(['2350', '235055', 23505, [...'23505'], undefined])('has a SQLSTATE, which is not %j', (code) => {
    const error = Object.assign(new Error('any'), { severity: 'ERROR', code });
    expect([pg.owns(error), pg.classify(error)]).toEqual([false, undefined]);
    expect(pg.owns(Object.assign(error, { code: '23505' }))).toBe(true);
  });

  test('is an error that has a severity', () => {
    const fields = { severity: 'ERROR', code: '23505' };
    expect(pg.owns(Object.assign(new Error('any'), fields))).toBe(true);
    for (const other of [fields, Object.assign(new Error('any'), { ...fields, severity: undefined })]) {
      expect([pg.owns(other), pg.classify(other)]).toEqual([false, undefined]);
    }
    expect(pg.values?.({ ...fields, detail: 'Key (email)=(x) already exists.' })).toBeUndefined();
  });

  test('is no error only where Sequelize has caught a duplicate on the server', () => {
    const sql = 'SELECT sequelize_caught_exception FROM t';
    expect(pg.owns({ code: '23505', sql })).toBe(true);
    for (const other of [
      { code: '23503', sql },
      { code: '23505', sql: ['sequelize_caught_exception'] },
      { code: '23505', sql: 'SELECT 1' },
    ]) {
      expect([pg.owns(other), pg.classify(other)]).toEqual([false, undefined]);
    }
  });
});
