import { answerOf } from './answer.ts';
import { BUILT_IN } from './built-in.ts';
import { causes } from './causes.ts';
import { type ConflictError, isConflictError } from './conflict-error.ts';
import { type Conflicts, optionsOf, unbound } from './define-conflicts.ts';
import type { ProblemCode } from './problem.ts';
import { safe } from './translator.ts';
import type { Dialect, Violation, ViolationKind } from './violation.ts';

/** What an operator needs to know of an error: codes and names of the schema, never a value of a row. */
export interface ConflictLogFields {
  /** `urn:uuid:…` of the answer that the client got. Absent before there is one. */
  readonly instance?: string;
  /** The problem's code. Absent for an error that nobody has answered. */
  readonly code?: ProblemCode;
  /** The HTTP status of the answer. Absent for an error that nobody has answered. */
  readonly status?: number;
  /** The key of the rule that matched. */
  readonly rule?: string;
  /** Absent for an error of a database that is no violation, such as one of syntax. */
  readonly kind?: ViolationKind;
  readonly driver?: string;
  readonly dialect?: Dialect;
  /** `Violation.code`: SQLSTATE, number or name, as the driver has it. */
  readonly nativeCode?: string;
  readonly sqlState?: string;
  readonly constraint?: string;
  readonly schema?: string;
  readonly table?: string;
  readonly columns?: readonly string[];
  /** Of a foreign key. */
  readonly direction?: 'parent_missing' | 'still_referenced';
  /** The parent of a foreign key. */
  readonly referencedTable?: string;
  /** True when the request, or without an answer the transaction, may be run again. Absent otherwise. */
  readonly retryable?: true;
}

/**
 * The fields to log of an error, as a new plain object: of a conflict those of its answer and of its violation, of any
 * other error of a database what its driver's codes say. `undefined` for every other error. Never throws, and reads no
 * text: no message, no SQL, no value of a row comes out, whatever the error and its causes hold.
 *
 * @example
 * ```ts
 * log.warn(conflictLogFields(error) ?? { err: error }, 'The order was not saved.');
 * // { instance: 'urn:uuid:…', code: 'duplicate', status: 409, kind: 'unique_violation', driver: 'pg',
 * //   nativeCode: '23505', sqlState: '23505', constraint: 'users_email_key', table: 'users', … }
 * ```
 *
 * @param conflicts needed for drivers beyond the built-in ones
 */
export function conflictLogFields(error: unknown, conflicts: Conflicts = unbound): ConflictLogFields | undefined {
  try {
    const conflict = conflictOf(error);
    if (conflict !== undefined) return fieldsOfConflict(conflict);
    const violation = conflicts.classify(error);
    if (violation !== undefined) return fieldsOfViolation(violation);
    if (conflicts.owns(error)) return fieldsOfNative(error, conflicts);
    // What an ORM threw itself: a stale version, or a statement that never got to a database.
    const answer = answerOf(error, undefined, conflicts);
    if (answer === undefined) return undefined;
    return answer.isConflict ? { code: (answer.error as ConflictError).code } : fieldsOfNative(error, conflicts);
  } catch {
    return undefined;
  }
}

function conflictOf(error: unknown): ConflictError | undefined {
  return causes(error, (candidate) => (isConflictError(candidate) ? candidate : undefined));
}

function fieldsOfConflict({ problem, status, rule, violation }: ConflictError): ConflictLogFields {
  const { instance, code, retryable } = problem;
  return {
    ...(instance !== undefined && { instance }),
    code,
    status,
    ...(rule !== undefined && { rule }),
    ...(violation && fieldsOfViolation(violation)),
    ...(retryable && { retryable }),
  };
}

/** All but the values, and the text of a RAISE: it may be made of them. */
const FACTS = [
  'kind',
  'driver',
  'dialect',
  'sqlState',
  'constraint',
  'schema',
  'table',
  'columns',
  'direction',
  'referencedTable',
  'retryable',
] as const;

function fieldsOfViolation(violation: Violation): ConflictLogFields {
  const fields: Record<string, unknown> = { nativeCode: violation.code };
  for (const fact of FACTS) {
    const value = (violation as unknown as Record<string, unknown>)[fact];
    if (value !== undefined && !LINE_BREAK.test(String(value))) fields[fact] = value;
  }
  return fields;
}

/** A name has one line. Where it has more, something appended its own text to the one that the name was read from. */
const LINE_BREAK = /[\r\n]/;

/** What an error of a driver has, under any of the names that drivers use. */
interface NativeError {
  readonly code?: unknown;
  readonly errno?: unknown;
  /** SQLite's number under `node:sqlite`, where `code` is Node's. */
  readonly errcode?: unknown;
  readonly sqlState?: unknown;
  /** The driver's code in what Prisma keeps of its error, which is no error. */
  readonly originalCode?: unknown;
  /** There the database, or Prisma's name for what happened. */
  readonly kind?: unknown;
  /** There the SQLSTATE of MySQL. */
  readonly state?: unknown;
  /** Only errors of PostgreSQL have it; their code is the SQLSTATE. */
  readonly severity?: unknown;
}

/** Driver and code of an error that is no violation: of the innermost that a driver owns, or that has a code at all. */
function fieldsOfNative(error: unknown, conflicts: Conflicts): ConflictLogFields {
  // In the order in which they are asked for the facts.
  const drivers = [...(optionsOf(conflicts)?.drivers ?? []).map(safe), ...BUILT_IN];
  let native: NativeError = {};
  let driver: string | undefined;
  causes(error, (candidate: NativeError) => {
    const owner = drivers.find((known) => known.owns(candidate))?.name;
    const isNearer = owner !== undefined || (driver === undefined && conflicts.owns(candidate));
    if (isNearer || (driver === undefined && isCode(candidate.code))) native = candidate;
    driver ??= owner;
    const { originalCode, kind, state } = candidate;
    if (driver === 'prisma' && isCode(originalCode)) {
      native = { code: originalCode, sqlState: kind === 'postgres' ? originalCode : state };
    }
    return undefined;
  });
  const { code, errno, errcode, sqlState, severity } = native;
  // SQLite's codes have names that say more.
  const number = isCode(code) && code.startsWith('SQLITE_') ? undefined : (errno ?? errcode);
  const nativeCode = typeof number === 'number' && number > 0 ? String(number) : isCode(code) ? code : undefined;
  const state = typeof severity === 'string' ? code : sqlState;
  return {
    ...(driver !== undefined && { driver }),
    ...(nativeCode !== undefined && { nativeCode }),
    ...(isCode(state) && { sqlState: state }),
  };
}

/** A code is a word in capitals; anything else may be text. */
function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9A-Z_]{1,64}$/.test(value);
}

/* ---- pino ---- */

/** An error as pino logs it. */
export interface LoggedError extends ConflictLogFields {
  /** Name of the class. */
  readonly type: string;
  /** A conflict's public message; for another error of a database its kind, driver and code. */
  readonly message: string;
  /** The frames of the error, under the message above. */
  readonly stack: string;
}

/**
 * What is used of pino's `LogFn`.
 * Source: https://github.com/pinojs/pino/blob/main/docs/api.md#logmethod
 */
type LogMethod = (this: never, ...args: never[]) => void;

/** Options for `pino()`. */
export interface PinoConflicts {
  readonly serializers: {
    /** For any key that an error is logged under. */
    readonly err: (error: unknown) => unknown;
    /** The same where the value is an error, or has one in it. */
    readonly error: (value: unknown) => unknown;
  };
  readonly hooks: {
    /** Keeps the text of an error of a database out of `msg`, where pino puts it by default. */
    logMethod(this: unknown, args: readonly unknown[], method: LogMethod): void;
  };
}

/**
 * Options for pino, by which conflicts and all other errors of a database are logged without a word of the database:
 * class, {@link ConflictLogFields}, and the frames of the stack. Every other error is logged as before, and under
 * `error` as under `err`, of which pino itself shows no message.
 *
 * Without them pino writes all that the driver said: its own serializer appends message and stack of each `cause` — the
 * native error is a conflict's cause — and copies the properties of an error, such as `detail`, `sql` and `parameters`;
 * and the message of a native error becomes the `msg` of the line, which no serializer sees.
 *
 * Found are errors that are logged themselves, under any key, and in plain objects and arrays to five levels and a
 * thousand values of one argument: `{ ctx: { err } }`, `{ errors: [err] }`, `'%j', { err }`, the results of
 * `Promise.allSettled`; in the bindings of a child under `err` and `error`. Not found are errors in the bindings of a
 * child under another key (pino has no hook for them: give the child `serializers` of its own), in what `mixin` returns
 * unless under these two, in instances of classes and in a `Map` or `Set`, and text that the application makes itself
 * (`log.error(String(error))`, `{ err, text: err.message }`) but for the message of the line.
 *
 * It is options and not a serializer, for it needs both: `serializers.err` alone leaves the `msg`.
 *
 * @example
 * ```ts
 * const log = pino(pinoConflicts(conflicts, pino.stdSerializers.err));
 * log.error(error);
 * // { "err": { "type": "DatabaseError", "message": "unique_violation (pg 23505)", "stack": "…",
 * //   "kind": "unique_violation", … }, "msg": "unique_violation (pg 23505)" }
 * ```
 *
 * @param err the serializer of all other errors; default: type, message and stack
 *
 * Source: https://github.com/pinojs/pino-std-serializers/blob/master/lib/err.js and err-helpers.js,
 * https://github.com/pinojs/pino/blob/main/lib/proto.js (`write`)
 */
export function pinoConflicts(conflicts: Conflicts = unbound, err: (error: Error) => unknown = plain): PinoConflicts {
  const logged = (error: Error): LoggedError | undefined => loggedError(error, conflicts);

  function withoutTexts([first, text, ...values]: readonly unknown[]): readonly unknown[] {
    const found: Error[] = [];
    // Errors among the values of a text are written as their messages, and none is left under a key of its own.
    const shownAs = (value: unknown): unknown => {
      const shown = replaced(value, logged, found);
      return isNativeError(value) && shown !== value ? (shown as LoggedError).message : shown;
    };
    const isError = isNativeError(first);
    const object = replaced(first, logged, found);
    const error = isError ? logged(first) : errorIn(first, object);
    const shown = isError ? first : object;
    if (text === undefined) return error === undefined ? [shown] : [shown, error.message];
    const rest = [text, ...values].map(shownAs);
    return [shown, ...rest].map((value, at) => {
      if (at > 1 || typeof value !== 'string') return value;
      const own = found.find(({ message }) => message !== '' && value.includes(message));
      return own === undefined ? value : logged(own)?.message;
    });
  }

  return {
    serializers: {
      err: (error) => loggedError(error, conflicts) ?? err(replaced(error, logged) as Error),
      error: (value) => (isNativeError(value) ? (logged(value) ?? err(value)) : replaced(value, logged)),
    },
    hooks: {
      logMethod(args, method) {
        method.apply(this as never, withoutTexts(args) as never[]);
      },
    },
  };
}

function loggedError(error: unknown, conflicts: Conflicts): LoggedError | undefined {
  const fields = conflictLogFields(error, conflicts);
  if (fields === undefined) return undefined;
  try {
    const conflict = conflictOf(error);
    const { name: type, message } = conflict ?? { name: typeOf(error), message: titleOf(fields) };
    return { type, message, stack: conflict?.stack ?? `${type}: ${message}${framesOf(error)}`, ...fields };
  } catch {
    return { type: 'Error', message: titleOf(fields), stack: '', ...fields };
  }
}

/** What is said in the place of a driver's message. */
function titleOf({ kind, code, driver, nativeCode }: ConflictLogFields): string {
  const native = [driver, nativeCode].filter((part) => part !== undefined).join(' ');
  return (kind ?? code ?? 'database error') + (native && ` (${native})`);
}

function typeOf(error: unknown): string {
  const { name } = (error as object).constructor;
  return typeof name === 'string' && name !== '' ? name : 'Error';
}

/** The frames of an error, each on a line of its own, as a conflict shows those of its cause: without any header. */
function framesOf(cause: unknown): string {
  const { stack, name, message } = unbound.conflict('conflict', {}, { cause });
  return stack.slice(`${name}: ${message}`.length);
}

/** How deep errors are looked for, and in how many objects. */
const DEEPEST = 5;
const MOST = 1000;

/**
 * A copy of a value with the errors of a database in it as they are logged; the value itself where it has none. Objects
 * in the value that are not plain are left as they are.
 *
 * @param found gets these errors
 */
function replaced(
  value: unknown,
  logged: (error: Error) => LoggedError | undefined,
  found: Error[] = [],
  path: readonly object[] = [],
  count: { objects: number } = { objects: 0 },
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isNativeError(value)) {
    const error = logged(value);
    if (error !== undefined) found.push(value);
    return error ?? value;
  }
  // As pino writes it; the object itself may have an error in it.
  if (path.includes(value)) return '[Circular]';
  let copy: Record<string, unknown> | undefined;
  try {
    if (path.length > DEEPEST || (path.length > 0 && !isPlain(value)) || count.objects++ > MOST) return value;
    const inside = [...path, value];
    const entries = Object.entries(value);
    // Those that are not nested first: there is always enough time for them.
    for (const isError of [true, false]) {
      for (const [key, field] of entries) {
        if (typeof field !== 'object' || field === null || isNativeError(field) !== isError) continue;
        const shown = replaced(field, logged, found, inside, count);
        if (shown === field) continue;
        copy ??= (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
        copy[key] = shown;
      }
    }
  } catch {} // a getter that throws
  return copy ?? value;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** The first error of a database that is logged under a key, as it is logged. */
function errorIn(before: unknown, after: unknown): LoggedError | undefined {
  if (before === after) return undefined;
  try {
    const [, error] = Object.entries(after as object).find(([key, shown]) => {
      const value = (before as Record<string, unknown>)[key];
      return shown !== value && isNativeError(value);
    }) ?? [undefined, undefined];
    return error as LoggedError | undefined;
  } catch {
    return undefined; // a getter that throws
  }
}

function isNativeError(value: unknown): value is Error {
  try {
    return value instanceof Error;
  } catch {
    return false; // a revoked proxy
  }
}

function plain(error: unknown): unknown {
  if (!isNativeError(error)) return error;
  try {
    return { type: typeOf(error), message: error.message, stack: error.stack };
  } catch {
    return { type: 'Error' };
  }
}

/* ---- OpenTelemetry ---- */

/**
 * What is used of a span.
 * Source: https://github.com/open-telemetry/opentelemetry-js/blob/main/api/src/trace/span.ts
 */
interface Span {
  setAttribute(key: string, value: string): unknown;
  /** 2 is `SpanStatusCode.ERROR`. Source: api/src/trace/status.ts */
  setStatus(status: { code: 2 }): unknown;
}

/**
 * The attribute of each field. What the conventions have no name for has a namespace of its own.
 * Source: https://opentelemetry.io/docs/specs/semconv/db/database-spans/, …/db/postgresql/, …/db/mysql/ (1.45)
 */
const ATTRIBUTES = {
  dialect: 'db.system.name',
  nativeCode: 'db.response.status_code',
  table: 'db.collection.name',
  schema: 'db.namespace',
  instance: 'db_http_errors.instance',
  code: 'db_http_errors.code',
  rule: 'db_http_errors.rule',
  kind: 'db_http_errors.kind',
  constraint: 'db_http_errors.constraint',
} as const;

/**
 * Sets what is known of an error on a span: codes and names, never a value. Give it the error that answers, which
 * `translate` made: one that nobody has answered counts as a failure. Does nothing for any other error, nor without a
 * span; never throws.
 *
 * The span's status becomes an error, and `error.type` the native code, only where the server failed: with a status
 * from 500 on, or without an answer. A conflict of 4xx leaves both unset, as the conventions want it of a server. The
 * status has no description, and no exception is recorded, for they would hold the driver's text. The HTTP status is set
 * by whoever sends it.
 *
 * @example
 * ```ts
 * const answer = conflicts.translate(error, request);
 * recordConflict(trace.getActiveSpan(), answer);
 * throw answer;
 * ```
 *
 * Source: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status,
 * https://opentelemetry.io/docs/specs/semconv/general/recording-errors/
 */
export function recordConflict(span: Span | undefined, error: unknown, conflicts?: Conflicts): void {
  const fields = span && conflictLogFields(error, conflicts);
  if (fields === undefined) return;
  try {
    for (const [field, attribute] of Object.entries(ATTRIBUTES)) {
      const value = fields[field as keyof typeof ATTRIBUTES];
      if (value !== undefined) span?.setAttribute(attribute, value);
    }
    const { status = 500, nativeCode, code = '_OTHER' } = fields;
    if (status < 500) return;
    span?.setAttribute('error.type', nativeCode ?? code);
    span?.setStatus({ code: 2 });
  } catch {} // a span that fails is no reason for a request to fail
}
