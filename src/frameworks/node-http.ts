import type { IncomingMessage, ServerResponse } from 'node:http';
import { answerOf, OF_THE_BODY } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/** Source: https://nodejs.org/api/http.html#class-httpserverresponse */
interface Response {
  readonly headersSent: boolean;
  statusCode: number;
  setHeader(name: string, value: string | number): unknown;
  removeHeader(name: string): void;
  end(body: string): unknown;
}

type Handler<Req, Res> = (request: Req, response: Res) => unknown;

/** The same handler. One of `node:http2` says the types of its parameters, else they are those of `node:http`. */
interface Wrap {
  (handler: Handler<IncomingMessage, ServerResponse>): Handler<IncomingMessage, ServerResponse>;
  <Req extends Context, Res extends Response>(handler: Handler<Req, Res>): Handler<Req, Res>;
}

/**
 * Answers conflicts in a server of `node:http`, `node:https` or `node:http2`. Wraps its handler:
 *
 * ```ts
 * createServer(nodeHttpConflicts(conflicts)(async (request, response) => { … }));
 * ```
 *
 * Any other error of a database becomes a bare 500, and is printed with `console.error`. The rest is thrown again, and
 * so is everything after the head was sent: what becomes of it is the server's, as without this. A handler stays what it
 * is, synchronous or not.
 */
export function nodeHttpConflicts(conflicts?: Conflicts): Wrap {
  function fail(error: unknown, request: Context, response: Response): void {
    const answer = response.headersSent ? undefined : answerOf(error, request, conflicts);
    if (answer === undefined) throw error;
    for (const name of OF_THE_BODY) response.removeHeader(name);
    for (const name in answer.headers) response.setHeader(name, answer.headers[name] as string);
    response.statusCode = answer.status;
    const body = JSON.stringify(answer.body);
    response.setHeader('Content-Length', Buffer.byteLength(body));
    response.end(body);
    if (!answer.isConflict) console.error(error);
  }
  return <Req extends Context, Res extends Response>(handler: Handler<Req, Res>) =>
    (request: Req, response: Res) => {
      try {
        const result = handler(request, response);
        if (!(result instanceof Promise)) return result;
        return result.catch((error) => fail(error, request, response));
      } catch (error) {
        return fail(error, request, response);
      }
    };
}

export default nodeHttpConflicts;
