import { type Conflicts, unbound } from '../define-conflicts.ts';

/** Runs a query and gives its result. */
export interface Run {
  /** A query that has not begun: builders of Drizzle begin when they are awaited. */
  <T>(query: PromiseLike<T>): Promise<T>;
  /** Whatever is called at once: a transaction, or the synchronous calls of `better-sqlite3`. */
  <T>(query: () => T): Promise<Awaited<T>>;
}

/**
 * Makes Drizzle's errors conflicts, where they are caught.
 *
 *     const run = drizzleConflicts(conflicts);
 *     const [user] = await run(db.insert(users).values(input).returning());
 *     await run(() => db.transaction(async (tx) => { … }));
 *
 * It awaits the query, keeps the type of its result and throws the conflict. Around a transaction it covers all of it:
 * each statement, COMMIT with its deferred constraints, and savepoints. Inside of one it is needed only for a statement
 * whose conflict is to be caught there. All other errors stay the very same objects, and nothing is swallowed.
 *
 * There is no hook that would do this for every query: a `logger` sees the statement before it runs and not its error,
 * and a driver that throws conflicts finds them wrapped in a `DrizzleQueryError`. Without this function `translate` and
 * every framework's adapter read what Drizzle throws: the driver's error as the `cause` of a `DrizzleQueryError`, or as
 * it is (SQLite in Drizzle 0.45, COMMIT with postgres.js).
 *
 * Drizzle has no optimistic locks. An UPDATE that finds no row of the version says nothing: throw
 * `conflicts.conflict('version_mismatch')` when it returns none.
 *
 * Source: https://github.com/drizzle-team/drizzle-orm/blob/0.45.1/drizzle-orm/src/errors.ts,
 * https://github.com/drizzle-team/drizzle-orm/blob/0.45.1/drizzle-orm/src/pg-core/session.ts (queryWithCache)
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function drizzleConflicts(conflicts: Conflicts = unbound): Run {
  return async <T>(query: PromiseLike<T> | (() => T)): Promise<T> => {
    try {
      return await (typeof query === 'function' ? query() : query);
    } catch (error) {
      throw conflicts.translate(error);
    }
  };
}

export default drizzleConflicts;
