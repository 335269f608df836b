import { sentBody } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** Source: https://hono.dev/docs/api/context */
interface HonoContext {
  readonly req: { readonly raw: Request };
  header(name: string, value?: string): void;
  /** With the status of another response. */
  newResponse(body: ArrayBuffer | null, like: Response): Response;
}

type Handler<Context> = (context: Context) => Promise<Response>;

/**
 * A handler of Hono that runs a request once for each `Idempotency-Key`. `body` reads what the request has; the route is
 * given it:
 *
 * ```ts
 * const options = { body: (c: Context) => c.req.json<Payment>(), scope };
 * app.post('/payments', honoIdempotency(idempotency, options, async (c, client, body) => { … }));
 * ```
 *
 * What refuses a request, and what the route throws, is for `app.onError`.
 *
 * Source: https://hono.dev/docs/api/context#body
 *
 * @throws {TypeError} for wrong options
 */
export function honoIdempotency<
  Tx,
  Run,
  Context extends HonoContext = HonoContext,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Context, Body, Way>,
  route: Route<Context, Tx, Run, Body, Way>,
): Handler<Context> {
  const answer = defineRoute(idempotency, options, route);
  return async (context) => {
    const { method, headers, url } = context.req.raw;
    const answered = await answer(context, { method, headers, url });
    // Not as headers of the response: those of one that a middleware has touched before would win over them.
    for (const name in answered.headers) context.header(name, answered.headers[name]);
    const body = sentBody(answered);
    return context.newResponse(
      body ? new Uint8Array(body).buffer : null,
      new Response(null, { status: answered.status }),
    );
  };
}

export default honoIdempotency;
