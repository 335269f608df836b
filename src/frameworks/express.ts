import { answerOf, OF_THE_BODY } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/** Source: https://expressjs.com/en/5x/api.html#req.app */
interface Request extends Context {
  readonly app?: { get(setting: 'env'): unknown } | undefined;
}

/** Node's own response. Source: https://nodejs.org/api/http.html#class-httpserverresponse */
interface Response {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  removeHeader(name: string): void;
  end(body: string): unknown;
}

/** Four parameters, by which Express knows it. Source: https://expressjs.com/en/guide/error-handling.html */
type ErrorHandler = (error: unknown, request: Request, response: Response, next: (error?: unknown) => void) => void;

/**
 * Answers conflicts in Express 4 and 5. Install it behind the routes, and behind a middleware that logs errors:
 *
 * ```ts
 * app.use(expressConflicts(conflicts));
 * ```
 *
 * Any other error of a database becomes a bare 500, and is printed as Express prints it: with `console.error`, unless
 * the setting `env` is `test`. The rest is `next(error)`, and so is everything after the head was sent.
 */
export function expressConflicts(conflicts?: Conflicts): ErrorHandler {
  return (error, request, response, next) => {
    const answer = response.headersSent ? undefined : answerOf(error, request, conflicts);
    if (answer === undefined) {
      next(error);
      return;
    }
    for (const name of OF_THE_BODY) response.removeHeader(name);
    for (const name in answer.headers) response.setHeader(name, answer.headers[name] as string);
    response.statusCode = answer.status;
    const body = JSON.stringify(answer.body);
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
    if (!answer.isConflict && request.app?.get('env') !== 'test') console.error(error);
  };
}

export default expressConflicts;
