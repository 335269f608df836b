import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import byDefault, { nextConflicts } from '../../src/frameworks/next.ts';
import { captured } from '../violations.ts';

// What Next.js does with it is in test/matrix/next.

const request = new Request('http://localhost/users', { method: 'POST' });

afterEach(() => {
  vi.restoreAllMocks();
});

test('gives back what the handler gives, and hands it what Next.js does', async () => {
  const response = new Response();
  const handler = vi.fn((_request: Request, _context: { params: Promise<object> }) => response);
  const context = { params: Promise.resolve({}) };
  expect(await nextConflicts()(handler)(request, context)).toBe(response);
  expect(handler.mock.calls).toEqual([[request, context]]);
});

describe.each([
  [
    'throws',
    (error: unknown) => () => {
      throw error;
    },
  ],
  ['rejects with', (error: unknown) => () => Promise.reject(error)],
])('where a handler %s', (_how, failing) => {
  test('a conflict, it is answered', async () => {
    const response = (await nextConflicts()(failing(captured('pg/postgresql-18/unique')))()) as Response;
    expect(response.status).toBe(409);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    expect(await response.json()).toMatchObject({ code: 'duplicate' });
  });

  test('another error of a database, it is a bare 500 and printed', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const error = captured('pg/postgresql-18/syntax-error');
    const response = (await nextConflicts()(failing(error))()) as Response;
    expect(await response.json()).toEqual({ type: 'about:blank', title: 'Internal Server Error', status: 500 });
    expect(printed.mock.calls).toEqual([[error]]);
  });

  test('anything else, it is thrown on as it is', async () => {
    const redirect = Object.assign(new Error('NEXT_REDIRECT'), { digest: 'NEXT_REDIRECT;replace;/login;307;' });
    for (const error of [redirect, new TypeError('a bug'), 'a string', undefined]) {
      await expect(nextConflicts()(failing(error))()).rejects.toBe(error);
    }
  });
});

test('answers by the request, also where the handler does not look at it', async () => {
  const POST: (request: Request) => Promise<unknown> = nextConflicts()(() => {
    throw captured('better-sqlite3/sqlite-3/foreign-key-parent-missing');
  });
  const response = (await POST(request)) as Response;
  expect(await response.json()).toMatchObject({ code: 'reference_missing' });
});

test('keeps the parameters of the handler', () => {
  const wrapped = nextConflicts()(async (_request: Request, _context: { params: Promise<{ id: string }> }) => {
    return new Response();
  });
  expectTypeOf(wrapped).parameters.toEqualTypeOf<[Request, { params: Promise<{ id: string }> }]>();
  expectTypeOf(wrapped).returns.resolves.toEqualTypeOf<Response>();
});

test('is the default export, too', () => {
  expect(byDefault).toBe(nextConflicts);
});
