import { type Conflict, conflictOf, parseConflict } from './conflict.ts';
import { type Attempts, resolveConflict, retryDelay, wait } from './recovery.ts';

// What each client needs to send a request again when the server says that this helps (`recovery: 'retry'`). None of
// them merges: that is `resolveConflict`.

/** Options of an adapter whose client counts the attempts. */
type Budget = Pick<Attempts, 'budget'>;

/** Milliseconds until the next attempt; `undefined` when there is to be none, or it is further away than the budget. */
function delayOf(conflict: Conflict | undefined, attempt: number, budget = 30_000): number | undefined {
  const delay = conflict?.retryable ? retryDelay(conflict, attempt) : Number.POSITIVE_INFINITY;
  return delay > budget ? undefined : delay;
}

/** Source: https://github.com/sindresorhus/ky (`ky.retry()`, since 1.13) */
interface Ky<Marker> {
  retry(options?: { delay?: number; code?: string }): Marker;
}

/** What ky 2 hands to the hook; ky 1 hands over four values, of which the last has the count. */
interface KyState {
  readonly request: unknown;
  readonly options: unknown;
  readonly response: unknown;
  readonly retryCount: number;
}

type KyHook<Marker> = (
  first: unknown,
  options?: unknown,
  response?: unknown,
  state?: { retryCount: number },
) => Promise<Marker | undefined>;

/**
 * Options of ky: retries what is retryable, whatever its method and status, as often as ky's `retry.limit` says.
 * Everything else is ky's: `ky.extend(kyConflicts(ky))`.
 *
 * @param options `budget` is for each wait
 */
export function kyConflicts<Marker>(
  ky: Ky<Marker>,
  { budget }: Budget = {},
): { hooks: { afterResponse: [KyHook<Marker>] } } {
  const hook: KyHook<Marker> = async (first, options, response, state) => {
    const at = state ? { options, response, ...state } : (first as KyState);
    const { limit = 2 } = (at.options as { retry?: { limit?: number } }).retry ?? {};
    // Beyond the limit ky would throw an error that has no response.
    const conflict = at.retryCount < limit ? await parseConflict(at.response) : undefined;
    const delay = delayOf(conflict, at.retryCount + 1, budget);
    return conflict && delay !== undefined ? ky.retry({ delay, code: conflict.code }) : undefined;
  };
  return { hooks: { afterResponse: [hook] } };
}

/** Source: https://github.com/sindresorhus/got/blob/main/documentation/7-retry.md#calculatedelay */
interface GotRetry {
  readonly attemptCount: number;
  readonly retryOptions: { readonly limit?: number | undefined };
  readonly error: unknown;
  /** Got's own decision, milliseconds; 0 is no retry. */
  readonly computedValue: number;
}

/**
 * Options of got: retries what is retryable, whatever its method and status, as often as got's `retry.limit` says.
 * Everything else is got's: `got.extend(gotConflicts())`.
 *
 * @param options `budget` is for each wait
 */
export function gotConflicts({ budget }: Budget = {}): {
  retry: { calculateDelay: (retry: GotRetry) => number; enforceRetryRules: false };
} {
  const calculateDelay = ({ attemptCount, retryOptions, error, computedValue }: GotRetry): number => {
    const conflict = conflictOf(error);
    if (conflict === undefined) return computedValue;
    return attemptCount <= (retryOptions.limit ?? 2) ? (delayOf(conflict, attemptCount, budget) ?? 0) : 0;
  };
  // Got's own rules forbid a second POST.
  return { retry: { calculateDelay, enforceRetryRules: false } };
}

/** Source: https://axios-http.com/docs/interceptors */
interface Axios {
  readonly interceptors: {
    readonly response: { use(fulfilled: undefined, rejected: (error: unknown) => unknown): number };
  };
  request(config: never): Promise<unknown>;
}

/** The name under which a request says how often it was sent: axios copies members that it does not know. */
const SENT = 'db-http-errors';

/**
 * Makes an instance of axios retry what is retryable: `axiosConflicts(axios.create())`.
 *
 * @returns the interceptor's number, for `eject`
 */
export function axiosConflicts(instance: Axios, options: Attempts = {}): number {
  const { attempts = 3, budget = 30_000, signal } = options;
  return instance.interceptors.response.use(undefined, async (error) => {
    const config = (error as { config?: Record<string, unknown> } | null | undefined)?.config;
    const conflict = conflictOf(error);
    const sent = (config?.[SENT] as { times: number; budget: number } | undefined) ?? { times: 1, budget };
    const delay = delayOf(conflict, sent.times, sent.budget);
    if (config === undefined || delay === undefined || sent.times >= attempts) throw error;
    await wait(delay, (config.signal as AbortSignal | undefined) ?? signal);
    return instance.request({
      ...config,
      [SENT]: { times: sent.times + 1, budget: sent.budget - delay },
      // The data have been transformed.
      transformRequest: [(data: unknown) => data],
    } as never);
  });
}

/** Source: https://github.com/sindresorhus/p-retry#shouldretry */
interface PRetryContext {
  readonly error: unknown;
  readonly attemptNumber: number;
}

/**
 * Options of p-retry: runs again what is retryable, and nothing else: `pRetry(run, pRetryConflicts())`.
 *
 * @param options `budget` is for each wait: one object may serve several calls
 */
export function pRetryConflicts(options: Attempts = {}): {
  retries: number;
  minTimeout: 0;
  shouldRetry: (context: PRetryContext) => Promise<boolean>;
} {
  const { attempts = 3, budget, signal } = options;
  return {
    retries: attempts - 1,
    // The wait is in the decision, which knows the error.
    minTimeout: 0,
    async shouldRetry({ error, attemptNumber }) {
      const delay = delayOf(await parseConflict(error), attemptNumber, budget);
      if (delay === undefined) return false;
      await wait(delay, signal);
      return true;
    },
  };
}

/**
 * Options of a query or a mutation of TanStack Query: `useMutation({ mutationFn, ...queryConflicts() })`. Retries what is
 * retryable, and nothing else. The error must have its body at hand, because TanStack does not wait for a decision: one of
 * axios, ky 2, got or ofetch, the body that openapi-fetch gave, or an `Error` with a {@link Conflict} as its `cause`.
 *
 * Source: https://tanstack.com/query/latest/docs/framework/react/guides/query-retries
 *
 * @param options `budget` is for each wait
 */
export function queryConflicts(options: Pick<Attempts, 'attempts' | 'budget'> = {}): {
  retry: (failureCount: number, error: unknown) => boolean;
  retryDelay: (failureCount: number, error: unknown) => number;
} {
  const { attempts = 3, budget } = options;
  const delay = (failureCount: number, error: unknown): number | undefined =>
    delayOf(conflictOf(error), failureCount + 1, budget);
  return {
    retry: (failureCount, error) => failureCount + 1 < attempts && delay(failureCount, error) !== undefined,
    retryDelay: (failureCount, error) => delay(failureCount, error) ?? budget ?? 0,
  };
}

/**
 * A `fetch` that sends what is retryable again, and else is the one that it was given. For openapi-fetch, ofetch and
 * whatever takes a `fetch`: `createClient({ baseUrl, fetch: fetchConflicts(fetch) })`. A body that is a stream can be sent
 * once only, unless it is a `Request`'s.
 */
export function fetchConflicts<Input, Init, Answer>(
  fetch: (input: Input, init?: Init) => Promise<Answer>,
  options: Attempts = {},
): (input: Input, init?: Init) => Promise<Answer> {
  return (input, init) => {
    const request = input as { clone?(): Input; signal?: AbortSignal } | null;
    const { body, signal = request?.signal ?? options.signal } = (init ?? {}) as {
      body?: unknown;
      signal?: AbortSignal;
    };
    const isStream = typeof (body as { getReader?: unknown } | null | undefined)?.getReader === 'function';
    const send = (): Promise<Answer> => fetch(typeof request?.clone === 'function' ? request.clone() : input, init);
    return isStream ? fetch(input, init) : resolveConflict(send, { ...options, signal });
  };
}
