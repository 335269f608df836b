import type { IncomingMessage } from 'node:http';
import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type NodeResponse, type Route, type RouteOptions, sendAnswer } from './route.ts';

type Handler<Req> = (request: Req, response: NodeResponse, next: (error?: unknown) => void) => Promise<void>;

/**
 * A handler of Express 4 and 5 that runs a request once for each `Idempotency-Key`. It stands behind what parses the
 * body:
 *
 * ```ts
 * app.post('/payments', express.json(), expressIdempotency(idempotency, { scope }, async (request, client) => { … }));
 * ```
 *
 * What refuses a request, and what the route throws, is `next(error)`.
 *
 * Source: https://expressjs.com/en/guide/routing.html#route-handlers
 *
 * @throws {TypeError} for wrong options
 */
export function expressIdempotency<
  Tx,
  Run,
  Req extends IdempotentRequest = IncomingMessage & { readonly body?: unknown },
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Req, Body, Way>,
  route: Route<Req, Tx, Run, Body, Way>,
): Handler<Req> {
  const answer = defineRoute(idempotency, options, route);
  return async (request, response, next) => {
    try {
      sendAnswer(response, await answer(request, request));
    } catch (error) {
      next(error);
    }
  };
}

export default expressIdempotency;
