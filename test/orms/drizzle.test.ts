import { expect, expectTypeOf, test } from 'vitest';
import { fixtures } from '../../fixtures/load.ts';
import { isConflict } from '../../src/index.ts';
import drizzleDefault, { drizzleConflicts } from '../../src/orms/drizzle.ts';

const [unique] = fixtures('pg').filter(({ name }) => name === 'postgresql-18/unique');
const run = drizzleConflicts();

/** A builder as Drizzle has it: it begins when it is awaited. */
function builder<T>(begin: () => Promise<T>): PromiseLike<T> & { readonly begun: number } {
  let begun = 0;
  return {
    get begun() {
      return begun;
    },
    // biome-ignore lint/suspicious/noThenProperty: a builder of Drizzle is one
    then(resolve, reject) {
      begun++;
      return begin().then(resolve, reject);
    },
  };
}

/** Source: https://github.com/drizzle-team/drizzle-orm/blob/0.45.1/drizzle-orm/src/errors.ts */
const failed = Object.assign(new Error('Failed query: insert …\nparams: alice@example.com'), {
  ...{ query: 'insert …', params: ['alice@example.com'], cause: unique?.error },
});

test('begins a builder once, and gives its result with its type', async () => {
  const query = builder(async () => [{ id: 1 }]);
  const rows = await run(query);
  expect(rows).toEqual([{ id: 1 }]);
  expect(query.begun).toBe(1);
  expectTypeOf(rows).toEqualTypeOf<{ id: number }[]>();
  expectTypeOf(await run(() => 7)).toEqualTypeOf<number>();
  expectTypeOf(await run(async () => 'a')).toEqualTypeOf<string>();
  expect(drizzleDefault).toBe(drizzleConflicts);
});

test.each([
  ['a builder', builder(() => Promise.reject(failed))],
  ['a function', () => Promise.reject(failed)],
  [
    'a synchronous function',
    () => {
      throw failed;
    },
  ],
])('throws the conflict of %s', async (_what, query) => {
  const thrown: unknown = await run(query as () => Promise<never>).catch((error: unknown) => error);
  expect(isConflict(thrown, 'duplicate') && thrown.cause).toBe(failed);
  expect(JSON.stringify(thrown)).not.toContain('alice');
});

test('hands every other error on', async () => {
  for (const other of [new Error('other'), undefined, 'text']) {
    expect(await run(() => Promise.reject(other)).catch((error: unknown) => error)).toBe(other);
  }
});
