import { answerOf, OF_THE_BODY } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/** Source: https://fastify.dev/docs/latest/Reference/Request/ */
interface Request extends Context {
  readonly log: { error(fields: object): void };
}

/** Source: https://fastify.dev/docs/latest/Reference/Reply/ */
interface Reply {
  code(status: number): unknown;
  headers(headers: Record<string, string>): unknown;
  hasHeader(name: string): boolean;
  removeHeader(name: string): unknown;
  send(body: string): unknown;
}

/** Source: https://fastify.dev/docs/latest/Reference/Server/#seterrorhandler */
interface Instance {
  setErrorHandler(handler: (error: unknown, request: Request, reply: Reply) => unknown): unknown;
}

/** Options of the plugin. */
export interface FastifyConflictsOptions {
  /** @default those of the package root, which know no rules */
  readonly conflicts?: Conflicts | undefined;
}

/**
 * Answers conflicts in Fastify 4 and 5, in the context that it is registered in and in all within. Register it before
 * the routes:
 *
 * ```ts
 * await app.register(fastifyConflicts, { conflicts });
 * ```
 *
 * Any other error of a database becomes a bare 500, and `request.log.error` gets it as `err`. It is an error handler and
 * throws the rest again, as Fastify has it: a handler that the same context had before gets it next, then those of the
 * contexts around, then Fastify's own. A handler that is set later, or in a context within, comes first, and what it
 * throws again comes here. Where one is set already, Fastify warns (FSTWRN004); set yours in a context around to have
 * none.
 */
export const fastifyConflicts: (app: Instance, options: FastifyConflictsOptions) => Promise<void> =
  /* @__PURE__ */ Object.assign(
    // Asynchronous, so that the refusal of a second handler (allowErrorHandlerOverride) rejects instead of being uncaught.
    async (app: Instance, { conflicts }: FastifyConflictsOptions): Promise<void> => {
      app.setErrorHandler((error, request, reply) => {
        const answer = answerOf(error, request, conflicts);
        // A rejection: Fastify would send a string that is thrown here, with status 200.
        if (answer === undefined) return Promise.reject(error);
        if (!answer.isConflict) request.log.error({ err: error });
        for (const name of OF_THE_BODY) if (reply.hasHeader(name)) reply.removeHeader(name);
        reply.code(answer.status);
        reply.headers({ ...answer.headers });
        reply.send(JSON.stringify(answer.body));
        return undefined;
      });
    },
    {
      // What the package fastify-plugin adds. Source: https://github.com/fastify/fastify-plugin/blob/v5.0.1/plugin.js
      [Symbol.for('skip-override')]: true,
      [Symbol.for('fastify.display-name')]: 'db-http-errors',
      [Symbol.for('plugin-meta')]: { name: 'db-http-errors', fastify: '>=4' },
    },
  );

export default fastifyConflicts;
