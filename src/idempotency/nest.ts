import { sentBody } from './answers.ts';
import type { Idempotency } from './define-idempotency.ts';
import type { IdempotentRequest } from './request.ts';
import { defineRoute, type Mode, type Route, type RouteOptions } from './route.ts';

/**
 * What the responses of Express and Fastify have in common.
 * Source: https://expressjs.com/en/5x/api.html#res, https://fastify.dev/docs/latest/Reference/Reply/
 */
interface Response {
  status(status: number): unknown;
  header(name: string, value: string): unknown;
  send(body?: Uint8Array): unknown;
}

type Handler<Req> = (request: Req, response: Response) => Promise<void>;

/**
 * What a method of a Nest controller calls with its `@Req()` and `@Res()`, to run a request once for each
 * `Idempotency-Key`. For Nest 11 and 12, on Express and on Fastify:
 *
 * ```ts
 * readonly pay = nestIdempotency(idempotency, { scope }, async (request: Request, client) => { … });
 *
 * @Post()
 * create(@Req() request: Request, @Res() response: Response) {
 *   return this.pay(request, response);
 * }
 * ```
 *
 * It sends the answer itself, for Nest would make JSON of the stored bytes. What refuses a request, and what the route
 * throws, is for the filters.
 *
 * Source: https://docs.nestjs.com/controllers#library-specific-approach
 *
 * @throws {TypeError} for wrong options
 */
export function nestIdempotency<
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
  return async (request, response) => {
    const answered = await answer(request, request);
    response.status(answered.status);
    for (const name in answered.headers) response.header(name, answered.headers[name] as string);
    response.send(sentBody(answered));
  };
}

export default nestIdempotency;
