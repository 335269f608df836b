import { afterEach, expect, test } from 'vitest';
import { parseConflict } from '../../src/client/index.ts';
import { conflict, defineConflicts, isConflict } from '../../src/index.ts';
import { captured } from '../violations.ts';

// T12: JSON of a stranger must not change a prototype, and names of the prototype must not be found as rules.

const HOSTILE =
  '{"__proto__":{"polluted":1,"status":200},"constructor":{"prototype":{"polluted":1}},"resource":"user"}';

afterEach(() => {
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  expect(({} as Record<string, unknown>).status).toBeUndefined();
});

const attempt = <T>(run: () => T): T | undefined => {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return undefined;
  }
};

test('options and rules out of hostile JSON are refused or ignored', () => {
  for (const options of [
    JSON.parse(HOSTILE),
    { rules: JSON.parse(HOSTILE) },
    { rules: { users_email_key: JSON.parse(HOSTILE) } },
  ]) {
    const conflicts = attempt(() => defineConflicts(options));
    if (conflicts === undefined) continue;
    const answer = conflicts.translate(captured('pg/postgresql-18/unique'));
    expect(isConflict(answer, 'duplicate') && answer.status).toBe(409);
  }
});

test('members out of hostile JSON are refused or dropped', () => {
  const error = attempt(() => conflict('invalid_state', JSON.parse(HOSTILE))) ?? conflict('invalid_state');
  expect(error).toBeInstanceOf(Error);
  expect([
    error.status,
    Object.hasOwn(error.problem, '__proto__'),
    Object.hasOwn(error.problem, 'constructor'),
  ]).toEqual([409, false, false]);
});

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf'])(
  'a constraint of the name %s has no rule but its own',
  (name) => {
    const error = Object.assign(new Error(`duplicate key value violates unique constraint "${name}"`), {
      ...{ code: '23505', severity: 'ERROR', length: 1, constraint: name, table: name, schema: name },
      detail: `Key (${name})=(1) already exists.`,
    });
    const without = defineConflicts({ rules: {}, onUnregistered: () => {} }).translate(error);
    expect(isConflict(without) && [without.rule, without.code]).toEqual([undefined, 'duplicate']);
    const rules = JSON.parse(`{${JSON.stringify(name)}:{"resource":"own"}}`);
    const answer = defineConflicts({ rules, onUnregistered: () => {} }).translate(error);
    expect(isConflict(answer) && [answer.rule, answer.problem.resource]).toEqual([name, 'own']);
  },
);

test('a body that a client parses changes nothing', async () => {
  for (const body of [HOSTILE, `{"status":409,"code":"duplicate","errors":[${HOSTILE}],${HOSTILE.slice(1)}`]) {
    const response = new Response(body, { status: 409, headers: { 'Content-Type': 'application/problem+json' } });
    const parsed = await parseConflict(response);
    expect(parsed?.status).toBe(409);
    expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
  }
});
