import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of pg-promise's protocol: of the database, of tasks and of transactions.
 * Source: https://vitaly-t.github.io/pg-promise/Database.html#query
 */
interface Protocol {
  query(...args: never[]): Promise<unknown>;
}

/**
 * Makes pg-promise throw conflicts: its option `extend`.
 *
 *     const pgp = pgPromise({ extend: pgPromiseConflicts(conflicts) });
 *
 * An application that extends the protocol itself calls it there: `extend(db) { covered(db); db.users = … }` with
 * `covered = pgPromiseConflicts(conflicts)`.
 *
 * Covered is every method, for all of them call `query`: in tasks, transactions and savepoints too, and COMMIT with its
 * deferred constraints. Rollbacks happen as ever. The option `error` still gets the native error; it cannot replace it.
 * All other errors stay the very same objects: a `QueryResultError`, and the `BatchError` of `batch()`, whose `first`
 * is the conflict. `translate`, which the adapters for frameworks call, finds it there.
 *
 * Source: https://vitaly-t.github.io/pg-promise/global.html#event:extend,
 * https://github.com/vitaly-t/pg-promise/blob/12.7.1/lib/database.js (extend),
 * https://github.com/vitaly-t/pg-promise/blob/12.7.1/lib/task.js (execute)
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function pgPromiseConflicts(conflicts: Conflicts = unbound): <P extends Protocol>(protocol: P) => void {
  return (protocol) => {
    protocol.query = conflicts.wrap(protocol.query);
  };
}

export default pgPromiseConflicts;
