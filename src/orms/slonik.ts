import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of slonik's interceptors.
 * Source: https://github.com/gajus/slonik#interceptors, https://github.com/gajus/slonik/blob/main/packages/slonik/src/types.ts
 */
interface Interceptor {
  readonly name: string;
  readonly queryExecutionError: (context: QueryContext, query: object, error: unknown) => null;
}

interface QueryContext {
  /** `null` outside of a transaction. */
  readonly transactionId?: string | null;
}

/**
 * Makes slonik throw conflicts: an interceptor.
 *
 *     const pool = await createPool(url, { interceptors: [slonikConflicts(conflicts)] });
 *
 * Covered are the queries of pools, connections and transactions, and streams, whose promise rejects with the conflict.
 * slonik rolls back as ever. Interceptors after it do not hear of what it replaces: add it last. All other errors stay
 * the very same objects, slonik's `NotFoundError` among them.
 *
 * Not covered, for slonik has no hook or needs the error itself: COMMIT with its deferred constraints, and deadlocks and
 * serialization failures inside of a transaction. slonik runs a transaction again when it sees their code
 * (`transactionRetryLimit`), and throws them on when that did not help. Call `translate` where the transaction is
 * called, not within; the adapters for frameworks do it anyway.
 *
 * Source: https://github.com/gajus/slonik/blob/main/packages/slonik/src/routines/executeQuery.ts,
 * https://github.com/gajus/slonik/blob/main/packages/slonik/src/connectionMethods/transaction.ts
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function slonikConflicts(conflicts: Conflicts = unbound): Interceptor {
  return {
    name: 'db-http-errors',
    queryExecutionError(context, _query, error) {
      if (context.transactionId && isRetried(error)) return null;
      const translated = conflicts.translate(error);
      if (translated !== error) throw translated;
      return null;
    },
  };
}

/**
 * Class 40, transaction rollback.
 * Source: https://github.com/gajus/slonik/blob/main/packages/slonik/src/constants.ts (TRANSACTION_ROLLBACK_ERROR_PREFIX)
 */
function isRetried(error: unknown): boolean {
  const code = (error as { readonly code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' && code.startsWith('40');
}

export default slonikConflicts;
