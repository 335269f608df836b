import { server as createServer, type Server } from '@hapi/hapi';
import { hapiConflicts } from 'db-http-errors/frameworks/hapi';
import { expect, test } from 'vitest';
import { BARE } from '../frameworks.ts';
import { conflicts, THROWN } from '../thrown.ts';

interface Logged {
  readonly channel: string;
  readonly tags: string[];
  readonly error?: object;
}

async function failing(): Promise<{ server: Server; logged: Logged[] }> {
  const server = createServer({ debug: false });
  const logged: Logged[] = [];
  server.events.on('request', (_request, event) => logged.push(event as Logged));
  await server.register(hapiConflicts(conflicts));
  server.route({
    method: '*',
    path: '/{route}',
    handler: async (request) => {
      throw THROWN[String(request.params.route)]?.();
    },
  });
  return { server, logged };
}

test('stays the error of the request that hapi logs, once, for a bare 500', async () => {
  const { server, logged } = await failing();
  const { result, statusCode } = await server.inject('/required');
  expect([statusCode, result]).toEqual([500, BARE]);
  expect(logged.filter(({ channel }) => channel === 'error')).toEqual([
    expect.objectContaining({ tags: ['internal', 'error'], error: expect.objectContaining({ code: '23502' }) }),
  ]);
});

test('gives hapi no conflict to log as an error of the server', async () => {
  const { server, logged } = await failing();
  for (const route of ['conflict', 'native', 'wrapped']) {
    expect((await server.inject(`/${route}`)).statusCode).toBe(409);
  }
  expect(logged.filter(({ channel }) => channel === 'error')).toEqual([]);
});

test('takes part in the validation and the missing routes of hapi in no way', async () => {
  const { server } = await failing();
  expect((await server.inject('/a/b')).result).toEqual({ statusCode: 404, error: 'Not Found', message: 'Not Found' });
  server.route({ method: 'POST', path: '/limited', options: { payload: { maxBytes: 1 } }, handler: () => 'ok' });
  expect((await server.inject({ method: 'POST', url: '/limited', payload: 'long' })).statusCode).toBe(413);
});

test('answers what extensions throw, and routes of other plugins', async () => {
  const { server } = await failing();
  await server.register({
    name: 'other',
    register(other) {
      other.ext('onPreHandler', () => {
        throw THROWN.native?.();
      });
      other.route({ method: 'GET', path: '/other', handler: () => 'never' });
    },
  });
  expect((await server.inject('/other')).result).toMatchObject({ code: 'duplicate' });
});

test('keeps the headers of CORS', async () => {
  const server = createServer({ debug: false, routes: { cors: true } });
  await server.register(hapiConflicts(conflicts));
  server.route({
    method: 'GET',
    path: '/',
    handler: () => {
      throw THROWN.native?.();
    },
  });
  const { headers } = await server.inject({ url: '/', headers: { origin: 'https://example.com' } });
  expect(headers).toMatchObject({ 'access-control-allow-origin': 'https://example.com', 'cache-control': 'no-store' });
});
