import { beforeEach, describe, expect, test } from 'vitest';
import {
  explainForeignKey,
  explainForeignKeys,
  loadCatalog,
  type SqliteConnection,
} from '../../../src/catalog/index.ts';
import { defineConflicts } from '../../../src/index.ts';
import { ENDING, MISSING, ORDERS, RESTRICTED, SCHEMA, STATEMENTS } from '../../catalog/foreign-keys.ts';

// What the catalog makes of node:sqlite: the same as of better-sqlite3, which the other tests use.

/** What is used of node:sqlite. Source: https://nodejs.org/api/sqlite.html */
interface Database extends SqliteConnection {
  readonly isTransaction: boolean;
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

interface Statement {
  all(...values: unknown[]): readonly Record<string, unknown>[];
  get(...values: unknown[]): unknown;
  run(...values: unknown[]): unknown;
  iterate(...values: unknown[]): Iterable<unknown>;
}

// A literal would make the bundler of the tests look for a package of this name.
const MODULE: string = 'node:sqlite';
const { DatabaseSync }: { readonly DatabaseSync: new (path: string) => Database } = await import(MODULE);

let database: Database;

beforeEach(() => {
  database = new DatabaseSync(':memory:');
  database.exec(SCHEMA);
  return () => database.close();
});

/** Each row of each table, and what a connection is set to: nothing of it may change. */
function stateOf(): unknown {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  return {
    rows: tables.map(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all()),
    temporary: database.prepare('SELECT name FROM sqlite_temp_schema').all(),
    settings: ['defer_foreign_keys', 'recursive_triggers', 'foreign_keys'].map((name) =>
      database.prepare(`PRAGMA ${name}`).get(),
    ),
    isTransaction: database.isTransaction,
  };
}

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Expected it to throw');
}

describe('explainForeignKey()', () => {
  test.each(STATEMENTS)('names what %s breaks', (sql, explanation) => {
    for (const begin of ['', 'BEGIN; INSERT INTO staff VALUES (50, 1)']) {
      database.exec(begin);
      const before = stateOf();
      expect(explainForeignKey(database, () => database.prepare(sql).run())).toEqual(explanation);
      expect(stateOf()).toEqual(before);
    }
  });
});

describe('explainForeignKeys()', () => {
  test.each(STATEMENTS)('completes what %s throws, however it is run', (sql, explanation) => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    const before = stateOf();
    for (const run of [
      () => database.exec(sql),
      () => database.prepare(sql).run(),
      () => database.prepare(sql).get(),
      () => database.prepare(sql).all(),
      () => [...database.prepare(sql).iterate()],
    ]) {
      expect(classify(thrownBy(run))).toMatchObject({
        kind: 'foreign_key_violation',
        dialect: 'sqlite',
        ...explanation,
      });
      expect(stateOf()).toEqual(before);
    }
  });

  test('knows the values of a statement', () => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    const statement = database.prepare('INSERT INTO orders (customer_id) VALUES ($customer)');
    expect(classify(thrownBy(() => statement.run({ $customer: 42 })))).toMatchObject({ ...ORDERS, ...MISSING });
  });

  test.each(ENDING)('leaves a transaction as it is that the second run would end: %s', (_, body) => {
    database.exec(RESTRICTED);
    database.exec(`CREATE TRIGGER p_gone AFTER DELETE ON p BEGIN ${body} END`);
    const driver = explainForeignKeys(database);
    for (const run of [
      () => database.prepare('DELETE FROM p WHERE id >= ?').run(1),
      () => [...database.prepare('DELETE FROM p RETURNING id').iterate()],
      () => database.exec('DELETE FROM p'),
    ]) {
      database.exec('BEGIN; INSERT INTO log VALUES (1)');
      const before = stateOf();
      const error = thrownBy(run);
      expect(error).toMatchObject({ message: 'FOREIGN KEY constraint failed' });
      expect(driver.owns(error)).toBe(false);
      expect(stateOf()).toEqual(before);
      database.exec('ROLLBACK');
    }
  });

  test.each(['INSERT INTO c VALUES (9, 42); ROLLBACK;', 'INSERT INTO c VALUES (9, 42); COMMIT'])(
    'runs nothing that the first run did not come to: %s',
    (sql) => {
      database.exec(RESTRICTED);
      const driver = explainForeignKeys(database);
      database.exec('BEGIN; INSERT INTO log VALUES (1)');
      const before = stateOf();
      const error = thrownBy(() => database.exec(sql));
      expect(driver.owns(error)).toBe(false);
      expect(stateOf()).toEqual(before);
    },
  );

  test('names what a COMMIT finds without another COMMIT', () => {
    const { classify } = defineConflicts({ drivers: [explainForeignKeys(database)] });
    database.exec('BEGIN; INSERT INTO invoices VALUES (1, 42)');
    const before = stateOf();
    for (const run of [() => database.exec('COMMIT'), () => database.prepare('COMMIT').run()]) {
      expect(classify(thrownBy(run))).toMatchObject({ table: 'invoices', constraint: 'invoices_customer_fkey' });
      expect(stateOf()).toEqual(before);
    }
  });
});

test('a catalog is read', async () => {
  const { dialect, constraints } = await loadCatalog(database);
  expect(dialect).toBe('sqlite');
  expect(constraints).toContainEqual(expect.objectContaining({ name: "the city's region", onDelete: 'restrict' }));
});
