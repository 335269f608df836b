import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import {
  connect,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
} from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test, vi } from 'vitest';
import byDefault, { nodeHttpConflicts } from '../../src/frameworks/node-http.ts';
import { defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';

const conflicts = defineConflicts({
  rules: { users_email_key: { resource: 'user', fields: ['email'], detail: 'Taken.' } },
});
const BARE = { type: 'about:blank', title: 'Internal Server Error', status: 500 };
const unique = (): Error => captured('pg/postgresql-18/unique');

const servers: Server[] = [];

afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** The address of a server with this handler; what comes out of the handler is looked at, and answered with 418. */
async function serving(handler: Handler, came: (error: unknown) => void = () => {}): Promise<string> {
  const wrapped = nodeHttpConflicts(conflicts)(handler);
  const server = createServer(async (request, response) => {
    try {
      await wrapped(request, response);
    } catch (error) {
      came(error);
      response.statusCode = 418;
      response.end();
    }
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const fails: Readonly<Record<string, (error: unknown) => Handler>> = {
  synchronous: (error) => () => {
    throw error;
  },
  asynchronous: (error) => async () => {
    await null;
    throw error;
  },
};

describe.each(Object.keys(fails))('a handler that is %s', (kind) => {
  const failing = (error: unknown): Handler => (fails[kind] as (error: unknown) => Handler)(error);

  test('has its conflict answered', async () => {
    const response = await fetch(await serving(failing(unique())), { method: 'POST' });
    expect(await response.json()).toMatchObject({ status: 409, code: 'duplicate', detail: 'Taken.' });
    expect([response.status, response.statusText]).toEqual([409, 'Conflict']);
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'content-length': expect.any(String),
      'content-type': 'application/problem+json',
      date: expect.any(String),
      'keep-alive': expect.any(String),
    });
  });

  test('has any other error of a database answered with a bare 500, and printed', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const error = captured('pg/postgresql-18/syntax-error');
    const response = await fetch(await serving(failing(error)));
    expect([response.status, await response.json()]).toEqual([500, BARE]);
    expect(printed.mock.calls).toEqual([[error]]);
  });

  test('throws the rest, as it is', async () => {
    const came = vi.fn();
    for (const error of [new TypeError('a bug'), 'a string', undefined, null]) {
      expect((await fetch(await serving(failing(error), came))).status).toBe(418);
      expect(came.mock.lastCall?.[0]).toBe(error);
    }
  });

  test('throws everything after the head was sent', async () => {
    const error = unique();
    const came = vi.fn();
    const address = await serving((request, response) => {
      response.writeHead(200);
      return failing(error)(request, response);
    }, came);
    expect((await fetch(address)).status).toBe(200);
    expect(came.mock.calls).toEqual([[error]]);
  });
});

test('takes back what the handler said about another body, and keeps the rest', async () => {
  const address = await serving((_request, response) => {
    response.setHeader('content-length', 3);
    response.setHeader('content-encoding', 'gzip');
    response.setHeader('ETag', '"old"');
    response.setHeader('access-control-allow-origin', '*');
    throw unique();
  });
  const response = await fetch(address);
  expect(await response.json()).toMatchObject({ code: 'duplicate' });
  expect(response.headers.get('etag')).toBeNull();
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
});

test('answers HEAD with the head alone', async () => {
  const address = await serving(() => {
    throw unique();
  });
  const head = await new Promise<IncomingMessage>((resolve, reject) => {
    request(address, { method: 'HEAD' }, resolve).on('error', reject).end();
  });
  head.resume();
  expect([head.statusCode, head.headers['content-type']]).toEqual([409, 'application/problem+json']);
  expect(Number(head.headers['content-length'])).toBeGreaterThan(0);
});

test('reads the request: a version that a header expected is a failed precondition', async () => {
  const address = await serving(() => {
    throw conflicts.conflict('version_mismatch', { current_version: 'v4' });
  });
  const response = await fetch(address, { method: 'PUT', headers: { 'If-Match': '"v3"' } });
  expect([response.status, response.headers.get('etag')]).toEqual([412, '"v4"']);
});

test('knows no rules without conflicts', async () => {
  const handler = nodeHttpConflicts()(() => {
    throw unique();
  });
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const response = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  expect(await response.json()).toMatchObject({
    code: 'duplicate',
    detail: 'A resource with this value already exists.',
  });
});

test('gives back what the handler gives', async () => {
  const wrap = nodeHttpConflicts(conflicts);
  const [request, response] = [{} as IncomingMessage, {} as ServerResponse];
  expect(wrap(() => 1)(request, response)).toBe(1);
  expect(await wrap(async () => 2)(request, response)).toBe(2);
  // biome-ignore lint/suspicious/noThenProperty: so has a query builder, which begins when it is asked
  const lazy = { then: vi.fn() };
  expect(wrap(() => lazy)(request, response)).toBe(lazy);
  expect(lazy.then).not.toHaveBeenCalled();
});

test('answers over HTTP/2', async () => {
  const server = createHttp2Server(
    nodeHttpConflicts(conflicts)(async (_request: Http2ServerRequest, _response: Http2ServerResponse) => {
      throw unique();
    }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  try {
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    const head = await new Promise<object>((resolve, reject) => {
      stream.on('response', resolve).on('error', reject);
    });
    let body = '';
    for await (const chunk of stream.setEncoding('utf8')) body += chunk;
    expect(head).toMatchObject({
      ':status': 409,
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
    });
    expect(JSON.parse(body)).toMatchObject({ code: 'duplicate', detail: 'Taken.' });
  } finally {
    session.close();
    server.close();
  }
});

test('is the default export, too', () => {
  expect(byDefault).toBe(nodeHttpConflicts);
});
