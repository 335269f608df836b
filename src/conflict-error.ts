import createError from 'http-errors';
import { toEntityTag } from './entity-tag.ts';
import { type Formatted, identified, type Problem, type ProblemCode, type ProblemOf, toProblem } from './problem.ts';
import type { Violation } from './violation.ts';

/** Shared by every copy of this package in a process: `instanceof` of one copy knows the errors of another. */
const BRAND: unique symbol = Symbol.for('db-http-errors.ConflictError') as never;
const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom') as never;

/** What a {@link ConflictError} knows beyond its problem. */
export interface ConflictFacts {
  /** The facts that the database reported; absent for a conflict that the application raised. */
  readonly violation?: Violation | undefined;
  /** The key of the rule that matched. */
  readonly rule?: string | undefined;
  /** The error that was translated, as it was thrown. */
  readonly cause?: unknown;
  /**
   * The body that `toJSON()` gives, and its media type.
   * @default the problem itself, as 'application/problem+json'
   */
  readonly format?: Formatted | undefined;
  /** Whoever answered: asked again when more is known of the request, and for the values behind the violation. */
  readonly origin?: ConflictOrigin | undefined;
  /** Captures a stack of its own here, instead of showing the cause's frames. */
  readonly captureStack?: boolean | undefined;
}

/** Whoever answered a violation with a conflict. */
export interface ConflictOrigin {
  /** Puts the reported values behind a violation, as a getter. Not done before somebody asks for the violation. */
  reveal(violation: Violation, cause: unknown): Violation;
}

interface Known<Code extends ProblemCode>
  extends Pick<ConflictFacts, 'cause' | 'violation' | 'rule' | 'origin' | 'format'> {
  /** Of this occurrence, once somebody has looked at it. */
  problem: ProblemOf<Code>;
  /** Made when somebody asks. */
  headers: Record<string, string> | undefined;
  /** True once {@link ConflictError.toResponse} has been called. */
  answered?: true;
}

/**
 * A conflict as an `http-errors` error: everything that leaves the process through it is public text. It is the one
 * class for every code and status, it is not a database error (that is its `cause`), and it decides nothing.
 *
 * `instanceof` holds for errors of every copy of this package, and for `createError.HttpError` and the class of its
 * status (`createError.Conflict` for a 409).
 */
export class ConflictError<Code extends ProblemCode = ProblemCode> extends Error {
  /** What happened: the problem's code. Configuration and headers change the status, never the code. */
  declare readonly code: Code;
  declare status: number;
  declare statusCode: number;
  /** True: the message is public. */
  declare expose: boolean;

  readonly #known!: Known<Code>;

  // biome-ignore lint/correctness/noUnreachableSuper: what is returned instead was made by this constructor
  constructor(problem: Problem, facts: ConflictFacts = {}) {
    if (new.target === ConflictError && problem.status !== 409) {
      // biome-ignore lint/correctness/noConstructorReturn: one class per status, without re-prototyping an instance
      return Reflect.construct(ConflictError, [problem, facts], classOf(problem.status)) as ConflictError<Code>;
    }
    const message = problem.detail ?? problem.title;
    const { captureStack } = facts;
    const isInternal = new.target !== ConflictError && CLASSES.get(problem.status) === (new.target as unknown);
    const isQuiet = !captureStack || isInternal;
    const limit = isQuiet ? withoutFrames() : undefined;
    super();
    if (isQuiet) restoreFrames(limit);
    // Without the empty stack of its own the getter of the prototype shows. An object that has lost a property has
    // room for five more before it takes twice the memory: all that nobody enumerates is in one.
    if (!captureStack) delete (this as { stack?: string }).stack;
    // V8 looks for the class on the stack to begin behind it, and the internal ones are never called.
    else if (isInternal) Error.captureStackTrace?.(this, ConflictError);
    const { cause, violation, rule, origin, format } = facts;
    this.#known = { problem: problem as ProblemOf<Code>, cause, violation, rule, origin, format, headers: undefined };
    this.message = message;
    this.code = problem.code as Code;
    // A subclass of the application's has the status of its own prototype.
    const isOther = new.target !== ConflictError && problem.status !== this.status;
    if (isOther) this.status = this.statusCode = problem.status;
  }

  /** What is known of an error, also through an object that inherits from it; of a proxy nothing is. */
  static #of<Code extends ProblemCode>(error: ConflictError<Code>): Known<Code> | undefined {
    if (#known in error) return error.#known;
    const owner: unknown = Object.getPrototypeOf(error);
    return isConflictError(owner) ? (ConflictError.#of(owner) as Known<Code> | undefined) : undefined;
  }

  /** The canonical problem, whatever the format of the body. */
  get problem(): ProblemOf<Code> {
    const known = ConflictError.#of(this);
    return known === undefined ? (UNKNOWN as ProblemOf<Code>) : occurrenceOf(known);
  }

  /** The facts that the database reported, for the server; absent for a conflict that the application raised. */
  get violation(): Violation | undefined {
    const known = ConflictError.#of(this);
    if (known?.violation === undefined) return undefined;
    return known.origin?.reveal(known.violation, this.cause) ?? known.violation;
  }

  /**
   * The error that was translated, as it was thrown; it may hold row values and SQL. It is no property of the error's
   * own, so that `structuredClone` does not take it along. Node's print of an uncaught error does show it.
   * `undefined` after {@link toResponse}.
   */
  override get cause(): unknown {
    const known = ConflictError.#of(this);
    return known?.answered ? undefined : known?.cause;
  }

  override set cause(value: unknown) {
    Object.defineProperty(this, 'cause', { value, writable: true, configurable: true });
  }

  /** The key of the rule that matched. */
  get rule(): string | undefined {
    return ConflictError.#of(this)?.rule;
  }

  /** Headers of the answer: content type, `no-store`, `Retry-After`, `ETag`. Their values are always valid. */
  get headers(): Record<string, string> {
    const known = ConflictError.#of(this);
    if (known === undefined) return headersOf(UNKNOWN);
    // Not a property of the error's own: to define one takes half as long as the translation.
    known.headers ??= headersOf(known.problem, known.format?.contentType);
    return known.headers;
  }

  set headers(value: Record<string, string>) {
    Object.defineProperty(this, 'headers', { value, writable: true, configurable: true, enumerable: true });
  }

  /** The body in its format. */
  toJSON(): unknown {
    const known = ConflictError.#of(this);
    if (known === undefined) return UNKNOWN;
    return known.format === undefined ? occurrenceOf(known) : known.format.body;
  }

  /** A new `Response` with status, headers and body: what Hono asks an error for. */
  getResponse(): Response {
    return new Response(JSON.stringify(this), { status: this.status, headers: this.headers });
  }

  /**
   * The same, under the name that Elysia asks for. It takes the cause away: Elysia's adapter for Node asks, and then
   * sends the cause as JSON all the same.
   * Source: https://www.npmjs.com/package/@elysiajs/node/v/1.4.5 (dist/index.mjs, errorToResponse)
   */
  toResponse(): Response {
    const known = ConflictError.#of(this);
    if (known !== undefined) known.answered = true;
    return this.getResponse();
  }

  /** The cause's frames under this error's own header. Formatted when it is read. */
  override get stack(): string {
    return `${this.name}: ${this.message}${framesOf(this.cause)}`;
  }

  override set stack(value: string) {
    Object.defineProperty(this, 'stack', { value, writable: true, configurable: true });
  }

  /** Who made the error; absent for one that another copy of this package made. */
  static originOf(error: ConflictError): ConflictOrigin | undefined {
    return ConflictError.#of(error)?.origin;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass asks through the same method
    return this === ConflictError ? isConflictError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

function occurrenceOf<Code extends ProblemCode>(known: Known<Code>): ProblemOf<Code> {
  known.problem = identified(known.problem);
  return known.problem;
}

/** True for the errors of every copy of this package. Throws only what a hostile proxy throws. */
export function isConflictError(value: unknown): value is ConflictError {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}

/** The problem of an error of another making, which nothing is known of; no occurrence of its own. */
const UNKNOWN: Problem = toProblem('conflict', 409, { instance: 'urn:uuid:00000000-0000-0000-0000-000000000000' });

const CLASSES = new Map<number, typeof ConflictError>();

/** The class of a status: the same methods, with http-errors' class of that status behind them. */
function classOf(status: number): typeof ConflictError {
  let made = CLASSES.get(status);
  if (made === undefined) {
    made = function ConflictError() {} as unknown as typeof ConflictError;
    const httpClass = createError[status as 409] ?? createError.HttpError;
    made.prototype = Object.create(httpClass.prototype, {
      ...Object.getOwnPropertyDescriptors(ConflictError.prototype),
      ...data({ status, statusCode: status, expose: true }),
    });
    CLASSES.set(status, made);
  }
  return made;
}

function data(values: Record<string, unknown>): PropertyDescriptorMap {
  const descriptors: PropertyDescriptorMap = {};
  for (const key in values) descriptors[key] = { value: values[key], writable: true, configurable: true };
  return descriptors;
}

Object.setPrototypeOf(ConflictError.prototype, createError.Conflict.prototype);
Object.defineProperties(ConflictError.prototype, {
  ...data({ name: 'ConflictError', status: 409, statusCode: 409, expose: true }),
  [BRAND]: { value: true },
  [INSPECT]: { value: inspectConflict },
});

type Inspect = (value: unknown, options: object) => string;

/** What `console.log` prints: header, frames, what happened, and of the cause its class and code only. */
function inspectConflict(this: ConflictError, _depth: number, options: object, inspect: Inspect): string {
  const { violation, cause } = this;
  const facts = {
    status: this.status,
    code: this.code,
    instance: this.problem.instance,
    ...(violation && { kind: violation.kind, driver: violation.driver, native: violation.code }),
    ...(cause !== undefined && { cause: nameOf(cause) }),
  };
  return `${this.stack} ${inspect(facts, options)}`;
}

/** Stops the capture of frames, which is most of what an error costs. Frozen intrinsics have none to stop. */
function withoutFrames(): number | undefined {
  let limit: number | undefined;
  try {
    limit = Error.stackTraceLimit;
    // No number at all: V8 then prepares nothing, which is cheaper than a stack of no frames.
    (Error as { stackTraceLimit: unknown }).stackTraceLimit = undefined;
  } catch {}
  return limit;
}

function restoreFrames(limit: number | undefined): void {
  try {
    if (limit === undefined) delete (Error as { stackTraceLimit?: number }).stackTraceLimit;
    else Error.stackTraceLimit = limit;
  } catch {}
}

function headersOf(problem: Problem, contentType = 'application/problem+json'): Record<string, string> {
  const headers: Record<string, string> = { 'Content-Type': contentType, 'Cache-Control': 'no-store' };
  if ('retry_after' in problem) headers['Retry-After'] = String(problem.retry_after);
  if ('current_version' in problem && problem.current_version !== undefined) {
    const tag = toEntityTag(problem.current_version);
    if (tag !== undefined) headers.ETag = tag;
  }
  return headers;
}

/**
 * The frames of an error, without its header and without what others appended: both may hold the driver's text. The
 * message may look like frames itself, so only what follows it counts. Where the message was changed since the capture
 * (Knex does), it is the last run of frames, without lines that the message has, too.
 */
function framesOf(cause: unknown): string {
  try {
    const { stack, message } = cause as { stack: string; message: string };
    const at = stack.indexOf(message);
    const lines = (at < 0 ? stack : stack.slice(at + message.length)).split('\n');
    let first = lines.findIndex(isFrame);
    if (at < 0) {
      first = lines.length;
      while (first >= 0 && !isFrame(lines[first])) first--;
      while (isFrame(lines[first - 1]) && !message.includes(lines[first - 1] as string)) first--;
    }
    let end = first;
    while (isFrame(lines[end])) end++;
    return first < 0 ? '' : `\n${lines.slice(first, end).join('\n')}`;
  } catch {
    return '';
  }
}

function isFrame(line: string | undefined): boolean {
  return line?.startsWith('    at ') === true;
}

/** Class and code of a cause, without its text. */
function nameOf(cause: unknown): string {
  try {
    const { constructor: type, code } = cause as { constructor?: { name?: unknown }; code?: unknown };
    return [type?.name, code].filter((part) => typeof part === 'string').join(' ');
  } catch {
    return '';
  }
}

/** What is gone is no conflict: an http-errors 404. */
export function notFound(): Error {
  return createError(404);
}
