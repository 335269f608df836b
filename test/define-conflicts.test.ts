import fc from 'fast-check';
import createError from 'http-errors';
import { describe, expect, test, vi } from 'vitest';
import { fixtures } from '../fixtures/load.ts';
import {
  ConflictError,
  type Conflicts,
  classify,
  conflict,
  defineConflicts,
  isConflict,
  translate,
} from '../src/index.ts';
import { hostile, nonErrors } from './hostile.ts';
import { captured } from './violations.ts';

const unique = (): Error => captured('pg/postgresql-18/unique');
const sqliteForeignKey = (): Error => captured('better-sqlite3/sqlite-3/foreign-key-parent-missing');
const sqlitePrimaryKey = (): Error => captured('better-sqlite3/sqlite-3/primary-key');

const RULE = { resource: 'user', fields: ['email'], detail: 'A user with this email address already exists.' };

/** A problem without what is new each time. */
function bodyOf(error: unknown): unknown {
  const { instance, ...body } = JSON.parse(JSON.stringify(error));
  expect(instance).toMatch(/^urn:uuid:[0-9a-f-]{36}$/);
  return body;
}

function conflictOf(
  error: unknown,
  context?: object,
  conflicts: Pick<Conflicts, 'translate'> = { translate },
): ConflictError {
  const translated = conflicts.translate(error, context);
  expect(translated).toBeInstanceOf(ConflictError);
  return translated as ConflictError;
}

describe('translate', () => {
  test('answers a duplicate without a rule with a safe, generic 409', () => {
    const error = unique();
    const translated = conflictOf(error);
    expect(bodyOf(translated)).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'A resource with this value already exists.',
      code: 'duplicate',
      retryable: false,
      recovery: 'change_input',
    });
    expect(translated.cause).toBe(error);
    expect(translated.violation).toEqual(classify(error));
    expect(translated.rule).toBeUndefined();
    expect(translated.headers).toEqual({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' });
  });

  test('gives everything that is no violation back as the very same value', () => {
    for (const value of [...nonErrors(), ...hostile()]) expect(translate(value)).toBe(value);
  });

  test.each(
    ['pg', 'mysql2', 'better-sqlite3'].flatMap((driver) =>
      fixtures(driver).filter((fixture) => fixture.violation === null && fixture.captured.locale === 'en'),
    ),
  )('gives $name back as it is', ({ error }) => {
    expect(translate(error)).toBe(error);
  });

  test('finds the violation in what an ORM threw', () => {
    const error = unique();
    const wrapper = Object.assign(new Error('Failed query: insert …'), { cause: error, params: ['s3cret'] });
    expect(conflictOf(wrapper)).toMatchObject({ code: 'duplicate', cause: wrapper, violation: classify(error) });
  });

  test('passes through what is no conflict of the client', () => {
    for (const path of [
      'pg/postgresql-18/query-canceled',
      'pg/postgresql-18/read-only',
      'pg/postgresql-18/connection-killed',
      'pg/postgresql-18/raise',
      'pg/postgresql-18/not-null',
      'pg/postgresql-18/string-too-long',
      'better-sqlite3/sqlite-3/raise',
    ]) {
      const error = captured(path);
      expect(translate(error), path).toBe(error);
      expect(classify(error), path).toBeDefined();
    }
  });

  test.each([
    ['pg/postgresql-18/unique', 409, 'duplicate'],
    ['pg/postgresql-18/exclusion', 409, 'overlap'],
    ['pg/postgresql-18/check', 409, 'check_failed'],
    ['pg/postgresql-18/foreign-key-parent-missing', 409, 'reference_missing'],
    ['pg/postgresql-18/foreign-key-restrict', 409, 'reference_in_use'],
    ['better-sqlite3/sqlite-3/foreign-key-still-referenced', 409, 'reference_conflict'],
    ['pg/postgresql-18/deadlock', 409, 'contention'],
    ['pg/postgresql-18/serialization-failure', 409, 'contention'],
    ['better-sqlite3/sqlite-3/busy-snapshot', 409, 'contention'],
    ['pg/postgresql-18/lock-timeout', 503, 'busy'],
    ['better-sqlite3/sqlite-3/busy', 503, 'busy'],
    ['mysql2/mysql-9/too-many-connections', 503, 'busy'],
  ])('answers %s with %i %s', (path, status, code) => {
    const error = conflictOf(captured(path));
    expect([error.status, error.code, createError.isHttpError(error)]).toEqual([status, code, true]);
    expect(error.headers['Retry-After']).toBe(code === 'contention' || code === 'busy' ? '1' : undefined);
  });

  test('never throws, whatever is thrown and whatever the request is', () => {
    const anything = fc.anything({ withBigInt: true, withSparseArray: true });
    fc.assert(
      fc.property(anything, anything, (error, context) => {
        expect(() => translate(error, context as object)).not.toThrow();
      }),
    );
    for (const context of hostile()) expect(() => translate(sqliteForeignKey(), context as object)).not.toThrow();
  });

  test('reads a bounded number of properties, and follows a bounded number of links', () => {
    let reads = 0;
    const counted = (target: object): object =>
      new Proxy(target, {
        get(object, key, receiver) {
          reads++;
          return Reflect.get(object, key, receiver);
        },
      });
    let deep = counted(new Error('deepest'));
    for (let depth = 0; depth < 10_000; depth++) deep = counted(new Error('deep', { cause: deep }));
    expect(translate(deep)).toBe(deep);
    expect(reads).toBeLessThan(500);
  });
});

describe('the request', () => {
  test.each([
    [{ method: 'DELETE' }, 'reference_in_use'],
    [{ method: 'delete' }, 'reference_in_use'],
    [{ operation: 'delete' }, 'reference_in_use'],
    [{ method: 'POST' }, 'reference_missing'],
    [{ operation: 'insert' }, 'reference_missing'],
    [{ method: 'POST', operation: 'delete' }, 'reference_in_use'],
    [{ method: 'PATCH' }, 'reference_conflict'],
    [{ operation: 'update' }, 'reference_conflict'],
    [{ method: 'GET' }, 'reference_conflict'],
    [{}, 'reference_conflict'],
    [undefined, 'reference_conflict'],
  ])('%j tells the direction that SQLite cannot: %s', (context, code) => {
    expect(conflictOf(sqliteForeignKey(), context).code).toBe(code);
  });

  test('never overrules a direction that the database told', () => {
    const error = captured('pg/postgresql-18/foreign-key-parent-missing');
    expect(conflictOf(error, { method: 'DELETE' }).code).toBe('reference_missing');
  });

  test.each([
    ['a record of Node', { headers: { 'if-none-match': '*' } }],
    ['Headers of the web', { headers: new Headers({ 'If-None-Match': ' * ' }) }],
    ['a Request of the web', new Request('http://localhost', { method: 'PUT', headers: { 'If-None-Match': '*' } })],
  ])('answers a duplicate primary key with 412 when it was to be new, in %s', (_form, context) => {
    expect(conflictOf(sqlitePrimaryKey(), context)).toMatchObject({
      code: 'duplicate',
      status: 412,
      problem: { title: 'Precondition Failed', status: 412 },
    });
  });

  test('answers another unique key with 409 all the same', () => {
    expect(conflictOf(unique(), { headers: { 'if-none-match': '*' } }).status).toBe(409);
    expect(conflictOf(sqlitePrimaryKey(), { headers: { 'if-none-match': '"v1"' } }).status).toBe(409);
  });

  test.each(['if-match', 'if-unmodified-since', 'if-none-match'])(
    'answers a stale version with 412 after %s',
    (name) => {
      const context = { headers: { [name]: '"v3"' } };
      expect(conflict('version_mismatch', {}, { context }).status).toBe(412);
      expect(conflictOf(conflict('version_mismatch'), context).status).toBe(412);
      expect(conflict('version_mismatch').status).toBe(409);
      const always = defineConflicts({ status: { version_mismatch: 409 } });
      expect(always.conflict('version_mismatch', {}, { context }).status).toBe(409);
    },
  );

  test('reaches the sentence of a rule, for languages', () => {
    const conflicts = defineConflicts({
      rules: {
        users_email_key: {
          detail: (context) =>
            (context?.headers as Record<string, string>)?.['accept-language'] === 'de' ? 'Vergeben.' : 'Taken.',
        },
      },
    });
    const german = conflictOf(unique(), { headers: { 'accept-language': 'de' } }, conflicts);
    expect(german.message).toBe('Vergeben.');
    expect(conflictOf(unique(), undefined, conflicts).message).toBe('Taken.');
  });
});

describe('rules', () => {
  const first = (rules: Record<string, object>, path = 'pg/postgresql-18/unique'): string | undefined =>
    conflictOf(captured(path), undefined, defineConflicts({ rules, onUnregistered: () => {} })).rule;

  test('give a conflict its public words', () => {
    const conflicts = defineConflicts({
      rules: { users_email_key: RULE },
      typeBase: 'https://api.example.com/problems/',
    });
    const error = conflictOf(unique(), undefined, conflicts);
    expect(bodyOf(error)).toEqual({
      type: 'https://api.example.com/problems/duplicate',
      title: 'Duplicate value',
      status: 409,
      detail: 'A user with this email address already exists.',
      code: 'duplicate',
      resource: 'user',
      errors: [{ pointer: '#/email', code: 'taken' }],
      retryable: false,
      recovery: 'change_input',
    });
    expect(error.rule).toBe('users_email_key');
  });

  test('are found by the most specific key, a name before columns', () => {
    const keys = [
      'public.users.users_email_key',
      'users.users_email_key',
      'public.users_email_key',
      'users_email_key',
      'public.users(email)',
      'users( email )',
    ];
    for (const [at, key] of keys.entries()) {
      expect(
        first(
          Object.fromEntries(
            keys
              .slice(at)
              .reverse()
              .map((each) => [each, {}]),
          ),
        ),
      ).toBe(key);
    }
    expect(first({ other_key: {}, 'other.users_email_key': {}, 'users(name)': {} })).toBeUndefined();
  });

  test('by columns do not mind spaces', () => {
    const path = 'pg/postgresql-18/unique-composite';
    const { table, columns } = classify(captured(path)) as unknown as { table: string; columns: string[] };
    for (const separator of [',', ', ', ' ,  ']) {
      const key = `${table}(${columns.join(separator)})`;
      expect(first({ [key]: {} }, path)).toBe(key);
    }
    expect(first({ [`${table}(${[...columns].reverse().join()})`]: {} }, path)).toBeUndefined();
  });

  test('of one sentence are for the key, of two for the reference, where both have the same columns', () => {
    const path = 'pg/postgresql-18/foreign-key-parent-missing';
    const { table, columns } = classify(captured(path)) as unknown as { table: string; columns: string[] };
    const key = `${table}(${columns.join()})`;
    expect(first({ [key]: { detail: 'Taken.' } }, path)).toBeUndefined();
    expect(first({ [key]: { reference_missing: { detail: 'Missing.' } } }, path)).toBe(key);
  });

  test('know the two directions of a foreign key', () => {
    const missing = captured('pg/postgresql-18/foreign-key-parent-missing');
    const inUse = captured('pg/postgresql-18/foreign-key-still-referenced');
    const { constraint } = classify(missing) as { constraint: string };
    expect(classify(inUse)).toMatchObject({ constraint });
    const conflicts = defineConflicts({
      rules: {
        [constraint]: {
          reference_missing: { resource: 'order', fields: ['customer'], detail: 'This customer does not exist.' },
          reference_in_use: { resource: 'customer', detail: 'The customer still has orders.', status: 422 },
        },
      },
    });
    expect(bodyOf(conflictOf(missing, undefined, conflicts))).toMatchObject({
      status: 409,
      detail: 'This customer does not exist.',
      resource: 'order',
      errors: [{ pointer: '#/customer', code: 'not_found' }],
    });
    expect(bodyOf(conflictOf(inUse, undefined, conflicts))).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Content',
      status: 422,
      detail: 'The customer still has orders.',
      code: 'reference_in_use',
      resource: 'customer',
      retryable: false,
      recovery: 'none',
    });
  });

  test('make a registered RAISE an invalid_state, or what they say', () => {
    const raised = captured('better-sqlite3/sqlite-3/raise');
    const { condition } = classify(raised) as { condition: string };
    const answer = (rule: object): ConflictError =>
      conflictOf(raised, undefined, defineConflicts({ rules: { [condition]: rule } }));
    expect(answer({ detail: 'Shipped.' })).toMatchObject({
      code: 'invalid_state',
      message: 'Shipped.',
      rule: condition,
    });
    expect(answer({ code: 'merge_conflict' })).toMatchObject({ code: 'merge_conflict', status: 409 });
    expect(answer({ invalid_state: { detail: 'Shipped.' } })).toMatchObject({ message: 'Shipped.' });
  });

  test('conceal what happened: nothing but a bare conflict is left', () => {
    const conflicts = defineConflicts({ rules: { users_email_key: { ...RULE, conceal: true } }, exposeColumns: true });
    const error = conflictOf(unique(), undefined, conflicts);
    expect(bodyOf(error)).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'The request conflicts with the current state of the resource.',
      code: 'conflict',
      retryable: false,
      recovery: 'none',
    });
    expect(error.rule).toBe('users_email_key');
  });

  test('ask for a code that passes through by default, by status or by a sentence for it', () => {
    const notNull = captured('better-sqlite3/sqlite-3/not-null');
    const { table, columns } = classify(notNull) as unknown as { table: string; columns: string[] };
    const key = `${table}(${columns.join()})`;
    expect(conflictOf(notNull, undefined, defineConflicts({ status: { required: 400 } })).status).toBe(400);
    const words = { required: { fields: columns, detail: 'Say it.' } };
    expect(bodyOf(conflictOf(notNull, undefined, defineConflicts({ rules: { [key]: words } })))).toMatchObject({
      status: 422,
      errors: [{ code: 'required' }],
    });
    expect(defineConflicts({ rules: { [key]: { detail: 'Taken.' } } }).translate(notNull)).toBe(notNull);
    const tooLong = captured('pg/postgresql-18/string-too-long');
    expect(conflictOf(tooLong, undefined, defineConflicts({ status: { invalid_value: 422 } })).code).toBe(
      'invalid_value',
    );
  });

  test('are looked up by own keys only', () => {
    const raise = Object.assign(unique(), { constraint: '__proto__' });
    expect(conflictOf(raise, undefined, defineConflicts({ rules: { a: RULE } })).rule).toBeUndefined();
    const polluted = defineConflicts({ rules: JSON.parse('{"__proto__":{"detail":"own"}}') });
    expect(conflictOf(raise, undefined, polluted)).toMatchObject({ rule: '__proto__', message: 'own' });
    for (const constraint of ['constructor', 'toString', 'hasOwnProperty']) {
      const error = Object.assign(unique(), { constraint });
      expect(
        conflictOf(error, undefined, defineConflicts({ rules: {}, onUnregistered: () => {} })).rule,
      ).toBeUndefined();
    }
  });

  test('name nested fields by JSON Pointer, and escape what a pointer cannot hold', () => {
    const fields = ['email', '/address/zip code', 'a/b', 'c~d', 'ü#'];
    const conflicts = defineConflicts({ rules: { users_email_key: { fields } } });
    expect(conflictOf(unique(), undefined, conflicts).problem.errors?.map(({ pointer }) => pointer)).toEqual([
      '#/email',
      '#/address/zip%20code',
      '#/a~1b',
      '#/c~0d',
      '#/%C3%BC%23',
    ]);
  });

  test('whose sentence fails still give an answer', () => {
    const detail = (): string => {
      throw new Error('no translation');
    };
    const conflicts = defineConflicts({ rules: { users_email_key: { resource: 'user', detail } } });
    expect(conflictOf(unique(), undefined, conflicts)).toMatchObject({
      message: 'A resource with this value already exists.',
      problem: { resource: 'user' },
    });
  });
});

describe('a key of rules', () => {
  const table = (name: string, ...columns: string[]): Error =>
    Object.assign(new Error('UNIQUE constraint failed: '.concat(columns.map((each) => `${name}.${each}`).join(', '))), {
      code: 'SQLITE_CONSTRAINT_UNIQUE',
    });

  test('that may be read in two ways is the other one where somebody says that', () => {
    const rules = { 'A(b)(c)': { resource: 'first' }, 'A (b)(c)': { resource: 'second' } };
    for (const some of [rules, Object.fromEntries(Object.entries(rules).reverse()) as typeof rules]) {
      const conflicts = defineConflicts({ rules: some });
      expect(conflictOf(table('A(b)', 'c'), undefined, conflicts).rule).toBe('A(b)(c)');
      expect(conflictOf(table('A (b)', 'c'), undefined, conflicts).rule).toBe('A (b)(c)');
    }
  });

  test('gives the words of its code where its own are no text', () => {
    const rules = { 'users(email)': { resource: 'user', detail: (() => 7) as never } };
    const { problem, rule } = conflictOf(table('users', 'email'), undefined, defineConflicts({ rules }));
    expect([rule, problem.detail]).toEqual(['users(email)', 'A resource with this value already exists.']);
  });
});

describe('options', () => {
  test('expose columns as fields where no rule names them', () => {
    const exposed = (exposeColumns: boolean | ((column: string, table?: string) => string | undefined)): unknown =>
      conflictOf(unique(), undefined, defineConflicts({ exposeColumns, onUnregistered: () => {} })).problem.errors;
    expect(exposed(true)).toEqual([{ pointer: '#/email', code: 'taken' }]);
    expect(exposed(false)).toBeUndefined();
    expect(exposed((column, table) => `${table}/${column}`)).toEqual([{ pointer: '#/users~1email', code: 'taken' }]);
    expect(exposed(() => undefined)).toBeUndefined();
    expect(
      exposed(() => {
        throw new Error('no name');
      }),
    ).toBeUndefined();
  });

  test('expose no columns where there are more than any database has in a key', () => {
    const columns = (length: number, name = 'c') => Array.from({ length }, (_, at) => `${name}${at}`);
    const exposed = (...names: string[]): unknown => {
      const violation = { kind: 'unique_violation', driver: 'test', code: '1', columns: names } as const;
      const drivers = [{ name: 'test', owns: () => true, classify: () => violation }];
      const conflicts = defineConflicts({ drivers, exposeColumns: true, onUnregistered: () => {} });
      return conflictOf(new Error('any'), undefined, conflicts).problem.errors?.length;
    };
    expect(exposed(...columns(32))).toBe(32);
    expect(exposed(...columns(33))).toBeUndefined();
    expect(exposed('c'.repeat(4096))).toBe(1);
    expect(exposed('c'.repeat(4097))).toBeUndefined();
  });

  test('ask drivers of the application before the built-in ones, and survive those that throw', () => {
    const violation = { kind: 'check_violation', driver: 'mine', code: 'X1' } as const;
    const mine = { name: 'mine', owns: () => true, classify: () => violation };
    const broken = {
      name: 'broken',
      owns: () => true,
      classify: () => {
        throw new Error('broken');
      },
    };
    expect(defineConflicts({ drivers: [broken, mine] }).classify(unique())).toBe(violation);
    expect(defineConflicts({ drivers: [broken] }).classify(unique())).toEqual(classify(unique()));
  });

  test('say which server it is, where the error cannot', () => {
    const error = captured('mysql2/mysql-9/unique-dot-in-key');
    expect(classify(error)).not.toHaveProperty('constraint');
    expect(defineConflicts({ dialect: 'mariadb' }).classify(error)).toHaveProperty('constraint');
  });

  test('capture a stack where the error is translated', () => {
    const here = conflictOf(unique(), undefined, defineConflicts({ captureStack: true, onUnregistered: () => {} }));
    expect(here.stack).toContain('define-conflicts');
    expect(conflictOf(unique()).stack).not.toContain('src/define-conflicts.ts');
  });

  test('take a format of the application, and fall back to the problem where it fails', () => {
    const formatted = (format: () => never): unknown =>
      bodyOf(conflictOf(unique(), undefined, defineConflicts({ format, onUnregistered: () => {} })));
    const own = defineConflicts({
      format: ({ code, instance }, context) => ({ body: { code, instance, context }, contentType: 'text/x' }),
      onUnregistered: () => {},
    });
    const error = conflictOf(unique(), { operation: 'insert' }, own);
    expect(bodyOf(error)).toEqual({ code: 'duplicate', context: { operation: 'insert' } });
    expect(error.headers['Content-Type']).toBe('text/x');
    expect(error.problem).toMatchObject({ type: 'about:blank', code: 'duplicate' });
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const garbage of [undefined, null, 'text', {}, { body: circular, contentType: 'a/b' }, { body: () => {} }]) {
      expect(formatted(() => garbage as never)).toMatchObject({ title: 'Conflict' });
    }
    expect(
      formatted(() => {
        throw new Error('no format');
      }),
    ).toMatchObject({ title: 'Conflict' });
  });
});

describe('the content type of a format', () => {
  test.each(['text/html', 'text/html; charset=utf-8', 'application/vnd.api+json', '!/~'])(
    'may be %j',
    (contentType) => {
      const { translate } = defineConflicts({ format: () => ({ body: {}, contentType }), onUnregistered: () => {} });
      expect(conflictOf(unique(), undefined, { translate }).headers['Content-Type']).toBe(contentType);
    },
  );

  test.each([
    ...['a/b\r\nX: y', '\na/b', 'a/b\n', ' a/b', 'a b/c', 'a/b\u00e4', '\u00e4/b', '/b', 'a/', 'ab', ''],
    ...[undefined, null, 7, { toString: () => 'a/b' }],
  ])('is that of JSON where it is none: %j', (contentType) => {
    const format = () => ({ body: {}, contentType: contentType as string });
    const { translate } = defineConflicts({ format, onUnregistered: () => {} });
    expect(conflictOf(unique(), undefined, { translate }).headers['Content-Type']).toBe('application/json');
  });
});

describe('the walk to the native error', () => {
  test('ends at an error of a database that is no violation', () => {
    const outer = Object.assign(captured('pg/postgresql-18/syntax-error'), { cause: unique() });
    expect([translate(outer), classify(outer), defineConflicts().owns(outer)]).toEqual([outer, undefined, true]);
  });

  test('knows whose an error is, also behind another, and whose it is not', () => {
    const { owns } = defineConflicts();
    expect(owns(new Error('outer', { cause: unique() }))).toBe(true);
    for (const value of [new Error('any'), ...nonErrors(), ...hostile()]) expect(owns(value)).toBe(false);
  });

  test('reads the code of an error that is none of a database once, and asks no translator', () => {
    let reads = 0;
    const error = Object.defineProperty(new TypeError('a bug'), 'code', { get: () => void reads++ });
    expect(translate(error)).toBe(error);
    expect(reads).toBe(1);
  });

  test('gives no violation of a row that has another version', () => {
    const error = Object.assign(new Error('stale'), { name: 'OptimisticLockError' });
    expect([isConflict(translate(error), 'version_mismatch'), classify(error)]).toEqual([true, undefined]);
  });
});

describe('the values of a violation', () => {
  const classified = (violation: object) =>
    defineConflicts({
      drivers: [{ name: 'mine', owns: () => true, classify: () => violation as never, values: () => ['value'] }],
    }).classify(new Error('any'));
  const MINE = { kind: 'unique_violation', driver: 'mine', code: '1' } as const;

  test('are read when somebody asks, and are no part of it', () => {
    const violation = classified({ ...MINE, columns: ['email'] });
    expect(Object.getOwnPropertyDescriptor(violation, 'values')).toEqual({
      ...{ get: expect.any(Function), set: undefined, configurable: true, enumerable: false },
    });
    expect(violation).toHaveProperty('values', ['value']);
  });

  test('are none where no columns are known, and where the violation is frozen', () => {
    for (const violation of [{ ...MINE }, Object.freeze({ ...MINE, columns: ['email'] })]) {
      expect(classified(violation)).toBe(violation);
      expect(violation).not.toHaveProperty('values');
    }
  });

  test("are the driver's own where it has some", () => {
    const values = ['own'];
    expect(classified({ ...MINE, columns: ['email'], values })).toHaveProperty('values', values);
  });
});

describe('translating twice', () => {
  const rules = { users_email_key: RULE };

  test('gives the same error when nothing new is known', () => {
    const conflicts = defineConflicts({ rules });
    const error = conflictOf(unique(), undefined, conflicts);
    expect(conflicts.translate(error)).toBe(error);
    expect(conflicts.translate(error, { method: 'POST' })).toBe(error);
    expect(conflicts.translate(new Error('outer', { cause: error }))).toBe(error);
    expect(classify(error)).toBe(error.violation);
    expect(classify(new Error('outer', { cause: error }))).toBe(error.violation);
  });

  test('answers again when a request tells more, as the same occurrence', () => {
    const error = conflictOf(sqliteForeignKey());
    const again = conflictOf(error, { method: 'DELETE' });
    expect([error.code, again.code]).toEqual(['reference_conflict', 'reference_in_use']);
    expect(again.cause).toBe(error.cause);
    expect(again.violation).toBe(error.violation);
    expect(again.problem.instance).toBe(error.problem.instance);
    expect(translate(again)).toBe(again);
  });

  test('gives each occurrence a problem and an id of its own, whatever the application does to another', () => {
    const conflicts = defineConflicts({ rules });
    const [one, other] = [conflictOf(unique(), undefined, conflicts), conflictOf(unique(), undefined, conflicts)];
    Object.assign(one.problem, { resource: 'changed', status: 400 });
    expect(bodyOf(one)).toMatchObject({ resource: 'changed', status: 400 });
    expect(bodyOf(other)).toMatchObject({ resource: 'user', status: 409 });
    expect(bodyOf(conflictOf(unique(), undefined, conflicts))).toMatchObject({ resource: 'user', status: 409 });
    expect(one.problem.instance).not.toBe(other.problem.instance);
    expect(other.problem).toBe(other.problem);
  });

  test('answers again when other rules know the constraint', () => {
    const error = conflictOf(unique());
    expect(conflictOf(error, undefined, defineConflicts({ rules })).message).toBe(RULE.detail);
  });

  test('keeps words and format of the rules that answered, where the others know nothing', () => {
    const simple = defineConflicts({ rules, format: 'simple' });
    const error = conflictOf(unique(), undefined, simple);
    expect(translate(error)).toBe(error);
    expect(translate(error, { method: 'PUT', headers: { 'if-none-match': '*' } })).toBe(error);
    const direction = conflictOf(sqliteForeignKey(), undefined, simple);
    expect(bodyOf(conflictOf(direction, { method: 'DELETE' }))).toMatchObject({
      error: 'conflict',
      code: 'reference_in_use',
    });
  });

  test('gives a conflict of the package root the format of the application that answers', () => {
    const simple = defineConflicts({ format: 'simple', typeBase: 'https://example.com/' });
    const raised = conflict('invalid_state', { resource: 'order', current_status: 'shipped' });
    expect(bodyOf(conflictOf(raised, undefined, simple))).toEqual({
      error: 'conflict',
      message: 'The current state of the resource does not allow this.',
      code: 'invalid_state',
      resource: 'order',
      current_status: 'shipped',
      retryable: false,
      recovery: 'none',
    });
    const typed = conflict('merge_conflict', { type: 'https://example.org/dns', title: 'DNS conflict' });
    expect(conflictOf(typed, { method: 'PUT' }, defineConflicts()).problem).toEqual(typed.problem);
  });

  const IN_USE = { method: 'DELETE' };
  const NEW = { headers: { 'if-none-match': '*' } };
  const MATCH = { headers: { 'if-match': '"v3"' } };
  const silent = { onUnregistered: () => {} };
  const ruled = defineConflicts({ rules, typeBase: 'https://a.example/' });
  const asking = defineConflicts({ status: { required: 422 }, format: 'simple', ...silent });
  const plain = defineConflicts({ typeBase: 'https://b.example/', ...silent });
  const strict = defineConflicts({ status: { version_mismatch: 400, reference_in_use: 410 }, ...silent });
  const notNull = (): Error => captured('better-sqlite3/sqlite-3/not-null');
  const stale = (context?: object) => conflict('version_mismatch', { current_version: 'v4' }, { context });

  test.each<[string, () => unknown, Pick<Conflicts, 'translate'>, object | undefined, object | 'same']>([
    [
      'keeps what the request told before, where none is at hand',
      () => translate(sqliteForeignKey(), IN_USE),
      { translate },
      undefined,
      'same',
    ],
    [
      'keeps it with other rules, too, in their words',
      () => translate(sqliteForeignKey(), IN_USE),
      plain,
      undefined,
      {
        code: 'reference_in_use',
        status: 409,
        type: 'https://b.example/reference-in-use',
        title: 'Resource is in use',
      },
    ],
    [
      'takes the status of the rules that answer',
      () => translate(sqliteForeignKey(), IN_USE),
      strict,
      undefined,
      { code: 'reference_in_use', status: 410, type: 'about:blank', title: 'Gone' },
    ],
    [
      'keeps a status that came from a request, where none is at hand',
      () => stale(MATCH),
      strict,
      undefined,
      { code: 'version_mismatch', status: 412, type: 'about:blank', title: 'Precondition Failed' },
    ],
    [
      'takes the status of another request',
      () => stale(MATCH),
      plain,
      {},
      { code: 'version_mismatch', status: 409, type: 'https://b.example/version-mismatch' },
    ],
    [
      'takes the status of a request that states a version',
      () => stale(),
      plain,
      MATCH,
      { code: 'version_mismatch', status: 412 },
    ],
    ['keeps the status of whoever bound it', () => strict.conflict('version_mismatch'), plain, MATCH, 'same'],
    [
      'keeps the words of the rule, though another request is at hand',
      () => ruled.translate(unique()),
      plain,
      NEW,
      'same',
    ],
    [
      'keeps the words of the rule, where no request is at hand',
      () => ruled.translate(unique()),
      plain,
      undefined,
      'same',
    ],
    ['keeps an answer that only the first asked for', () => asking.translate(notNull()), plain, NEW, 'same'],
    [
      'keeps the first format, where only the status is new',
      () => asking.translate(sqlitePrimaryKey()),
      plain,
      NEW,
      { code: 'duplicate', status: 412 },
    ],
    [
      'gives the words of rules that know the constraint, though others have answered',
      () => asking.translate(unique()),
      ruled,
      undefined,
      { code: 'duplicate', detail: RULE.detail, type: 'https://a.example/duplicate' },
    ],
    [
      'gives the words of rules that know the constraint, for a request',
      () => plain.translate(unique()),
      ruled,
      NEW,
      { code: 'duplicate', detail: RULE.detail, type: 'https://a.example/duplicate' },
    ],
    [
      'gives what nobody has bound the type of the application',
      () => conflict('merge_conflict'),
      plain,
      undefined,
      { code: 'merge_conflict', type: 'https://b.example/merge-conflict', title: 'Merge conflict' },
    ],
    ['keeps the type of the first', () => plain.conflict('merge_conflict'), ruled, {}, 'same'],
  ])('%s', (_, answer, conflicts, context, expected) => {
    const first = answer();
    const again = conflictOf(first, context, conflicts);
    if (expected === 'same') expect(again).toBe(first);
    else expect(again.problem).toMatchObject(expected);
    const { cause, violation, rule, problem } = first as ConflictError;
    expect(again.cause).toBe(cause);
    expect(again.violation).toBe(violation);
    expect(again.problem.instance).toBe(problem.instance);
    expect(again.rule).toBe(rule ?? (conflicts === ruled && violation ? 'users_email_key' : undefined));
  });

  test('keeps a status that came from a request where the rule knows none', () => {
    const keyed = defineConflicts({ rules: { 'users(id)': { resource: 'user' } } });
    const first = conflictOf(sqlitePrimaryKey(), NEW, keyed);
    expect([first.rule, first.status]).toEqual(['users(id)', 412]);
    expect(keyed.translate(first)).toBe(first);
  });

  test('asks once an answer how a column is called', () => {
    const exposeColumns = vi.fn(() => 'mail');
    const named = defineConflicts({ exposeColumns, ...silent });
    const first = conflictOf(unique(), undefined, named);
    expect(exposeColumns).toHaveBeenCalledTimes(1);
    expect(named.translate(first, NEW)).toBe(first);
    expect(exposeColumns).toHaveBeenCalledTimes(2);
  });

  test('keeps the format of the first, of which only the status or the type of the body is new', () => {
    const first = asking.translate(sqlitePrimaryKey()) as ConflictError;
    const again = conflictOf(first, NEW, plain);
    expect([again.status, bodyOf(again)]).toEqual([412, bodyOf(first)]);
    const types = defineConflicts({
      format: (_problem, context) => ({ body: { instance: 'urn:uuid:0' }, contentType: `text/${context?.table}` }),
      ...silent,
    });
    const typed = types.translate(unique(), { table: 'a' });
    expect(conflictOf(typed, { table: 'b' }, types).headers['Content-Type']).toBe('text/b');
    expect(types.translate(typed, { table: 'a' })).toBe(typed);
  });

  test('knows the errors of another copy of the package', async () => {
    vi.resetModules();
    const other = await import('../src/index.ts');
    expect(other.ConflictError).not.toBe(ConflictError);
    const theirs = other.translate(sqliteForeignKey()) as ConflictError;
    expect(theirs instanceof ConflictError).toBe(true);
    expect(isConflict(theirs, 'reference_conflict')).toBe(true);
    expect(classify(theirs)).toBe(theirs.violation);
    expect(conflictOf(theirs, { method: 'DELETE' }).code).toBe('reference_in_use');
    expect(translate(theirs)).toBe(theirs);
  });
});

describe('conflict', () => {
  test('makes what no constraint can raise', () => {
    const cause = new Error('0 rows');
    const members = { resource: 'post', current_version: 'v4', expected_version: 'v3' };
    const error = conflict('version_mismatch', members, { cause });
    expect(bodyOf(error)).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'The resource was changed since it was loaded. Load it again and retry.',
      code: 'version_mismatch',
      ...members,
      retryable: false,
      recovery: 'refetch_and_retry',
    });
    expect([error.headers.ETag, error.cause, error.violation]).toEqual(['"v4"', cause, undefined]);
  });

  test('takes fields as rules do, and versions as databases have them', () => {
    const error = conflict('version_mismatch', { current_version: 4n, expected_version: 3, fields: ['title'] });
    expect(error.problem).toMatchObject({
      current_version: '4',
      expected_version: '3',
      errors: [{ pointer: '#/title', code: 'invalid' }],
    });
  });

  test('keeps a body small whatever it is given', () => {
    const long = 'x'.repeat(100_000);
    const error = conflict('invalid_state', {
      detail: long,
      current_status: long,
      allowed_transitions: Array.from({ length: 1000 }, () => 'cancel'),
      errors: Array.from({ length: 1000 }, () => ({ pointer: '#/a', code: 'invalid' as const })),
    });
    expect(JSON.stringify(error).length).toBeLessThan(8192);
  });

  test('leaves out what a body cannot hold', () => {
    const members = {
      current_version: Symbol('v4'),
      expected_version: {},
      resource: '',
      errors: [null, { pointer: {} }],
    };
    expect(Object.keys(conflict('version_mismatch', members as object).problem)).toEqual(
      Object.keys(conflict('version_mismatch').problem),
    );
  });
});

describe('isConflict', () => {
  test('narrows by code', () => {
    const error = conflictOf(unique());
    expect([isConflict(error), isConflict(error, 'duplicate'), isConflict(error, 'overlap')]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('says no to everything else, and never throws', () => {
    for (const value of [...nonErrors(), ...hostile(), createError(409), createError.Conflict]) {
      expect(isConflict(value)).toBe(false);
    }
  });
});

describe('what is not made as usual', () => {
  test('is answered all the same when it is frozen', () => {
    const frozen = Object.freeze(conflictOf(sqliteForeignKey()));
    expect(conflictOf(frozen, { method: 'DELETE' }).code).toBe('reference_in_use');
    expect(frozen.headers).toEqual({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' });
    expect(frozen.getResponse().status).toBe(409);
  });

  test('comes back when it only says that it is a conflict', () => {
    const pretender = { code: 'duplicate', [Symbol.for('db-http-errors.ConflictError')]: true };
    expect(translate(pretender)).toBe(pretender);
    expect(translate(pretender, { method: 'POST' })).toBe(pretender);
    expect(translate(new Error('outer', { cause: pretender }))).toBe(pretender);
  });

  test('finds the rule of a raised condition also beside a constraint', () => {
    const raised = captured('better-sqlite3/sqlite-3/raise');
    const { condition } = classify(raised) as { condition: string };
    const violation = { ...classify(raised), constraint: 'other' } as never;
    const mine = { name: 'mine', owns: () => true, classify: () => violation };
    const conflicts = defineConflicts({ drivers: [mine], rules: { [condition]: { detail: 'Shipped.' } } });
    expect(conflictOf(raised, undefined, conflicts).message).toBe('Shipped.');
  });

  test('waits a day at most', () => {
    expect(conflict('busy', { retry_after: 1e9 }).headers['Retry-After']).toBe('86400');
    expect(() => conflict('busy', {}, null as never)).toThrow(
      'Expected the options of a conflict to be an object, got null',
    );
  });
});

describe("a duplicate that Sequelize's findOrCreate() has caught on the server", () => {
  test('is told by its code and detail, which are all that is left', () => {
    const original = {
      sql: 'CREATE OR REPLACE FUNCTION pg_temp.testfunc(OUT response "users", OUT sequelize_caught_exception text) …',
      code: '23505',
      detail: 'Key (email)=(alice@example.com) already exists.',
    };
    const error = Object.assign(new Error('Validation error'), { original, parent: original });
    expect(classify(error)).toEqual({
      kind: 'unique_violation',
      driver: 'pg',
      dialect: 'postgresql',
      code: '23505',
      sqlState: '23505',
      columns: ['email'],
    });
    expect(classify({ code: '23505', sql: 'INSERT INTO users …', detail: original.detail })).toBeUndefined();
  });
});
