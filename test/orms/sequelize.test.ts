import { expect, expectTypeOf, test } from 'vitest';
import { defineConflicts, isConflict } from '../../src/index.ts';
import sequelizeDefault, { sequelizeConflicts } from '../../src/orms/sequelize.ts';

const native = Object.assign(new Error('duplicate key'), {
  code: '23505',
  severity: 'ERROR',
  constraint: 'orgs_slug_key',
});
const wrapped = Object.assign(new Error('Validation error'), {
  name: 'SequelizeUniqueConstraintError',
  original: native,
});

const run = sequelizeConflicts(defineConflicts({ onUnregistered() {} }));

test('throws conflicts, whether a promise rejects or a function throws', async () => {
  const works = [
    Promise.reject(wrapped),
    () => Promise.reject(wrapped),
    () => {
      throw wrapped;
    },
  ];
  for (const work of works) {
    const error = await run(work).catch((error: unknown) => error);
    expect(isConflict(error, 'duplicate')).toBe(true);
    expect((error as Error).cause).toBe(wrapped);
  }
});

test('throws an optimistic lock as a version mismatch', async () => {
  const stale = Object.assign(new Error('stale'), { name: 'SequelizeOptimisticLockError' });
  const error = await run(Promise.reject(stale)).catch((error: unknown) => error);
  expect(isConflict(error, 'version_mismatch')).toBe(true);
});

test('hands results and all other errors on', async () => {
  const result = { id: 1 };
  expect(await run(Promise.resolve(result))).toBe(result);
  const found = run(() => Promise.resolve(result));
  expectTypeOf(found).toEqualTypeOf<Promise<{ id: number }>>();
  expect(await found).toBe(result);
  expect(await run(() => 1)).toBe(1);
  const other = new Error('other');
  await expect(run(Promise.reject(other))).rejects.toBe(other);
});

test('knows no rules without conflicts, and is exported under its name and as the default', async () => {
  const error = await sequelizeConflicts()(Promise.resolve(1));
  expect(error).toBe(1);
  expect(sequelizeDefault).toBe(sequelizeConflicts);
});
