import { afterEach, expect, test, vi } from 'vitest';
import byDefault, { honoConflicts } from '../../src/frameworks/hono.ts';
import { captured } from '../violations.ts';

// What Hono does with it is in test/matrix/frameworks-web.

type Context = Parameters<ReturnType<typeof honoConflicts>>[1];

function contextOf(): Context {
  const headers = new Headers();
  let chosen = 200;
  return {
    req: { raw: new Request('http://localhost/users', { method: 'POST' }) },
    header: (name, value) => (value === undefined ? headers.delete(name) : headers.set(name, value)),
    status: (status) => {
      chosen = status;
    },
    body: (text) => new Response(text, { status: chosen, headers }),
    newResponse: (body, { status, headers: own }) => {
      for (const [name, value] of own) headers.set(name, value);
      return new Response(body, { status, headers });
    },
  };
}

afterEach(() => {
  vi.restoreAllMocks();
});

test('does as Hono does with what is none of a database, without a handler for it', async () => {
  const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
  const bug = new TypeError('a bug');
  const response = await honoConflicts()(bug, contextOf());
  expect([response.status, await response.text()]).toEqual([500, 'Internal Server Error']);
  expect(printed.mock.calls).toEqual([[bug]]);
});

test('gives a handler everything else, the very error and context', async () => {
  const otherwise = vi.fn(() => new Response());
  const context = contextOf();
  const bug = new TypeError('a bug');
  await honoConflicts(undefined, otherwise)(bug, context);
  expect(otherwise.mock.calls).toEqual([[bug, context]]);
  const conflict = await honoConflicts(undefined, otherwise)(captured('pg/postgresql-18/unique'), contextOf());
  expect(conflict.status).toBe(409);
  expect(otherwise).toHaveBeenCalledTimes(1);
});

test('is the default export, too', () => {
  expect(byDefault).toBe(honoConflicts);
});
