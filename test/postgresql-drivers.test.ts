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
