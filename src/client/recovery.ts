import { attemptTo, type Conflict, MOST_CAUSES, parse } from './conflict.ts';

/** True when a program can go on by itself: with the same request, or after a merge with the current state. */
export function isRecoverable(conflict: Conflict): boolean {
  return conflict.recovery.endsWith('retry');
}

/**
 * Milliseconds to wait before the next run: what `Retry-After` said, and on top of it a random time, so that clients who
 * met do not meet again. The random time is below 100 ms for the first retry, twice that for each further one, and never
 * above 5 s (full jitter).
 * Source: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 *
 * @param attempt how many runs have failed: 1, 2, …
 */
export function retryDelay(conflict: Conflict, attempt = 1): number {
  const { retry_after = 0 } = conflict as { readonly retry_after?: number };
  return retry_after * 1000 + Math.random() * Math.min(5000, 100 * 2 ** (attempt - 1));
}

/** How often and how long something is tried. */
export interface Attempts {
  /** Runs, the first one included: a whole number above 0. @default 3 */
  readonly attempts?: number | undefined;
  /** Milliseconds for all waits together: a longer one is not begun. @default 30000 */
  readonly budget?: number | undefined;
  /** Ends waits, and rejects with its reason. */
  readonly signal?: AbortSignal | null | undefined;
}

/** One run of an operation. */
export interface Run<Input> {
  /** 1, 2, … */
  readonly attempt: number;
  /** What to write: the option `input`, later what the last merge gave. */
  readonly input: Input;
  /** `Idempotency-Key`, which is the same for the same input, and `If-Match` where the version is known. */
  readonly headers: Readonly<Record<string, string>>;
  /** The version that the input is based on; absent where nobody said it. */
  readonly version?: string | undefined;
  readonly signal?: AbortSignal | null | undefined;
}

/** The state that the server has now. */
export interface Current<State> {
  readonly state: State;
  /** Its version, or the header `ETag` as it came: what the next run expects. */
  readonly version?: string | null | undefined;
}

/** Options of {@link resolveConflict}. */
export interface ResolveOptions<Input, State> extends Attempts {
  /** What the first run writes. */
  readonly input?: Input;
  /** The version that it is based on, or the header `ETag` as it came. */
  readonly version?: string | null | undefined;
  /** The key of the first run. @default a random one */
  readonly idempotencyKey?: string | undefined;
  /** Loads the current state. Past any cache: a state that is older than its version is a lost update. */
  readonly refetch?:
    | ((conflict: Conflict, signal?: AbortSignal | null) => Current<State> | PromiseLike<Current<State>>)
    | undefined;
  /** What to write instead, given the current state; a person may be asked. `undefined` gives up. */
  readonly merge?:
    | ((current: State, input: Input, conflict: Conflict) => Input | undefined | PromiseLike<Input | undefined>)
    | undefined;
}

/**
 * Runs an operation until it meets no conflict that a program can resolve: parses the conflict, decides by its
 * `recovery`, and
 *
 * - `retry`: waits ({@link retryDelay}) and runs it again with the same input and the same idempotency key;
 * - `refetch_and_retry`: fetches the current state, lets `merge` decide what to write, and runs it again with that, a new
 *   precondition and a new idempotency key. Without `refetch` and `merge` nothing is written again: it never merges
 *   by itself;
 * - anything else is not run again; nor is an error that is no conflict.
 *
 * @returns what the last run returned: with `fetch` that is a `Response`, which may still be a conflict
 * @throws what the last run threw; what `refetch` or `merge` threw; the signal's reason
 * @throws {TypeError} when the expected version travels in a header and `refetch` gave none: the write would overwrite
 */
export async function resolveConflict<Result, Input, State>(
  operation: (run: Run<Input>) => Result | PromiseLike<Result>,
  options: ResolveOptions<Input, State> & { readonly input: Input },
): Promise<Result>;
export async function resolveConflict<Result, Input, State>(
  operation: (run: Run<Input | undefined>) => Result | PromiseLike<Result>,
  options?: ResolveOptions<Input | undefined, State>,
): Promise<Result>;
export async function resolveConflict<Result, Input, State>(
  operation: (run: Run<Input>) => Result | PromiseLike<Result>,
  options: ResolveOptions<Input, State> = {},
): Promise<Result> {
  const { attempts = 3, signal, refetch, merge } = options;
  let { budget = 30_000, input, version, idempotencyKey = newKey() } = options;
  // NaN and Infinity, too.
  if (attempts % 1 !== 0 || attempts < 1) {
    throw new TypeError(`Expected attempts to be a whole number above 0, got ${attempts}`);
  }
  for (let attempt = 1; ; attempt++) {
    signal?.throwIfAborted();
    const headers: Record<string, string> = { 'Idempotency-Key': idempotencyKey };
    if (version) headers['If-Match'] = toTag(version);
    let result: unknown;
    let causes = 0;
    try {
      result = await operation({
        attempt,
        input: input as Input,
        headers,
        version: version || undefined,
        signal,
      });
    } catch (error) {
      causes = MOST_CAUSES;
      result = error;
    }
    const conflict = attempt < attempts ? await parse(result, causes) : undefined;
    if (!conflict || !(await prepare(conflict, attempt))) {
      if (causes) throw result;
      return result as Result;
    }
    discard(result);
  }

  /** Does what comes before the next run; false when there is none. */
  async function prepare(conflict: Conflict, attempt: number): Promise<boolean> {
    if (conflict.recovery === 'retry') {
      const delay = retryDelay(conflict, attempt);
      if (delay > budget) return false;
      budget -= delay;
      await wait(delay, signal);
      return true;
    }
    if (conflict.recovery !== 'refetch_and_retry' || !refetch || !merge) return false;
    signal?.throwIfAborted();
    const current = await refetch(conflict, signal);
    signal?.throwIfAborted();
    if (!current.version && (version || conflict.status === 412 || conflict.status === 428)) {
      throw new TypeError('Expected refetch to give a version');
    }
    const merged = await merge(current.state, input as Input, conflict);
    if (merged === undefined) return false;
    input = merged;
    version = current.version;
    idempotencyKey = newKey();
    return true;
  }
}

/** Resolves after the time; rejects with the signal's reason when it is aborted. */
export function wait(milliseconds: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, milliseconds);
    if (signal?.aborted) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** A version as a strong entity tag, unless it is a tag. Source: RFC 9110 section 8.8.3 */
function toTag(version: string): string {
  return /^(W\/)?"/.test(version) ? version : `"${encodeURI(version)}"`;
}

/** 128 random bits. Not by `randomUUID()`, which pages without TLS do not have. */
function newKey(): string {
  return crypto.getRandomValues(new Uint32Array(4)).join('-');
}

/** Frees the connection of an answer that nobody will read. */
function discard(result: unknown): void {
  const answer = result as { body?: { cancel?(): Promise<void> } | null } | null | undefined;
  attemptTo(() => answer?.body?.cancel?.().catch(() => {}));
}
