import { answerOf } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/**
 * What hapi makes of an error: the error itself, with the answer on it. Its output is what is sent.
 * Source: https://hapi.dev/module/boom/api/?v=10.0.1#boom-properties
 */
interface Boom {
  readonly isBoom: true;
  /** The names of the headers in lower case. */
  output: { statusCode: number; payload: unknown; headers: Record<string, string> };
}

/** Source: https://hapi.dev/api/?v=21.4.0#-serverextevents */
interface Server {
  ext(event: 'onPreResponse', method: (request: Request, toolkit: Toolkit) => symbol): unknown;
}

interface Request extends Context {
  readonly response: object;
}

interface Toolkit {
  readonly continue: symbol;
}

/** Source: https://hapi.dev/api/?v=21.4.0#plugins */
interface Plugin {
  readonly name: string;
  readonly register: (server: Server) => void;
}

/**
 * Answers conflicts in hapi, as a plugin:
 *
 * ```ts
 * await server.register(hapiConflicts(conflicts));
 * ```
 *
 * Any other error of a database becomes a bare 500, and stays the error of the request: hapi logs it as it logs every
 * 500. The rest is hapi's.
 */
export function hapiConflicts(conflicts?: Conflicts): Plugin {
  return {
    name: 'db-http-errors',
    register(server) {
      server.ext('onPreResponse', (request, toolkit) => {
        const { response } = request as { response: Partial<Boom> };
        const answer = response.isBoom ? answerOf(response, request, conflicts) : undefined;
        if (answer !== undefined) {
          const headers: Record<string, string> = {};
          for (const name in answer.headers) headers[name.toLowerCase()] = answer.headers[name] as string;
          response.output = { statusCode: answer.status, payload: answer.body, headers };
        }
        return toolkit.continue;
      });
    },
  };
}

export default hapiConflicts;
