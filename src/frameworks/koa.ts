import { answerOf, OF_THE_BODY } from '../answer.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';

/** Source: https://github.com/koajs/koa/blob/v3.3.0/docs/api/context.md */
interface KoaContext {
  readonly app: { emit(event: 'error', error: unknown, context: unknown): unknown };
  readonly request: Context;
  readonly headerSent: boolean;
  status: number;
  body: unknown;
  set(headers: Record<string, string>): unknown;
  remove(name: string): void;
}

type Middleware = (context: KoaContext, next: () => Promise<unknown>) => Promise<void>;

/**
 * Answers conflicts in Koa 2 and 3. Install it as the first middleware, or as the first behind those that have to see
 * every answer:
 *
 * ```ts
 * app.use(koaConflicts(conflicts));
 * ```
 *
 * Any other error of a database becomes a bare 500, and is emitted as the `error` of the app: a listener there gets it,
 * and without one Koa prints it. The rest is thrown again, and so is everything after the head was sent.
 */
export function koaConflicts(conflicts?: Conflicts): Middleware {
  return async (context, next) => {
    try {
      await next();
    } catch (error) {
      const answer = context.headerSent ? undefined : answerOf(error, context.request, conflicts);
      if (answer === undefined) throw error;
      for (const name of OF_THE_BODY) context.remove(name);
      context.status = answer.status;
      context.set({ ...answer.headers });
      context.body = JSON.stringify(answer.body);
      if (!answer.isConflict) context.app.emit('error', error, context);
    }
  };
}

export default koaConflicts;
