import { checkMembers, shown } from '../validate.ts';
import { type Answer, type IdempotentAnswer, sentBody } from './answers.ts';
import type { Idempotency, Lease } from './define-idempotency.ts';
import type { IdempotentRequest, Scope } from './request.ts';

/** What the adapters of all frameworks have in common. */

/** How a route runs: in a transaction of the database, or with a lease for an effect outside of it. */
export type Mode = 'transaction' | 'lease';

/** Options of an adapter. `Req` is what the framework gives its handlers. */
export interface RouteOptions<Req, Body, Way extends Mode> {
  /** Reads the body, once, where the framework has not parsed it: `(c) => c.req.json()`. The route is given it. */
  readonly body?: (request: Req) => Body | PromiseLike<Body>;
  /** Whose key it is, and for what: called after the body was read. */
  readonly scope: (request: Req, body: Body) => Scope | PromiseLike<Scope>;
  /** @default 'transaction' */
  readonly mode?: Way;
}

/**
 * What a route does, once for each key: writes with the transaction, or calls somebody with `lease.effectKey`. Synchronous
 * for `better-sqlite3`, unless it has a lease.
 */
export type Route<Req, Tx, Run, Body, Way extends Mode> = (
  request: Req,
  given: Way extends 'lease' ? Lease : Tx,
  body: Body,
) => Way extends 'lease' ? Answer | Promise<Answer> : Run;

const isFunction = [(value: unknown) => typeof value === 'function', 'a function'] as const;

const OPTION_TESTS = {
  body: isFunction,
  scope: isFunction,
  mode: [(value: unknown) => value === 'transaction' || value === 'lease', '"transaction" or "lease"'],
} as const;

/**
 * What an adapter calls for each request: with what its framework gives a handler, and with the parts that make it the
 * same request.
 *
 * @throws {TypeError} for options that an idempotent route does not have, and without `scope` or route
 */
export function defineRoute<Req, Tx, Run, Body, Way extends Mode>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Req, Body, Way>,
  route: Route<Req, Tx, Run, Body, Way>,
): (request: Req, parts: IdempotentRequest) => Promise<IdempotentAnswer> {
  checkMembers('the options of an idempotent route', options, OPTION_TESTS);
  const { body: read, scope, mode } = options;
  if (typeof idempotency?.inTransaction !== 'function') {
    throw new TypeError(`Expected what defineIdempotency() returns, got ${shown(idempotency)}`);
  }
  if (typeof scope !== 'function') {
    throw new TypeError(
      `Expected the scope of an idempotent route to be a function of the request, got ${shown(scope)}`,
    );
  }
  if (typeof route !== 'function') {
    throw new TypeError(`Expected an idempotent route to be a function, got ${shown(route)}`);
  }
  // What TypeScript cannot follow: the mode decides what the route is given, and what it returns.
  const run = route as (request: Req, given: Tx | Lease, body: Body) => Run & Promise<Answer>;
  return async (request, { method, headers, url, originalUrl, body: parsed }) => {
    const body = read ? await read(request) : (parsed as Body);
    const parts = { method, headers, url, originalUrl, body };
    const subject = await scope(request, body);
    return mode === 'lease'
      ? idempotency.withLease(parts, subject, (lease) => run(request, lease, body))
      : idempotency.inTransaction(parts, subject, (tx) => run(request, tx, body));
  };
}

/** Node's own response. Source: https://nodejs.org/api/http.html#class-httpserverresponse */
export interface NodeResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(): unknown;
  end(body: Uint8Array): unknown;
}

/** Sends an answer with what the route, or a middleware before it, has set. Node adds the length. */
export function sendAnswer(response: NodeResponse, answer: IdempotentAnswer): void {
  response.statusCode = answer.status;
  for (const name in answer.headers) response.setHeader(name, answer.headers[name] as string);
  const body = sentBody(answer);
  if (body === undefined) response.end();
  else response.end(body);
}
