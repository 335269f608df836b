import { setTimeout as sleep } from 'node:timers/promises';
import type { Context } from '../context.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';
import { checkMembers } from '../validate.ts';
import type { Violation } from '../violation.ts';
import {
  type Beginner,
  beginnerOf,
  type IsolationLevel,
  type MysqlConnection,
  type MysqlPool,
  type PgClient,
  type PgPool,
  type SqliteDatabase,
} from './beginners.ts';

export type { Beginner, IsolationLevel, MysqlConnection, MysqlPool, PgClient, PgPool, SqliteDatabase };

/** An attempt that failed and is followed by another. */
export interface Retry {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds until the next one. */
  readonly delay: number;
  readonly violation: Violation;
  readonly error: unknown;
}

/** What `run` is told of its attempt. */
export interface Attempt {
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
}

/** Options of {@link withTransactionRetry}. */
export interface RetryOptions {
  /** How often it is run at most. @default 5 */
  readonly attempts?: number;
  /** Milliseconds: the longest wait before the second attempt; it doubles each time. @default 50 */
  readonly baseDelay?: number;
  /** Milliseconds: no wait is longer. @default 2000 */
  readonly maxDelay?: number;
  /** Milliseconds that all attempts and waits may take; no attempt begins after them. @default 5000 */
  readonly budget?: number;
  /** For PostgreSQL and MySQL. @default the server's */
  readonly isolation?: IsolationLevel;
  /**
   * Unique keys whose violation a second run does not meet, because `run` makes a new value each time: an order's
   * number, a random slug. By the name that `violation.constraint` has. @default none
   */
  readonly retryUnique?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called before each wait, for a metric; what it throws is ignored. */
  readonly onRetry?: (retry: Retry) => void;
  /** The request, for the answer to what is thrown in the end. */
  readonly context?: Context;
  /** What reads and answers the errors. @default the functions of the package root */
  readonly conflicts?: Pick<Conflicts, 'classify' | 'translate'>;
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
export async function withTransactionRetry<T, Client extends PgClient>(
  source: PgPool<Client>,
  run: (client: Client, attempt: Attempt) => Promise<T>,
  options?: RetryOptions,
): Promise<T>;
export async function withTransactionRetry<T, Connection extends MysqlConnection>(
  source: MysqlPool<Connection>,
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
  const { attempts = 5, baseDelay = 50, maxDelay = 2000, budget = 5000, signal, onRetry } = options;
  const { context, conflicts = unbound, retryUnique = [] } = options;
  const beginner = beginnerOf(source, options.isolation);
  const started = performance.now();
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const outcome = await runOnce(beginner, run as (tx: unknown, attempt: Attempt) => unknown, { attempt, signal });
    if ('value' in outcome) return outcome.value;
    const { error, mayRunAgain } = outcome;
    const violation = mayRunAgain ? conflicts.classify(error) : undefined;
    const delay = Math.random() * Math.min(maxDelay, baseDelay * 2 ** (attempt - 1));
    const isOver = attempt >= attempts || performance.now() - started + delay > budget;
    if (violation === undefined || isOver || !helps(violation, retryUnique)) throw conflicts.translate(error, context);
    try {
      onRetry?.({ attempt, delay, violation, error });
    } catch {}
    await sleep(delay, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }
}

type Outcome = { readonly value: unknown } | { readonly error: unknown; readonly mayRunAgain: boolean };

/** One attempt, with everything given back. */
async function runOnce(
  beginner: Beginner<unknown>,
  run: (tx: unknown, attempt: Attempt) => unknown,
  attempt: Attempt,
): Promise<Outcome> {
  let tx: unknown;
  try {
    tx = await beginner.begin();
  } catch (error) {
    return { error, mayRunAgain: true };
  }
  let isBroken = false;
  try {
    const result = run(tx, attempt);
    if (beginner.isSync && result instanceof Promise) {
      result.catch(() => undefined);
      throw new TypeError('Expected a transaction of better-sqlite3 to be synchronous, got a promise');
    }
    const value = beginner.isSync ? result : await result;
    try {
      await beginner.commit(tx);
      return { value };
    } catch (error) {
      // Only an answer of the server says that nothing was committed.
      isBroken = !(await rolledBack(beginner, tx));
      return { error, mayRunAgain: true };
    }
  } catch (error) {
    isBroken = !(await rolledBack(beginner, tx));
    return { error, mayRunAgain: !isBroken };
  } finally {
    try {
      await beginner.release?.(tx, isBroken);
    } catch {}
  }
}

async function rolledBack(beginner: Beginner<unknown>, tx: unknown): Promise<boolean> {
  try {
    await beginner.rollback(tx);
    return true;
  } catch {
    return false;
  }
}

/** MySQL's and MariaDB's lock timeout undoes the statement alone. Here the transaction has been rolled back since. */
const LOCK_TIMEOUT = '1205';

/** True when the same transaction, begun anew, may succeed. */
function helps(violation: Violation, retryUnique: readonly string[]): boolean {
  if (violation.retryable) return true;
  if (violation.kind === 'lock_not_available') return violation.code === LOCK_TIMEOUT;
  return violation.kind === 'unique_violation' && retryUnique.includes(violation.constraint ?? '');
}
