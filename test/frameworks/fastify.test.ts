import { expect, test, vi } from 'vitest';
import byDefault, { fastifyConflicts } from '../../src/frameworks/fastify.ts';
import { captured } from '../violations.ts';

// What Fastify does with it is in test/matrix/frameworks-node.

test('is a plugin of the context that it is registered in, without the package fastify-plugin', () => {
  expect(
    Object.getOwnPropertySymbols(fastifyConflicts).map((key) => [key, Reflect.get(fastifyConflicts, key)]),
  ).toEqual([
    [Symbol.for('skip-override'), true],
    [Symbol.for('fastify.display-name'), 'db-http-errors'],
    [Symbol.for('plugin-meta'), { name: 'db-http-errors', fastify: '>=4' }],
  ]);
});

test('rejects with what the app throws while it is registered', async () => {
  const refusal = new Error('Error Handler already set in this scope.');
  const setErrorHandler = vi.fn(() => {
    throw refusal;
  });
  await expect(fastifyConflicts({ setErrorHandler }, {})).rejects.toBe(refusal);
});

test('rejects with what is not its own, strings too, without a look at the reply', async () => {
  const setErrorHandler = vi.fn();
  await fastifyConflicts({ setErrorHandler }, {});
  const handle = setErrorHandler.mock.calls[0]?.[0];
  for (const error of [new TypeError('a bug'), 'a string', undefined]) {
    await expect(handle(error, {}, {})).rejects.toBe(error);
  }
});

test('takes back the headers of a body that is not sent, and no others', async () => {
  const setErrorHandler = vi.fn();
  await fastifyConflicts({ setErrorHandler }, {});
  const set = new Map([
    ['etag', '"v1"'],
    ['access-control-allow-origin', '*'],
  ]);
  const reply = {
    hasHeader: (name: string) => set.has(name),
    removeHeader: (name: string) => set.delete(name),
    code: vi.fn(),
    headers: (headers: Record<string, string>) => {
      for (const [name, value] of Object.entries(headers)) set.set(name.toLowerCase(), value);
    },
    send: vi.fn(),
  };
  setErrorHandler.mock.calls[0]?.[0](captured('pg/postgresql-18/unique'), {}, reply);
  expect([reply.code.mock.calls, JSON.parse(reply.send.mock.calls[0]?.[0]).code]).toEqual([[[409]], 'duplicate']);
  expect(Object.fromEntries(set)).toEqual({
    'access-control-allow-origin': '*',
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
  });
});

test('is the default export, too', () => {
  expect(byDefault).toBe(fastifyConflicts);
});
