import { toResponse } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** What Next.js gives a route handler, with its parameters waited for. */
interface Call<Req, Params> {
  readonly request: Req;
  readonly params: Params;
}

type Handler<Req, Params> = (request: Req, context: { readonly params: Promise<Params> }) => Promise<Response>;

/**
 * A route handler of Next.js that runs a request once for each `Idempotency-Key`. `body` reads what the request has; the
 * route is given it:
 *
 * ```ts
 * const options = { body: ({ request }: { request: Request }) => request.json(), scope };
 * export const POST = nextConflicts(conflicts)(
 *   nextIdempotency(idempotency, options, async ({ params }, client, body) => { … }),
 * );
 * ```
 *
 * What refuses a request, and what the route throws, is thrown: `nextConflicts` answers it.
 *
 * Source: https://nextjs.org/docs/app/api-reference/file-conventions/route
 *
 * @throws {TypeError} for wrong options
 */
export function nextIdempotency<
  Tx,
  Run,
  Req extends Request = Request,
  Params = Record<never, never>,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Call<Req, Params>, Body, Way>,
  route: Route<Call<Req, Params>, Tx, Run, Body, Way>,
): Handler<Req, Params> {
  const answer = defineRoute(idempotency, options, route);
  return async (request, context) => {
    const { method, headers, url } = request;
    return toResponse(await answer({ request, params: await context.params }, { method, headers, url }));
  };
}

export default nextIdempotency;
