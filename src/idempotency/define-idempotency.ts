import { createHash, randomUUID } from 'node:crypto';
import { causes } from '../causes.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';
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
  type PgClientOf,
  type PgPool,
  runTransaction,
  type SqliteDatabase,
} from '../transactions.ts';
import { checkMembers } from '../validate.ts';
import { type Answer, fromStored, type IdempotentAnswer, isSettled, toAnswer, toStored } from './answers.ts';
import { type IdempotentRequest, type Scope, type Subject, subjectOf } from './request.ts';
import {
  checkTable,
  defineStatements,
  type Result,
  rowOf,
  type Statement,
  type Statements,
  type StoreDialect,
} from './statements.ts';

/** Options of {@link defineIdempotency}. Times are milliseconds, and the clock is the database's. */
export interface IdempotencyOptions extends Pick<Attempts, 'attempts' | 'baseDelay' | 'maxDelay' | 'budget'> {
  /** What answers. Give the same as to the framework's adapter. @default the functions of the package root */
  readonly conflicts?: Conflicts;
  /** With its schema or without. @default 'idempotency_keys' */
  readonly table?: string;
  /** How long an answer is kept. @default 86_400_000: a day */
  readonly expiresAfter?: number;
  /** How long the effect of {@link Idempotency.withLease} may take before another request may take over. @default 60_000 */
  readonly leaseFor?: number;
  /**
   * How long a request waits for another one in its transaction with the same key, before it is a 409. MySQL waits for
   * whole seconds, at least one; SQLite as long as its `busy_timeout`.
   * @default 5000
   */
  readonly waitFor?: number;
  /** Bytes. Of an answer with a larger body only its status and `Location` are stored. @default 65_536 */
  readonly maxBody?: number;
  /**
   * Which answers are stored. One that is not is rolled back, and the key is free for another try.
   * @default success and what the request itself is wrong about, not 401, 403, 408, 409, 412, 422 to 429 and 5xx
   */
  readonly store?: (status: number) => boolean;
  /** Of the transactions, for PostgreSQL and MySQL. @default the server's */
  readonly isolation?: IsolationLevel;
  /**
   * What {@link Idempotency.withLease} does when the connection to the database is refused or lost: a 503, or run
   * unprotected. One that is busy is a 503 in any case, also where its pool has no connection left.
   * @default 'refuse'
   */
  readonly whenDown?: 'refuse' | 'run';
  /**
   * Called when an effect has happened and its answer could not be stored, and when one runs unprotected.
   * @default a warning of the process
   */
  readonly onUnprotected?: (error: unknown) => void;
}

/** What an effect outside of the database is told. */
export interface Lease {
  /** Another one each time: a store that knows the newest can refuse what an older one writes. */
  readonly token: string;
  /** The same each time for this request: the idempotency key for the service that is called. */
  readonly effectKey: string;
  /** Begins the time of the lease anew. False when another request has taken over: stop. */
  extend(): Promise<boolean>;
}

/** The requests of an application that may be sent again. */
export interface Idempotency<Tx, Run> {
  /**
   * Runs a request in a transaction: the claim of its key, what `run` writes and its answer are committed together, or
   * nothing is. Whatever happens in between, a crash included, the next request with the key finds either the answer or
   * nothing. What `run` does outside of the database happens again when the transaction is run again.
   *
   * @param run writes with the transaction that it is given. Synchronous for `better-sqlite3`. What it throws is not
   *   stored
   * @throws {ConflictError} `idempotency_key_missing` (400), `idempotency_key_reused` (422), `idempotency_in_progress`
   *   (409), `busy` (503) when the database cannot be reached, and what `run` throws, translated
   */
  inTransaction(
    request: IdempotentRequest,
    scope: Scope,
    run: (tx: Tx, attempt: Attempt) => Run,
  ): Promise<IdempotentAnswer>;
  /**
   * Runs a request with an effect outside of the database: a payment, a mail. The key is claimed before it and has its
   * answer after it. When the process dies in between, nobody knows whether the effect has happened: the next request
   * after the lease runs it again. Hand `lease.effectKey` to the service that is called, so that it happens once.
   *
   * @throws {ConflictError} as {@link inTransaction}
   */
  withLease(
    request: IdempotentRequest,
    scope: Scope,
    run: (lease: Lease) => Answer | Promise<Answer>,
  ): Promise<IdempotentAnswer>;
  /** Deletes what has expired, in batches, and says how many keys that were. Call it from time to time. */
  sweep(options?: { readonly batch?: number }): Promise<number>;
}

type Test = readonly [holds: (value: unknown) => boolean, expected: string];
const isCount: Test = [(value) => Number.isInteger(value) && (value as number) > 0, 'a whole number above 0'];
const isTime: Test = [(value) => Number.isFinite(value) && (value as number) >= 0, 'a number of milliseconds'];
const isPeriod: Test = [(value) => Number.isFinite(value) && (value as number) > 0, 'milliseconds, more than 0'];
const isFunction: Test = [(value) => typeof value === 'function', 'a function'];
const isText: Test = [(value) => typeof value === 'string', 'a text'];

const OPTION_TESTS: Readonly<Record<keyof IdempotencyOptions, Test>> = {
  conflicts: [(value) => typeof value === 'object' && value !== null, 'what defineConflicts() returns'],
  table: isText,
  expiresAfter: isPeriod,
  leaseFor: isPeriod,
  waitFor: isTime,
  maxBody: [(value) => Number.isInteger(value) && (value as number) >= 0, 'a number of bytes'],
  store: isFunction,
  isolation: isText,
  whenDown: [(value) => value === 'refuse' || value === 'run', '"refuse" or "run"'],
  onUnprotected: isFunction,
  attempts: isCount,
  baseDelay: isTime,
  maxDelay: isTime,
  budget: isTime,
};

/** What a key turned out to be. */
type Claim =
  | { readonly state: 'owned' }
  | { readonly state: 'reused' }
  | { readonly state: 'in progress'; readonly left: number }
  | { readonly state: 'done'; readonly answer: IdempotentAnswer };

/** A statement, or something to be called. Whoever runs the steps waits for its result where it is a promise. */
type Step = Statement | (() => unknown);
type Steps<T> = Generator<Step, T, unknown>;

/** Carries an answer that is not stored out of a transaction, which it rolls back. */
class Unstored {
  readonly answer: IdempotentAnswer;

  constructor(answer: IdempotentAnswer) {
    this.answer = answer;
  }
}

/**
 * Runs requests with an `Idempotency-Key` once, and answers them the same each time they are sent. The keys are in a
 * table of the application's own database: see {@link idempotencyTableSql}.
 *
 * @param source a pool of `pg` or `mysql2`, or a database of `better-sqlite3`
 * @throws {TypeError} for another source, and for an option that does not exist or is not what it has to be
 */
export function defineIdempotency<Pool extends PgPool>(
  source: Pool,
  options?: IdempotencyOptions,
): Idempotency<PgClientOf<Pool>, Promise<Answer>>;
export function defineIdempotency<Connection extends MysqlConnection>(
  source: MysqlPool<Connection>,
  options?: IdempotencyOptions,
): Idempotency<Connection, Promise<Answer>>;
export function defineIdempotency<Database extends SqliteDatabase>(
  source: Database,
  options?: IdempotencyOptions,
): Idempotency<Database, Answer>;
export function defineIdempotency(source: unknown, options: IdempotencyOptions = {}): Idempotency<unknown, unknown> {
  checkMembers('the options of defineIdempotency()', options, OPTION_TESTS);
  const { conflicts = unbound, table = 'idempotency_keys', store = isSettled, maxBody = 65_536 } = options;
  const { expiresAfter = 86_400_000, leaseFor = 60_000, waitFor = 5000, whenDown = 'refuse' } = options;
  const { attempts = 5, baseDelay = 50, maxDelay = 2000, budget = 10_000, onUnprotected = warn } = options;
  checkTable(table);
  if (leaseFor > expiresAfter) {
    throw new TypeError(`Expected leaseFor to be at most expiresAfter, got ${leaseFor} and ${expiresAfter}`);
  }
  const beginner = beginnerOf(source, options.isolation);
  const dialect = dialectOf(source, beginner);
  const statements = defineStatements(dialect, table);
  const execute = EXECUTORS[dialect];
  /** What was thrown because nobody could reach the database: busy is another thing, for it may have the key. */
  const isDown = new WeakSet<object>();

  /**
   * Runs steps in a transaction, and anew where that helps. What a key protects may also be run anew when the connection
   * is lost, for it finds what has become of the first run.
   */
  async function transaction<T>(
    request: IdempotentRequest | undefined,
    isProtected: boolean,
    steps: (tx: unknown, attempt: Attempt) => Steps<T>,
  ): Promise<T> {
    let isLost = false;
    let isUnreachable = false;
    const helps = ({ error, violation, during, isBroken }: Failure): boolean => {
      // A pool that gives no connection says so in its own words.
      const isRefused = during === 'begin' && !conflicts.owns(error) && !(error instanceof TypeError);
      isUnreachable = isBroken || isOfConnection(violation?.kind) || (isRefused && isOfSocket(error));
      isLost = isUnreachable || isRefused;
      if (isLost) return isProtected && during !== 'begin';
      return violation !== undefined && mayRunAgain(violation);
    };
    const run = (tx: unknown, attempt: Attempt) => {
      const each = (step: Step) => (typeof step === 'function' ? step() : execute(tx, step));
      return beginner.isSync ? inOneGo(steps(tx, attempt), each) : oneByOne(steps(tx, attempt), each);
    };
    try {
      const policy = { attempts, baseDelay, maxDelay, budget, conflicts, ...(request && { context: request }) };
      return (await runTransaction(beginner, run, helps, policy)) as T;
    } catch (error) {
      if (!isLost || !isProtected || error instanceof Unstored) throw error;
      // With its key the identical request may be sent again, whatever has become of this one.
      const busy = conflicts.conflict('busy', { retry_after: 1 }, { cause: error, context: request });
      if (isUnreachable) isDown.add(busy);
      throw busy;
    }
  }

  /** Claims a key, and waits no longer than it may for whoever has it. */
  function* claim(subject: Subject, token: string, request: IdempotentRequest): Steps<Claim> {
    const bound = statements.bound(waitFor);
    if (bound === undefined) return yield* claimOrRead(statements, subject, token, leaseFor, expiresAfter);
    const undo = bound[1]((yield bound[0]) as Result);
    let claimed: Claim;
    try {
      claimed = yield* claimOrRead(statements, subject, token, leaseFor, expiresAfter);
    } catch (error) {
      // PostgreSQL takes it back with the transaction, and runs nothing before.
      if (dialect === 'mysql') yield* attempted(undo);
      const kind = conflicts.classify(error)?.kind;
      // A timeout of the statement may be shorter than ours.
      if (kind !== 'lock_not_available' && kind !== 'query_canceled') throw error;
      throw inProgress(1000, request, error);
    }
    yield undo;
    return claimed;
  }

  /** The answer to a request whose key another one has, or had. */
  function settled(claimed: Exclude<Claim, { state: 'owned' }>, request: IdempotentRequest): IdempotentAnswer {
    if (claimed.state === 'done') return claimed.answer;
    if (claimed.state === 'reused') throw conflicts.conflict('idempotency_key_reused', {}, { context: request });
    throw inProgress(claimed.left, request);
  }

  function inProgress(left: number, request: IdempotentRequest, cause?: unknown): Error {
    const retry_after = Math.min(30, Math.max(1, Math.ceil(left / 1000)));
    return conflicts.conflict('idempotency_in_progress', { retry_after }, { context: request, cause });
  }

  /** True when this token still has the key. */
  function* complete(subject: Subject, token: string, answer: IdempotentAnswer): Steps<boolean> {
    const { changes } = (yield statements.complete(subject, token, toStored(answer, maxBody), expiresAfter)) as Result;
    return changes === 1;
  }

  async function inTransaction(
    request: IdempotentRequest,
    scope: Scope,
    run: (tx: unknown, attempt: Attempt) => unknown,
  ): Promise<IdempotentAnswer> {
    const subject = subjectOf(request, scope, conflicts);
    function* steps(tx: unknown, attempt: Attempt): Steps<IdempotentAnswer> {
      // Another one each time: after a COMMIT whose outcome is unknown the row is somebody else's, and has the answer.
      const token = randomUUID();
      const claimed: Claim = subject ? yield* claim(subject, token, request) : { state: 'owned' };
      if (claimed.state !== 'owned') return settled(claimed, request);
      const answer = toAnswer(yield () => run(tx, attempt));
      if (!store(answer.status)) throw new Unstored(answer);
      if (subject && !(yield* complete(subject, token, answer))) {
        throw new Error(
          'Expected the transaction to have the key that it has claimed: it was ended, or the key deleted',
        );
      }
      return answer;
    }
    try {
      return await transaction(request, subject !== undefined, steps);
    } catch (error) {
      if (error instanceof Unstored) return error.answer;
      throw error;
    }
  }

  async function withLease(
    request: IdempotentRequest,
    scope: Scope,
    run: (lease: Lease) => unknown,
  ): Promise<IdempotentAnswer> {
    const subject = subjectOf(request, scope, conflicts);
    // The same for all attempts: a claim whose COMMIT has an unknown outcome is known again.
    const token = randomUUID();
    let isClaimed = false;
    if (subject) {
      try {
        const claimed = await transaction(request, true, () => claim(subject, token, request));
        if (claimed.state !== 'owned') return settled(claimed, request);
        isClaimed = true;
      } catch (error) {
        if (whenDown === 'refuse' || !isDown.has(error as object)) throw error;
        report(onUnprotected, error);
      }
    }
    const lease: Lease = {
      token,
      effectKey: subject ? effectKeyOf(subject) : token,
      extend: async () => !subject || !isClaimed || extended(subject, token),
    };
    let answer: IdempotentAnswer;
    try {
      answer = toAnswer(await run(lease));
    } catch (error) {
      if (subject && isClaimed) await release(subject, token);
      throw conflicts.translate(error, request);
    }
    if (!subject || !isClaimed) return answer;
    if (!store(answer.status)) {
      await release(subject, token);
      return answer;
    }
    let claimed: Claim;
    try {
      claimed = await transaction(request, true, function* (): Steps<Claim> {
        if (yield* complete(subject, token, answer)) return { state: 'owned' };
        // Another request has taken over, and may have an answer already: then that is the answer to both.
        const again = yield* claim(subject, token, request);
        if (again.state === 'owned') yield* complete(subject, token, answer);
        return again;
      });
    } catch (error) {
      if ((error as { code?: unknown }).code === 'idempotency_in_progress') throw error;
      // The effect has happened: who hears of a failure would try again.
      report(onUnprotected, error);
      return answer;
    }
    return claimed.state === 'owned' ? answer : settled(claimed, request);
  }

  function extended(subject: Subject, token: string): Promise<boolean> {
    return transaction(undefined, true, function* () {
      const { changes } = (yield statements.extend(subject, token, leaseFor, expiresAfter)) as Result;
      return changes === 1;
    });
  }

  /** What fails here ends with the lease. */
  async function release(subject: Subject, token: string): Promise<void> {
    try {
      await transaction(undefined, true, function* () {
        yield statements.release(subject, token);
      });
    } catch {}
  }

  async function sweep({ batch = 1000 }: { readonly batch?: number } = {}): Promise<number> {
    if (!isCount[0](batch)) throw new TypeError(`Expected batch to be ${isCount[1]}, got ${String(batch)}`);
    for (let total = 0; ; ) {
      const deleted = await transaction(undefined, true, function* () {
        const [first, second] = statements.sweep(batch);
        const result = (yield first) as Result;
        return second ? ((yield second(result)) as Result).changes : result.changes;
      });
      total += deleted;
      if (deleted < batch) return total;
    }
  }

  return { inTransaction, withLease, sweep };
}

/** Takes a key that is free, and reads one that is not. */
function* claimOrRead(
  statements: Statements,
  subject: Subject,
  token: string,
  lease: number,
  expiry: number,
): Steps<Claim> {
  // Again where a row went away between two statements: it was released, or swept.
  for (let time = 0; time < 10; time++) {
    const { changes } = (yield statements.insert(subject, token, lease, expiry)) as Result;
    if (statements.tellsInserted && changes === 1) return { state: 'owned' };
    const row = rowOf((yield statements.select(subject)) as Result, subject);
    if (row === undefined) continue;
    if (row.token === token && !row.isDone) return { state: 'owned' };
    const isLeft = row.isExpired || (!row.isDone && row.left <= 0 && row.isSame);
    if (isLeft) {
      const taken = (yield statements.takeOver(subject, token, lease, expiry, row.token)) as Result;
      if (taken.changes === 1) return { state: 'owned' };
      continue;
    }
    // Before anything else: who has sent something else learns nothing of the first request.
    if (!row.isSame) return { state: 'reused' };
    return row.isDone ? { state: 'done', answer: fromStored(row.answer) } : { state: 'in progress', left: row.left };
  }
  return { state: 'in progress', left: 1000 };
}

function* attempted(statement: Statement): Steps<void> {
  try {
    yield statement;
  } catch {}
}

type Each = (step: Step) => unknown;

async function oneByOne<T>(steps: Steps<T>, each: Each): Promise<T> {
  let next = steps.next();
  while (!next.done) {
    let result: unknown;
    try {
      result = await each(next.value);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(result);
  }
  return next.value;
}

function inOneGo<T>(steps: Steps<T>, each: Each): T {
  let next = steps.next();
  while (!next.done) {
    let result: unknown;
    try {
      result = each(next.value);
      if (result instanceof Promise) {
        result.catch(() => undefined);
        throw new TypeError(
          'Expected a request in a transaction of better-sqlite3 to run synchronously, got a promise',
        );
      }
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(result);
  }
  return next.value;
}

/** How each driver runs a statement. Sources: see the pools in transactions.ts */
const EXECUTORS: Readonly<Record<StoreDialect, (tx: unknown, statement: Statement) => Result | Promise<Result>>> = {
  async postgresql(tx, { sql, values }) {
    let number = 0;
    const text = sql.replaceAll('?', () => `$${++number}`);
    const client = tx as { query(query: object): Promise<{ rows: Result['rows']; rowCount: number }> };
    const { rows, rowCount } = await client.query({ text, values });
    return { rows, changes: rowCount };
  },
  async mysql(tx, { sql, values }) {
    const connection = tx as { query(query: object): Promise<[unknown, unknown]> };
    // Whatever the pool was configured to give.
    const form = { rowsAsArray: false, nestTables: false, typeCast: true, namedPlaceholders: false };
    const [result] = await connection.query({ sql, values, ...form });
    if (Array.isArray(result)) return { rows: result, changes: 0 };
    return { rows: [], changes: (result as { affectedRows: number }).affectedRows };
  },
  sqlite(tx, { sql, values }) {
    const statement = (
      tx as {
        prepare(sql: string): {
          readonly reader: boolean;
          all(...values: readonly unknown[]): Result['rows'];
          run(...values: readonly unknown[]): { changes: number };
        };
      }
    ).prepare(sql);
    if (statement.reader) return { rows: statement.all(...values), changes: 0 };
    return { rows: [], changes: statement.run(...values).changes };
  },
};

function dialectOf(source: unknown, beginner: Beginner<unknown>): StoreDialect {
  if (beginner.isSync) return 'sqlite';
  const candidate = source as { begin?: unknown; promise?: unknown; getConnection?: unknown };
  if (typeof candidate.begin === 'function') {
    throw new TypeError(
      'Expected a pool of pg or mysql2 or a database of better-sqlite3, got { begin, commit, rollback }',
    );
  }
  return typeof candidate.promise === 'function' || typeof candidate.getConnection === 'function'
    ? 'mysql'
    : 'postgresql';
}

/** One text for one request and its owner, which tells nobody the key. */
function effectKeyOf({ scope, key, fingerprint }: Subject): string {
  return createHash('sha256')
    .update(JSON.stringify([scope, key, fingerprint.toString('hex')]))
    .digest('hex');
}

function isOfConnection(kind: string | undefined): boolean {
  return kind === 'connection_failure' || kind === 'transaction_resolution_unknown';
}

/** Source: https://nodejs.org/api/errors.html#common-system-errors and https://nodejs.org/api/dns.html#error-codes */
const OF_SOCKET: readonly unknown[] = [
  ...['ECONNREFUSED', 'ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'EHOSTDOWN'],
  ...['ENETUNREACH', 'ENETDOWN', 'ENOTFOUND', 'EAI_AGAIN', 'ENOENT'],
];

/** True where the system says it: a pool that is full says so in its own words, without a code. */
function isOfSocket(error: unknown): boolean {
  return causes(error, ({ code }: { code?: unknown }) => OF_SOCKET.includes(code) || undefined) === true;
}

function report(listener: (error: unknown) => void, error: unknown): void {
  try {
    listener(error);
  } catch {}
}

function warn(): void {
  process.emitWarning('The answer of an idempotent request could not be stored: a retry may repeat its effect', {
    type: 'ConflictWarning',
    code: 'UNPROTECTED_REQUEST',
  });
}
