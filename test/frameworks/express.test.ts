import { expect, test, vi } from 'vitest';
import byDefault, { expressConflicts } from '../../src/frameworks/express.ts';
import { captured } from '../violations.ts';

// What Express does with it is in test/matrix/frameworks-node.

test('has the four parameters by which Express knows an error handler', () => {
  expect(expressConflicts()).toHaveLength(4);
});

test('hands over what is not its own, and everything after the head was sent, without a look at the response', () => {
  const handle = expressConflicts();
  const untouched = { headersSent: false } as Parameters<typeof handle>[2];
  const begun = { headersSent: true } as Parameters<typeof handle>[2];
  const unique = captured('pg/postgresql-18/unique');
  const bug = new TypeError('a bug');
  const next = vi.fn();
  handle(bug, {}, untouched, next);
  handle('a string', {}, untouched, next);
  handle(unique, {}, begun, next);
  expect(next.mock.calls).toEqual([[bug], ['a string'], [unique]]);
  expect(next.mock.calls[2]?.[0]).toBe(unique);
});

test('is the default export, too', () => {
  expect(byDefault).toBe(expressConflicts);
});
