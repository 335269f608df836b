import BetterSqlite3 from 'better-sqlite3';
import createError from 'http-errors';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { affectedRows, assertUpdated, defineTransitions, precheck } from '../../src/concurrency/index.ts';
import { conflict, defineConflicts, isConflict, translate } from '../../src/index.ts';
import { captured } from '../violations.ts';

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('Expected something to be thrown');
}

const HEADER = { affectedRows: 1, changedRows: 1 };

describe('the number of changed rows', () => {
  test.each([
    ['pg', { command: 'UPDATE', rowCount: 1, rows: [] }, 1],
    ['mysql2', [{ affectedRows: 1, changedRows: 0 }, undefined], 1],
    ['mysql2 with callbacks', { affectedRows: 0, changedRows: 0 }, 0],
    ['better-sqlite3', { changes: 1, lastInsertRowid: 0 }, 1],
    ['node:sqlite with bigints', { changes: 1n, lastInsertRowid: 0n }, 1],
    ['@libsql/client', { rowsAffected: 0, rows: [] }, 0],
    ['postgres.js', Object.assign([], { count: 1, command: 'UPDATE' }), 1],
    ['Knex', 1, 1],
    ['Sequelize', [1], 1],
    ['Sequelize with returning', [0, []], 0],
    ['sqlite3', { sql: 'UPDATE …', lastID: 0, changes: 0 }, 0],
    ["D1's meta", { duration: 1, last_row_id: 0, changes: 1 }, 1],
    ['TypeORM', { raw: [], affected: 1, generatedMaps: [] }, 1],
    ['TypeORM deleting', { raw: [], affected: 0 }, 0],
    ['Prisma', { count: 0 }, 0],
    ['Kysely', [{ numUpdatedRows: 1n }], 1],
    ['Kysely deleting', [{ numDeletedRows: 0n }], 0],
    ['rows of RETURNING', [{ id: 7 }, { id: 8 }], 2],
    ['no rows of RETURNING', [], 0],
    ['rows that have a count', [{ id: 7, count: 0 }], 1],
    ['mysql2 with rows of RETURNING', [[{ id: 7 }], [{ name: 'id' }]], 1],
    ['mysql2 with no rows of RETURNING', [[], [{ name: 'id' }]], 0],
    ["TypeORM's query()", [[], 1], 1],
    ["TypeORM's query() without a row", [[], 0], 0],
    ["Sequelize's query() on PostgreSQL", [[], { rowCount: 0, rows: [] }], 0],
    ["Sequelize's query() on MySQL", [HEADER, HEADER], 1],
    ["Sequelize's query() of an UPDATE", [undefined, 1], 1],
    ["Sequelize's query() of an UPDATE without a row", [undefined, 0], 0],
  ])('is read from what %s gives', (_, result, count) => {
    expect(affectedRows(result)).toBe(count);
  });

  test.each([
    [undefined, 'got undefined'],
    [null, 'got null'],
    [[undefined], 'got object'],
    [[null, undefined], 'got object'],
    // Sequelize's query() on SQLite.
    [[[], {}], 'got object'],
    [{}, 'got object'],
    // One row, with columns of these names.
    [{ id: 7, sku: 'A', count: 0 }, 'got object'],
    [{ id: 7, changes: 0 }, 'got object'],
    [{ id: 7, affected: 1, count: 1 }, 'got object'],
    [Promise.resolve({ rowCount: 1 }), 'got a promise: await it first'],
    // biome-ignore lint/suspicious/noThenProperty: what a query builder is
    [{ then: () => 1, affectedRows: 1 }, 'got a promise: await it first'],
    [
      [
        [HEADER, { affectedRows: 0 }],
        [undefined, undefined],
      ],
      'got object',
    ],
    [
      [
        { rowCount: 1, rows: [] },
        { rowCount: 0, rows: [] },
      ],
      'got object',
    ],
  ])('is not guessed from %s', (result, end) => {
    expect(() => affectedRows(result)).toThrow(
      new TypeError(`Expected the result of an UPDATE or DELETE to say how many rows it changed, ${end}`),
    );
  });
});

function posts(): BetterSqlite3.Database {
  return new BetterSqlite3(':memory:').exec(`
    CREATE TABLE posts (id INTEGER PRIMARY KEY, title TEXT, version INTEGER NOT NULL DEFAULT 1, status TEXT);
    INSERT INTO posts (id, title, version, status) VALUES (1, 'Draft', 4, 'shipped');
  `);
}

describe('an update that asks for a version', () => {
  const database = posts();
  const update = (id: number, version: number) =>
    database.prepare('UPDATE posts SET version = version + 1 WHERE id = ? AND version = ?').run(id, version);
  const current = (id: number) => () =>
    database.prepare<[number], number>('SELECT version FROM posts WHERE id = ?').pluck().get(id);

  test('passes when it changed the row', () => {
    expect(assertUpdated(update(1, 4), { current: current(1) })).toBeUndefined();
  });

  test('is a mismatch when the row has another version', () => {
    const error = thrownBy(() => assertUpdated(update(1, 4), { current: current(1), expected: 4, resource: 'post' }));
    expect(isConflict(error, 'version_mismatch') && error.problem).toMatchObject({
      ...{ status: 409, resource: 'post', current_version: '5', expected_version: '4' },
    });
    expect(isConflict(error) && error.headers.ETag).toBe('"5"');
  });

  test('is a 412 when the expectation came in a header', () => {
    const context = { method: 'PUT', headers: { 'if-match': '"4"' } };
    expect(thrownBy(() => assertUpdated(update(1, 4), { current: current(1), context }))).toMatchObject({
      status: 412,
    });
  });

  test('does not call a version current that is the expected one', () => {
    const error = thrownBy(() => assertUpdated({ changes: 0 }, { current: () => 4, expected: 4 }));
    expect(isConflict(error, 'version_mismatch') && error.problem).toMatchObject({ expected_version: '4' });
    expect(isConflict(error) && error.problem).not.toHaveProperty('current_version');
    expect(isConflict(error) && error.headers).not.toHaveProperty('ETag');
  });

  test('is a 404 when the row is gone', () => {
    const error = thrownBy(() => assertUpdated(update(7, 1), { current: current(7) }));
    expect(createError.isHttpError(error) && error.status).toBe(404);
    const gone = new Error('no such post');
    expect(thrownBy(() => assertUpdated(update(7, 1), { current: current(7), gone: () => gone }))).toBe(gone);
  });

  test('looks later when the row is loaded later', async () => {
    const asserted = assertUpdated(update(1, 4), { current: async () => current(1)() });
    expectTypeOf(asserted).toEqualTypeOf<Promise<void> | undefined>();
    await expect(asserted).rejects.toMatchObject({ code: 'version_mismatch' });
  });
});

describe('transitions', () => {
  const order = defineTransitions({
    pay: { from: ['pending'], to: 'paid' },
    ship: { from: ['paid'], to: 'shipped' },
    cancel: { from: ['pending', 'paid'], to: 'cancelled' },
    return: { from: ['shipped'], to: 'returned' },
  });

  test('answer with what is known of the request', () => {
    const context = { method: 'POST', headers: { 'accept-language': 'de' } };
    const seen: unknown[] = [];
    const conflicts = {
      conflict: (...args: Parameters<typeof conflict>) => {
        seen.push(args[2]);
        return conflict(...args);
      },
    };
    const options = { current: () => 'shipped', conflicts: conflicts as never };
    thrownBy(() => order.assertUpdated('pay', { changes: 0 }, { ...options, context }));
    thrownBy(() => order.assertUpdated('pay', { changes: 0 }, options));
    expect(seen).toEqual([{ context }, {}]);
  });

  test('know where they lead', () => {
    expect(order.from('cancel')).toEqual(['pending', 'paid']);
    expect(order.to('cancel')).toBe('cancelled');
    expect(order.allowed('pending')).toEqual(['pay', 'cancel']);
    expect(order.allowed('returned')).toEqual([]);
    // @ts-expect-error: no such transition
    expect(() => order.from('refund')).toThrow(/^Unknown transition "refund", (did you mean|expected one of)/);
  });

  test('are checked by the statement that makes them', () => {
    const database = posts();
    const marks = order.from('cancel').map(() => '?');
    const result = database
      .prepare(`UPDATE posts SET status = ? WHERE id = ? AND status IN (${marks.join()})`)
      .run(order.to('cancel'), 1, ...order.from('cancel'));
    const current = () => database.prepare<[], string>('SELECT status FROM posts WHERE id = 1').pluck().get();
    const error = thrownBy(() => order.assertUpdated('cancel', result, { current, resource: 'order' }));
    expect(isConflict(error, 'invalid_state') && error.problem).toMatchObject({
      ...{ status: 409, resource: 'order', current_status: 'shipped' },
      ...{ requested_transition: 'cancel', allowed_transitions: ['return'] },
    });
    expect(thrownBy(() => order.assertUpdated('cancel', result, { current: () => null }))).toMatchObject({
      status: 404,
    });
    expect(order.assertUpdated('return', { changes: 1 }, { current })).toBeUndefined();
  });

  test('say no status that allows what was refused: the row has another one by now', () => {
    const error = thrownBy(() => order.assertUpdated('cancel', { changes: 0 }, { current: () => 'paid' }));
    expect(isConflict(error, 'invalid_state') && error.problem).toMatchObject({ requested_transition: 'cancel' });
    expect(isConflict(error) && error.problem).not.toHaveProperty('current_status');
    expect(isConflict(error) && error.problem).not.toHaveProperty('allowed_transitions');
  });

  test('are refused when they lead nowhere', () => {
    expect(() => defineTransitions({ ship: { from: 'paid', to: 'shipped' } as never })).toThrow(
      new TypeError('Expected the transition "ship" to be { from: [status, …], to: status }'),
    );
  });
});

describe('a look before writing', () => {
  const conflicts = defineConflicts({
    rules: {
      users_email_key: { resource: 'user', fields: ['email'], detail: 'This address is taken.' },
      accounts_email_key: { conceal: true },
    },
  });
  const expected = { kind: 'unique_violation', constraint: 'users_email_key' } as const;

  test("gives the constraint's own answer", () => {
    const context = { method: 'POST', headers: {} };
    const error = thrownBy(() => precheck(conflicts, expected, () => true, context));
    const truth = conflicts.translate(captured('pg/postgresql-18/unique'), context);
    const body = (of: unknown) => isConflict(of) && { ...of.problem, instance: undefined };
    expect(body(error)).toMatchObject({ code: 'duplicate', detail: 'This address is taken.' });
    expect(body(error)).toEqual(body(truth));
  });

  test('lets pass what is free, now or later', async () => {
    expect(precheck(conflicts, expected, () => false)).toBeUndefined();
    await expect(precheck(conflicts, expected, async () => false)).resolves.toBeUndefined();
    await expect(precheck(conflicts, expected, async () => true)).rejects.toMatchObject({ code: 'duplicate' });
    // A promise of another library.
    // biome-ignore lint/suspicious/noThenProperty: what such a promise is
    const foreign = { then: Promise.prototype.then.bind(Promise.resolve(false)) } as Promise<boolean>;
    await expect(precheck(conflicts, expected, () => foreign)).resolves.toBeUndefined();
  });

  test.each([
    ['unique_violation', 'duplicate'],
    ['foreign_key_violation', 'reference_conflict'],
    ['check_violation', 'check_failed'],
    ['exclusion_violation', 'overlap'],
  ] as const)('looks for a %s that has no rule, also without a context', async (kind, code) => {
    const unregistered = { kind, constraint: 'users_emial_key' };
    for (const by of [conflicts, defineConflicts(), defineConflicts({ format: 'simple' }), { translate }]) {
      for (const context of [undefined, {}, { operation: undefined }]) {
        expect(thrownBy(() => precheck(by, unregistered, () => true, context))).toMatchObject({ code });
        await expect(precheck(by, unregistered, async () => true, context)).rejects.toMatchObject({ code });
        expect(precheck(by, unregistered, () => false, context)).toBeUndefined();
      }
    }
  });

  test('looks where the rule says conflict itself, with words and without', () => {
    const named = defineConflicts({
      rules: { users_email_key: { code: 'conflict', detail: 'Not now.' }, a_key: { code: 'conflict' } },
    });
    expect(thrownBy(() => precheck(named, expected, () => true))).toMatchObject({
      code: 'conflict',
      rule: 'users_email_key',
      problem: { type: 'about:blank', status: 409, detail: 'Not now.' },
    });
    const bare = thrownBy(() => precheck(named, { ...expected, constraint: 'a_key' }, () => true));
    expect(bare).toMatchObject({ code: 'conflict', problem: { type: 'about:blank', title: 'Conflict' } });
  });

  test('refuses to look for what would pass through', () => {
    const required = { kind: 'not_null_violation', table: 'users', columns: ['email'] } as const;
    expect(() => precheck(conflicts, required, () => false)).toThrow(
      new TypeError('Expected a violation that has an answer, got "not_null_violation": it needs a rule'),
    );
    const asked = defineConflicts({ status: { required: 422 } });
    expect(thrownBy(() => precheck(asked, required, () => true))).toMatchObject({ code: 'required', status: 422 });
  });

  test.each([
    ['as they are', conflicts],
    ['with a type', defineConflicts({ rules: { accounts_email_key: { conceal: true } }, typeBase: '/problems/' })],
    ['with a status', defineConflicts({ rules: { accounts_email_key: { conceal: true } }, status: { conflict: 422 } })],
    ['when only a function is given', { translate: conflicts.translate }],
  ])('does not look where the constraint is concealed: answers %s', (_, by) => {
    const look = () => {
      throw new Error('looked');
    };
    const concealed = { ...expected, constraint: 'accounts_email_key' };
    expect(precheck(by, concealed, look)).toBeUndefined();
    expect(precheck(by, concealed, look, { method: 'POST', headers: {} })).toBeUndefined();
  });
});
