import type { IncomingMessage, ServerResponse } from 'node:http';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { nodeHttpConflicts } from '../../src/frameworks/node-http.ts';
import { defineConflicts, translate } from '../../src/index.ts';
import { captured } from '../violations.ts';
import { parsed, serve, withoutIds } from './attack.ts';

// T3: error handlers that print what an error says of itself must find public text only. The frameworks themselves are
// asked in test/matrix/frameworks-node and test/matrix/frameworks-web, with their adapters and without.

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

type Shown = Error & { status?: number; expose?: boolean; headers?: Record<string, string> };
type Print = (error: Shown) => string;

/** What handlers of frameworks, and handlers in applications, print. */
const HANDLERS: Readonly<Record<string, Print>> = {
  'the message where it is exposed, as Koa does': (error) => (error.expose ? error.message : 'Internal Server Error'),
  'the stack, as Express does in development': (error) => error.stack ?? `${error}`,
  'the message, code and status, as Fastify does': (error) =>
    JSON.stringify({ statusCode: error.status, code: (error as { code?: unknown }).code, message: error.message }),
  'the whole error as JSON': (error) => JSON.stringify({ error }),
  'all own and inherited properties': (error) => {
    const all: Record<string, unknown> = {};
    for (const key in error) all[key] = error[key as keyof Shown];
    return JSON.stringify({ ...all, ...error });
  },
  'the error as text': (error) => `Something went wrong: ${error}`,
};

/** Like a driver's, with a stack that begins with its message. */
function thrown(): Error {
  const { message, ...fields } = captured('pg/postgresql-18/unique') as Error & { detail?: string };
  const error = Object.assign(new Error(`${message} s3cr3t`), fields);
  return Object.assign(error, { detail: 'Key (email)=(s3cr3t) already exists.', query: 's3cr3t' });
}

describe.each(Object.entries(HANDLERS))('a server that prints %s', (_name, print) => {
  const serving = (error: unknown) =>
    serve((_request: IncomingMessage, response: ServerResponse) => {
      const { status = 500, headers = {} } = error as Shown;
      response.writeHead(status, headers).end(print(error as Shown));
    });

  test('sends nothing of the database', async () => {
    const answer = await (await serving(translate(thrown())))();
    expect(answer).toMatch(/^HTTP\/1\.1 409 /);
    expect(answer).not.toMatch(/s3cr3t|users|email|unique constraint/);
  });

  test('with the error of the driver would', async () => {
    const answer = await (await serving(Object.assign(thrown(), { expose: true })))();
    expect(answer).toContain('s3cr3t');
  });
});

test('with an adapter the answer is exactly this', async () => {
  const rules = { users_email_key: { resource: 'user', fields: ['email'], detail: 'Taken.' } };
  const attack = await serve(
    nodeHttpConflicts(defineConflicts({ rules }))(() => {
      throw thrown();
    }),
  );
  const { status, headers, body } = parsed(withoutIds(await attack()));
  expect([status, headers]).toEqual([
    409,
    {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'content-length': expect.any(String),
      connection: 'close',
    },
  ]);
  expect(body).toBe(
    '{"type":"about:blank","title":"Conflict","status":409,"detail":"Taken.","instance":"urn:uuid:0","code":"duplicate",' +
      '"resource":"user","errors":[{"pointer":"#/email","code":"taken"}],"retryable":false,"recovery":"change_input"}',
  );
});
