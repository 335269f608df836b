import { sentBody } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** Source: https://hapi.dev/api/?v=21.4.0#request-properties */
interface HapiRequest extends Pick<IdempotentRequest, 'method' | 'headers'> {
  readonly payload?: unknown;
  readonly raw: { readonly req: { readonly url?: string | undefined } };
}

/** Source: https://hapi.dev/api/?v=21.4.0#response-object */
interface HapiResponse {
  code(status: number): unknown;
  header(name: string, value: string): unknown;
}

/** Source: https://hapi.dev/api/?v=21.4.0#-hresponsevalue */
interface Toolkit<Response extends HapiResponse> {
  response(body?: object): Response;
}

type Lifecycle<Req> = <Response extends HapiResponse>(request: Req, toolkit: Toolkit<Response>) => Promise<Response>;

/**
 * A handler of hapi that runs a request once for each `Idempotency-Key`:
 *
 * ```ts
 * const handler = hapiIdempotency(idempotency, { scope }, async (request, client) => { … });
 * server.route({ method: 'POST', path: '/payments', handler });
 * ```
 *
 * What refuses a request, and what the route throws, is thrown.
 *
 * Source: https://hapi.dev/api/?v=21.4.0#lifecycle-methods
 *
 * @throws {TypeError} for wrong options
 */
export function hapiIdempotency<
  Tx,
  Run,
  Req extends HapiRequest = HapiRequest,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Req, Body, Way>,
  route: Route<Req, Tx, Run, Body, Way>,
): Lifecycle<Req> {
  const answer = defineRoute(idempotency, options, route);
  return async (request, toolkit) => {
    const { method, headers, raw, payload } = request;
    const answered = await answer(request, { method, headers, url: raw.req.url, body: payload });
    const response = toolkit.response(sentBody(answered));
    response.code(answered.status);
    for (const name in answered.headers) response.header(name, answered.headers[name] as string);
    return response;
  };
}

export default hapiIdempotency;
