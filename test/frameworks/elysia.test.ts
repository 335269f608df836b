import { expect, test, vi } from 'vitest';
import byDefault, { elysiaConflicts } from '../../src/frameworks/elysia.ts';
import { captured } from '../violations.ts';

// What Elysia does with it is in test/matrix/frameworks-web.

type App = Parameters<ReturnType<typeof elysiaConflicts>>[0];
type Handler = Parameters<App['onError']>[1];

test('gives back the application, with one global hook', () => {
  const app = { onError: vi.fn() };
  expect(elysiaConflicts()(app)).toBe(app);
  expect(app.onError.mock.calls).toEqual([[{ as: 'global' }, expect.any(Function)]]);
});

test('answers nothing but errors of a database', () => {
  const app = { onError: vi.fn<App['onError']>() };
  elysiaConflicts()(app);
  const handle = app.onError.mock.calls[0]?.[1] as Handler;
  const request = new Request('http://localhost/users', { method: 'POST' });
  const answer = (error: unknown) => handle({ error, request, set: { headers: {} } });
  expect(answer(captured('pg/postgresql-18/unique'))?.status).toBe(409);
  for (const error of [new TypeError('a bug'), 'a string', undefined, null]) expect(answer(error)).toBeUndefined();
});

test('is the default export, too', () => {
  expect(byDefault).toBe(elysiaConflicts);
});
