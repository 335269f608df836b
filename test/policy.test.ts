import { describe, expect, test } from 'vitest';
import { columnKeysOf, definePolicy, type PolicyOptions, type Rule } from '../src/policy.ts';
import type { Violation, ViolationKind } from '../src/violation.ts';

/** A violation as some driver reads it. */
function violationOf(kind: ViolationKind, facts: object = {}): Violation {
  return { kind, driver: 'test', code: '1', ...facts } as Violation;
}

/** What an answer says beside its sentence. */
function answerOf(options: PolicyOptions, violation: Violation, context?: object): object | undefined {
  const answer = definePolicy(options).answer(violation, context);
  if (answer === undefined) return undefined;
  const { status, code, errors } = answer.problem;
  return { status, code, ...(errors && { errors }), ...(answer.rule !== undefined && { rule: answer.rule }) };
}

describe('a violation', () => {
  const asked = { status: { required: 422, invalid_value: 422 } };

  test.each<[ViolationKind, number?, string?]>([
    ['unique_violation', 409, 'duplicate'],
    ['foreign_key_violation', 409, 'reference_conflict'],
    ['check_violation', 409, 'check_failed'],
    ['exclusion_violation', 409, 'overlap'],
    ['not_null_violation', 422, 'required'],
    ['string_data_right_truncation', 422, 'invalid_value'],
    ['numeric_value_out_of_range', 422, 'invalid_value'],
    ['invalid_text_representation', 422, 'invalid_value'],
    ['serialization_failure', 409, 'contention'],
    ['deadlock_detected', 409, 'contention'],
    ['lock_not_available', 503, 'busy'],
    ['too_many_connections', 503, 'busy'],
    ['raise_exception'],
    ['query_canceled'],
    ['read_only_sql_transaction'],
    ['connection_failure'],
    ['transaction_resolution_unknown'],
  ])('of the kind %s is answered with %s %s where everything is asked for', (kind, status, code) => {
    expect(answerOf(asked, violationOf(kind))).toEqual(status && { status, code });
    const isByRequest = code === 'required' || code === 'invalid_value';
    expect(answerOf({}, violationOf(kind))).toEqual(isByRequest ? undefined : status && { status, code });
  });

  test.each([
    ['PT402', 402],
    ['PT400', 400],
    ['PT599', 599],
    ['PT399', 409],
    ['PT600', 409],
    ['PT40A', 409],
    ['PT4A2', 409],
    ['PT4021', 409],
    ['XPT402', 409],
    ['P0001', 409],
    [undefined, 409],
  ])('that a function has raised as %s is a %i', (sqlState, status) => {
    const raised = violationOf('raise_exception', { condition: 'shipped', ...(sqlState && { sqlState }) });
    const rules = { shipped: { resource: 'order' } };
    expect(answerOf({ rules }, raised)).toEqual({ status, code: 'invalid_state', rule: 'shipped' });
    expect(answerOf({ rules: { shipped: { status: 423 } } }, raised)).toMatchObject({ status: 423 });
  });

  test('of another kind has no say in its status', () => {
    expect(answerOf({}, violationOf('check_violation', { sqlState: 'PT402' }))).toMatchObject({ status: 409 });
  });
});

describe('a status', () => {
  const created = { headers: { 'if-none-match': ' * ' } };
  const key = violationOf('unique_violation', { table: 'users', columns: ['id'], primaryKey: true });
  const other = violationOf('unique_violation', { table: 'users', columns: ['id'] });

  test('of a duplicate is 412 where the request wanted the primary key to be new, and only there', () => {
    const policy = definePolicy({});
    expect([
      policy.status('duplicate', created, key),
      policy.status('duplicate', created, other),
      policy.status('duplicate', created),
      policy.status('duplicate', { headers: {} }, key),
      policy.status('duplicate', { headers: { 'if-none-match': '"v1"' } }, key),
      policy.status('duplicate', { headers: { 'if-match': '*' } }, key),
      policy.status('duplicate', undefined, key),
      policy.status('merge_conflict', created, key),
    ]).toEqual([412, 409, 409, 409, 409, 409, 409, 409]);
  });

  test('of a stale version is 412 where the request had an expectation, and only there', () => {
    const policy = definePolicy({});
    const names = ['if-match', 'if-unmodified-since', 'if-none-match', 'if-modified-since'];
    expect([
      ...names.map((name) => policy.status('version_mismatch', { headers: { [name]: 'v' } })),
      policy.status('version_mismatch', { headers: {} }),
      policy.status('version_mismatch'),
      policy.status('merge_conflict', { headers: { 'if-match': '"v3"' } }),
    ]).toEqual([412, 412, 412, 409, 409, 409, 409]);
  });

  test('that the application has set wins, but for that of a rule', () => {
    const rules = { 'users(id)': { resource: 'user' } };
    const status = { duplicate: 422 };
    expect(answerOf({ status, rules }, key, created)).toEqual({ status: 422, code: 'duplicate', rule: 'users(id)' });
    const own = { 'users(id)': { status: 423 } };
    expect(answerOf({ status, rules: own }, key, created)).toMatchObject({ status: 423 });
  });

  test('differs from request to request', () => {
    const policy = definePolicy({ rules: { 'users(id)': { resource: 'user', fields: ['id'] } } });
    const statuses = [undefined, created, undefined, created].map(
      (context) => policy.answer(key, context)?.problem.status,
    );
    expect(statuses).toEqual([409, 412, 409, 412]);
  });
});

describe('a column', () => {
  const violation = violationOf('unique_violation', { table: 'users', columns: ['org', 'email'] });
  const both = [
    { pointer: '#/org', code: 'taken' },
    { pointer: '#/email', code: 'taken' },
  ];

  test('is a field where the application lets it out, and no rule names fields', () => {
    expect(answerOf({ exposeColumns: true }, violation)).toMatchObject({ errors: both });
    expect(answerOf({ exposeColumns: (column, table) => `${table}.${column}` }, violation)).toMatchObject({
      errors: [
        { pointer: '#/users.org', code: 'taken' },
        { pointer: '#/users.email', code: 'taken' },
      ],
    });
    const rules = { 'users(org, email)': { resource: 'user' } };
    expect(answerOf({ exposeColumns: true, rules }, violation)).toMatchObject({ errors: both });
    const named = { 'users(org, email)': { fields: ['name'] } };
    expect(answerOf({ exposeColumns: true, rules: named }, violation)).toMatchObject({
      errors: [{ pointer: '#/name', code: 'taken' }],
    });
  });

  test('is left out where the application has no name for it', () => {
    const hides = (column: string) => (column === 'org' ? undefined : column);
    expect(answerOf({ exposeColumns: hides }, violation)).toMatchObject({ errors: both.slice(1) });
    expect(answerOf({ exposeColumns: (() => 7) as never }, violation)).not.toHaveProperty('errors');
  });

  test('is never a field where it is that of another resource, or where there is none', () => {
    const inUse = violationOf('foreign_key_violation', { columns: ['user_id'], direction: 'still_referenced' });
    const missing = { ...inUse, direction: 'parent_missing' } as Violation;
    expect(answerOf({ exposeColumns: true }, inUse)).not.toHaveProperty('errors');
    expect(answerOf({ exposeColumns: true }, missing)).toMatchObject({
      errors: [{ pointer: '#/user_id', code: 'not_found' }],
    });
    expect(answerOf({ exposeColumns: true }, violationOf('unique_violation', { constraint: 'k' }))).toEqual({
      status: 409,
      code: 'duplicate',
    });
  });

  test('is that of each violation, whatever was answered before', () => {
    const policy = definePolicy({ exposeColumns: true });
    const pointers = ['org', 'email'].map((column) => {
      const answer = policy.answer(violationOf('unique_violation', { table: 'users', columns: [column] }));
      return answer?.problem.errors?.map(({ pointer }) => pointer);
    });
    expect(pointers).toEqual([['#/org'], ['#/email']]);
  });
});

describe('the rule of a violation', () => {
  const facts = { schema: 'app', table: 'users', constraint: 'k', columns: ['email'] };
  const unique = (own: object = {}): Violation => violationOf('unique_violation', { ...facts, ...own });
  const byColumns = (...columns: string[]): Violation => violationOf('unique_violation', { table: 'users', columns });
  const raised = (own: object): Violation => violationOf('raise_exception', own);
  const withoutSchema = violationOf('unique_violation', { table: 'users', constraint: 'k', columns: ['email'] });
  const withoutTable = violationOf('unique_violation', { schema: 'app', constraint: 'k', columns: ['email'] });

  test.each<[key: string, violation: Violation, isFound: boolean]>([
    ['k', unique(), true],
    ['users.k', unique(), true],
    ['app.k', unique(), true],
    ['app.users.k', unique(), true],
    ['other.users.k', unique(), false],
    ['app.other.k', unique(), false],
    ['other.k', unique(), false],
    ['users', unique(), false],
    ['undefined.users.k', withoutSchema, false],
    ['undefined.k', withoutSchema, false],
    ['app.undefined.k', withoutTable, false],
    ['undefined.k', withoutTable, false],
    ['undefined', byColumns('email'), false],
    ['users.undefined', byColumns('email'), false],
    ['users(email)', unique(), true],
    ['app.users(email)', unique(), true],
    ['other.users(email)', unique(), false],
    ['undefined.users(email)', withoutSchema, false],
    ['undefined(email)', withoutTable, false],
    ['users(email)', violationOf('unique_violation', { table: 'users' }), false],
    ['users (email)', byColumns('email'), true],
    ['users(org, email)', byColumns('org', 'email'), true],
    ['users(org, email)', byColumns('org', 'name'), false],
    ['users(org, email)', byColumns('org'), false],
    ['users(org)', byColumns('org', 'email'), false],
    ['users(emailx', byColumns('email'), false],
    ['(email)', byColumns('email'), false],
    ['users (a(b))', byColumns('a(b)'), true],
    ['users(email)', violationOf('exclusion_violation', { table: 'users', columns: ['email'] }), true],
    ['users(email)', violationOf('not_null_violation', { table: 'users', columns: ['email'] }), false],
    ['shipped', raised({ condition: 'shipped' }), true],
    ['1', raised({ condition: 'shipped' }), true],
    ['45000', raised({ sqlState: '45000' }), true],
    ['45000', raised({ condition: 'shipped', sqlState: '45001' }), false],
    ['undefined', raised({}), false],
    ['', raised({}), false],
    ['users(email)', raised({ table: 'users', columns: ['email'] }), false],
  ])('is by %j: %j, %s', (key, violation, isFound) => {
    const rules: Record<string, Rule> = { [key]: { code: 'merge_conflict' } };
    const { rule } = definePolicy({ rules }).answer(violation) ?? {};
    expect(rule).toBe(isFound ? key : undefined);
  });

  test.each<Rule>([
    { resource: 'user' },
    { fields: ['email'] },
    { detail: 'Taken.' },
    { status: 422 },
    { type: 'https://example.com/taken' },
    { title: 'Taken' },
    { code: 'merge_conflict' },
    { conceal: true },
    { duplicate: {} },
    {},
  ])('may be nothing but %j', (words) => {
    expect(definePolicy({ rules: { k: words } }).answer(unique())?.rule).toBe('k');
  });

  test('gives the problem its words', () => {
    const words = {
      type: 'https://example.com/taken',
      title: 'Taken',
      detail: 'Taken.',
      resource: 'user',
      status: 422,
    };
    const answers = [words, { ...words, detail: () => 'Taken.' }, { duplicate: words }].map(
      (rule) => definePolicy({ rules: { k: rule } }).answer(unique())?.problem,
    );
    for (const problem of answers) expect(problem).toMatchObject(words);
  });

  test('by code has no words for another code', () => {
    const policy = definePolicy({ rules: { k: { reference_in_use: { detail: 'In use.' } } } });
    expect(policy.answer(unique())).toMatchObject({ problem: { code: 'duplicate' }, rule: undefined });
  });

  test.each<[string, string[]]>([
    ['users(email)', ['users(email)']],
    [' users ( org , email ) ', []],
    [' users ( org , email )', ['users(org,email)']],
    ['users.k', []],
    ['users(email', []],
    ['(email)', []],
    ['A(b)(c)', ['A(b)(c)']],
    ['A (b)(c)', ['A (b)(c)', 'A(b)(c)']],
    ['A (b) (c)', ['A (b)(c)', 'A(b) (c)']],
  ])('by %j may be that of %j', (key, readings) => {
    expect(columnKeysOf(key)).toEqual(readings);
  });
});
