import createError from 'http-errors';
import { describe, expect, test } from 'vitest';
import { answerOf } from '../src/answer.ts';
import { classify, conflict, defineConflicts, isConflict, translate } from '../src/index.ts';
import { captured } from './violations.ts';

const BARE = {
  status: 500,
  headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' },
  body: { type: 'about:blank', title: 'Internal Server Error', status: 500 },
  isConflict: false,
};

/** What Drizzle throws when there is no connection. */
function failedQuery(): Error {
  const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), { code: 'ECONNREFUSED' });
  return Object.assign(new Error('Failed query: insert into "users" …\nparams: alice@example.com', { cause }), {
    query: 'insert into "users" …',
    params: ['alice@example.com'],
  });
}

describe('the answer of an adapter', () => {
  test('is the conflict with its status, headers and body', () => {
    const error = conflict('version_mismatch', { current_version: 'v4' });
    expect(answerOf(error)).toEqual({
      status: 409,
      headers: { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store', ETag: '"v4"' },
      body: error.problem,
      error,
      isConflict: true,
    });
  });

  test('is made by the rules of the application, for the request', () => {
    const conflicts = defineConflicts({
      rules: { users_email_key: { fields: ['email'], detail: 'Taken.' } },
      format: 'simple',
    });
    const answer = answerOf(captured('pg/postgresql-18/unique'), { method: 'POST' }, conflicts);
    expect(answer?.status).toBe(409);
    expect(answer?.headers['Content-Type']).toBe('application/json');
    expect(answer?.body).toMatchObject({ error: 'conflict', code: 'duplicate', message: 'Taken.', fields: ['email'] });
    expect(isConflict(answer?.error, 'duplicate')).toBe(true);
  });

  test.each([
    ['a value that is missing', captured('pg/postgresql-18/not-null')],
    ['a table that is missing', captured('mysql2/mysql-9/undefined-table')],
    ['a syntax error', captured('better-sqlite3/sqlite-3/syntax-error')],
    ['a syntax error behind an ORM', new Error('Failed query', { cause: captured('pg/postgresql-18/syntax-error') })],
    ['a statement that found no connection', failedQuery()],
    ['a statement that found no connection, behind a framework', new Error('failed', { cause: failedQuery() })],
    ['an error of Prisma', Object.assign(new Error('Invalid invocation in /app/users.ts'), { clientVersion: '7.1.0' })],
  ])('is a bare 500 for %s', (_, error) => {
    expect(answerOf(error)).toEqual({ ...BARE, error });
  });

  test.each([
    ['a bug', new TypeError('undefined is not a function')],
    ['an HTTP error', createError(404)],
    ['a refused connection', Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })],
    ['an HTTP error with the text of a search', createError(400, 'Bad search: q=1', { query: 'q=1' })],
    [
      'an HTTP error that is about an error of a database',
      createError(404, 'No such user', { cause: captured('pg/postgresql-18/unique') }),
    ],
    ["an ORM's error that there is no row", Object.assign(new Error('No data returned'), { query: 'SELECT 1' })],
    [
      "Prisma's error that there is no row",
      Object.assign(new Error('Record not found'), { code: 'P2025', clientVersion: '7.10.0' }),
    ],
    ['a text', 'thrown'],
    ['nothing', undefined],
    ['data that looks like an error', { code: '23505', severity: 'ERROR', query: 'SELECT 1' }],
    ['a proxy that was revoked', revoked()],
  ])("is the framework's own for %s", (_, error) => {
    expect(answerOf(error)).toBeUndefined();
  });
});

function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('an error of a database', () => {
  test.each([
    'pg/postgresql-18/syntax-error',
    'mysql2/mysql-9/undefined-table',
    'better-sqlite3/sqlite-3/syntax-error',
  ])('is known as one, also where it is wrapped: %s', (name) => {
    const { owns } = defineConflicts();
    const error = captured(name);
    expect(owns(error)).toBe(true);
    expect(owns(new AggregateError([new Error('batch', { cause: error })]))).toBe(true);
  });

  test('is no other error', () => {
    const { owns } = defineConflicts();
    expect([new Error('bug'), conflict('conflict'), createError(409), null, { code: '23505' }].map(owns)).toEqual(
      Array(5).fill(false),
    );
  });
});

describe("an ORM's error about a stale version", () => {
  test.each(['OptimisticLockVersionMismatchError', 'SequelizeOptimisticLockError', 'OptimisticLockError'])(
    'is a version mismatch: %s',
    (name) => {
      const error = Object.assign(new Error('The optimistic lock on entity Post failed'), { name });
      const answer = translate(error);
      expect(isConflict(answer, 'version_mismatch') && answer.problem).toMatchObject({ status: 409 });
      expect(isConflict(answer) && answer.cause).toBe(error);
      expect(translate(error, { method: 'PUT', headers: { 'if-match': '"v3"' } })).toMatchObject({ status: 412 });
      expect(classify(error)).toBeUndefined();
    },
  );

  test('is found behind what a framework or a service has made of it', () => {
    const lock = Object.assign(new Error('version 7 was expected'), { name: 'SequelizeOptimisticLockError' });
    const error = Object.assign(new Error('failed', { cause: lock }), { code: 'INTERNAL_SERVER_ERROR' });
    expect(isConflict(translate(error), 'version_mismatch')).toBe(true);
    expect(classify(error)).toBeUndefined();
    expect(isConflict(defineConflicts({ drivers: [] }).translate(error), 'version_mismatch')).toBe(true);
  });

  test('is no data that has its name', () => {
    const data = { name: 'OptimisticLockError' };
    expect(translate(data)).toBe(data);
  });
});
