import { describe, expect, test, vi } from 'vitest';
import {
  axiosConflicts,
  fetchConflicts,
  gotConflicts,
  kyConflicts,
  pRetryConflicts,
  queryConflicts,
} from '../../src/client/index.ts';
import { conflict, type ProblemCode } from '../../src/index.ts';

// What the matrix does not ask the real clients.

const problem = (code: ProblemCode, retry_after = 0): unknown =>
  JSON.parse(JSON.stringify(conflict(code, (code === 'contention' ? { retry_after } : {}) as never)));
const errorOf = (code: ProblemCode, retry_after?: number): Error =>
  new Error('No.', { cause: problem(code, retry_after) });
const answerOf = (code: ProblemCode): Response => new Response(JSON.stringify(problem(code)), { status: 409 });

describe('fetchConflicts', () => {
  /** A `fetch` that reads what it sends, and conflicts once. */
  function fake(): { bodies: string[]; fetch: (input: string | Request, init?: RequestInit) => Promise<Response> } {
    const bodies: string[] = [];
    const fetch = async (input: string | Request, init?: RequestInit): Promise<Response> => {
      bodies.push(await (typeof input === 'string' ? new Response(init?.body ?? null) : input).text());
      return bodies.length === 1 ? answerOf('contention') : new Response('done');
    };
    return { bodies, fetch };
  }

  test('sends a Request again with its body, and leaves it unread', async () => {
    const { bodies, fetch } = fake();
    const request = new Request('http://localhost/', { method: 'POST', body: 'order' });
    expect(await (await fetchConflicts(fetch)(request)).text()).toBe('done');
    expect([bodies, request.bodyUsed]).toEqual([['order', 'order'], false]);
  });

  test.each([
    [404, 'busy', 1],
    [500, 'contention', 1],
    [422, 'idempotency_in_progress', 1],
    [503, 'busy', 2],
    [409, 'contention', 2],
  ])('after %d with nothing but the word %s sends %d times', async (status, code, times) => {
    const fetch = vi.fn(async () => Response.json({ code, retry_after: 0 }, { status }));
    await fetchConflicts<string, object, Response>(fetch, { attempts: 2 })('/');
    expect(fetch).toHaveBeenCalledTimes(times);
  });

  test('sends a stream once', async () => {
    const { bodies, fetch } = fake();
    const { body } = new Response('order');
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const response = await fetchConflicts(fetch)('http://localhost/', init);
    expect([response.status, bodies]).toEqual([409, ['order']]);
    expect(await response.json()).toMatchObject({ code: 'contention' });
  });

  test('stops with the signal of the request, of its init or of its options', async () => {
    const signal = AbortSignal.abort(new Error('left'));
    const fetch = vi.fn(async () => answerOf('contention'));
    await expect(fetchConflicts<string, RequestInit, Response>(fetch)('/', { signal })).rejects.toThrow('left');
    await expect(
      fetchConflicts<Request, object, Response>(fetch)(new Request('http://a/', { signal })),
    ).rejects.toThrow('left');
    await expect(fetchConflicts<string, object, Response>(fetch, { signal })('/')).rejects.toThrow('left');
    expect(fetch).not.toHaveBeenCalled();
  });

  test('throws what fetch throws', async () => {
    const failed = new TypeError('fetch failed');
    const fetch = vi.fn(() => Promise.reject(failed));
    await expect(fetchConflicts(fetch)('/')).rejects.toBe(failed);
    expect(fetch).toHaveBeenCalledOnce();
  });
});

describe('kyConflicts', () => {
  const retry = vi.fn((options?: object) => ({ marker: options }));
  const [hook] = kyConflicts({ retry }, { budget: 5000 }).hooks.afterResponse;
  const state = (response: Response, retryCount: number, options: object = { retry: { limit: 2 } }): object => ({
    request: {},
    options,
    response,
    retryCount,
  });

  test('stops where ky would throw an error without a response', async () => {
    expect(await hook(state(answerOf('contention'), 1))).toMatchObject({ marker: { code: 'contention' } });
    expect(await hook(state(answerOf('contention'), 2))).toBeUndefined();
    expect(await hook(state(answerOf('contention'), 0, { retry: { limit: 0 } }))).toBeUndefined();
    expect(await hook(state(answerOf('contention'), 1, {}))).toMatchObject({ marker: { code: 'contention' } });
  });

  test('takes the four values of ky 1', async () => {
    expect(await hook({}, { retry: { limit: 2 } }, answerOf('contention'), { retryCount: 1 })).toBeDefined();
    expect(await hook({}, { retry: { limit: 2 } }, answerOf('contention'), { retryCount: 2 })).toBeUndefined();
  });

  test('leaves the rest to ky', async () => {
    expect(await hook(state(answerOf('duplicate'), 0))).toBeUndefined();
    expect(await hook(state(new Response('{}', { status: 503 }), 0))).toBeUndefined();
    expect(await hook(state(new Response('{}'), 0))).toBeUndefined();
  });
});

describe('gotConflicts', () => {
  const { calculateDelay } = gotConflicts({ budget: 5000 }).retry;
  const delayOf = (error: unknown, attemptCount = 1, limit?: number): number =>
    calculateDelay({ attemptCount, retryOptions: { limit }, error, computedValue: 1234 });

  test('decides about conflicts, and leaves the rest to got', () => {
    expect(delayOf(errorOf('contention', 2))).toBeGreaterThanOrEqual(2000);
    expect(delayOf(errorOf('contention', 2))).toBeLessThan(2100);
    expect(delayOf(errorOf('contention', 60))).toBe(0);
    expect(delayOf(errorOf('contention', 2), 3)).toBe(0);
    expect(delayOf(errorOf('contention', 2), 3, 3)).toBeGreaterThanOrEqual(2000);
    expect(delayOf(errorOf('duplicate'))).toBe(0);
    expect(delayOf(new Error('ECONNRESET'))).toBe(1234);
  });
});

describe('pRetryConflicts', () => {
  test('decides by the conflict, and stops with its signal', async () => {
    const controller = new AbortController();
    const { shouldRetry, ...options } = pRetryConflicts({ attempts: 5, budget: 5000, signal: controller.signal });
    expect(options).toEqual({ retries: 4, minTimeout: 0 });
    expect(await shouldRetry({ error: errorOf('contention'), attemptNumber: 1 })).toBe(true);
    expect(await shouldRetry({ error: errorOf('contention', 60), attemptNumber: 1 })).toBe(false);
    expect(await shouldRetry({ error: errorOf('duplicate'), attemptNumber: 1 })).toBe(false);
    expect(await shouldRetry({ error: new TypeError('fetch failed'), attemptNumber: 1 })).toBe(false);
    const waiting = shouldRetry({ error: errorOf('contention', 4), attemptNumber: 1 });
    controller.abort(new Error('left'));
    await expect(waiting).rejects.toThrow('left');
  });
});

test('queryConflicts waits its budget, or not at all, for what it would not send again', () => {
  expect(queryConflicts({ budget: 5000 }).retryDelay(0, errorOf('duplicate'))).toBe(5000);
  expect(queryConflicts().retryDelay(0, errorOf('duplicate'))).toBe(0);
});

describe('queryConflicts', () => {
  const { retry, retryDelay } = queryConflicts({ budget: 5000 });

  test('counts as TanStack does', () => {
    expect([0, 1, 2].map((failures) => retry(failures, errorOf('contention')))).toEqual([true, true, false]);
    expect(retry(0, errorOf('duplicate'))).toBe(false);
    expect(retry(0, new Error('Failed to fetch'))).toBe(false);
    expect(retry(0, errorOf('contention', 60))).toBe(false);
    expect(retryDelay(0, errorOf('contention', 2))).toBeGreaterThanOrEqual(2000);
    expect(retryDelay(0, errorOf('contention', 2))).toBeLessThan(2100);
  });
});

describe('axiosConflicts', () => {
  /** As much of an instance as the adapter sees. */
  function fake(): {
    rejected: (error: unknown) => Promise<unknown>;
    request: ReturnType<typeof vi.fn>;
    number: number;
  } {
    const request = vi.fn(async (config: object) => config);
    let rejected: (error: unknown) => unknown = () => {};
    const use = (_: undefined, handler: typeof rejected): number => {
      rejected = handler;
      return 7;
    };
    const number = axiosConflicts({ request, interceptors: { response: { use } } });
    return { rejected: async (error) => rejected(error), request, number };
  }

  const failed = (code: ProblemCode, config?: object): object => ({
    config,
    response: { status: 409, data: problem(code) },
  });

  test('sends the same data, and gives the number of its interceptor', async () => {
    const { rejected, request, number } = fake();
    expect(number).toBe(7);
    await rejected(failed('contention', { url: '/', data: '{"a":1}', transformRequest: [JSON.stringify] }));
    const config = request.mock.calls[0]?.[0] as { data: string; transformRequest: ((data: string) => string)[] };
    expect(config.transformRequest.map((transform) => transform(config.data))).toEqual(['{"a":1}']);
  });

  test.each<[unknown]>([
    [failed('duplicate', { url: '/' })],
    [failed('contention')],
    [new Error('Network Error')],
    [{ config: { url: '/' }, code: 'ECONNABORTED' }],
    [null],
    [undefined],
  ])('throws %j as it came', async (error) => {
    const { rejected, request } = fake();
    await expect(rejected(error)).rejects.toBe(error);
    expect(request).not.toHaveBeenCalled();
  });

  test('stops with the signal of the request', async () => {
    const { rejected, request } = fake();
    const signal = AbortSignal.abort(new Error('left'));
    await expect(rejected(failed('contention', { url: '/', signal }))).rejects.toThrow('left');
    expect(request).not.toHaveBeenCalled();
  });
});
