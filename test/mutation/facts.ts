import { expect, test } from 'vitest';
import { fixtures } from '../../fixtures/load.ts';
import { classify, defineConflicts, type Violation } from '../../src/index.ts';

// What the contract of each translator tests error by error, in one test a driver: a mutant needs one difference.

test.each(['better-sqlite3', 'prisma', 'mysql2', 'pg'])(
  'captured errors of %s are read as the schema knows them',
  (driver) => {
    for (const { name, error, violation } of fixtures(driver)) expect(classify(error) ?? null, name).toEqual(violation);
  },
);

test.each(['mysql2', 'prisma'])('a server that the application names only adds facts to those of %s', (driver) => {
  for (const { name, error, violation, captured } of fixtures(driver)) {
    const { dialect, ...facts } = (violation ?? {}) as Partial<Violation>;
    expect({ ...defineConflicts({ dialect: captured.engine }).classify(error) }, name).toMatchObject(facts);
  }
});
