import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of a model class.
 * Source: https://vincit.github.io/objection.js/api/model/static-methods.html
 */
interface ModelClass {
  new (): object;
  query(...args: unknown[]): Query;
  transaction(...args: unknown[]): Promise<unknown>;
}

/** Source: https://vincit.github.io/objection.js/api/query-builder/other-methods.html#onerror */
interface Query {
  onError(handler: (error: unknown) => never): Query;
}

/**
 * Makes the queries of Objection's models throw conflicts: a mixin for the base class of the models.
 *
 *     class BaseModel extends objectionConflicts(conflicts)(Model) {}
 *
 * Prefer `knexConflicts` on the Knex below, which needs no base class: it covers every model, every COMMIT and whatever
 * goes past the models, and Objection hands its conflicts on. This mixin is for some of the models of a Knex, or for
 * those who want Objection's own error (`UniqueViolationError`) as the `cause`.
 *
 * Covered are `query()`, `$query()`, related queries, graphs, and `Model.transaction()` with its COMMIT. Not covered:
 * `startTransaction()`, whose `trx.commit()` is Knex', the function `transaction()`, and `Model.knex()`. A handler that
 * the application adds with `onError` sees the conflict. All other errors, also those that the callback of a
 * transaction throws, stay the very same objects.
 *
 * Source: https://github.com/Vincit/objection.js/blob/3.1.5/lib/queryBuilder/QueryBuilder.js (handleExecuteError),
 * https://github.com/Vincit/objection.js/blob/3.1.5/lib/model/Model.js (query, transaction)
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function objectionConflicts(conflicts: Conflicts = unbound): <M>(model: M) => M {
  const rethrow = (error: unknown): never => {
    throw conflicts.translate(error);
  };

  return <M>(model: M): M => {
    const Base = model as ModelClass;

    class ConflictsModel extends Base {
      static override query(...args: unknown[]): Query {
        // biome-ignore lint/complexity/noThisInStatic: `this` stays the model that is asked
        return super.query(...args).onError(rethrow);
      }

      static override async transaction(...args: unknown[]): Promise<unknown> {
        const callback = args.pop();
        // biome-ignore lint/complexity/noThisInStatic: as above
        if (typeof callback !== 'function') return super.transaction(...args, callback);
        let own: { readonly error: unknown } | undefined;
        const note = (error: unknown): never => {
          own = { error };
          throw error;
        };
        // Knex commits when the promise that the callback returns is fulfilled; without one the callback does it.
        const observed = (transaction: unknown): unknown => {
          const result: unknown = callback(transaction);
          return isThenable(result) ? Promise.resolve(result).catch(note) : result;
        };
        try {
          // biome-ignore lint/complexity/noThisInStatic: as above
          return await super.transaction(...args, observed);
        } catch (error) {
          if (error === own?.error) throw error;
          return rethrow(error);
        }
      }
    }

    return Object.defineProperty(ConflictsModel, 'name', { value: Base.name }) as unknown as M;
  };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { readonly then?: unknown } | null | undefined)?.then === 'function';
}

export default objectionConflicts;
