import { answerOf, OF_THE_BODY } from '../answer.ts';
import { isConflictError } from '../conflict-error.ts';
import type { Conflicts } from '../define-conflicts.ts';

/**
 * What is used of an application.
 * Source: https://elysiajs.com/essential/life-cycle.html#on-error-error-handling
 */
interface ElysiaApp {
  onError(options: { as: 'global' }, handler: (context: ElysiaContext) => Response | undefined): unknown;
}

interface ElysiaContext {
  readonly error: unknown;
  readonly request: Request;
  readonly set: { readonly headers: object };
}

/**
 * A plugin that answers the errors of a database which an Elysia application throws: a conflict with its problem
 * document, any other with a bare 500, which goes to `console.error`. Every other error stays with the application's
 * own `onError` and with Elysia, and so does an error that says how to be answered by a `toResponse` of its own.
 *
 * It is global: wherever it is used, it is for the whole application. As all that Elysia hooks, it is for the routes
 * that come after it.
 *
 * With `aot: false` Elysia asks a conflict for its `toResponse` and no `onError`: it is answered without the request.
 *
 * @example
 * ```ts
 * new Elysia().use(elysiaConflicts(conflicts)).post('/users', ({ body }) => users.create(body));
 * ```
 *
 * Source: https://elysiajs.com/essential/plugin.html#scope
 */
export function elysiaConflicts(conflicts?: Conflicts): <App extends ElysiaApp>(app: App) => App {
  return (app) => {
    app.onError({ as: 'global' }, ({ error, request, set }) => {
      const isChosen = typeof (error as { toResponse?: unknown } | undefined)?.toResponse === 'function';
      const answer = isChosen && !isConflictError(error) ? undefined : answerOf(error, request, conflicts);
      if (answer === undefined) return undefined;
      const { status, headers, body, isConflict } = answer;
      if (!isConflict) console.error(error);
      for (const name of Object.keys(set.headers)) {
        if (OF_THE_BODY.includes(name.toLowerCase())) Reflect.deleteProperty(set.headers, name);
      }
      return new Response(JSON.stringify(body), { status, headers });
    });
    return app;
  };
}

export default elysiaConflicts;
