import {
  type Attempt,
  type Attempts,
  type Beginner,
  beginnerOf,
  type Failure,
  type IsolationLevel,
  type MysqlConnection,
  type MysqlPool,
  mayRunAgain,
  type PgClient,
  type PgClientOf,
  type PgPool,
  type Retry,
  runTransaction,
  type SqliteDatabase,
} from '../transactions.ts';
import { checkMembers } from '../validate.ts';

export type {
  Attempt,
  Beginner,
  IsolationLevel,
  MysqlConnection,
  MysqlPool,
  PgClient,
  PgClientOf,
  PgPool,
  Retry,
  SqliteDatabase,
};

/** Options of {@link withTransactionRetry}. */
export interface RetryOptions extends Attempts {
  /** For PostgreSQL and MySQL. @default the server's */
  readonly isolation?: IsolationLevel;
  /**
   * Unique keys whose violation a second run does not meet, because `run` makes a new value each time: an order's
   * number, a random slug. By the name that `violation.constraint` has. @default none
   */
  readonly retryUnique?: readonly string[];
}

type Test = readonly [holds: (value: unknown) => boolean, expected: string];

const isCount: Test = [(value) => Number.isInteger(value) && (value as number) > 0, 'a whole number above 0'];
const isTime: Test = [(value) => typeof value === 'number' && value >= 0, 'a number of milliseconds'];
const isObject: Test = [(value) => typeof value === 'object' && value !== null, 'an object'];
const isFunction: Test = [(value) => typeof value === 'function', 'a function'];

const OPTION_TESTS: Readonly<Record<keyof RetryOptions, Test>> = {
  attempts: isCount,
  baseDelay: isTime,
  maxDelay: isTime,
  budget: isTime,
  isolation: [(value) => typeof value === 'string', 'an isolation level'],
  retryUnique: [Array.isArray, 'an array of names'],
  signal: [(value) => value instanceof AbortSignal, 'an AbortSignal'],
  onRetry: isFunction,
  context: isObject,
  conflicts: isObject,
};

/**
 * Runs a transaction, and runs it again from its start when the database says that this helps: a deadlock, a
 * serialization failure, a lock that was waited for too long, a busy SQLite file. `run` decides everything anew each
 * time, and its effects outside of the database happen each time.
 *
 * Nothing is run again when the outcome is unknown (the connection was lost at COMMIT), or after any other error.
 * The waits are random (full jitter), so that those who met do not meet again.
 * Source: https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html,
 * https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param source a pool of `pg` or `mysql2`, a database of `better-sqlite3` (`run` must be synchronous there), or
 *   `{ begin, commit, rollback }`
 * @returns what `run` returned in the attempt that was committed
 * @throws {ConflictError} `contention` or `busy` when all attempts have failed, and what else has an answer
 * @throws the signal's reason when it is aborted; any other error as it is
 */
export async function withTransactionRetry<T, Pool extends PgPool>(
  source: Pool,
  run: (client: PgClientOf<Pool>, attempt: Attempt) => Promise<T>,
  options?: RetryOptions,
): Promise<T>;
export async function withTransactionRetry<T, Connection extends MysqlConnection>(
  source: MysqlPool<Connection> | { promise(): MysqlPool<Connection> },
  run: (connection: Connection, attempt: Attempt) => Promise<T>,
  options?: RetryOptions,
): Promise<T>;
export async function withTransactionRetry<T, Database extends SqliteDatabase>(
  source: Database,
  run: (database: Database, attempt: Attempt) => T,
  options?: RetryOptions,
): Promise<T>;
export async function withTransactionRetry<T, Tx>(
  source: Beginner<Tx>,
  run: (tx: Tx, attempt: Attempt) => T | Promise<T>,
  options?: RetryOptions,
): Promise<T>;
export async function withTransactionRetry(
  source: unknown,
  run: (tx: never, attempt: Attempt) => unknown,
  options: RetryOptions = {},
): Promise<unknown> {
  checkMembers('the options of withTransactionRetry()', options, OPTION_TESTS);
  const { retryUnique = [] } = options;
  const beginner = beginnerOf(source, options.isolation);
  const helps = ({ violation, during, isBroken }: Failure): boolean => {
    // At COMMIT only an answer of the server says that nothing was committed: a code, as here.
    if (violation === undefined || (during === 'run' && isBroken)) return false;
    return (
      mayRunAgain(violation) ||
      (violation.kind === 'unique_violation' && retryUnique.includes(violation.constraint ?? ''))
    );
  };
  return runTransaction(beginner, run as (tx: unknown, attempt: Attempt) => unknown, helps, options);
}
