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
  };
  readonly hooks: {
    /** Keeps the text of an error of a database out of `msg`, where pino puts it by default. */
    logMethod(this: unknown, args: readonly unknown[], method: LogMethod): void;
  };
}

/**
 * Options for pino, by which conflicts and all other errors of a database are logged without a word of the database:
 * class, {@link ConflictLogFields}, and the frames of the stack. Every other error is logged as before.
 *
 * Without them pino writes all that the driver said: its own serializer appends message and stack of each `cause` — the
 * native error is a conflict's cause — and copies the properties of an error, such as `detail`, `sql` and `parameters`;
 * and the message of a native error becomes the `msg` of the line, which no serializer sees. It does not help with text
 * that the application makes itself (`log.error(String(error))`).
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
  const logged = (error: unknown): LoggedError | undefined =>
    isNativeError(error) ? loggedError(error, conflicts) : undefined;

  function withoutTexts([first, text, ...values]: readonly unknown[]): readonly unknown[] {
    // Errors among the values of a text are written as their messages, and none is left under a key of its own.
    const rest = values.map((value) => logged(value)?.message ?? value);
    const fields = isNativeError(first) ? {} : errorsIn(first, logged);
    const error = logged(first) ?? Object.values(fields)[0];
    const shown = Object.keys(fields).length > 0 ? { ...(first as object), ...fields } : first;
    if (text === undefined) return error === undefined ? [shown] : [shown, error.message];
    const isNative =
      error !== undefined && typeof text === 'string' && textsOf(first).some((own) => text.includes(own));
    return [shown, isNative ? error.message : (logged(text)?.message ?? text), ...rest];
  }

  return {
    serializers: {
      err: (error) => loggedError(error, conflicts) ?? err(error as Error),
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

/** The errors of a database that are logged under a key, as they are logged. */
function errorsIn(
  value: unknown,
  logged: (error: unknown) => LoggedError | undefined,
): Readonly<Record<string, LoggedError>> {
  const found: Record<string, LoggedError> = {};
  try {
    if (typeof value !== 'object' || value === null) return found;
    for (const [key, field] of Object.entries(value)) {
      const error = logged(field);
      if (error !== undefined) found[key] = error;
    }
  } catch {} // a getter that throws
  return found;
}

/** The messages of an error, or of the errors that are logged under a key. */
function textsOf(value: unknown): readonly string[] {
  try {
    const errors: readonly unknown[] = isNativeError(value) ? [value] : Object.values(value as object);
    return errors.flatMap((error) => (isNativeError(error) && error.message !== '' ? [error.message] : []));
  } catch {
    return [];
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
