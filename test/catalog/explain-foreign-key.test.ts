import BetterSqlite3, { type Database } from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { sqliteDatabase } from '../../fixtures/scenarios/run-sqlite.ts';
import { SQLITE } from '../../fixtures/scenarios/sqlite.ts';
import { explainForeignKey, explainForeignKeys } from '../../src/catalog/index.ts';
import { defineConflicts, isConflict } from '../../src/index.ts';
import { ENDING, MISSING, ORDERS, REFERENCED, RESTRICTED, SCHEMA, STATEMENTS } from './foreign-keys.ts';

/** Each row of each table, and what a connection is set to: nothing of it may change. */
function stateOf(database: Database): unknown {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
  return {
    rows: tables.map((table) => database.prepare(`SELECT * FROM "${table}"`).all()),
    temporary: database.prepare('SELECT name FROM sqlite_temp_schema').all(),
    settings: ['defer_foreign_keys', 'recursive_triggers', 'foreign_keys'].map((name) => database.pragma(name)),
    inTransaction: database.inTransaction,
  };
}

let database: Database;

beforeEach(() => {
  database = new BetterSqlite3(':memory:').exec(SCHEMA);
  return () => database.close();
});

describe('explainForeignKey()', () => {
  test.each(STATEMENTS)('names what %s breaks', (sql, explanation) => {
    const before = stateOf(database);
    const statement = database.prepare(sql);
    expect(() => statement.run()).toThrow('FOREIGN KEY constraint failed');
    expect(explainForeignKey(database, () => statement.run())).toEqual(explanation);
    expect(stateOf(database)).toEqual(before);
  });

  test.each(STATEMENTS)('names it within a transaction, which goes on: %s', (sql, explanation) => {
    database.exec("BEGIN; INSERT INTO customers VALUES (3, 'c@example.com')");
    const before = stateOf(database);
    const statement = database.prepare(sql);
    expect(() => statement.run()).toThrow('FOREIGN KEY constraint failed');
    expect(explainForeignKey(database, () => statement.run())).toEqual(explanation);
    expect(stateOf(database)).toEqual(before);
    // The check is on again, and what the transaction has done before is still there.
    expect(() => statement.run()).toThrow('FOREIGN KEY constraint failed');
    database.exec('COMMIT');
    expect(database.prepare('SELECT count(*) FROM customers').pluck().get()).toBe(3);
  });

  test('is not misled by rows that broke a reference before', () => {
    database.exec(`PRAGMA foreign_keys = OFF; INSERT INTO items VALUES (70, 700); INSERT INTO cities VALUES ('x', 'xx', '9');
      INSERT INTO orders VALUES (80, 800, NULL); PRAGMA foreign_keys = ON`);
    const run = () => database.exec('DELETE FROM customers WHERE id = 1');
    expect(explainForeignKey(database, run)).toEqual({ ...ORDERS, ...REFERENCED });
  });

  test('gives what several broken references have in common', () => {
    database.exec('INSERT INTO invoices VALUES (1, 2)');
    const run = () => database.exec('DELETE FROM customers');
    expect(explainForeignKey(database, run)).toEqual({
      ...{ columns: ['customer_id'], referencedTable: 'customers', referencedColumns: ['id'] },
      ...REFERENCED,
    });
  });

  test('explains a transaction of the driver that fails at its end', () => {
    const pay = database.transaction(() => database.exec('INSERT INTO invoices VALUES (1, 42)'));
    const before = stateOf(database);
    expect(pay).toThrow('FOREIGN KEY constraint failed');
    expect(explainForeignKey(database, pay)).toEqual({
      ...{ table: 'invoices', columns: ['customer_id'], constraint: 'invoices_customer_fkey' },
      ...{ referencedTable: 'customers', referencedColumns: ['id'], ...MISSING },
    });
    expect(stateOf(database)).toEqual(before);
  });

  test('names what a COMMIT finds, but for the direction, and commits nothing', () => {
    database.exec('BEGIN; INSERT INTO invoices VALUES (1, 42)');
    const commit = () => database.exec('COMMIT');
    expect(commit).toThrow('FOREIGN KEY constraint failed');
    const before = stateOf(database);
    expect(explainForeignKey(database, commit)).toEqual({
      ...{ table: 'invoices', columns: ['customer_id'], constraint: 'invoices_customer_fkey' },
      ...{ referencedTable: 'customers', referencedColumns: ['id'] },
    });
    expect(stateOf(database)).toEqual(before);
    database.exec('ROLLBACK');
  });

  test('commits nothing, whatever runs', () => {
    const before = stateOf(database);
    for (const end of ['COMMIT', 'END', 'ROLLBACK', 'BEGIN', 'RELEASE db_http_errors']) {
      const run = () => database.exec(`INSERT INTO customers VALUES (7, 'x'); ${end}`);
      expect(explainForeignKey(database, run), end).toBeUndefined();
      expect(stateOf(database), end).toEqual(before);
    }
  });

  test('explains what a virtual table and an emptied one are part of', () => {
    database.exec(`
      CREATE TABLE notes (id INTEGER PRIMARY KEY, order_id INTEGER CONSTRAINT notes_order_fkey REFERENCES orders (id));
      CREATE TABLE cache (id INTEGER PRIMARY KEY);
      CREATE VIRTUAL TABLE words USING fts5 (text);
      CREATE TRIGGER notes_words AFTER INSERT ON notes BEGIN
        DELETE FROM cache;
        INSERT INTO words VALUES ('note');
      END;
    `);
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    expect(classify(thrownBy(() => database.exec('INSERT INTO notes VALUES (1, 42)')))).toMatchObject({
      ...{ table: 'notes', constraint: 'notes_order_fkey', columns: ['order_id'] },
      ...MISSING,
    });
    expect(database.prepare('SELECT count(*) FROM words').pluck().get()).toBe(0);
  });

  test('explains a statement that can only run, get and all, as that of node:sqlite', () => {
    const connection = {
      exec: (sql: string) => database.exec(sql),
      prepare(sql: string) {
        const statement = database.prepare(sql);
        const { run, get, all } = statement;
        return { run: run.bind(statement), get: get.bind(statement), all: all.bind(statement) };
      },
    };
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(connection)] });
    const insert = connection.prepare('INSERT INTO orders VALUES (?, ?, NULL)');
    expect(classify(thrownBy(() => insert.run(7, 42)))).toMatchObject({ ...ORDERS, ...MISSING });
  });

  test('explains a reference to a table that is not there', () => {
    database.exec(
      'CREATE TABLE lost (id INTEGER PRIMARY KEY, one INTEGER REFERENCES nowhere (it), other INTEGER REFERENCES nowhere)',
    );
    expect(explainForeignKey(database, () => database.exec('INSERT INTO orders VALUES (7, 42, NULL)'))).toEqual({
      ...ORDERS,
      ...MISSING,
    });
  });

  test('says that what it ran has ended the transaction', () => {
    database.exec('BEGIN; INSERT INTO customers (id) VALUES (3)');
    const run = () => database.exec('INSERT INTO customers (id) VALUES (4); ROLLBACK');
    expect(() => explainForeignKey(database, run)).toThrow('has ended the transaction that was open');
  });

  test('knows nothing of what breaks nothing, or fails in another way', () => {
    const before = stateOf(database);
    expect(explainForeignKey(database, () => database.exec('DELETE FROM jobs'))).toBeUndefined();
    expect(explainForeignKey(database, () => database.exec('INSERT INTO customers VALUES (1, NULL)'))).toBeUndefined();
    expect(explainForeignKey(database, () => database.exec('SELEKT'))).toBeUndefined();
    expect(stateOf(database)).toEqual(before);
  });

  test('takes names with quotes, brackets and words of SQL', () => {
    database.exec(`
      CREATE TABLE "a ""b"" (c)" ("select" INTEGER PRIMARY KEY);
      CREATE TABLE "it's; --" ("x.y" INTEGER, "z" INTEGER, CONSTRAINT "Größe, (odd)" FOREIGN KEY ("x.y") REFERENCES "a ""b"" (c)" ("select"));
    `);
    expect(explainForeignKey(database, () => database.exec(`INSERT INTO "it's; --" VALUES (5, 1)`))).toEqual({
      ...{ table: "it's; --", columns: ['x.y'], constraint: 'Größe, (odd)' },
      ...{ referencedTable: 'a "b" (c)', referencedColumns: ['select'], ...MISSING },
    });
  });

  test('tells two references of the same columns apart', () => {
    database.exec(`CREATE TABLE notes (customer_id INTEGER,
      CONSTRAINT notes_first FOREIGN KEY (customer_id) REFERENCES customers (id),
      CONSTRAINT notes_second FOREIGN KEY (customer_id) REFERENCES staff (id));`);
    const run = () => database.exec('INSERT INTO notes VALUES (42)');
    expect(explainForeignKey(database, run)).toEqual({
      table: 'notes',
      columns: ['customer_id'],
      ...{ referencedColumns: ['id'] },
      ...MISSING,
    });
    database.exec('INSERT INTO customers (id) VALUES (42)');
    expect(explainForeignKey(database, run)).toMatchObject({ constraint: 'notes_second', referencedTable: 'staff' });
  });

  test('refuses what is not synchronous, before it runs', () => {
    let runs = 0;
    const run = async () => runs++;
    expect(() => explainForeignKey(database, run)).toThrow(
      new TypeError('Expected what explainForeignKey() runs to be a synchronous function, got an async function'),
    );
    expect(runs).toBe(0);
    expect(() => explainForeignKey(database, () => Promise.reject(new Error('late')))).toThrow(TypeError);
    expect(() => explainForeignKey(database, 'DELETE' as never)).toThrow(TypeError);
  });

  test.each(SQLITE.filter(({ name, sql }) => name.startsWith('foreign-key-') && sql && sql.at(-1) !== 'COMMIT'))(
    'finds the table of the scenario $name',
    ({ name, sql = [] }) => {
      if (name === 'foreign-key-mismatch') return;
      const own = sqliteDatabase();
      const explanation = explainForeignKey(own, () => own.exec(sql.at(-1) as string));
      own.close();
      expect(explanation).toMatchObject({ table: expect.any(String), referencedTable: expect.any(String) });
    },
  );
});

describe('explainForeignKeys()', () => {
  const rules = {
    orders_customer_fkey: {
      reference_missing: { resource: 'order', fields: ['customer'], detail: 'This customer does not exist.' },
      reference_in_use: { resource: 'customer', detail: 'The customer still has orders.' },
    },
  };

  test('completes what a wrapped repository throws, whatever the repository is', async () => {
    const { wrap } = defineConflicts({ drivers: [explainForeignKeys(database)], rules });
    class Orders {
      readonly #insert = database.prepare('INSERT INTO orders (customer_id) VALUES (?) RETURNING id');
      create(customer: number): unknown {
        return this.#insert.get(customer);
      }
      async later(customer: number): Promise<unknown> {
        await Promise.resolve();
        return this.#insert.all(customer);
      }
    }
    const orders = wrap(new Orders());
    const thrown = (() => {
      try {
        return orders.create(42);
      } catch (error) {
        return error;
      }
    })();
    const before = stateOf(database);
    for (const error of [thrown, await orders.later(42).catch((error: unknown) => error)]) {
      if (!isConflict(error, 'reference_missing')) throw error;
      expect(error.toJSON()).toMatchObject({ detail: 'This customer does not exist.', resource: 'order' });
      expect(error.rule).toBe('orders_customer_fkey');
      expect(error.violation).toEqual({
        ...{ kind: 'foreign_key_violation', driver: 'better-sqlite3', dialect: 'sqlite' },
        ...{ code: 'SQLITE_CONSTRAINT_FOREIGNKEY', ...ORDERS, ...MISSING },
      });
    }
    expect(stateOf(database)).toEqual(before);
  });

  test('explains each statement of a transaction where it failed', () => {
    const { translate } = defineConflicts({ drivers: [explainForeignKeys(database)], rules });
    const sell = database.transaction((customer: number) => {
      database.prepare('INSERT INTO customers (id) VALUES (?)').run(customer);
      database.prepare('INSERT INTO orders (customer_id) VALUES (?)').run(customer + 1);
    });
    const before = stateOf(database);
    try {
      sell(50);
    } catch (error) {
      expect(isConflict(translate(error), 'reference_missing')).toBe(true);
    }
    expect(stateOf(database)).toEqual(before);
    expect.assertions(2);
  });

  test('leaves every other error, and what SQLite says itself, as they are', () => {
    const driver = explainForeignKeys(database);
    const { classify } = defineConflicts({ drivers: [driver] });
    let error: unknown;
    for (const sql of ['SELEKT', 'INSERT INTO customers VALUES (1, NULL)']) {
      try {
        database.exec(sql);
      } catch (thrown) {
        error = thrown;
      }
      expect(driver.owns(error)).toBe(false);
    }
    expect(classify(error)).toMatchObject({ kind: 'unique_violation', columns: ['id'] });
    expect(driver.owns(new Error('FOREIGN KEY constraint failed'))).toBe(false);
  });

  test.each(ENDING)('leaves a transaction as it is that the second run would end: %s', (_, body) => {
    database.exec(RESTRICTED);
    database.exec(`CREATE TRIGGER p_gone AFTER DELETE ON p BEGIN ${body} END`);
    const driver = explainForeignKeys(database);
    const statement = database.prepare('DELETE FROM p WHERE id >= ?');
    for (const run of [
      () => statement.run(1),
      () => database.prepare('DELETE FROM p WHERE id >= ?').bind(1).run(),
      () => database.exec('DELETE FROM p'),
    ]) {
      database.exec('BEGIN; INSERT INTO log VALUES (1)');
      const before = stateOf(database);
      const error = thrownBy(run);
      expect(error).toMatchObject({ message: 'FOREIGN KEY constraint failed' });
      expect(driver.owns(error)).toBe(false);
      expect(stateOf(database)).toEqual(before);
      database.exec('ROLLBACK');
    }
  });

  test('sees the triggers of the rows that REPLACE would delete', () => {
    database.exec(RESTRICTED);
    database.exec(`CREATE TRIGGER p_gone AFTER DELETE ON p BEGIN SELECT RAISE(ROLLBACK, 'no_delete'); END;
      BEGIN; INSERT INTO log VALUES (1)`);
    const driver = explainForeignKeys(database);
    const before = stateOf(database);
    const error = thrownBy(() => database.prepare('REPLACE INTO p VALUES (1, 5), (1, 6)').run());
    expect(error).toMatchObject({ message: 'FOREIGN KEY constraint failed' });
    expect(driver.owns(error)).toBe(false);
    expect(stateOf(database)).toEqual(before);
  });

  test.each([
    'INSERT INTO c VALUES (9, 42); ROLLBACK;',
    'INSERT INTO c VALUES (9, 42); ROLLBACK; INSERT INTO log VALUES (2);',
    'INSERT INTO c VALUES (9, 42); COMMIT',
    'INSERT INTO c VALUES (9, 42); INSERT INTO log VALUES (2)',
  ])('runs nothing that the first run did not come to: %s', (sql) => {
    database.exec(RESTRICTED);
    const driver = explainForeignKeys(database);
    for (const begin of ['', 'BEGIN; INSERT INTO log VALUES (1)']) {
      database.exec(begin);
      const before = stateOf(database);
      const error = thrownBy(() => database.exec(sql));
      expect(error).toMatchObject({ message: 'FOREIGN KEY constraint failed' });
      expect(driver.owns(error)).toBe(false);
      expect(stateOf(database)).toEqual(before);
    }
  });

  test.each([
    "INSERT INTO orders VALUES (9, 42, ';'); -- one; statement\n;",
    'INSERT INTO orders (customer_id) VALUES (42) RETURNING id',
  ])('explains an exec() of one statement: %s', (sql) => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    const before = stateOf(database);
    expect(classify(thrownBy(() => database.exec(sql)))).toMatchObject({ ...ORDERS, ...MISSING });
    expect(stateOf(database)).toEqual(before);
  });

  test('knows the values that are bound for good', () => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    const statement = database.prepare('INSERT INTO orders (customer_id) VALUES (?)').bind(42);
    expect(classify(thrownBy(() => statement.run()))).toMatchObject({ ...ORDERS, ...MISSING });
  });

  test('explains the rows of a statement, when the first is asked for', () => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    const statement = database.prepare('INSERT INTO orders (customer_id) VALUES (?) RETURNING id');
    for (const begin of ['', 'BEGIN; INSERT INTO staff VALUES (50, 1)']) {
      database.exec(begin);
      const before = stateOf(database);
      const rows = statement.iterate(42);
      expect(classify(thrownBy(() => rows.next()))).toMatchObject({ ...ORDERS, ...MISSING });
      expect(classify(thrownBy(() => [...statement.iterate(42)]))).toMatchObject({ ...ORDERS, ...MISSING });
      expect(stateOf(database)).toEqual(before);
    }
    expect([...statement.iterate(1)]).toEqual([{ id: 2 }]);
    expect([...database.prepare('SELECT id FROM customers').pluck().iterate()]).toEqual([1, 2]);
  });

  test.each([
    ['a rowid', 'id INTEGER PRIMARY KEY, up', ''],
    ['a column called rowid', 'id INTEGER PRIMARY KEY, rowid, up', ''],
    ['columns of all its names', 'id TEXT PRIMARY KEY, rowid, OID, _RowId_, up', ''],
    ['no rowid', 'id TEXT PRIMARY KEY, up', 'WITHOUT ROWID'],
  ])('finds a row of a table with %s, where it is in the end', (_, columns, options) => {
    database.exec(`CREATE TABLE tree (${columns}, CONSTRAINT tree_up_fkey FOREIGN KEY (up) REFERENCES customers (id)) ${options};
      CREATE TABLE moves (n); INSERT INTO tree (id, up) VALUES (1, 1), (2, 2);
      CREATE TRIGGER moved AFTER INSERT ON moves BEGIN
        INSERT INTO tree (id, up) VALUES (new.n, 42); UPDATE tree SET id = new.n + 100 WHERE id = new.n; END;
      CREATE TRIGGER mended AFTER DELETE ON moves BEGIN
        INSERT INTO tree (id, up) VALUES (7, 43); DELETE FROM tree WHERE id = 7; INSERT INTO orders (customer_id) VALUES (44); END`);
    const tree = { table: 'tree', columns: ['up'], constraint: 'tree_up_fkey', referencedTable: 'customers' };
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    for (const sql of [
      'INSERT INTO tree (id, up) VALUES (9, 42)',
      'UPDATE tree SET up = 42 WHERE id = 2',
      'UPDATE tree SET up = 42, id = 3 WHERE id = 2',
      'INSERT INTO moves VALUES (5)',
    ]) {
      const before = stateOf(database);
      expect(classify(thrownBy(() => database.exec(sql)))).toMatchObject({ ...tree, ...MISSING });
      expect(stateOf(database)).toEqual(before);
    }
    expect(classify(thrownBy(() => database.exec('DELETE FROM customers WHERE id = 2')))).toMatchObject({
      ...tree,
      ...REFERENCED,
    });
    // A row that has come and gone breaks nothing.
    database.exec('INSERT INTO moves SELECT 1 WHERE false; DROP TRIGGER moved; INSERT INTO moves VALUES (1)');
    expect(classify(thrownBy(() => database.exec('DELETE FROM moves')))).toMatchObject({ ...ORDERS, ...MISSING });
  });

  test('leaves it to the COMMIT to find what was put off before', () => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    database.exec('BEGIN; INSERT INTO invoices VALUES (1, 42)');
    const before = stateOf(database);
    expect(classify(thrownBy(() => database.exec('DELETE FROM items')))).toMatchObject({ table: 'labels' });
    expect(stateOf(database)).toEqual(before);
    expect(() => database.exec('COMMIT')).toThrow('FOREIGN KEY constraint failed');
    expect(database.inTransaction).toBe(true);
  });

  test.each(['OFF', 'ON'])('names what a COMMIT finds without another COMMIT, defer_foreign_keys = %s', (setting) => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    database.exec(`BEGIN; PRAGMA defer_foreign_keys = ${setting}; INSERT INTO invoices VALUES (1, 42)`);
    const before = stateOf(database);
    for (const run of [() => database.exec('COMMIT'), () => database.prepare('COMMIT').run()]) {
      expect(classify(thrownBy(run))).toMatchObject({ table: 'invoices', constraint: 'invoices_customer_fkey' });
      expect(stateOf(database)).toEqual(before);
    }
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Expected it to throw');
}
