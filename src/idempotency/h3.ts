import { toResponse } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** In version 2 a `Request`, in version 1 that of Node. Source: https://h3.dev/guide/api/h3event */
interface H3Event {
  readonly req: IdempotentRequest;
}

type Handler<Event> = (event: Event) => Promise<Response>;

/**
 * A handler of h3 2 and 1 that runs a request once for each `Idempotency-Key`. `body` reads what the request has; the
 * route is given it:
 *
 * ```ts
 * const options = { body: (event: H3Event) => readBody<Payment>(event), scope };
 * app.post('/payments', h3Idempotency(idempotency, options, async (event, client, body) => { … }));
 * ```
 *
 * h3 1 wants it in `defineEventHandler()`. What refuses a request, and what the route throws, is thrown.
 *
 * Source: https://h3.dev/guide/basics/response
 *
 * @throws {TypeError} for wrong options
 */
export function h3Idempotency<
  Tx,
  Run,
  Event extends H3Event = H3Event,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Event, Body, Way>,
  route: Route<Event, Tx, Run, Body, Way>,
): Handler<Event> {
  const answer = defineRoute(idempotency, options, route);
  return async (event) => {
    const { method, headers, url, originalUrl } = event.req;
    return toResponse(await answer(event, { method, headers, url, originalUrl }));
  };
}

export default h3Idempotency;
