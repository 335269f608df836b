import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** Source: https://github.com/koajs/koa/blob/v3.3.0/docs/api/context.md */
interface KoaContext {
  /** With the `body` that a parser has put there. */
  readonly request: IdempotentRequest;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): unknown;
  remove(name: string): void;
}

type Middleware<Context> = (context: Context) => Promise<void>;

/**
 * The last middleware of a route of Koa 2 and 3, which runs a request once for each `Idempotency-Key`. It stands behind
 * what parses the body:
 *
 * ```ts
 * router.post('/payments', bodyParser(), koaIdempotency(idempotency, { scope }, async (ctx, client) => { … }));
 * ```
 *
 * What refuses a request, and what the route throws, is thrown.
 *
 * Source: https://github.com/koajs/koa/blob/v3.3.0/docs/api/response.md
 *
 * @throws {TypeError} for wrong options
 */
export function koaIdempotency<
  Tx,
  Run,
  Context extends KoaContext = KoaContext,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Context, Body, Way>,
  route: Route<Context, Tx, Run, Body, Way>,
): Middleware<Context> {
  const answer = defineRoute(idempotency, options, route);
  return async (context) => {
    const { status, headers, body } = await answer(context, context.request);
    context.status = status;
    context.set({ ...headers });
    context.body = body;
    // Koa guesses one, also for no body.
    if (headers['Content-Type'] === undefined) context.remove('Content-Type');
  };
}

export default koaIdempotency;
