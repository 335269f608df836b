import { answerOf } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/** A route handler with its parameters kept: Next's build checks them. */
type Wrap = <Args extends unknown[], Result>(
  handler: (...args: Args) => Result,
) => (...args: Args) => Promise<Awaited<Result> | Response>;

/**
 * Wraps the route handlers of Next.js: an error of a database that one throws is answered, a conflict with its problem
 * document, any other with a bare 500, which goes to `console.error` (and not to `onRequestError`, for it is answered).
 * Every other error is thrown on as it is: bugs, and what `redirect()` and `notFound()` throw.
 *
 * Next.js itself answers whatever a route handler throws with an empty 500, a conflict too.
 *
 * @example
 * ```ts
 * export const POST = nextConflicts(conflicts)(async (request: Request) => {
 *   return Response.json(await users.create(await request.json()), { status: 201 });
 * });
 * ```
 *
 * Source: https://nextjs.org/docs/app/api-reference/file-conventions/route
 */
export function nextConflicts(conflicts?: Conflicts): Wrap {
  return <Args extends unknown[], Result>(handler: (...args: Args) => Result) =>
    async (...args: Args): Promise<Awaited<Result> | Response> => {
      try {
        return await handler(...args);
      } catch (error) {
        // Next.js gives the request to a handler that declares no parameter, too.
        const answer = answerOf(error, args[0] as Context | undefined, conflicts);
        if (answer === undefined) throw error;
        const { status, headers, body, isConflict } = answer;
        if (!isConflict) console.error(error);
        return new Response(JSON.stringify(body), { status, headers });
      }
    };
}

export default nextConflicts;
