import { describe, expect, test } from 'vitest';
import { fixtures } from '../fixtures/load.ts';
import { neon } from '../src/drivers/neon.ts';
import { pglite } from '../src/drivers/pglite.ts';
import { postgres } from '../src/drivers/postgres.ts';
import { defineConflicts } from '../src/index.ts';

// Drivers that speak to one server: each error is told from those of the others, in whatever order they are asked.

const SIBLINGS = [postgres, pglite, neon];
const DRIVERS = ['pg', ...SIBLINGS.map(({ name }) => name)];

describe.each(SIBLINGS)('the translator of $name', ({ name, owns }) => {
  test.each(DRIVERS.filter((driver) => driver !== name))('leaves what %s throws to it', (driver) => {
    for (const { name: fixture, error } of fixtures(driver)) expect(owns(error), fixture).toBe(false);
  });
});

test('every error is read by the translator of the driver that threw it', () => {
  for (const drivers of [SIBLINGS, [...SIBLINGS].reverse()]) {
    const { classify } = defineConflicts({ drivers });
    for (const driver of DRIVERS) {
      for (const { name, error, violation } of fixtures(driver)) {
        expect(classify(error) ?? null, `${driver}/${name}`).toEqual(violation);
      }
    }
  }
});

test("what neon's fetch threw is a failure of the connection by a code of the network only", () => {
  const thrown = (code: unknown) =>
    Object.assign(new Error('fetch failed'), { name: 'NeonDbError', sourceError: { cause: { code } } });
  expect(neon.classify(thrown('ECONNREFUSED'))).toEqual({
    ...{ kind: 'connection_failure', driver: 'neon', dialect: 'postgresql', code: 'ECONNREFUSED' },
  });
  for (const code of ['ERR_INVALID_URL', 7, undefined]) expect(neon.classify(thrown(code))).toBeUndefined();
});

test("neon's errors are known by their name where a copy has lost what fetch threw", () => {
  const copy = Object.assign(new Error('duplicate key'), { name: 'NeonDbError', code: '23505' });
  expect(neon.owns(copy)).toBe(true);
  expect(neon.classify(copy)).toMatchObject({ kind: 'unique_violation', driver: 'neon' });
  expect(neon.owns(Object.assign(new Error('any'), { name: 'NeonDbError' }))).toBe(false);
});
