import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { defineConflicts, type ProblemCode } from '../../../src/index.ts';
import { CODES } from '../../../src/problem.ts';

// A live server that conflicts: `/<name of a test>/<format>/<code>` for one way to send a request, and what came.

export type Format = 'problem' | 'simple' | 'jsonapi';

export interface Came {
  readonly method: string;
  readonly key: string | undefined;
  readonly precondition: string | undefined;
  readonly body: string;
  /** Milliseconds. */
  readonly at: number;
}

export interface LiveServer {
  readonly address: string;
  /** What came to a path, in order; and what was sent. */
  readonly came: (path: string) => readonly Came[];
  readonly sent: (path: string) => readonly unknown[];
  close(): Promise<void>;
}

const FORMATS: Readonly<Record<Format, ReturnType<typeof defineConflicts>>> = {
  problem: defineConflicts({ format: 'problem' }),
  simple: defineConflicts({ format: 'simple' }),
  jsonapi: defineConflicts({ format: 'jsonapi' }),
};

/** The version that the state has. */
export const VERSION = '2';

/**
 * What is retryable fails `?failures=` times (1), with `?after=` seconds in `Retry-After` (0). What is to be merged
 * fails until `If-Match` has the version. Anything else fails always. `…/state` is the current state.
 */
export async function startServer(): Promise<LiveServer> {
  const came = new Map<string, Came[]>();
  const sent = new Map<string, unknown[]>();
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const [, name = '', format = 'problem', code = 'conflict'] = url.pathname.split('/') as [
      string,
      string,
      Format,
      ProblemCode,
    ];
    const body = await read(request);
    const { method = '', headers } = request;
    const requests = came.get(url.pathname) ?? [];
    came.set(url.pathname, requests);
    const key = headers['idempotency-key'] as string | undefined;
    requests.push({ method, key, precondition: headers['if-match'], body, at: Date.now() });
    const handle = nodeHttpConflicts(FORMATS[format])(() => {
      response.setHeader('Content-Type', 'application/json');
      if ((code as string) === 'state') return response.setHeader('ETag', `"${VERSION}"`).end('{"title":"theirs"}');
      const recovery = CODES[code][1];
      const failures = Number(url.searchParams.get('failures') ?? 1);
      const isDone =
        (recovery === 'retry' && requests.length > failures) ||
        (recovery === 'refetch_and_retry' && headers['if-match'] === `"${VERSION}"`);
      if (isDone) return response.end(JSON.stringify({ name, requests: requests.length }));
      const error = FORMATS[format].conflict(code, {
        fields: ['email', '/items/0/quantity'],
        ...(recovery === 'retry' && { retry_after: Number(url.searchParams.get('after') ?? 0) }),
        ...(recovery === 'refetch_and_retry' && { current_version: VERSION }),
      } as never);
      sent.set(url.pathname, [...(sent.get(url.pathname) ?? []), JSON.parse(JSON.stringify(error.problem))]);
      throw error;
    });
    await handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    came: (path) => came.get(path) ?? [],
    sent: (path) => sent.get(path) ?? [],
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  return text;
}

export const codes = Object.keys(CODES) as ProblemCode[];
export const recoveryOf = (code: ProblemCode): string => CODES[code][1];
export const statusOf = (code: ProblemCode): number => CODES[code][0];
