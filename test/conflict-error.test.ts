import { inspect, types } from 'node:util';
import createError from 'http-errors';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import type * as module from '../src/conflict-error.ts';
import { notFound } from '../src/conflict-error.ts';
import { ConflictError, classify, conflict, defineConflicts, isConflict, translate } from '../src/index.ts';
import type { Problem, ProblemCode } from '../src/problem.ts';
import { CODES, FORMATS, toProblem } from '../src/problem.ts';
import { captured } from './violations.ts';

const INSTANCE = 'urn:uuid:00000000-0000-4000-8000-000000000000';
const EVERY_CODE = Object.keys(CODES) as ProblemCode[];

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

afterEach(() => {
  vi.restoreAllMocks();
});

function problem(code: ProblemCode = 'duplicate', status: number = CODES[code][0]): Problem {
  return toProblem(code, status, { instance: INSTANCE });
}

/** A native error with this message, whose stack is known. */
function native(message: string, frames = ['first (/app/first.js:1:2)', 'async second (/app/second.js:3:4)']): Error {
  const error = captured('pg/postgresql-18/unique');
  error.message = message;
  error.stack = [`error: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join('\n');
  return error;
}

function translated(cause: Error): ConflictError {
  const error = translate(cause);
  if (!isConflict(error)) throw new Error('The error was expected to be a conflict');
  return error;
}

/** The own properties, the problem aside: it is public, wherever it is kept. */
function keysOf(error: ConflictError): (string | symbol)[] {
  return Reflect.ownKeys(error).filter((key) => key !== 'problem');
}

describe('the properties', () => {
  test('are public where they are enumerable, and writable data', () => {
    const cause = captured('pg/postgresql-18/unique');
    const conflicts = defineConflicts({ rules: { users_email_key: { resource: 'user' } }, status: { duplicate: 422 } });
    const error = conflicts.translate(cause) as ConflictError;
    for (const key of ['message', 'code']) {
      expect(Object.getOwnPropertyDescriptor(error, key), key).toMatchObject({ writable: true, enumerable: true });
    }
    expect(error.cause).toBe(cause);
    expect(Object.getOwnPropertyDescriptor(error, 'cause')?.enumerable ?? false).toBe(false);
    expect({ violation: error.violation, rule: error.rule }).toEqual({
      violation: conflicts.classify(cause),
      rule: 'users_email_key',
    });
    const inherited: string[] = [];
    for (const key in error) inherited.push(key);
    expect(inherited.filter((key) => ['cause', 'violation', 'rule', 'stack', 'name'].includes(key))).toEqual([]);
    expect(Object.keys(error)).toEqual(['message', 'code']);
    expect({ status: error.status, statusCode: error.statusCode, expose: error.expose, name: error.name }).toEqual({
      status: 422,
      statusCode: 422,
      expose: true,
      name: 'ConflictError',
    });
  });

  test('that nothing is known of are absent', () => {
    const error = new ConflictError(problem());
    expect(keysOf(error)).toEqual(['message', 'code']);
    expect(keysOf(conflict('duplicate'))).toEqual(keysOf(error));
    expect({ cause: error.cause, violation: error.violation, rule: error.rule }).toEqual({});
  });

  test('are the same for every code and status', () => {
    for (const code of EVERY_CODE) {
      expect(keysOf(new ConflictError(problem(code))), code).toEqual(['message', 'code']);
    }
  });

  test('that frameworks write are writable, and the error takes more', () => {
    for (const error of [conflict('duplicate'), conflict('busy'), conflict('precondition_required')]) {
      error.status = 500;
      error.statusCode = 501;
      error.expose = false;
      error.headers = { 'X-Request': '1' };
      error.message = 'changed';
      expect(Object.assign(error, { isBoom: true })).toMatchObject({
        status: 500,
        statusCode: 501,
        expose: false,
        headers: { 'X-Request': '1' },
        message: 'changed',
        isBoom: true,
      });
      expect(Object.isExtensible(error)).toBe(true);
    }
    expect(conflict('busy')).toMatchObject({ status: 503, statusCode: 503, expose: true });
  });

  test('make their headers once, when somebody asks, and keep what is written to them', () => {
    const error = conflict('duplicate');
    error.headers['X-Request'] = '1';
    expect(error.headers).toEqual({ ...conflict('duplicate').headers, 'X-Request': '1' });
    expect(Object.freeze(error).headers).toBe(error.headers);
    expect(Object.keys(error)).toEqual(['message', 'code']);
  });

  test('that are assigned are properties of its own, and only headers are enumerable', () => {
    const error = conflict('duplicate');
    const value = {} as never;
    error.cause = value;
    error.headers = value;
    error.stack = value;
    const own = { value, writable: true, configurable: true };
    expect(Object.getOwnPropertyDescriptors(error)).toMatchObject({
      cause: { ...own, enumerable: false },
      headers: { ...own, enumerable: true },
      stack: { ...own, enumerable: false },
    });
  });

  test('of the prototype are as those of other classes: to be overridden, and not enumerated', () => {
    const { name, status, statusCode, expose } = Object.getOwnPropertyDescriptors(ConflictError.prototype);
    const own = { writable: true, configurable: true, enumerable: false };
    expect({ name, status, statusCode, expose }).toEqual({
      name: { ...own, value: 'ConflictError' },
      status: { ...own, value: 409 },
      statusCode: { ...own, value: 409 },
      expose: { ...own, value: true },
    });
  });

  test('have the facts with the values that the database told, where the library has translated', () => {
    const violation = { kind: 'check_violation', driver: 'test', code: '1' } as const;
    expect(new ConflictError(problem(), { violation }).violation).toBe(violation);
    expect(translated(captured('pg/postgresql-18/unique')).violation).toMatchObject({ values: [expect.any(String)] });
  });

  test('are unknown through a proxy, which still answers and harms nobody', () => {
    const seen = new Proxy(translated(captured('pg/postgresql-18/unique')), {});
    expect({ violation: seen.violation, rule: seen.rule, code: seen.code, status: seen.status }).toEqual({
      violation: undefined,
      rule: undefined,
      code: 'duplicate',
      status: 409,
    });
    expect(seen.toJSON()).toMatchObject({ code: 'conflict', status: 409 });
    expect(isConflict(seen, 'duplicate')).toBe(true);
    expect(() => [translate(seen), translate(seen, { method: 'POST' }), classify(seen), inspect(seen)]).not.toThrow();
  });

  test('can be read through a derived object, as tools make them', () => {
    const error = translated(captured('pg/postgresql-18/unique'));
    for (const seen of [Object.create(error) as ConflictError]) {
      expect({ violation: seen.violation, rule: seen.rule, body: seen.toJSON(), stack: seen.stack }).toEqual({
        violation: error.violation,
        rule: undefined,
        body: error.problem,
        stack: error.stack,
      });
      expect(isConflict(seen, 'duplicate')).toBe(true);
      expect(translate(seen)).toBe(seen);
      expect(() => translate(seen, { method: 'POST' })).not.toThrow();
      expect(classify(seen)).toEqual(error.violation);
    }
  });

  test('are of the type that the code says', () => {
    const error = conflict('version_mismatch');
    expectTypeOf(error).toEqualTypeOf<ConflictError<'version_mismatch'>>();
    expectTypeOf(error.code).toEqualTypeOf<'version_mismatch'>();
    expectTypeOf(error.problem.current_version).toEqualTypeOf<string | undefined>();
    expectTypeOf(error.headers).toEqualTypeOf<Record<string, string>>();
  });

  test('say the message of the problem', () => {
    expect(conflict('duplicate').message).toBe('A resource with this value already exists.');
    expect(conflict('duplicate', { detail: 'Taken.' }).message).toBe('Taken.');
    const { detail, ...untold } = problem();
    expect(new ConflictError(untold as Problem).message).toBe('Conflict');
    expect(String(conflict('duplicate', { detail: 'Taken.' }))).toBe('ConflictError: Taken.');
  });
});

describe('the class', () => {
  test.each(EVERY_CODE)('of %s is a class of http-errors', (code) => {
    const error = conflict(code);
    const httpClass = createError[error.status as 409];
    expect(createError.isHttpError(error)).toBe(true);
    expect(error).toBeInstanceOf(createError.HttpError);
    expect(error).toBeInstanceOf(httpClass);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toBeInstanceOf(Error);
    expect(error instanceof createError.Conflict).toBe(error.status === 409);
    expect(error.constructor).toBe(ConflictError);
  });

  test.each([
    [400, createError.BadRequest],
    [404, createError.NotFound],
    [409, createError.Conflict],
    [410, createError.Gone],
    [412, createError.PreconditionFailed],
    [422, createError.UnprocessableEntity],
    [423, createError.Locked],
    [428, createError.PreconditionRequired],
    [429, createError.TooManyRequests],
    [500, createError.InternalServerError],
    [503, createError.ServiceUnavailable],
    [419, createError.HttpError],
    [499, createError.HttpError],
    [599, createError.HttpError],
  ])('of a %i follows the status, not the code', (status, httpClass) => {
    const error = defineConflicts({ status: { check_failed: status } }).conflict('check_failed');
    expect(error).toMatchObject({ status, statusCode: status, expose: true, code: 'check_failed' });
    expect(error).toBeInstanceOf(httpClass);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error instanceof createError.Conflict).toBe(status === 409);
    expect(createError.isHttpError(error)).toBe(true);
    expect(isConflict(error, 'check_failed')).toBe(true);
    expect(error.constructor).toBe(ConflictError);
    expect(error.toJSON()).toBe(error.problem);
  });

  test('of one status is made once, and that of a 409 is ConflictError itself', () => {
    const [prototype, other] = [conflict('busy'), conflict('busy')].map(Object.getPrototypeOf);
    expect(prototype).toBe(other);
    expect(prototype).not.toBe(ConflictError.prototype);
    expect(Object.getPrototypeOf(conflict('duplicate'))).toBe(ConflictError.prototype);
  });

  test('is a native error', () => {
    for (const code of EVERY_CODE) {
      expect(types.isNativeError(conflict(code)), code).toBe(true);
      expect(Object.prototype.toString.call(conflict(code)), code).toBe('[object Error]');
    }
  });

  test('leaves the classes of http-errors as they are', () => {
    const before = createError(409, 'native');
    expect(before instanceof ConflictError).toBe(false);
    expect(before).toMatchObject({ name: 'ConflictError', status: 409 });
    expect(isConflict(before)).toBe(false);
    expect(new createError.PreconditionFailed() instanceof ConflictError).toBe(false);
  });

  test('is not the class of anything else', () => {
    for (const value of [undefined, null, 409, 'ConflictError', {}, new Error('native'), { name: 'ConflictError' }]) {
      expect((value as unknown) instanceof ConflictError).toBe(false);
      expect(isConflict(value)).toBe(false);
    }
  });

  test('knows the errors of another copy of the package', async () => {
    vi.resetModules();
    const other = (await import('../src/conflict-error.ts')) as typeof module;
    expect(other.ConflictError).not.toBe(ConflictError);
    for (const code of ['duplicate', 'busy'] as const) {
      const [theirs, ours] = [new other.ConflictError(problem(code)), conflict(code)];
      expect(theirs instanceof ConflictError).toBe(true);
      expect(ours instanceof other.ConflictError).toBe(true);
      expect(isConflict(theirs, code)).toBe(true);
      expect(translate(theirs)).toBe(theirs);
    }
  });

  test('finds an error of another copy in a chain, and answers again from its facts', async () => {
    vi.resetModules();
    const other = await import('../src/index.ts');
    const theirs = other.translate(captured('pg/postgresql-18/unique')) as ConflictError;
    const conflicts = defineConflicts({ rules: { users_email_key: { resource: 'user' } } });
    expect(conflicts.translate(new Error('wrapped', { cause: theirs }))).toMatchObject({
      code: 'duplicate',
      rule: 'users_email_key',
      cause: theirs.cause,
      problem: { resource: 'user', instance: theirs.problem.instance },
    });
  });

  test('can be extended, and instanceof of the subclass is the ordinary one', () => {
    class EmailTaken extends ConflictError<'duplicate'> {
      readonly hint = 'log in';
      override get name(): string {
        return 'EmailTaken';
      }
    }
    const error = new EmailTaken(problem());
    expect(error).toBeInstanceOf(EmailTaken);
    expect(error).toBeInstanceOf(ConflictError);
    expect(error).toBeInstanceOf(createError.Conflict);
    expect(conflict('duplicate') instanceof EmailTaken).toBe(false);
    expect(Object.create(EmailTaken.prototype) instanceof EmailTaken).toBe(true);
    expect({ hint: error.hint, text: String(error), status: error.status }).toEqual({
      hint: 'log in',
      text: 'EmailTaken: A resource with this value already exists.',
      status: 409,
    });
  });

  test('can be extended for a status other than 409', () => {
    class Unprocessable extends ConflictError {}
    const error = new Unprocessable(problem('check_failed', 422));
    expect(error).toBeInstanceOf(Unprocessable);
    expect(error).toMatchObject({ status: 422, statusCode: 422, expose: true, code: 'check_failed' });
    expect(createError.isHttpError(error)).toBe(true);
  });
});

describe('a copy', () => {
  test('by structuredClone is an error with the message', () => {
    for (const code of ['duplicate', 'busy'] as const) {
      const copy: unknown = structuredClone(conflict(code));
      expect(copy).toBeInstanceOf(Error);
      expect((copy as Error).message).toBe(conflict(code).message);
    }
  });
});

describe('the stack', () => {
  test("is the frames of the cause under the error's own header", () => {
    expect(translated(native('duplicate key')).stack).toBe(
      [
        'ConflictError: A resource with this value already exists.',
        '    at first (/app/first.js:1:2)',
        '    at async second (/app/second.js:3:4)',
      ].join('\n'),
    );
  });

  test('leads to where the cause was made', () => {
    function insert(): Error {
      return Object.assign(new Error('UNIQUE constraint failed: users.email'), { code: 'SQLITE_CONSTRAINT_UNIQUE' });
    }
    expect(translated(insert()).stack.split('\n').slice(0, 2)).toEqual([
      'ConflictError: A resource with this value already exists.',
      expect.stringMatching(/^ {4}at insert \(.*conflict-error\.test\.ts:\d+:\d+\)$/),
    ]);
  });

  test('is the header alone where there is no cause, or it has no stack', () => {
    const header = 'ConflictError: A resource with this value already exists.';
    const causes = [undefined, null, 'text', {}, { stack: 7 }, { stack: '' }, { stack: 's3cret', message: 's3cret' }];
    for (const cause of causes) expect(new ConflictError(problem(), { cause }).stack).toBe(header);
    const throwing = Object.defineProperty({}, 'stack', {
      get() {
        throw new Error('touched');
      },
    });
    expect(new ConflictError(problem(), { cause: throwing }).stack).toBe(header);
    expect(conflict('duplicate').stack).toBe(header);
  });

  test('has no own property before it is set', () => {
    expect(Object.hasOwn(translated(native('duplicate key')), 'stack')).toBe(false);
  });

  test.each([
    ['of one line', 'key s3cret'],
    ['of several lines', 'duplicate key\ns3cret\n\ns3cret'],
    ['with lines that look like frames', 'duplicate\n    at s3cret (/app/s3cret.js:1:1)\n    at s3cret'],
    ['that ends with a line break', 'duplicate s3cret\n'],
    ['that begins with a frame', '\n    at s3cret (/app/s3cret.js:1:1)'],
    ['that is repeated in a frame', 'first'],
    ['that is part of the header', 'error'],
    ['that is empty', ''],
  ])('shows nothing of a driver text %s', (_name, message) => {
    const frames = '    at first (/app/first.js:1:2)\n    at async second (/app/second.js:3:4)';
    expect(translated(native(message)).stack).toBe(
      `ConflictError: A resource with this value already exists.\n${frames}`,
    );
  });

  test.each([
    ['before it, as Knex does', (message: string) => `insert into "users" values ('s3cret') - ${message}`],
    ['after it, as MikroORM does', (message: string) => `${message} - detail: s3cret`],
    ['instead of it', () => 'Failed'],
  ])('shows nothing of a message that was changed after the capture: text %s', (_name, change) => {
    const cause = native('duplicate key s3cret');
    cause.message = change(cause.message);
    expect(translated(cause).stack).toBe(
      [
        'ConflictError: A resource with this value already exists.',
        '    at first (/app/first.js:1:2)',
        '    at async second (/app/second.js:3:4)',
      ].join('\n'),
    );
  });

  test('shows nothing of a changed message with lines that look like frames', () => {
    const cause = native('duplicate\n    at s3cret (/app/s3cret.js:1:1)');
    cause.message = `insert into "users" - ${cause.message}`;
    expect(translated(cause).stack).not.toContain('s3cret');
  });

  test('shows nothing of what others put behind the frames', () => {
    const cause = native('duplicate key');
    cause.stack +=
      "\nCaused by: error: Key (email)=(s3cret)\n    at s3cret (/app/s3cret.js:1:1)\nFrom: insert 's3cret'";
    expect(translated(cause).stack).not.toContain('s3cret');
  });

  test.each([
    ['that begins with the message', 'duplicate\n    at s3cret (/app/s3cret.js:1:1)', ''],
    [
      'that begins with the message, and has others behind it',
      'duplicate',
      '\nCaused by\n    at s3cret (/app/a.js:1:1)',
    ],
  ])('shows the frames of a stack %s', (_name, message, appended) => {
    const cause = native(message);
    cause.stack = cause.stack?.slice('error: '.length) + appended;
    expect(translated(cause).stack.split('\n').slice(1)).toEqual([
      '    at first (/app/first.js:1:2)',
      '    at async second (/app/second.js:3:4)',
    ]);
  });

  test('shows the frames of a stack that has nothing else', () => {
    const cause = Object.assign(native('duplicate'), { stack: '    at first (/app/first.js:1:2)' });
    expect(translated(cause).stack).toBe(
      'ConflictError: A resource with this value already exists.\n    at first (/app/first.js:1:2)',
    );
  });

  test('is that of the message at the time of reading', () => {
    const error = translated(native('duplicate key', []));
    error.message = 'changed';
    expect(error.stack).toBe('ConflictError: changed');
  });

  test('can be assigned', () => {
    const error = conflict('duplicate');
    error.stack = 'assigned';
    expect(error.stack).toBe('assigned');
    expect(Object.getOwnPropertyDescriptor(error, 'stack')).toEqual({
      value: 'assigned',
      writable: true,
      configurable: true,
      enumerable: false,
    });
    expect(conflict('duplicate').stack).not.toBe('assigned');
  });

  test('survives Error.captureStackTrace, as retry libraries call it', () => {
    const error = conflict('duplicate');
    Error.captureStackTrace(error);
    expect(error.stack).toMatch(/^ConflictError: A resource with this value already exists\.\n {4}at /);
  });

  test.each([
    ['a 409', 409],
    ['a 422', 422],
    ['a 503', 503],
  ])('is captured where the error is made when captureStack says so, for %s', (_name, status) => {
    const conflicts = defineConflicts({ captureStack: true, status: { duplicate: status } });
    function handler(): unknown {
      return conflicts.translate(native('s3cret'));
    }
    const { stack } = handler() as ConflictError;
    expect(stack).toMatch(/^ConflictError: A resource with this value already exists\.\n {4}at /);
    expect(stack).toContain('    at handler (');
    expect(stack).not.toContain('s3cret');
    expect(stack).not.toContain('/app/first.js');
  });

  test('is no matter where an engine cannot capture one', () => {
    const { captureStackTrace } = Error;
    try {
      (Error as { captureStackTrace: unknown }).captureStackTrace = undefined;
      const error = new ConflictError(problem('busy'), { captureStack: true });
      expect(error).toMatchObject({ status: 503, message: problem('busy').detail });
    } finally {
      Error.captureStackTrace = captureStackTrace;
    }
  });

  test('of a subclass is captured above its constructor', () => {
    class EmailTaken extends ConflictError {}
    function handler(): ConflictError {
      return new EmailTaken(problem(), { captureStack: true });
    }
    expect(handler().stack.split('\n')[1]).toContain('at handler (');
  });
});

describe('Error.stackTraceLimit', () => {
  const descriptor = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;

  afterEach(() => {
    Object.defineProperty(Error, 'stackTraceLimit', descriptor);
  });

  test.each([0, 1, 10, Number.POSITIVE_INFINITY])('is left at %d', (limit) => {
    Error.stackTraceLimit = limit;
    conflict('duplicate');
    conflict('busy');
    expect(Error.stackTraceLimit).toBe(limit);
  });

  test('is left absent where it was deleted', () => {
    delete (Error as { stackTraceLimit?: number }).stackTraceLimit;
    conflict('duplicate');
    expect(Object.hasOwn(Error, 'stackTraceLimit')).toBe(false);
  });

  test('may be read-only', () => {
    Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: false, configurable: true });
    const error = translated(native('duplicate key'));
    expect(error.stack).toContain('/app/first.js');
    expect(Object.hasOwn(error, 'stack')).toBe(false);
    expect(Error.stackTraceLimit).toBe(10);
  });

  test('may throw when it is touched', () => {
    Object.defineProperty(Error, 'stackTraceLimit', {
      get() {
        throw new Error('touched');
      },
      configurable: true,
    });
    expect(() => new ConflictError(problem())).not.toThrow();
  });
});

describe('util.inspect', () => {
  test('prints header, frames, facts, and of the cause its class and code only', () => {
    const error = translated(native('duplicate key s3cret'));
    expect(inspect(error).replace(error.problem.instance ?? '', INSTANCE)).toBe(
      [
        'ConflictError: A resource with this value already exists.',
        '    at first (/app/first.js:1:2)',
        '    at async second (/app/second.js:3:4) {',
        '  status: 409,',
        "  code: 'duplicate',",
        `  instance: '${INSTANCE}',`,
        "  kind: 'unique_violation',",
        "  driver: 'pg',",
        "  native: '23505',",
        "  cause: 'DatabaseError 23505'",
        '}',
      ].join('\n'),
    );
  });

  test('prints a conflict without a cause', () => {
    const error = conflict('busy', { instance: INSTANCE });
    expect(inspect(error)).toBe(
      [
        'ConflictError: The resource is busy. Retry the request. {',
        '  status: 503,',
        "  code: 'busy',",
        `  instance: '${INSTANCE}'`,
        '}',
      ].join('\n'),
    );
  });

  test('prints no more at any depth, in any container', () => {
    const error = translated(Object.assign(native('s3cret'), { detail: 'Key (email)=(s3cret)', query: 's3cret' }));
    for (const value of [
      error,
      [error],
      { error },
      new Error('outer', { cause: error }),
      new AggregateError([error]),
    ]) {
      const text = inspect(value, { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true });
      expect(text).toContain('unique_violation');
      expect(text).not.toContain('s3cret');
    }
  });

  test('prints whatever the cause is', () => {
    const throwing = Object.defineProperty({}, 'constructor', {
      get() {
        throw new Error('touched');
      },
    });
    const bare = Object.assign(Object.create(null), { code: 'Y' });
    const printed = [null, 'text', 7, bare, throwing, { code: 7 }, { code: 'X', constructor: 7 }].map(
      (cause) => /\n {2}cause: (.*)\n\}$/.exec(inspect(new ConflictError(problem(), { cause })))?.[1],
    );
    expect(printed).toEqual(["''", "'String'", "'Number'", "'Y'", "''", "'Object'", "'X'"]);
  });

  test('prints the class and its prototype', () => {
    expect(inspect(ConflictError)).toContain('ConflictError');
    expect(() => inspect(ConflictError.prototype)).not.toThrow();
    expect(() => inspect(ConflictError, { showHidden: true, depth: 5 })).not.toThrow();
  });

  test('prints the name of a subclass', () => {
    class EmailTaken extends ConflictError {
      override get name(): string {
        return 'EmailTaken';
      }
    }
    expect(inspect(new EmailTaken(problem()))).toMatch(/^EmailTaken: A resource/);
  });
});

test('a cause that is set on a conflict is there, and nobody enumerates it', () => {
  const error = conflict('duplicate');
  const cause = new Error('another');
  error.cause = cause;
  expect(error.cause).toBe(cause);
  expect(Object.keys(error)).not.toContain('cause');
});

test('an object of the class that nobody has made answers with a bare conflict', async () => {
  const response = (Object.create(ConflictError.prototype) as ConflictError).toResponse();
  expect(response.status).toBe(409);
  expect(await response.json()).toEqual({
    type: 'about:blank',
    title: 'Conflict',
    status: 409,
    detail: CODES.conflict[4],
    instance: 'urn:uuid:00000000-0000-0000-0000-000000000000',
    code: 'conflict',
    retryable: false,
    recovery: 'none',
  });
});

test('what is gone is no conflict, but a bare 404', () => {
  expect(notFound()).toBeInstanceOf(createError.NotFound);
  expect(notFound()).toMatchObject({ status: 404, message: 'Not Found', expose: true });
  expect(isConflict(notFound())).toBe(false);
});

describe('the headers', () => {
  test.each([
    ['has none', {}],
    ['has half of a character', { current_version: '\ud800' }],
    ['has one that is undefined', { current_version: undefined }],
  ])('have no entity tag of a problem that %s', (_name, version) => {
    const { headers } = new ConflictError({ ...problem('version_mismatch'), ...version } as Problem);
    expect(Object.entries(headers)).toEqual([
      ['Content-Type', 'application/problem+json'],
      ['Cache-Control', 'no-store'],
    ]);
  });
});

describe('the body', () => {
  test('is the same object each time', () => {
    for (const format of ['problem', 'simple', 'jsonapi'] as const) {
      const error = defineConflicts({ format }).conflict('duplicate', { fields: ['email'] });
      expect(error.toJSON()).toBe(error.toJSON());
      expect(error.toJSON() === error.problem).toBe(format === 'problem');
    }
  });

  test('of JSON:API has a field among the attributes, unless the application gave its place', () => {
    const fields = ['email', '/data/relationships/author'];
    const { errors } = defineConflicts({ format: 'jsonapi' }).conflict('duplicate', { fields }).toJSON() as {
      errors: { source: { pointer: string } }[];
    };
    expect(errors.map(({ source }) => source.pointer)).toEqual([
      '/data/attributes/email',
      '/data/relationships/author',
    ]);
  });

  test('in the simple format has the title where a problem has no sentence', () => {
    const { detail, ...others } = problem('duplicate');
    expect(FORMATS.simple(others as Problem).body).toMatchObject({ error: 'conflict', message: 'Conflict' });
    expect(FORMATS.simple(problem('duplicate')).body).toMatchObject({ message: detail });
  });

  test('is what JSON.stringify gives', () => {
    const error = conflict('duplicate', { instance: INSTANCE, resource: 'user', fields: ['email'] });
    expect(JSON.parse(JSON.stringify({ error }))).toEqual({ error: error.problem });
    expect(error.problem).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'A resource with this value already exists.',
      instance: INSTANCE,
      code: 'duplicate',
      resource: 'user',
      errors: [{ pointer: '#/email', code: 'taken' }],
      retryable: false,
      recovery: 'change_input',
    });
  });
});

describe('an error that has become a Response by toResponse()', () => {
  test('has no cause for whoever sends it on, also when it is frozen', () => {
    const error = translate(captured('pg/postgresql-18/unique'));
    if (!isConflict(error)) throw error;
    error.getResponse();
    expect(error.cause).toBeInstanceOf(Error);
    Object.freeze(error).toResponse();
    expect(error.cause).toBeUndefined();
    expect(error.violation?.kind).toBe('unique_violation');
  });
});

describe.each(['getResponse', 'toResponse'] as const)('%s()', (method) => {
  test('gives a Response with status, headers and body', async () => {
    const error = conflict('contention', { retry_after: 3 });
    const response = error[method]();
    expectTypeOf(response).toEqualTypeOf<Response>();
    expect(response).toBeInstanceOf(Response);
    expect({ status: response.status, headers: Object.fromEntries(response.headers) }).toEqual({
      status: 409,
      headers: { 'content-type': 'application/problem+json', 'cache-control': 'no-store', 'retry-after': '3' },
    });
    expect(await response.json()).toEqual(error.problem);
  });

  test('gives a new one each time, so that each can be read', async () => {
    const error = conflict('duplicate');
    const [first, second] = [error[method](), error[method]()];
    expect(first).not.toBe(second);
    expect(await first.text()).toBe(await second.text());
  });

  test('takes the Response class of the time of the call', () => {
    const error = conflict('duplicate');
    class Other extends Response {}
    vi.stubGlobal('Response', Other);
    try {
      expect(error[method]()).toBeInstanceOf(Other);
    } finally {
      vi.unstubAllGlobals();
    }
  });

  test('has the status and headers that were set on the error', () => {
    const error = conflict('duplicate');
    error.status = 422;
    error.headers['X-Request'] = '7';
    const response = error[method]();
    expect([response.status, response.headers.get('x-request')]).toEqual([422, '7']);
  });

  test('gives the body of the format', async () => {
    const response = defineConflicts({ format: 'simple' }).conflict('busy')[method]();
    expect([response.status, response.headers.get('content-type')]).toEqual([503, 'application/json']);
    expect(await response.json()).toMatchObject({ error: 'conflict', code: 'busy' });
  });
});
