import { setTimeout as sleep } from 'node:timers/promises';
import { causes } from './causes.ts';
import type { Context } from './context.ts';
import { type Conflicts, unbound } from './define-conflicts.ts';
import { isRecord, shown } from './validate.ts';
import type { Violation } from './violation.ts';

/** How a transaction is begun and ended. Each attempt gets one of its own. */
export interface Beginner<Tx> {
  /** Takes a connection and begins. */
  begin(): Tx | Promise<Tx>;
  commit(tx: Tx): unknown;
  rollback(tx: Tx): unknown;
  /** Gives the connection back. `broken` says that it is in nobody knows which state, and must not be used again. */
  release?(tx: Tx, broken: boolean): unknown;
  /** True where `run` must be synchronous: the connection is everybody's, and whoever runs meanwhile runs inside. */
  readonly isSync?: boolean;
}

/** @default the server's own: READ COMMITTED on PostgreSQL, REPEATABLE READ on MySQL and MariaDB */
export type IsolationLevel = 'read committed' | 'repeatable read' | 'serializable';

/** A pool of `pg`. Source: https://node-postgres.com/apis/pool */
export interface PgPool<Client extends PgClient = PgClient> {
  connect: {
    (): Promise<Client>;
    // The compiler infers the client where the overloads of pg's own pool stand side by side with these.
    (callback: (...args: never[]) => void): void;
  };
}

/** The client that a pool gives. `pg` declares `connect` twice, and what is inferred from it alone is the second. */
export type PgClientOf<Pool extends PgPool> = Pool extends {
  connect(): Promise<infer Client extends PgClient>;
  connect(...rest: never[]): unknown;
}
  ? Client
  : PgClient;

export interface PgClient {
  query(sql: string): Promise<unknown>;
  release(destroy?: boolean): void;
  on?(event: 'error', listener: (error: Error) => void): unknown;
  removeListener?(event: 'error', listener: (error: Error) => void): unknown;
}

/** A pool of `mysql2/promise`. Source: https://sidorares.github.io/node-mysql2/docs */
export interface MysqlPool<Connection extends MysqlConnection = MysqlConnection> {
  getConnection(): Promise<Connection>;
}

export interface MysqlConnection {
  query(sql: string): Promise<unknown>;
  release(): void;
  destroy(): void;
}

/** A database of `better-sqlite3`. Source: https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  readonly inTransaction: boolean;
}

/**
 * The beginner of a pool or database of one of the three drivers; one that has `begin` itself is taken as it is.
 *
 * @throws {TypeError} for anything else
 */
export function beginnerOf(source: unknown, isolation: IsolationLevel | undefined): Beginner<unknown> {
  const level = isolation === undefined ? undefined : isolationOf(isolation);
  const candidate = (isRecord(source) || typeof source === 'object' ? source : {}) as Partial<
    Beginner<unknown> & PgPool & MysqlPool & SqliteDatabase & { promise(): MysqlPool }
  > | null;
  if (typeof candidate?.begin === 'function' && typeof candidate.commit === 'function') {
    if (typeof candidate.rollback === 'function') {
      if (level === undefined) return candidate as Beginner<unknown>;
      throw new TypeError('Expected no isolation with { begin, commit, rollback }, for begin() sets it');
    }
  }
  if (typeof candidate?.exec === 'function' && typeof candidate.inTransaction === 'boolean') {
    return sqliteBeginner(candidate as SqliteDatabase) as Beginner<unknown>;
  }
  // mysql2 with callbacks has the promises behind a method.
  if (typeof candidate?.promise === 'function') return beginnerOf(candidate.promise(), isolation);
  if (typeof candidate?.getConnection === 'function') {
    return mysqlBeginner(candidate as MysqlPool, level) as Beginner<unknown>;
  }
  if (typeof candidate?.connect === 'function') return pgBeginner(candidate as PgPool, level) as Beginner<unknown>;
  throw new TypeError(
    `Expected a pool of pg or mysql2, a database of better-sqlite3 or { begin, commit, rollback }, got ${shown(source)}`,
  );
}

function isolationOf(isolation: string): string {
  if (['read committed', 'repeatable read', 'serializable'].includes(isolation)) return isolation.toUpperCase();
  throw new TypeError(
    `Expected isolation to be "read committed", "repeatable read" or "serializable", got ${shown(isolation)}`,
  );
}

function pgBeginner(pool: PgPool, level: string | undefined): Beginner<PgClient> {
  // A client that is in use has no listener, and a lost connection would end the process. The next query fails anyway.
  // Source: https://github.com/brianc/node-postgres/blob/master/packages/pg-pool/index.js (idleListener)
  const ignore = () => {};
  return {
    async begin() {
      const client = await taken(pool, ignore);
      try {
        await client.query(level === undefined ? 'BEGIN' : `BEGIN ISOLATION LEVEL ${level}`);
      } catch (error) {
        client.release(true);
        throw error;
      }
      return client;
    },
    async commit(client) {
      const { command } = (await client.query('COMMIT')) as { readonly command?: unknown };
      // PostgreSQL answers the COMMIT of a failed transaction with ROLLBACK, and calls it a success.
      // Source: https://www.postgresql.org/docs/current/sql-commit.html
      if (command === 'ROLLBACK') {
        throw new Error(ROLLED_BACK);
      }
    },
    rollback: (client) => client.query('ROLLBACK'),
    release(client, broken) {
      // A broken one still has to say that it ends.
      if (!broken) client.removeListener?.('error', ignore);
      client.release(broken);
    },
  };
}

/**
 * A client that has the listener from the moment in which the pool hands it over. A promise tells of it too late: what
 * comes in one piece with the answer of the query before, such as the server's farewell, is read before it is awaited.
 */
function taken(pool: PgPool, listener: () => void): Promise<PgClient> {
  return new Promise((resolve, reject) => {
    const take = (error: unknown, client: PgClient | undefined): void => {
      client?.on?.('error', listener);
      if (client === undefined) reject(error);
      else resolve(client);
    };
    const connect = pool.connect.bind(pool) as (callback: typeof take) => unknown;
    // A pool that knows promises alone takes no callback.
    const promise = connect(take) as Promise<PgClient> | undefined;
    promise?.then((client) => client && take(undefined, client), reject);
  });
}

const ROLLED_BACK = 'The transaction was rolled back: a statement in it had failed, and its error was not thrown on';

/** Is there as long as the transaction is. */
const SAVEPOINT = 'db_http_errors';
/** ER_SP_DOES_NOT_EXIST. Source: https://dev.mysql.com/doc/mysql-errors/9.4/en/server-error-reference.html */
const NO_SAVEPOINT = 1305;

function mysqlBeginner(pool: MysqlPool, level: string | undefined): Beginner<MysqlConnection> {
  return {
    async begin() {
      const connection = await pool.getConnection();
      try {
        // It is for the next transaction only.
        if (level !== undefined) await connection.query(`SET TRANSACTION ISOLATION LEVEL ${level}`);
        await connection.query('START TRANSACTION');
        await connection.query(`SAVEPOINT ${SAVEPOINT}`);
      } catch (error) {
        connection.destroy();
        throw error;
      }
      return connection;
    },
    async commit(connection) {
      try {
        // A deadlock ends the transaction, DDL commits it, and a COMMIT after them is a success of nothing.
        // Source: https://dev.mysql.com/doc/refman/8.4/en/innodb-error-handling.html and implicit-commit.html
        await connection.query(`RELEASE SAVEPOINT ${SAVEPOINT}`);
      } catch (error) {
        if ((error as { errno?: unknown }).errno !== NO_SAVEPOINT) throw error;
        throw new Error(`${ROLLED_BACK}. Or it was committed before its end, by DDL for example`);
      }
      await connection.query('COMMIT');
    },
    rollback: (connection) => connection.query('ROLLBACK'),
    release: (connection, broken) => (broken ? connection.destroy() : connection.release()),
  };
}

function sqliteBeginner(database: SqliteDatabase): Beginner<SqliteDatabase> {
  return {
    isSync: true,
    begin() {
      if (database.inTransaction)
        throw new TypeError('Expected the database to be in no transaction, and it is in one');
      // Asks for the write lock at once: a transaction that begins by reading may find its snapshot out of date.
      // Source: https://sqlite.org/lang_transaction.html
      database.exec('BEGIN IMMEDIATE');
      return database;
    },
    commit: () => database.exec('COMMIT'),
    // Some errors have rolled it back already.
    rollback: () => database.inTransaction && database.exec('ROLLBACK'),
  };
}

/** What a transaction is told of its attempt. */
export interface Attempt {
  /** From 1. */
  readonly attempt: number;
  readonly signal: AbortSignal | undefined;
}

/** An attempt that failed and is followed by another. */
export interface Retry {
  /** The attempt that failed, from 1. */
  readonly attempt: number;
  /** Milliseconds until the next one. */
  readonly delay: number;
  readonly violation: Violation;
  readonly error: unknown;
}

/** How a failed attempt ended. */
export interface Failure {
  readonly error: unknown;
  /** Absent also where the connection was lost and the driver's error has no code. */
  readonly violation: Violation | undefined;
  readonly during: 'begin' | 'run' | 'commit';
  /** True when it could not be rolled back: the connection is lost. */
  readonly isBroken: boolean;
}

/** How {@link runTransaction} goes on after a failure. */
export interface Attempts {
  /** How often it is run at most. @default 5 */
  readonly attempts?: number;
  /** Milliseconds: the longest wait before the second attempt; it doubles each time. @default 50 */
  readonly baseDelay?: number;
  /** Milliseconds: no wait is longer. @default 2000 */
  readonly maxDelay?: number;
  /** Milliseconds that all attempts and waits may take; no attempt begins after them. @default 5000 */
  readonly budget?: number;
  readonly signal?: AbortSignal;
  /** Called before each wait, for a metric; what it throws is ignored. */
  readonly onRetry?: (retry: Retry) => void;
  /** The request, for the answer to what is thrown in the end. */
  readonly context?: Context;
  /** What reads and answers the errors. @default the functions of the package root */
  readonly conflicts?: Pick<Conflicts, 'classify' | 'translate'>;
}

/**
 * Runs a transaction, and again from its start after each failure that `helps` says a new attempt may cure. The waits
 * are random (full jitter), so that those who met do not meet again.
 *
 * @throws what the last attempt threw, translated; the signal's reason when it is aborted
 */
export async function runTransaction(
  beginner: Beginner<unknown>,
  run: (tx: unknown, attempt: Attempt) => unknown,
  helps: (failure: Failure) => boolean,
  options: Attempts,
): Promise<unknown> {
  const { attempts = 5, baseDelay = 50, maxDelay = 2000, budget = 5000, signal, onRetry } = options;
  const { context, conflicts = unbound } = options;
  const started = performance.now();
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const once = beginner.isSync ? runOnceSync : runOnce;
    const outcome = await once(beginner, run, { attempt, signal });
    if ('value' in outcome) return outcome.value;
    const { error } = outcome;
    const violation = conflicts.classify(error);
    const delay = Math.random() * Math.min(maxDelay, baseDelay * 2 ** (attempt - 1));
    const isOver = attempt >= attempts || performance.now() - started + delay > budget;
    // Asked each time: whoever is asked learns of every failure.
    const isHelped = helps({ ...outcome, violation });
    const wasGivenUp = isGivenUp(error);
    if (!isHelped || wasGivenUp || isOver) {
      const thrown = conflicts.translate(error, context);
      if (isHelped || wasGivenUp) giveUp(thrown, conflicts);
      throw thrown;
    }
    try {
      if (violation) onRetry?.({ attempt, delay, violation, error });
    } catch {}
    await sleep(delay, undefined, signal && { signal }).catch(() => signal?.throwIfAborted());
  }
}

/** What was thrown when the attempts were over: a transaction around another does not multiply them. */
const GIVEN_UP: WeakSet<object> = /* @__PURE__ */ new WeakSet();

/** With the database's own error, which is the cause of whatever it is translated to on its way out. */
function giveUp(error: unknown, conflicts: Pick<Conflicts, 'classify'>): void {
  causes(error, (candidate) => {
    if (candidate === error || conflicts.classify(candidate)) GIVEN_UP.add(candidate);
    return undefined;
  });
}

function isGivenUp(error: unknown): boolean {
  return causes(error, (candidate) => GIVEN_UP.has(candidate) || undefined) === true;
}

type Outcome = { readonly value: unknown } | Omit<Failure, 'violation'>;

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
    return { error, during: 'begin', isBroken: false };
  }
  let isBroken = false;
  let during: Failure['during'] = 'run';
  try {
    const value = await run(tx, attempt);
    during = 'commit';
    await beginner.commit(tx);
    return { value };
  } catch (error) {
    isBroken = !(await rolledBack(beginner, tx));
    return { error, during, isBroken };
  } finally {
    try {
      await beginner.release?.(tx, isBroken);
    } catch {}
  }
}

/** The same without a single turn of the event loop, in which somebody else would find a transaction begun. */
function runOnceSync(
  beginner: Beginner<unknown>,
  run: (tx: unknown, attempt: Attempt) => unknown,
  attempt: Attempt,
): Outcome {
  let tx: unknown;
  try {
    tx = beginner.begin();
  } catch (error) {
    return { error, during: 'begin', isBroken: false };
  }
  let isBroken = false;
  let during: Failure['during'] = 'run';
  try {
    const value = run(tx, attempt);
    if (isThenable(value)) {
      if (value instanceof Promise) value.catch(() => undefined);
      throw new TypeError('Expected a transaction of better-sqlite3 to be synchronous, got a promise');
    }
    during = 'commit';
    beginner.commit(tx);
    return { value };
  } catch (error) {
    try {
      beginner.rollback(tx);
    } catch {
      isBroken = true;
    }
    return { error, during, isBroken };
  } finally {
    try {
      beginner.release?.(tx, isBroken);
    } catch {}
  }
}

/** Also a query that has not begun: whoever waits for the result would run it, after the transaction. */
function isThenable(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

async function rolledBack(beginner: Beginner<unknown>, tx: unknown): Promise<boolean> {
  try {
    await beginner.rollback(tx);
    return true;
  } catch {
    return false;
  }
}

/** MySQL's and MariaDB's lock timeout undoes the statement alone. After it the transaction has been rolled back. */
const LOCK_TIMEOUT = '1205';

/** True when the database says that the same transaction, begun anew, may succeed. */
export function mayRunAgain(violation: Violation): boolean {
  return violation.retryable || (violation.kind === 'lock_not_available' && violation.code === LOCK_TIMEOUT);
}
