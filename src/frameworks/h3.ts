import { answerOf, OF_THE_BODY } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/**
 * What h3 makes of what was thrown, and hands to `onError`.
 * Source: https://github.com/h3js/h3/blob/v2.0.8/src/error.ts (`HTTPError`),
 * https://github.com/h3js/h3/blob/v1.15.11/src/error.ts (`H3Error`, `createError`)
 */
interface H3Error {
  /** True unless the application threw an error of h3's own. */
  readonly unhandled?: boolean | undefined;
  /** What was thrown. Of version 1, the `cause` of what was thrown where it has one. */
  readonly cause?: unknown;
}

/** The response of version 1 is Node's; what `onError` returns means nothing there. */
interface H3Event {
  readonly req: Context;
  /** Of version 2 with `errHeaders`, those of CORS for one. Source: https://h3.dev/guide/api/h3event#eventres */
  readonly res?: object | undefined;
  readonly node?: { readonly res?: NodeResponse | undefined } | undefined;
}

interface NodeResponse {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  removeHeader(name: string): void;
  end(body: string): unknown;
}

/**
 * Answers the errors of a database that an h3 application throws: a conflict with its problem document, any other with
 * a bare 500. Every other error stays with h3, and so does an error of h3 that the application threw, whatever its
 * cause is. For h3 2 and 1.
 *
 * h3 2 prints each error before it asks `onError`; with h3 1, what is answered with a bare 500 goes to `console.error`.
 *
 * Of an error with a `cause`, h3 1 keeps the cause only. A conflict is translated again from it, by the rules that are
 * given here; a conflict that the application makes itself should have no `cause` there.
 *
 * @example
 * ```ts
 * const app = new H3({ onError: h3Conflicts(conflicts) }); // h3 2
 * const app = createApp({ onError: h3Conflicts(conflicts) }); // h3 1
 * export default defineNitroErrorHandler(h3Conflicts(conflicts)); // Nitro 2: the file that its `errorHandler` names
 * ```
 *
 * Source of the last: https://github.com/nitrojs/nitro/blob/v2/src/runtime/internal/app.ts (`onError` of h3 1)
 */
export function h3Conflicts(conflicts?: Conflicts): (error: H3Error, event: H3Event) => Response | undefined {
  return (error, event) => {
    const answer = error.unhandled ? answerOf(error.cause, event.req, conflicts) : undefined;
    if (answer === undefined) return undefined;
    const { status, headers, isConflict } = answer;
    const body = JSON.stringify(answer.body);
    if (!isVersion1(error)) {
      const all = new Headers((event.res as { readonly errHeaders?: Headers } | undefined)?.errHeaders);
      for (const name in headers) all.set(name, headers[name] as string);
      return new Response(body, { status, headers: all });
    }
    const response = event.node?.res;
    if (response === undefined || response.headersSent) return undefined;
    if (!isConflict) console.error(error.cause);
    response.statusCode = status;
    for (const name of OF_THE_BODY) response.removeHeader(name);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    response.end(body);
    return undefined;
  };
}

/** How h3 1 tells its errors itself. Source: https://github.com/h3js/h3/blob/v1.15.11/src/error.ts (`isError`) */
function isVersion1(error: H3Error): boolean {
  return (error.constructor as { __h3_error__?: unknown }).__h3_error__ === true;
}

export default h3Conflicts;
