import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import createError from 'http-errors';
import type { Answer } from './answer.ts';
import { type Body, readBody } from './body.ts';

/** A request that a route answers. */
export interface Request {
  /** Node's own request: method and headers. */
  readonly message: IncomingMessage;
  /** The path as it was asked for. */
  readonly path: string;
  /** The number that stands for `:id` in the path; 0 where the path has none. */
  readonly id: number;
  /** The JSON object in the body. */
  body(): Promise<Body>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `/orders/:id/ship`; `:id` is a whole number. */
  readonly path: string;
  answer(request: Request): Promise<Answer>;
}

/** Routes, and the one place where their errors are answered. */
export interface Mount {
  /** What their paths begin with: `''` or `/without`. */
  readonly prefix: string;
  readonly routes: readonly Route[];
  answerError(error: unknown, request: IncomingMessage): Answer;
}

/** Makes the listener of a `node:http` server. The first mount whose prefix fits answers; the last one when none does. */
export function defineListener(mounts: readonly Mount[]): RequestListener {
  return (message, response) => {
    answer(mounts, message)
      .then((answer) => send(response, answer))
      .catch(() => response.destroy()); // a bug of this file: answerError() does not throw
  };
}

async function answer(mounts: readonly Mount[], message: IncomingMessage): Promise<Answer> {
  const path = (message.url ?? '/').split('?')[0] as string;
  const mount = mounts.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`)) ?? mounts.at(-1);
  if (mount === undefined) throw new TypeError('Expected at least one mount');
  try {
    const { route, id } = find(mount, path, message.method);
    return await route.answer({ message, path, id, body: () => readBody(message) });
  } catch (error) {
    return mount.answerError(error, message);
  }
}

function find({ prefix, routes }: Mount, path: string, method = 'GET'): { route: Route; id: number } {
  const rest = path.slice(prefix.length);
  const [, number] = /\/([1-9]\d{0,8})(?:\/|$)/.exec(rest) ?? [];
  const pattern = number === undefined ? rest : rest.replace(`/${number}`, '/:id');
  const here = routes.filter((route) => route.path === pattern);
  if (here.length === 0) throw createError(404, 'There is nothing at this address.');
  const route = here.find((route) => route.method === (method === 'HEAD' ? 'GET' : method));
  if (route === undefined) {
    const allowed = here.map((route) => (route.method === 'GET' ? 'GET, HEAD' : route.method)).join(', ');
    throw createError(405, `Expected ${allowed}.`, { headers: { Allow: allowed } });
  }
  return { route, id: Number(number ?? 0) };
}

function send(response: ServerResponse, { status, headers = {}, body }: Answer): void {
  const text = body === undefined || body instanceof Uint8Array ? body : JSON.stringify(body);
  response.writeHead(status, {
    ...(text !== undefined && { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
  response.end(text);
}
