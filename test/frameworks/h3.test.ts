import { expect, test } from 'vitest';
import byDefault, { h3Conflicts } from '../../src/frameworks/h3.ts';
import { captured } from '../violations.ts';

// What h3 does with it is in test/matrix/frameworks-web.

const unique = captured('pg/postgresql-18/unique');
const event = { req: new Request('http://localhost/users', { method: 'POST' }) };

/** As h3 1 wraps what is thrown, and knows its errors. */
class Version1 extends Error {
  static readonly __h3_error__ = true;
  readonly unhandled = true;
}

test('answers nothing but errors of a database that h3 wrapped itself', async () => {
  const answer = h3Conflicts();
  expect(answer(Object.assign(new Error(), { unhandled: true, cause: unique }), event)?.status).toBe(409);
  expect(answer(Object.assign(new Error(), { unhandled: true, cause: new TypeError('a bug') }), event)).toBeUndefined();
  expect(answer(Object.assign(new Error(), { unhandled: true, cause: 'a string' }), event)).toBeUndefined();
  expect(answer(Object.assign(new Error(), { cause: unique }), event)).toBeUndefined();
});

test('lets an answer of h3 1 be whose head was sent', () => {
  const res = { headersSent: true } as never;
  expect(h3Conflicts()(new Version1('', { cause: unique }), { ...event, node: { res } })).toBeUndefined();
});

test('is the default export, too', () => {
  expect(byDefault).toBe(h3Conflicts);
});
