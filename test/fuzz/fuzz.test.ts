import { expect, test } from 'vitest';
import { pg } from '../../src/drivers/pg.ts';
import type { Translator } from '../../src/translator.ts';
import type { Violation } from '../../src/violation.ts';
import { answers } from './answers.ts';
import { errorsOf, everyDriver } from './errors.ts';
import { readers } from './readers.ts';
import { fuzz } from './target.ts';

// A few inputs of each, always the same; `npm run fuzz` gives a million. And what it would find, it finds.

const drivers = await everyDriver();

test.each([errorsOf(drivers), answers, readers])('$name are read right', { timeout: 30_000 }, async (target) => {
  const { inputs, failures } = await fuzz(target, { seed: 1, inputs: 1500 });
  expect(failures).toEqual([]);
  expect(inputs).toBe(1500);
});

test('an input is made again by its seed and its number', () => {
  const target = errorsOf(drivers);
  expect(target.describe(7, 42)).toEqual(target.describe(7, 42));
  expect(target.describe(7, 42)).not.toEqual(target.describe(7, 43));
});

const message = (error: unknown): string => String((error as Error).message);

test.each<readonly [string, RegExp, (error: unknown, violation: Violation) => Violation | undefined]>([
  [
    'throws',
    /^threw TypeError/,
    (error, violation) => ({ ...violation, table: (error as { table: string }).table.trim() }),
  ],
  [
    'takes the kind from the text',
    /^kind /,
    (error, violation) => (/duplicate|doppelt/.test(message(error)) ? violation : undefined),
  ],
  ['invents a name', /^invented "unknown"/, (_error, violation) => ({ ...violation, table: 'unknown' })],
  ['gives an empty name', /which is no name$/, (_error, violation) => ({ ...violation, table: '' })],
])('a translator that %s is found', async (_name, wrong, classify) => {
  const bad: Translator = {
    ...pg,
    classify(error, dialect) {
      const violation = pg.classify(error, dialect);
      return violation && classify(error, violation);
    },
  };
  const { failures } = await fuzz(errorsOf([bad]), { seed: 1, inputs: 3000, failures: 1 });
  expect(failures).toHaveLength(1);
  expect(failures[0]).toMatchObject({ wrong: expect.stringMatching(wrong), seed: 1, input: { driver: 'pg' } });
});
