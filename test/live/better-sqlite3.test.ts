import { describe, expect, test } from 'vitest';
import { provokeSqlite, runStatement, type SqliteWay, sqliteDatabase } from '../../fixtures/scenarios/run-sqlite.ts';
import { SQLITE } from '../../fixtures/scenarios/sqlite.ts';
import { classify } from '../../src/index.ts';
import { describeLive, testScenarios } from './describe-live.ts';

const WAYS: Readonly<Record<string, SqliteWay>> = {
  'exec()': (database, statement) => database.exec(statement),
  'a transaction()': (database, statement) => database.transaction(() => runStatement(database, statement))(),
  'an immediate transaction()': (database, statement) =>
    database.transaction(() => runStatement(database, statement)).immediate(),
};

describeLive('sqlite', (database) => {
  describe('by run()', () => {
    testScenarios(database, SQLITE, (scenario) => provokeSqlite(scenario));
  });

  // A statement that ends a transaction has no place within one.
  const statements = SQLITE.filter(({ sql }) => sql && sql.at(-1) !== 'COMMIT');
  for (const [name, way] of Object.entries(WAYS)) {
    describe(`by ${name}`, () => {
      testScenarios(database, statements, (scenario) => provokeSqlite(scenario, way));
    });
  }

  test('reads a deferred foreign key that fails when transaction() commits', () => {
    const file = sqliteDatabase();
    const pay = file.transaction(() => file.exec('INSERT INTO payments VALUES (1, 42)'));
    let error: unknown;
    try {
      pay();
    } catch (thrown) {
      error = thrown;
    }
    file.close();
    expect(classify(error)).toEqual({
      kind: 'foreign_key_violation',
      driver: 'better-sqlite3',
      dialect: 'sqlite',
      code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
    });
  });
});
