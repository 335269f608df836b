import { describe, expect, test } from 'vitest';
import { type Catalog, type Conflicts, classify, defineConflicts, isConflict, translate } from '../../src/index.ts';
import { captured } from '../violations.ts';

// What triggers and procedures raise, and who may call it what.

const RULE = { resource: 'order', detail: 'The order has already been shipped.' };

/** An error of PL/pgSQL's RAISE, with other fields than those that were captured. */
function raised(fields: Record<string, string>): Error {
  return Object.assign(captured('pg/postgresql-18/raise-sentence'), fields);
}

function signalled(errno: number, sqlState: string, message: string): Error {
  return Object.assign(captured('mysql2/mysql-9/signal'), { errno, sqlState, message, sqlMessage: message });
}

/** Code, status and rule of the answer; `undefined` for what is passed through. */
function answered(conflicts: Pick<Conflicts, 'translate'>, error: Error): unknown {
  const answer = conflicts.translate(error);
  return isConflict(answer) ? [answer.code, answer.status, answer.rule] : answer === error ? undefined : answer;
}

describe('what PostgreSQL raises', () => {
  test.each([
    ['its message', 'order_already_shipped', { message: 'order_already_shipped' }],
    ['its CONSTRAINT', 'order_already_shipped', { constraint: 'order_already_shipped' }],
    ['its table and CONSTRAINT', 'orders.already_shipped', { constraint: 'already_shipped', table: 'orders' }],
    ['its ERRCODE', 'OR001', { code: 'OR001' }],
    ['the ERRCODE that PL/pgSQL gives it', 'P0001', {}],
  ])('is found by %s', (_, key, fields) => {
    const conflicts = defineConflicts({ rules: { [key]: RULE } });
    expect(answered(conflicts, raised(fields))).toEqual(['invalid_state', 409, key]);
    expect(answered(defineConflicts({ rules: { other: RULE } }), raised(fields))).toBeUndefined();
  });

  test('is called by its CONSTRAINT first, then by its message, then by its ERRCODE', () => {
    const error = raised({ constraint: 'a', message: 'b', code: 'C0001' });
    const first = (rules: Record<string, object>) => answered(defineConflicts({ rules }), error);
    expect(first({ C0001: RULE, b: RULE, a: RULE })).toEqual(['invalid_state', 409, 'a']);
    expect(first({ C0001: RULE, b: RULE })).toEqual(['invalid_state', 409, 'b']);
  });

  test('lets nothing out of its DETAIL, HINT and COLUMN', () => {
    const error = raised({ constraint: 'shipped', detail: 's3cret', hint: 's3cret', column: 's3cret' });
    const answer = defineConflicts({ rules: { shipped: RULE } }).translate(error);
    expect(JSON.stringify(answer)).not.toContain('s3cret');
    expect(isConflict(answer) && answer.message).toBe(RULE.detail);
  });

  test.each([
    ['PT402', {}, 402],
    ['PT422', {}, 422],
    ['PT503', {}, 503],
    ['PT422', { status: 423 }, 423],
    ['PT200', {}, 409],
    ['PT4XX', {}, 409],
  ])('has the status of %s, where %j does not say another', (code, words, status) => {
    const conflicts = defineConflicts({ rules: { [code]: { ...RULE, ...words }, shipped: { ...RULE, ...words } } });
    expect(answered(conflicts, raised({ code }))).toEqual(['invalid_state', status, code]);
    expect(answered(conflicts, raised({ code, message: 'shipped' }))).toEqual(['invalid_state', status, 'shipped']);
    expect(answered(defineConflicts(), raised({ code }))).toBeUndefined();
  });

  const catalog: Catalog = {
    dialect: 'postgresql',
    constraints: [{ kind: 'unique', name: 'users_email_key', schema: 'public', table: 'users', columns: ['email'] }],
  };

  describe.each([
    ['23505', 'duplicate'],
    ['23503', 'reference_conflict'],
    ['23514', 'check_failed'],
    ['23P01', 'overlap'],
  ])('as %s', (code, answer) => {
    const fields = { code, schema: 'public', table: 'users', column: 'email', constraint: 'users_forged_key' };

    test('is no violation of a constraint that the catalog does not have', () => {
      const conflicts = defineConflicts({ catalog });
      expect(conflicts.classify(raised(fields))).toMatchObject({
        ...{ kind: 'raise_exception', code, sqlState: code, constraint: 'users_forged_key', table: 'users' },
      });
      expect(answered(conflicts, raised(fields))).toBeUndefined();
      // The server's own error is believed: the catalog may be older than the constraint.
      const real = Object.assign(raised(fields), { routine: '_bt_check_unique' });
      expect(answered(defineConflicts({ catalog, onUnregistered: () => {} }), real)).toEqual([answer, 409, undefined]);
    });

    test('is what its rule says', () => {
      const rules = { users_forged_key: { ...RULE, code: 'merge_conflict' } } as const;
      expect(answered(defineConflicts({ catalog, rules }), raised(fields))).toEqual([
        ...['merge_conflict', 409, 'users_forged_key'],
      ]);
    });
  });

  test('for a constraint that the catalog has is its violation', () => {
    const error = raised({ code: '23505', schema: 'public', table: 'users', constraint: 'users_email_key' });
    const conflicts = defineConflicts({ catalog, onUnregistered: () => {} });
    expect(conflicts.classify(error)).toMatchObject({ kind: 'unique_violation', columns: ['email'] });
    expect(answered(conflicts, error)).toEqual(['duplicate', 409, undefined]);
  });
});

describe('what MySQL and MariaDB signal', () => {
  test.each([
    ['its message', 'order_already_shipped', [1644, '45000', 'order_already_shipped']],
    ['its MYSQL_ERRNO', '31001', [31001, '45000', 'The order has been shipped.']],
    ['its SQLSTATE', '45001', [1644, '45001', 'The order has been shipped.']],
  ] as const)('is found by %s', (_, key, [errno, sqlState, message]) => {
    const conflicts = defineConflicts({ rules: { [key]: RULE } });
    expect(answered(conflicts, signalled(errno, sqlState, message))).toEqual(['invalid_state', 409, key]);
    expect(answered(defineConflicts(), signalled(errno, sqlState, message))).toBeUndefined();
  });

  test.each([1062, 1452, 3819, 1213, 9007])(
    'with the state 45000 is nothing but that, whatever number it has: %i',
    (errno) => {
      const error = signalled(errno, '45000', "Duplicate entry 'a' for key 'users.users_email_key'");
      expect(classify(error)).toEqual({
        kind: 'raise_exception',
        driver: 'mysql2',
        code: `${errno}`,
        sqlState: '45000',
      });
      expect(answered(defineConflicts({ rules: { users_email_key: RULE } }), error)).toBeUndefined();
      expect(answered(defineConflicts({ rules: { [errno]: RULE } }), error)).toEqual([
        'invalid_state',
        409,
        `${errno}`,
      ]);
    },
  );
});

describe('what SQLite raises', () => {
  test('is found by its text, and stays what it is without a rule', () => {
    const error = captured('better-sqlite3/sqlite-3/raise');
    const { condition = '' } = classify(error) as { condition?: string };
    expect(answered(defineConflicts({ rules: { [condition]: RULE } }), error)).toEqual([
      ...['invalid_state', 409, condition],
    ]);
    expect(translate(error)).toBe(error);
  });

  test("in the words of SQLite's own is no duplicate", () => {
    const error = captured('better-sqlite3/sqlite-3/raise-look-alike-unique');
    expect(classify(error)).toMatchObject({ kind: 'raise_exception' });
    expect(translate(error)).toBe(error);
  });
});

describe('TiDB', () => {
  // Not run live: the numbers are those of its manual.
  test.each([8002, 8022, 8028, 9007])('says with %i that the transaction may run again', (errno) => {
    const text = "Write conflict, txnStartTS=1, key={tableID=47, indexValues={'s3cret', }}, reason=Optimistic";
    const error = signalled(errno, 'HY000', text);
    expect(classify(error)).toEqual({
      ...{ kind: 'serialization_failure', driver: 'mysql2', code: `${errno}`, sqlState: 'HY000', retryable: true },
    });
    expect(translate(error)).toMatchObject({ code: 'contention', status: 409 });
  });
});
