import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import byDefault, { nestConflicts } from '../../src/frameworks/nest.ts';
import { conflict, defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';

// What Nest does with it is in test/matrix/nest-11 and nest-12.

const metadata = new Map<unknown, unknown>();

beforeEach(() => {
  Object.assign(Reflect, {
    defineMetadata: (key: string, value: unknown, target: object) => metadata.set(target, { [key]: value }),
  });
});

afterEach(() => {
  Reflect.deleteProperty(Reflect, 'defineMetadata');
  metadata.clear();
});

/** The type that a filter says it catches. */
function typeOf(filter: object): { [Symbol.hasInstance](exception: unknown): boolean } {
  const read = metadata.get(filter.constructor) as { __filterCatchExceptions__: [never] };
  expect(metadata.get(Object.getPrototypeOf(filter))).toEqual(read);
  return read.__filterCatchExceptions__[0];
}

describe('the type that it catches', () => {
  const isCaught = (exception: unknown, conflicts = defineConflicts()) =>
    typeOf(nestConflicts(conflicts))[Symbol.hasInstance](exception);

  test('has every error of a database, and conflicts', () => {
    expect(isCaught(captured('pg/postgresql-18/unique'))).toBe(true);
    expect(isCaught(captured('pg/postgresql-18/syntax-error'))).toBe(true);
    expect(isCaught(new Error('outer', { cause: captured('pg/postgresql-18/unique') }))).toBe(true);
    expect(isCaught(conflict('version_mismatch'))).toBe(true);
  });

  test('has nothing else', () => {
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('hostile');
        },
      },
    );
    for (const exception of [new TypeError('a bug'), 'a string', undefined, null, 42, hostile]) {
      expect(isCaught(exception)).toBe(false);
    }
  });

  test('has no HttpException, whatever its cause', () => {
    const cause = captured('pg/postgresql-18/unique');
    expect(isCaught(Object.assign(new Error('', { cause }), { getStatus: () => 404 }))).toBe(false);
  });

  test('tells nobody of a constraint without a rule: the answer does', () => {
    const onUnregistered = vi.fn();
    expect(isCaught(captured('pg/postgresql-18/unique'), defineConflicts({ onUnregistered }))).toBe(true);
    expect(onUnregistered).not.toHaveBeenCalled();
  });
});

test.each(['rpc', 'ws', 'graphql'])('leaves a context of %s alone', (type) => {
  const getArgByIndex = vi.fn();
  const filter = nestConflicts();
  expect(filter.catch(captured('pg/postgresql-18/unique'), { getType: () => type, getArgByIndex })).toBeUndefined();
  expect(getArgByIndex).not.toHaveBeenCalled();
});

test('says what is missing before Nest is imported', () => {
  Reflect.deleteProperty(Reflect, 'defineMetadata');
  expect(() => nestConflicts()).toThrow(
    new TypeError(
      'Expected Nest to be imported before nestConflicts() is called, for it brings Reflect.defineMetadata',
    ),
  );
});

test('is the default export, too', () => {
  expect(byDefault).toBe(nestConflicts);
});
