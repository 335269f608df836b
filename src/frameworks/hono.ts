import { answerOf, OF_THE_BODY } from '../answer.ts';
import { isConflictError } from '../conflict-error.ts';
import type { Conflicts } from '../define-conflicts.ts';

/**
 * What is used of Hono's context.
 * Source: https://hono.dev/docs/api/context
 */
interface HonoContext {
  readonly req: { readonly raw: Request };
  /** Without a value it takes the header away. */
  header(name: string, value?: string): void;
  status(status: number): void;
  /** With the status and the headers that the context has. */
  body(text: string): Response;
  /** With status and headers of another response. */
  newResponse(body: ReadableStream | null, like: Response): Response;
}

type ErrorHandler<Context> = (error: Error, context: Context) => Response | Promise<Response>;

/**
 * Answers the errors of a database that a Hono application throws: a conflict with its problem document, any other
 * with a bare 500, which goes to `console.error`.
 *
 * An application has one `onError`. What is none of a database's errors goes to `otherwise`, and an `HTTPException`
 * too, whatever its cause is: it is the answer that the application chose.
 *
 * @example
 * ```ts
 * app.onError(honoConflicts(conflicts));
 * app.onError(honoConflicts(conflicts, (error, c) => c.text('Sorry', 500)));
 * ```
 *
 * @param otherwise default: what Hono does where an application has no `onError`
 *
 * Source: https://github.com/honojs/hono/blob/v4.13.19/src/hono-base.ts (`errorHandler`)
 */
export function honoConflicts<Context extends HonoContext>(
  conflicts?: Conflicts,
  otherwise: ErrorHandler<Context> = byDefault,
): ErrorHandler<Context> {
  return (error, context) => {
    const isChosen = 'getResponse' in error && !isConflictError(error);
    const answer = isChosen ? undefined : answerOf(error, context.req.raw, conflicts);
    if (answer === undefined) return otherwise(error, context);
    if (!answer.isConflict) console.error(error);
    for (const name of OF_THE_BODY) context.header(name);
    // Not as headers of the response: those of one that a middleware has touched before would win over them.
    for (const [name, value] of Object.entries(answer.headers)) context.header(name, value);
    context.status(answer.status);
    return context.body(JSON.stringify(answer.body));
  };
}

/** What Hono does with an error itself, which an `onError` replaces. */
function byDefault(error: Error & { getResponse?: () => Response }, context: HonoContext): Response {
  if (error.getResponse) {
    const response = error.getResponse();
    return context.newResponse(response.body, response);
  }
  console.error(error);
  context.header('Content-Type', 'text/plain; charset=UTF-8');
  context.status(500);
  return context.body('Internal Server Error');
}

export default honoConflicts;
