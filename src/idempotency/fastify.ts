import { sentBody } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/** Source: https://fastify.dev/docs/latest/Reference/Reply/ */
interface Reply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  send(body?: Uint8Array): unknown;
}

type Handler<Req> = (request: Req, reply: Reply) => Promise<unknown>;

/**
 * A handler of Fastify 4 and 5 that runs a request once for each `Idempotency-Key`:
 *
 * ```ts
 * app.post('/payments', fastifyIdempotency(idempotency, { scope }, async (request, client) => { … }));
 * ```
 *
 * What refuses a request, and what the route throws, is for the error handler.
 *
 * Source: https://fastify.dev/docs/latest/Reference/Routes/#async-await
 *
 * @throws {TypeError} for wrong options
 */
export function fastifyIdempotency<
  Tx,
  Run,
  Req extends IdempotentRequest = IdempotentRequest,
  Body = unknown,
  Way extends Mode = 'transaction',
>(
  idempotency: Idempotency<Tx, Run>,
  options: RouteOptions<Req, Body, Way>,
  route: Route<Req, Tx, Run, Body, Way>,
): Handler<Req> {
  const answer = defineRoute(idempotency, options, route);
  return async (request, reply) => {
    const answered = await answer(request, request);
    reply.code(answered.status);
    reply.headers({ ...answered.headers });
    return reply.send(sentBody(answered));
  };
}

export default fastifyIdempotency;
