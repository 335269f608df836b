import { toResponse } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** Source: https://elysiajs.com/essential/handler.html#context */
interface ElysiaContext {
  readonly request: Request;
  readonly body?: unknown;
}

type Handler<Context> = (context: Context) => Promise<Response>;

/**
 * A handler of Elysia that runs a request once for each `Idempotency-Key`:
 *
 * ```ts
 * app.post('/payments', elysiaIdempotency(idempotency, { scope }, async ({ body }, client) => { … }));
 * ```
 *
 * What refuses a request, and what the route throws, is for `onError`.
 *
 * Source: https://elysiajs.com/essential/handler.html
 *
 * @throws {TypeError} for wrong options
 */
export function elysiaIdempotency<
  Tx,
  Run,
  Context extends ElysiaContext = ElysiaContext,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Context, Body, Way>,
  route: Route<Context, Tx, Run, Body, Way>,
): Handler<Context> {
  const answer = defineRoute(idempotency, options, route);
  // Elysia reads the source of a handler: it parses the body of one that names it.
  return async (context) => {
    const { method, headers, url } = context.request;
    return toResponse(await answer(context, { method, headers, url, body: context.body }));
  };
}

export default elysiaIdempotency;
