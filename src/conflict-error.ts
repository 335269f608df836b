import createError from 'http-errors';
import type { Problem, ProblemCode, ProblemOf } from './problem.ts';
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
   * What `toJSON()` gives.
   * @default the problem itself
   */
  readonly body?: unknown;
  /** @default 'application/problem+json' */
  readonly contentType?: string | undefined;
  /** Whoever answered, to answer again when more is known of the request. */
  readonly origin?: object | undefined;
  /** Captures a stack of its own here, instead of showing the cause's frames. */
  readonly captureStack?: boolean | undefined;
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
  /** The canonical problem, whatever the format of the body. */
  declare readonly problem: ProblemOf<Code>;
  /** Headers of the answer: content type, `no-store`, `Retry-After`, `ETag`. Their values are always valid. */
  declare headers: Record<string, string>;
  declare status: number;
  declare statusCode: number;
  /** True: the message is public. */
  declare expose: boolean;
  /** The facts that the database reported, for the server. Not enumerable. */
  declare readonly violation?: Violation;
  /** The key of the rule that matched. Not enumerable. */
  declare readonly rule?: string;
  /** The error that was translated, as it was thrown; it may hold row values and SQL. Not enumerable. */
  declare readonly cause?: unknown;

  readonly #body: unknown;
  readonly #origin: object | undefined;

  // biome-ignore lint/correctness/noUnreachableSuper: what is returned instead was made by this constructor
  constructor(problem: Problem, facts: ConflictFacts = {}) {
    if (new.target === ConflictError && problem.status !== 409) {
      // biome-ignore lint/correctness/noConstructorReturn: one class per status, without re-prototyping an instance
      return Reflect.construct(ConflictError, [problem, facts], classOf(problem.status)) as ConflictError<Code>;
    }
    const limit = withoutFrames();
    super();
    restoreFrames(limit);
    // The only property so far, so that the object stays a fast one: without it the getter of the prototype shows.
    delete (this as { stack?: string }).stack;
    this.message = problem.detail ?? problem.title;
    this.code = problem.code as Code;
    this.headers = headersOf(problem, facts.contentType);
    this.problem = problem as ProblemOf<Code>;
    this.#body = facts.body ?? problem;
    this.#origin = facts.origin;
    if ('cause' in facts) hide(this, 'cause', facts.cause);
    if (facts.violation !== undefined) hide(this, 'violation', facts.violation);
    if (facts.rule !== undefined) hide(this, 'rule', facts.rule);
    if (problem.status !== this.status) this.status = this.statusCode = problem.status;
    if (facts.captureStack) Error.captureStackTrace?.(this, new.target);
  }

  /** The body in its format. */
  toJSON(): unknown {
    return this.#body;
  }

  /** A new `Response` with status, headers and body: what Hono asks an error for. */
  getResponse(): Response {
    return new Response(JSON.stringify(this.#body), { status: this.status, headers: this.headers });
  }

  /** The same, under the name that Elysia asks for. */
  toResponse(): Response {
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
  static originOf(error: ConflictError): object | undefined {
    return #origin in error ? error.#origin : undefined;
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    // biome-ignore lint/complexity/noThisInStatic: a subclass asks through the same method
    return this === ConflictError ? isConflictError(value) : Function.prototype[Symbol.hasInstance].call(this, value);
  }
}

/** True for the errors of every copy of this package. Throws only what a hostile proxy throws. */
export function isConflictError(value: unknown): value is ConflictError {
  return typeof value === 'object' && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}

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

function hide(error: object, key: string, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true });
}

/** Stops the capture of frames, which is most of what an error costs. Frozen intrinsics have none to stop. */
function withoutFrames(): number | undefined {
  try {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    return limit;
  } catch {
    return undefined;
  }
}

function restoreFrames(limit: number | undefined): void {
  if (limit !== undefined) Error.stackTraceLimit = limit;
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
 * A version as a strong entity tag. What the grammar does not allow is percent-encoded, so that different versions
 * have different tags; `undefined` for what no tag can say. Source: RFC 9110 section 8.8.3
 */
function toEntityTag(version: string): string | undefined {
  try {
    return `"${encodeURI(version)}"`;
  } catch {
    return undefined; // half of a surrogate pair
  }
}

/** The frames of an error without its header, which holds the driver's text. */
function framesOf(cause: unknown): string {
  try {
    const { stack, message } = cause as Error;
    if (typeof stack !== 'string') return '';
    // The message may look like frames itself: only what follows it counts. Where it was changed since the capture,
    // only the unbroken run of frames at the end does.
    const at = typeof message === 'string' ? stack.indexOf(message) : -1;
    if (at >= 0) {
      const frames = stack.indexOf('\n    at ', at + message.length);
      return frames < 0 ? '' : stack.slice(frames);
    }
    const lines = stack.split('\n');
    let first = lines.length;
    while (first > 0 && lines[first - 1]?.startsWith('    at ')) first--;
    return first === lines.length ? '' : `\n${lines.slice(Math.max(first, 1)).join('\n')}`;
  } catch {
    return '';
  }
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
