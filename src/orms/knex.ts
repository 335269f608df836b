import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of Knex: its event emitter.
 * Source: https://knexjs.org/guide/interfaces.html#query-error
 */
type QueryErrorListener = (error: unknown) => void;

/**
 * Makes Knex throw conflicts: a listener for its event `query-error`.
 *
 *     const knex = Knex({ client: 'pg', connection });
 *     knex.on('query-error', knexConflicts(conflicts));
 *
 * Knex emits the event while the query is about to fail, and what a listener throws is thrown instead. Covered is every
 * statement: builders, `raw`, `batchInsert`, transactions and savepoints, COMMIT with its deferred constraints, and
 * whatever is built on this Knex (Objection). A transaction is rolled back and its connection goes back to the pool as
 * ever. Listeners that were added before it still get the native error, those after it get none: add loggers first.
 * Not covered: streams, whose errors Knex emits on the stream, and connections that cannot be made. `translate` reads
 * both. All other errors stay the very same objects.
 *
 * The `cause` is the native error, whose message Knex has put the statement before, with its values on most engines.
 * Knex, with this listener or without, leaves a transaction open whose COMMIT SQLite refuses: end it with
 * `knex.raw('ROLLBACK')` if you have deferred constraints there.
 *
 * Source: https://github.com/knex/knex/blob/3.3.0/lib/execution/internal/query-executioner.js (executeQuery),
 * https://github.com/knex/knex/blob/3.3.0/lib/execution/transaction.js (makeTxClient)
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function knexConflicts(conflicts: Conflicts = unbound): QueryErrorListener {
  return (error) => {
    const translated = conflicts.translate(error);
    if (translated !== error) throw translated;
  };
}

export default knexConflicts;
