import { runInNewContext } from 'node:vm';
import { beforeEach, expect, test, vi } from 'vitest';
import { answerOf } from '../../src/answer.ts';
import { ConflictError, classify, defineConflicts, isConflict, translate } from '../../src/index.ts';
import { conflictLogFields } from '../../src/logging.ts';
import { hostile, nonErrors } from '../hostile.ts';
import { captured } from '../violations.ts';
import { everyTranslator, serveFailing } from './attack.ts';

// T13: whatever is thrown, translating it throws nothing, takes no time, and gives it back or an error.

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

const drivers = await everyTranslator();
const all = defineConflicts({ drivers });

/** Milliseconds; the best of three, for the first has to be compiled. */
function best(work: () => void): number {
  return Math.min(
    ...[0, 1, 2].map(() => {
      const from = performance.now();
      work();
      return performance.now() - from;
    }),
  );
}

/** Like the error of a database, and harmful behind that. */
function disguised(): unknown[] {
  const lying = Object.assign(new Error('a'), { code: '23505', severity: 'ERROR', length: 1 });
  let turn = 0;
  for (const field of ['detail', 'constraint', 'table', 'message']) {
    Object.defineProperty(lying, field, {
      get: () => (turn++ % 2 ? Symbol('x') : { toString: null }),
      configurable: true,
    });
  }
  const throwing = Object.assign(new Error('a'), { code: '23505', severity: 'ERROR', length: 1 });
  for (const field of ['detail', 'constraint', 'table', 'schema']) {
    Object.defineProperty(throwing, field, {
      get() {
        throw throwing;
      },
    });
  }
  const endless = new Proxy(new Error('a'), { get: (_target, key) => (key === 'cause' ? endless : 'a') }) as Error;
  const branded = Object.assign(new Error('a'), { [Symbol.for('db-http-errors.ConflictError')]: true });
  const brandedData = { [Symbol.for('db-http-errors.ConflictError')]: true, violation: lying, problem: null };
  const errors = Object.assign(new Error('a'), { errors: { length: 1e9 }, cause: new Array(1e6) });
  const selfish = Object.assign(new Error('a'), { code: 'SQLITE_CONSTRAINT_UNIQUE', name: 'SqliteError' });
  Object.assign(selfish, { cause: new AggregateError([selfish], 'a'), parent: selfish });
  return [
    lying,
    throwing,
    endless,
    branded,
    brandedData,
    errors,
    selfish,
    Object.freeze(captured('pg/postgresql-18/unique')),
  ];
}

const objects = [...nonErrors(), ...hostile(), ...disguised()];

test.each(objects.map((value, at) => [at, value] as const))('number %i does no harm', (_at, value) => {
  for (const conflicts of [undefined, all]) {
    const run = conflicts?.translate ?? translate;
    const found = run(value);
    expect(Object.is(found, value) || found instanceof ConflictError).toBe(true);
    const same = () => {
      (conflicts?.classify ?? classify)(value);
      (conflicts ?? all).owns(value);
      answerOf(value, undefined, conflicts);
      conflictLogFields(value, conflicts);
      isConflict(value);
    };
    expect(same).not.toThrow();
    expect(best(() => void run(value))).toBeLessThan(5);
  }
});

test('a request that harms when it is read does no harm', () => {
  const thrower = (): never => {
    throw new Error('touched');
  };
  const requests = [
    new Proxy({}, { get: thrower, has: thrower }),
    { method: { toString: thrower }, headers: { get: thrower } },
    { method: Symbol('POST'), headers: new Proxy({}, { get: thrower }) },
    { headers: { 'if-match': ['a', 'b'], 'if-none-match': { toString: thrower } } },
  ];
  for (const request of requests) {
    expect(isConflict(translate(captured('pg/postgresql-18/unique'), request as object), 'duplicate')).toBe(true);
  }
});

test('an error of another realm is one', () => {
  const foreign = Object.assign(runInNewContext('new Error("a")'), { ...captured('pg/postgresql-18/unique') });
  expect(foreign).not.toBeInstanceOf(Error);
  expect(isConflict(translate(foreign), 'duplicate')).toBe(true);
});

test('a server that throws one of them answers the next request', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  for (const value of disguised()) {
    const attack = await serveFailing(() => Promise.reject(value), all);
    const first = await attack();
    expect(first === '' || first.startsWith('HTTP/1.1 ')).toBe(true);
    expect(await attack()).toHaveLength(first.length);
  }
});
