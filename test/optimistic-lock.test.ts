import { expect, test } from 'vitest';
import { isOptimisticLockError } from '../src/optimistic-lock.ts';

// The real errors: test/matrix/{typeorm,sequelize,mikro-orm}-*.

function error(name: string, message = 'stale'): Error {
  return Object.assign(new Error(message), { name });
}

test.each(['OptimisticLockVersionMismatchError', 'SequelizeOptimisticLockError', 'OptimisticLockError'])(
  'knows %s',
  (name) => {
    expect(isOptimisticLockError(error(name))).toBe(true);
    expect(isOptimisticLockError({ name, message: 'stale' })).toBe(false);
  },
);

test('leaves a lock on an entity without a version alone', () => {
  const message = 'Cannot obtain optimistic lock on unversioned entity Org';
  expect(isOptimisticLockError(error('OptimisticLockError', message))).toBe(false);
});

test('knows no other error, and never throws', () => {
  const hostile = Object.defineProperty(new Error('stale'), 'name', {
    get() {
      throw new Error('getter');
    },
  });
  const nameless = error('OptimisticLockError');
  Object.defineProperty(nameless, 'message', { value: undefined });
  for (const value of [new Error('stale'), hostile, nameless, undefined, null, 'OptimisticLockError'])
    expect(isOptimisticLockError(value)).toBe(false);
});
