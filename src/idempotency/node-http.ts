import type { IncomingMessage } from 'node:http';
import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type NodeResponse, type Route, type RouteOptions, sendAnswer } from './route.ts';

type Handler<Req> = (request: Req, response: NodeResponse) => Promise<void>;

/**
 * A handler of `node:http`, `node:https` and `node:http2` that runs a request once for each `Idempotency-Key`. `body`
 * reads what the request has; the route is given it:
 *
 * ```ts
 * import { json } from 'node:stream/consumers';
 *
 * const pay = nodeHttpIdempotency(idempotency, { body: json, scope }, async (request, client, body) => { … });
 * createServer(nodeHttpConflicts(conflicts)(async (request, response) => {
 *   if (request.method === 'POST' && request.url === '/payments') await pay(request, response);
 * }));
 * ```
 *
 * What refuses a request, and what the route throws, is thrown.
 *
 * Source: https://nodejs.org/api/webstreams.html#utility-consumers
 *
 * @throws {TypeError} for wrong options
 */
export function nodeHttpIdempotency<
  Tx,
  Run,
  Req extends IdempotentRequest = IncomingMessage,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Req, Body, Way>,
  route: Route<Req, Tx, Run, Body, Way>,
): Handler<Req> {
  const answer = defineRoute(idempotency, options, route);
  return async (request, response) => sendAnswer(response, await answer(request, request));
}

export default nodeHttpIdempotency;
