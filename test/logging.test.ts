import { describe, expect, test, vi } from 'vitest';
import { mariadb } from '../src/drivers/mariadb.ts';
import { nodeSqlite } from '../src/drivers/node-sqlite.ts';
import { postgres } from '../src/drivers/postgres.ts';
import { sqlite3 } from '../src/drivers/sqlite3.ts';
import { conflict, defineConflicts, type Violation } from '../src/index.ts';
import { conflictLogFields, type LoggedError, pinoConflicts, recordConflict } from '../src/logging.ts';
import { captured } from './violations.ts';

// With the real pino and the real OpenTelemetry: test/matrix/logging. What it hides: logging-leaks.test.ts.

const conflicts = defineConflicts({
  rules: { users_email_key: { resource: 'user', fields: ['email'], detail: 'This user exists.' } },
  onUnregistered: () => {},
});
const unique = () => captured('pg/postgresql-18/unique');

const FACTS = {
  kind: 'unique_violation',
  driver: 'pg',
  dialect: 'postgresql',
  nativeCode: '23505',
  sqlState: '23505',
  constraint: 'users_email_key',
  schema: 'public',
  table: 'users',
  columns: ['email'],
} as const;

describe('conflictLogFields', () => {
  test('has the answer and the facts of a conflict', () => {
    const error = conflicts.translate(unique());
    const answer = { code: 'duplicate', status: 409, rule: 'users_email_key' };
    const expected = { instance: expect.stringMatching(/^urn:uuid:/), ...answer, ...FACTS };
    expect(conflictLogFields(error)).toEqual(expected);
    expect(conflictLogFields(new Error('Unexpected error', { cause: error }))).toEqual(expected);
  });

  test('has the answer of a conflict that the application raised', () => {
    expect(conflictLogFields(conflict('busy', { retry_after: 5 }))).toEqual({
      instance: expect.stringMatching(/^urn:uuid:/),
      code: 'busy',
      status: 503,
      retryable: true,
    });
  });

  test('has the facts of an error that nobody has answered, and no answer', () => {
    expect(conflictLogFields(unique())).toEqual(FACTS);
    expect(conflictLogFields(new Error('Failed query', { cause: unique() }))).toEqual(FACTS);
  });

  test('warns about no rule, for it answers nothing', () => {
    const onUnregistered = vi.fn();
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    conflictLogFields(unique());
    conflictLogFields(unique(), defineConflicts({ onUnregistered }));
    expect(onUnregistered).not.toHaveBeenCalled();
    expect(warned).not.toHaveBeenCalled();
    warned.mockRestore();
  });

  test.each([
    ['pg/postgresql-18/syntax-error', { driver: 'pg', nativeCode: '42601', sqlState: '42601' }],
    ['mysql2/mariadb-10/syntax-error', { driver: 'mysql2', nativeCode: '1064', sqlState: '42000' }],
    ['better-sqlite3/sqlite-3/syntax-error', { driver: 'better-sqlite3', nativeCode: 'SQLITE_ERROR' }],
    ['prisma/postgresql-18/postgresql-syntax-error', { driver: 'prisma', nativeCode: '42601', sqlState: '42601' }],
    ['prisma/mariadb-10/mysql-closed', { driver: 'prisma', nativeCode: '45027', sqlState: 'HY000' }],
  ])('has the driver and the code of %s', (path, fields) => {
    expect(conflictLogFields(captured(path))).toEqual(fields);
    const wrapped = Object.assign(new Error('s3cr3t', { cause: captured(path) }), { code: 'P2010', query: 's3cr3t' });
    expect(conflictLogFields(wrapped)).toEqual(fields);
  });

  test('has the code of what an ORM threw about a statement', () => {
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED', errno: -111 });
    const failed = Object.assign(new Error('Failed query: insert …', { cause: refused }), { query: 'insert …' });
    expect(conflictLogFields(failed)).toEqual({ nativeCode: 'ECONNREFUSED' });
    expect(conflictLogFields(refused)).toBeUndefined();
  });

  test('has the code of a stale version, of which an ORM tells the values', () => {
    const stale = Object.assign(new Error('s3cr3t'), { name: 'SequelizeOptimisticLockError', values: { a: 's3cr3t' } });
    expect(conflictLogFields(stale)).toEqual({ code: 'version_mismatch' });
  });

  test('knows the drivers that the application names', () => {
    class ServerError extends Error {}
    const drivers = [
      {
        name: 'mine',
        owns: (error: unknown) => error instanceof ServerError,
        classify: (): Violation | undefined => undefined,
      },
    ];
    const error = Object.assign(new ServerError('s3cr3t'), { code: 'E_17' });
    expect(conflictLogFields(error)).toBeUndefined();
    expect(conflictLogFields(error, defineConflicts({ drivers }))).toEqual({ driver: 'mine', nativeCode: 'E_17' });
  });

  test.each([
    ['postgres/postgresql-18/syntax-error', { driver: 'postgres', nativeCode: '42601', sqlState: '42601' }],
    ['mariadb/mariadb-10/syntax-error', { driver: 'mariadb', nativeCode: '1064', sqlState: '42000' }],
    ['sqlite3/sqlite-3/cannot-open', { driver: 'sqlite3', nativeCode: 'SQLITE_CANTOPEN' }],
    ['node-sqlite/sqlite-3/cannot-open', { driver: 'node-sqlite', nativeCode: '14' }],
  ])('has the name of the driver of %s, among others', (path, fields) => {
    const bound = defineConflicts({ drivers: [postgres, mariadb, sqlite3, nodeSqlite], onUnregistered: () => {} });
    expect(conflictLogFields(captured(path), bound)).toEqual(fields);
    expect(conflictLogFields(new Error('outer', { cause: captured(path) }), bound)).toEqual(fields);
  });

  test('takes no text for a code', () => {
    const error = Object.assign(captured('pg/postgresql-18/syntax-error'), { code: "a 's'" });
    expect(conflictLogFields(error)).toEqual({ driver: 'pg' });
  });

  test('has no text of a RAISE, not even a word', () => {
    const raised = Object.assign(captured('better-sqlite3/sqlite-3/raise'), { message: 'alice' });
    expect(JSON.stringify(conflictLogFields(raised))).not.toContain('alice');
  });

  test.each([undefined, null, 0, 'text', {}, [], new Error('bug'), new TypeError('bug', { cause: new Error('bug') })])(
    'has nothing of %j',
    (error) => {
      expect(conflictLogFields(error)).toBeUndefined();
    },
  );

  test('never throws', () => {
    const throws = () => {
      throw new Error('s3cr3t');
    };
    const { proxy, revoke } = Proxy.revocable(unique(), {});
    revoke();
    const forged = { [Symbol.for('db-http-errors.ConflictError')]: true };
    for (const error of [
      proxy,
      new Proxy(unique(), { get: throws }),
      Object.defineProperty(unique(), 'code', { get: throws }),
      Object.defineProperty(unique(), 'stack', { get: throws }),
      Object.defineProperty(unique(), 'constructor', { value: undefined }),
      forged,
      Object.defineProperty({ ...forged }, 'problem', { get: throws }),
    ]) {
      expect(() => conflictLogFields(error)).not.toThrow();
      expect(() => pinoConflicts().serializers.err(error)).not.toThrow();
      expect(() => pinoConflicts().hooks.logMethod([error], () => {})).not.toThrow();
      expect(() => pinoConflicts().hooks.logMethod([{ error }, 'text', error], () => {})).not.toThrow();
      expect(() => recordConflict({ setAttribute: throws, setStatus: throws }, error)).not.toThrow();
    }
  });
});

test('a getter that throws at any time keeps nothing from the log', () => {
  for (let calm = 0; calm < 8; calm++) {
    let reads = 0;
    const fields = {
      get hostile() {
        if (reads++ >= calm) throw new Error('hostile');
        return {};
      },
      error: captured('pg/postgresql-18/unique'),
    };
    expect(() => passed(fields)).not.toThrow();
  }
});

/** What the hook makes of the arguments of a log method. */
function passed(...args: readonly unknown[]): readonly unknown[] {
  let seen: readonly unknown[] = [];
  pinoConflicts(conflicts).hooks.logMethod(args, function (this: never, ...given: never[]) {
    seen = given;
  });
  return seen;
}

describe('pinoConflicts', () => {
  const { err } = pinoConflicts(conflicts).serializers;

  test('logs a native error with its frames, under what happened', () => {
    const { stack, ...fields } = err(unique()) as LoggedError;
    expect(fields).toEqual({ type: 'DatabaseError', message: 'unique_violation (pg 23505)', ...FACTS });
    const [header, ...frames] = stack.split('\n');
    expect(header).toBe('DatabaseError: unique_violation (pg 23505)');
    expect(frames.length).toBeGreaterThan(2);
    expect(frames.every((frame) => frame.startsWith('    at '))).toBe(true);
  });

  test('calls an error of a class without a name an error', () => {
    const error = Object.assign(new (class extends Error {})('native'), unique());
    expect(Object.getPrototypeOf(error).constructor.name).toBe('');
    expect(err(error)).toMatchObject({ type: 'Error', message: 'unique_violation (pg 23505)' });
  });

  test('logs a conflict with its public message, also one that something wraps', () => {
    const error = conflicts.translate(unique());
    const logged = {
      type: 'ConflictError',
      message: 'This user exists.',
      stack: (error as Error).stack,
      ...conflictLogFields(error),
    };
    expect(err(error)).toEqual(logged);
    expect(err(new Error('This user exists.', { cause: error }))).toEqual(logged);
  });

  test('logs every other error by the serializer that it is given', () => {
    const bug = new TypeError('bug');
    expect(err(bug)).toEqual({ type: 'TypeError', message: 'bug', stack: bug.stack });
    expect(err('text')).toBe('text');
    const calls: unknown[] = [];
    const own = pinoConflicts(conflicts, (error) => calls.push(error));
    own.serializers.err(bug);
    own.serializers.err('text');
    own.serializers.err(unique());
    expect(calls).toEqual([bug, 'text']);
  });

  test('writes the message where pino would write the driver’s', () => {
    const error = unique();
    const message = 'unique_violation (pg 23505)';
    expect(passed(error)).toEqual([error, message]);
    expect(passed(error, error.message)).toEqual([error, message]);
    expect(passed(error, `Failed: ${error.message}`)).toEqual([error, message]);
    expect(passed(error, 'Failed')).toEqual([error, 'Failed']);
    expect(passed({ err: error })).toEqual([{ err: err(error) }, message]);
    expect(passed({ err: error, a: 1 }, 'Failed %s', error)).toEqual([{ err: err(error), a: 1 }, 'Failed %s', message]);
    expect(passed('Failed %s', error)).toEqual(['Failed %s', message]);
  });

  test('replaces errors in plain objects and arrays, and leaves what is beside them', () => {
    const error = unique();
    const logged = err(error);
    const message = 'unique_violation (pg 23505)';
    const bug = new TypeError('bug');
    const beside = { a: [1, { b: bug }], date: new Date(0) };
    expect(passed({ ctx: { err: error, beside } }, 'Failed')).toEqual([{ ctx: { err: logged, beside } }, 'Failed']);
    expect(passed({ errors: [bug, error] })).toEqual([{ errors: [bug, logged] }]);
    expect(passed([{ status: 'rejected', reason: error }], 'x')).toEqual([
      [{ status: 'rejected', reason: logged }],
      'x',
    ]);
    expect(passed({ ctx: { err: error } }, `Failed: ${error.message}`)).toEqual([{ ctx: { err: logged } }, message]);
    expect(passed('Failed %j', { err: error })).toEqual(['Failed %j', { err: logged }]);
    expect(passed(`Failed: ${error.message}`, error)).toEqual([message, message]);
    const [{ ctx }] = passed({ ctx: { err: error, beside } }, 'Failed') as [{ ctx: { beside: unknown } }];
    expect(ctx.beside).toBe(beside);
    expect(Object.keys(error)).toContain('detail');
  });

  test('replaces errors in the bindings of a child, under the keys that it has serializers for', () => {
    const { serializers } = pinoConflicts(conflicts);
    const error = unique();
    const bug = new TypeError('bug');
    for (const key of ['err', 'error'] as const) {
      expect(serializers[key](error)).toEqual(err(error));
      expect(serializers[key]([error, { error }])).toEqual([err(error), { error: err(error) }]);
      expect(serializers[key](bug)).toEqual(err(bug));
      expect(serializers[key]('text')).toBe('text');
    }
  });

  test('gives up on what is deeper, larger or in circles', () => {
    const error = unique();
    const circle: Record<string, unknown> = { error };
    circle.self = circle;
    expect(passed(circle)[0]).toEqual({ error: err(error), self: '[Circular]' });
    const deep = { a: { a: { a: { a: { a: { a: { error } } } } } } };
    expect(passed(deep)[0]).toBe(deep);
    const large = { list: Array.from({ length: 2000 }, () => ({})), error };
    expect(passed(large)[0]).toEqual({ ...large, error: err(error) });
    const many = { list: Array.from({ length: 2000 }, () => ({ error })) };
    const { list } = passed(many)[0] as typeof many;
    expect(list[0]).toEqual({ error: err(error) });
    expect(list[1999]).toEqual({ error });
    class Job {
      readonly error = error;
    }
    const job = { job: new Job() };
    expect(passed(job)[0]).toBe(job);
  });

  test('leaves the arguments alone where there is no error of a database', () => {
    const bug = new TypeError('bug');
    const fields = { err: bug };
    for (const args of [
      [bug],
      [bug, 'text'],
      [fields],
      [fields, 'text %s', 1],
      ['text %s', bug],
      ['text'],
      [null, 'a'],
      [undefined],
    ]) {
      const seen = passed(...args);
      expect(seen).toEqual(args);
      expect(seen[0]).toBe(args[0]);
    }
  });
});

/** What a span is given. */
function recorded(error: unknown): { attributes: Record<string, string>; status?: number } {
  const seen: { attributes: Record<string, string>; status?: number } = { attributes: {} };
  const span = {
    setAttribute: (key: string, value: string) => Object.assign(seen.attributes, { [key]: value }),
    setStatus: ({ code }: { code: number }) => Object.assign(seen, { status: code }),
  };
  recordConflict(span, error, conflicts);
  return seen;
}

describe('recordConflict', () => {
  test('leaves status and error.type alone for what a client has to change', () => {
    const { attributes, status } = recorded(conflicts.translate(unique()));
    expect(status).toBeUndefined();
    expect(attributes).toEqual({
      'db.system.name': 'postgresql',
      'db.response.status_code': '23505',
      'db.collection.name': 'users',
      'db.namespace': 'public',
      'db_http_errors.instance': expect.stringMatching(/^urn:uuid:/),
      'db_http_errors.code': 'duplicate',
      'db_http_errors.rule': 'users_email_key',
      'db_http_errors.kind': 'unique_violation',
      'db_http_errors.constraint': 'users_email_key',
    });
  });

  test.each([
    ['a 503', conflict('busy'), 'busy'],
    ['an error that nobody has answered', unique(), '23505'],
    ['an error that has no answer', captured('mysql2/mariadb-10/syntax-error'), '1064'],
  ])('records %s as a failure', (_title, error, type) => {
    const { attributes, status } = recorded(error);
    expect(status).toBe(2);
    expect(attributes['error.type']).toBe(type);
  });

  test('records nothing else, and nothing without a span', () => {
    expect(recorded(new TypeError('bug'))).toEqual({ attributes: {} });
    expect(recordConflict(undefined, unique())).toBeUndefined();
  });
});
