import { expect, test, vi } from 'vitest';
import byDefault, { koaConflicts } from '../../src/frameworks/koa.ts';
import { captured } from '../violations.ts';

// What Koa does with it is in test/matrix/frameworks-node.

type Context = Parameters<ReturnType<typeof koaConflicts>>[0];

test('does nothing when nothing fails', async () => {
  const next = vi.fn(async () => 'ignored');
  await expect(koaConflicts()({} as Context, next)).resolves.toBeUndefined();
  expect(next).toHaveBeenCalledTimes(1);
});

test('throws what is not its own, and everything after the head was sent, without a look at the context', async () => {
  const middleware = koaConflicts();
  for (const error of [new TypeError('a bug'), 'a string', undefined]) {
    const context = { headerSent: false, request: {} } as Context;
    await expect(middleware(context, () => Promise.reject(error))).rejects.toBe(error);
  }
  const unique = captured('pg/postgresql-18/unique');
  const begun = { headerSent: true, request: {} } as Context;
  await expect(middleware(begun, () => Promise.reject(unique))).rejects.toBe(unique);
});

test('is the default export, too', () => {
  expect(byDefault).toBe(koaConflicts);
});
