import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { fixtures } from '../../fixtures/load.ts';
import { betterSqlite3 } from '../../src/drivers/better-sqlite3.ts';
import { mysql2 } from '../../src/drivers/mysql2.ts';
import { pg } from '../../src/drivers/pg.ts';
import { prisma } from '../../src/drivers/prisma.ts';
import { classify, defineConflicts, type Violation } from '../../src/index.ts';
import { hostile, nonErrors } from '../hostile.ts';

// What the contract of each translator tests error by error, in one test a driver: a mutant needs one difference.

const TRANSLATORS = [betterSqlite3, prisma, mysql2, pg];

test.each(TRANSLATORS)('captured errors of $name are read as the schema knows them', ({ name: driver }) => {
  for (const { name, error, violation } of fixtures(driver)) expect(classify(error) ?? null, name).toEqual(violation);
});

test.each(['mysql2', 'prisma'])('a server that the application names only adds facts to those of %s', (driver) => {
  for (const { name, error, violation, captured } of fixtures(driver)) {
    const { dialect, ...facts } = (violation ?? {}) as Partial<Violation>;
    expect({ ...defineConflicts({ dialect: captured.engine }).classify(error) }, name).toMatchObject(facts);
  }
});

test.each(TRANSLATORS)('$name owns its errors, those of another realm too, and nothing else', (translator) => {
  for (const { name } of TRANSLATORS) {
    for (const { name: fixture, error, violation } of fixtures(name)) {
      const { message, name: className } = error;
      const foreign = Object.assign(runInNewContext('new Error()'), error, { message, name: className });
      const found = name === translator.name ? violation : null;
      expect([translator.classify(error) ?? null, translator.classify(foreign) ?? null], fixture).toEqual([
        found,
        found,
      ]);
      expect(translator.owns(JSON.parse(JSON.stringify({ ...error, message, name: className }))), fixture).toBe(false);
      if (violation !== null) expect(translator.owns(error), fixture).toBe(name === translator.name);
    }
  }
  for (const value of [...nonErrors(), ...hostile()]) {
    expect([translator.owns(value), translator.classify(value)]).toEqual([false, undefined]);
  }
});
