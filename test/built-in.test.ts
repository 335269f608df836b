import { expect, test } from 'vitest';
import { isLikely } from '../src/built-in.ts';

const ERRORS: readonly (readonly [object, boolean])[] = [
  [{ code: '23505' }, true],
  [{ code: 'P2034' }, true],
  [{ code: 'SQLITE_BUSY' }, true],
  [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: true }, true],
  [{ errno: 1062 }, true],
  [{ code: 'ER_DUP_ENTRY', errno: 1 }, true],
  [{ name: 'DriverAdapterError' }, true],
  [new Error('text'), false],
  [new Error('SQLITE_BUSY'), false],
  [{ code: 'ECONNREFUSED', errno: -111 }, false],
  [{ code: 'ECONNREFUSED', errno: 0 }, false],
  [{ code: 'ERR_INVALID_ARG_TYPE' }, false],
  [{ code: 23505 }, false],
  [{ code: ['2', '3', '5', '0', '5'] }, false],
  [{ code: '' }, false],
  [{ errno: '1062' }, false],
  [{ fatal: true }, false],
  [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: 1 }, false],
  [{ code: 'PROTOCOL_CONNECTION_LOST', fatal: false }, false],
];

test('only what may be an error of a built-in driver is given to all of them', () => {
  expect(ERRORS.map(([error]) => [error, isLikely(error)])).toEqual(ERRORS);
});
