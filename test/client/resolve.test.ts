import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  type Conflict,
  conflictOf,
  isRecoverable,
  type Run,
  resolveConflict,
  retryDelay,
} from '../../src/client/index.ts';
import { conflict, type ProblemCode } from '../../src/index.ts';
import { CODES } from '../../src/problem.ts';

const RETRYABLE: readonly ProblemCode[] = ['contention', 'busy', 'idempotency_in_progress'];
const MERGEABLE: readonly ProblemCode[] = ['version_mismatch', 'precondition_required', 'merge_conflict'];
const codes = Object.keys(CODES) as ProblemCode[];
const others = codes.filter((code) => !RETRYABLE.includes(code) && !MERGEABLE.includes(code));

const response = (code: ProblemCode, members: object = {}): Response => conflict(code, members).getResponse();
const stale = (): Response => response('version_mismatch', { current_version: '2' });

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** What comes of a promise, with all its waits skipped, and the milliseconds that it waited. */
async function settled<T>(promise: Promise<T>): Promise<{ value?: T; error?: unknown; waited: number }> {
  const started = Date.now();
  const outcome = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  await vi.runAllTimersAsync();
  return { ...(await outcome), waited: Date.now() - started };
}

/** An operation that gives one answer after the other, and the last for ever; what it was called with. */
function operationOf<Input = unknown>(
  ...answers: (() => unknown)[]
): { runs: Run<Input>[]; operation: (run: Run<Input>) => unknown } {
  const runs: Run<Input>[] = [];
  const operation = (run: Run<Input>): unknown => {
    runs.push(run);
    return answers[Math.min(runs.length, answers.length) - 1]?.();
  };
  return { runs, operation };
}

const done = (): Response => new Response(null, { status: 204 });

describe('isRecoverable', () => {
  test.each(codes)('decides about %s by what a program can do', (code) => {
    const parsed = conflictOf(JSON.parse(JSON.stringify(conflict(code)))) as Conflict;
    expect(isRecoverable(parsed)).toBe(RETRYABLE.includes(code) || MERGEABLE.includes(code));
  });
});

describe('retryDelay', () => {
  const busy = (retry_after?: number): Conflict =>
    ({
      code: 'busy',
      recovery: 'retry',
      retryable: true,
      ...(retry_after !== undefined && { retry_after }),
    }) as Conflict;

  test('is full jitter that doubles up to 5 s', () => {
    vi.mocked(Math.random).mockReturnValue(0.999_999);
    expect([1, 2, 3, 7, 50, 5000].map((attempt) => Math.round(retryDelay(busy(), attempt)))).toEqual([
      100, 200, 400, 5000, 5000, 5000,
    ]);
    vi.mocked(Math.random).mockReturnValue(0);
    expect(retryDelay(busy(), 5)).toBe(0);
  });

  test('is never shorter than what the server said', () => {
    expect(retryDelay(busy(2), 1)).toBe(2050);
    expect(retryDelay(busy(0), 1)).toBe(50);
  });
});

describe('resolveConflict', () => {
  test('gives what the operation gave when nothing conflicts', async () => {
    const { operation, runs } = operationOf(() => ({ id: 1 }));
    expect(await settled(resolveConflict(operation))).toEqual({ value: { id: 1 }, waited: 0 });
    expect(runs).toHaveLength(1);
    expect(runs[0]?.headers['Idempotency-Key']).toMatch(/^\d+(-\d+){3}$/);
    expect(runs[0]?.headers).not.toHaveProperty('If-Match');
  });

  test('takes data that look like a problem for data', async () => {
    for (const data of [{ status: 409, code: 'busy', retryable: true, recovery: 'retry' }, { error: 'conflict' }]) {
      const { operation, runs } = operationOf(() => data);
      expect(await settled(resolveConflict(operation))).toEqual({ value: data, waited: 0 });
      expect(runs).toHaveLength(1);
    }
  });

  test.each(RETRYABLE)('sends %s again, with the same input and the same key', async (code) => {
    const { operation, runs } = operationOf<string>(
      () => response(code),
      () => response(code),
      done,
    );
    const { value, waited } = await settled(resolveConflict(operation, { input: 'draft', version: '1' }));
    expect((value as Response).status).toBe(204);
    expect(waited).toBe(1000 + 50 + 1000 + 100);
    expect(runs.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(runs.map(({ headers }) => headers['Idempotency-Key'])).size).toBe(1);
    expect(
      new Set(runs.map(({ input, version, headers }) => JSON.stringify([input, version, headers['If-Match']]))),
    ).toEqual(new Set(['["draft","1","\\"1\\""]']));
  });

  test.each(others)('does not send %s again', async (code) => {
    const refetch = vi.fn();
    const answer = response(code);
    const { operation, runs } = operationOf(() => answer);
    const { value } = await settled(resolveConflict(operation, { refetch, merge: vi.fn() }));
    expect(value).toBe(answer);
    expect(answer.bodyUsed).toBe(false);
    expect([runs.length, refetch.mock.calls.length]).toEqual([1, 0]);
  });

  test.each(MERGEABLE)('fetches, merges and writes %s, with a new precondition and a new key', async (code) => {
    const { operation, runs } = operationOf<{ title: string; body?: string }>(() => response(code), done);
    const refetch = vi.fn(() => ({ state: { title: 'theirs', body: 'body' }, version: '"3"' }));
    const merge = vi.fn((current: object, input: object) => ({ ...current, ...input }) as { title: string });
    const { value } = await settled(
      resolveConflict(operation, { input: { title: 'mine' }, version: '1', refetch, merge }),
    );
    expect((value as Response).status).toBe(204);
    expect(refetch).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ code }), undefined);
    expect(merge).toHaveBeenCalledExactlyOnceWith(
      { title: 'theirs', body: 'body' },
      { title: 'mine' },
      expect.objectContaining({ code }),
    );
    expect(runs[1]).toMatchObject({
      input: { title: 'mine', body: 'body' },
      version: '"3"',
      headers: { 'If-Match': '"3"' },
    });
    expect(runs[1]?.headers['Idempotency-Key']).not.toBe(runs[0]?.headers['Idempotency-Key']);
  });

  test('never merges by itself', async () => {
    for (const options of [{}, { refetch: () => ({ state: 1, version: '2' }) }, { merge: () => 'merged' }]) {
      const { operation, runs } = operationOf(stale);
      const { value } = await settled(resolveConflict(operation, { ...options, input: 'mine' }));
      expect((value as Response).status).toBe(409);
      expect(runs).toHaveLength(1);
    }
  });

  test('gives up when merge does', async () => {
    const { operation, runs } = operationOf(stale);
    const { value } = await settled(
      resolveConflict(operation, {
        input: 'mine',
        refetch: () => ({ state: 1, version: '2' }),
        merge: () => undefined,
      }),
    );
    expect(await (value as Response).json()).toMatchObject({ code: 'version_mismatch' });
    expect(runs).toHaveLength(1);
  });

  test.each<[string, string]>([
    ['4', '"4"'],
    ['"4"', '"4"'],
    ['W/"4"', 'W/"4"'],
    ['v 4"\r\nX: y', '"v%204%22%0D%0AX:%20y"'],
  ])('writes the version %j as If-Match: %s', async (version, header) => {
    const { operation, runs } = operationOf(done);
    await settled(resolveConflict(operation, { input: 1, version }));
    expect(new Headers(runs[0]?.headers).get('If-Match')).toBe(header);
  });

  test('writes nothing without a precondition where one was asked for', async () => {
    const merge = vi.fn(() => 'merged');
    for (const [answer, version] of [
      [() => response('precondition_required'), undefined],
      [() => new Response(null, { status: 412 }), null],
      [stale, '1'],
    ] as const) {
      const { operation, runs } = operationOf(answer);
      const { error } = await settled(
        resolveConflict(operation, { input: 'mine', version, refetch: () => ({ state: 1, version: null }), merge }),
      );
      expect(error).toEqual(new TypeError('Expected refetch to give a version'));
      expect(runs).toHaveLength(1);
    }
    expect(merge).not.toHaveBeenCalled();
    // In the body there may be one that nobody else sees.
    const { operation, runs } = operationOf(stale, done);
    await settled(resolveConflict(operation, { input: 'mine', refetch: () => ({ state: 1 }), merge }));
    expect(runs[1]?.headers).not.toHaveProperty('If-Match');
  });

  test('ends after its attempts, with what the last run gave', async () => {
    const last = response('contention');
    const { operation, runs } = operationOf(
      () => response('contention'),
      () => response('contention'),
      () => last,
    );
    expect((await settled(resolveConflict(operation))).value).toBe(last);
    expect(runs).toHaveLength(3);
    const merging = operationOf(stale);
    const refetch = vi.fn(() => ({ state: 1, version: '2' }));
    await settled(resolveConflict(merging.operation, { input: 1, attempts: 5, refetch, merge: () => 2 }));
    expect([merging.runs.length, refetch.mock.calls.length]).toEqual([5, 4]);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('refuses %d attempts', async (attempts) => {
    const { operation, runs } = operationOf(done);
    await expect(resolveConflict(operation, { attempts })).rejects.toThrow(
      new TypeError(`Expected attempts to be a whole number above 0, got ${attempts}`),
    );
    expect(runs).toHaveLength(0);
  });

  test('does not begin a wait that its budget does not have', async () => {
    const { operation, runs } = operationOf(() => response('busy', { retry_after: 3600 }));
    const { value, waited } = await settled(resolveConflict(operation, { attempts: 100 }));
    expect([(value as Response).status, waited, runs.length]).toEqual([503, 0, 1]);
    const patient = operationOf(() => response('busy', { retry_after: 10 }));
    expect((await settled(resolveConflict(patient.operation, { attempts: 100 }))).waited).toBeLessThan(30_000);
    expect(patient.runs).toHaveLength(3);
  });

  test('throws what the operation threw, as it was', async () => {
    for (const thrown of [new TypeError('fetch failed'), undefined, 'text', { code: 'conflict' }]) {
      const { operation, runs } = operationOf(() => Promise.reject(thrown));
      expect(await settled(resolveConflict(operation))).toEqual({ error: thrown, waited: 0 });
      expect(runs).toHaveLength(1);
    }
    const error = Object.assign(new Error('409'), { response: { status: 409, data: conflict('contention').toJSON() } });
    const { operation, runs } = operationOf(() => Promise.reject(error));
    expect((await settled(resolveConflict(operation))).error).toBe(error);
    expect(runs).toHaveLength(3);
  });

  test('throws what refetch and merge threw', async () => {
    const broken = new Error('broken');
    const fail = (): never => {
      throw broken;
    };
    const refetch = (): { state: number; version: string } => ({ state: 1, version: '2' });
    for (const options of [
      { refetch: fail, merge: () => 1 },
      { refetch, merge: fail },
    ]) {
      const { operation } = operationOf(stale);
      expect((await settled(resolveConflict(operation, { input: 1, ...options }))).error).toBe(broken);
    }
  });

  test('ends a wait when its signal is aborted, and leaves no timer and no listener', async () => {
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    const { operation, runs } = operationOf(() => response('contention'));
    const promise = resolveConflict(operation, { signal: controller.signal, attempts: 9 });
    const outcome = promise.catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1500);
    expect([runs.length, remove.mock.calls.length]).toEqual([2, 1]);
    controller.abort(new Error('left the page'));
    expect(await outcome).toEqual(new Error('left the page'));
    expect([runs.length, vi.getTimerCount()]).toEqual([2, 0]);
    await expect(resolveConflict(operation, { signal: controller.signal })).rejects.toThrow('left the page');
    expect(runs).toHaveLength(2);
  });

  test('hands on the signal, and no refetch begins after it', async () => {
    const controller = new AbortController();
    const refetch = vi.fn();
    const { operation, runs } = operationOf(() => {
      controller.abort(new Error('left'));
      return stale();
    });
    const { error } = await settled(
      resolveConflict(operation, { input: 1, signal: controller.signal, refetch, merge: () => 1 }),
    );
    expect(error).toEqual(new Error('left'));
    expect(runs[0]?.signal).toBe(controller.signal);
    expect(refetch).not.toHaveBeenCalled();
  });

  test('does not ask merge when it is aborted while the state is loaded, and writes nothing when while merging', async () => {
    for (const during of ['refetch', 'merge']) {
      const controller = new AbortController();
      const left = new Error('left');
      const { operation, runs } = operationOf(stale);
      const merge = vi.fn(() => {
        if (during === 'merge') controller.abort(left);
        return 'merged';
      });
      const refetch = async (): Promise<{ state: number; version: string }> => {
        if (during === 'refetch') controller.abort(left);
        return { state: 1, version: '2' };
      };
      const options = { input: 'mine', signal: controller.signal, refetch, merge };
      expect((await settled(resolveConflict(operation, options))).error).toBe(left);
      expect([runs.length, merge.mock.calls.length]).toEqual([1, during === 'merge' ? 1 : 0]);
    }
  });

  test('lets go of the answers that nobody will read', async () => {
    const cancel = vi.fn(() => Promise.reject(new Error('the connection is gone already')));
    // Longer than what is read of it.
    const endless = (): Response =>
      new Response(new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(40_000)), cancel }), {
        status: 412,
      });
    const { operation } = operationOf(endless, endless);
    const { value } = await settled(
      resolveConflict(operation, {
        input: 1,
        attempts: 2,
        refetch: () => ({ state: 1, version: '2' }),
        merge: () => 2,
      }),
    );
    expect(cancel).toHaveBeenCalledOnce();
    expect((value as Response).bodyUsed).toBe(false);
  });

  test('keeps a key that was given', async () => {
    const { operation, runs } = operationOf(() => response('contention'), done);
    await settled(resolveConflict(operation, { idempotencyKey: 'order-7' }));
    expect(runs.map(({ headers }) => headers['Idempotency-Key'])).toEqual(['order-7', 'order-7']);
  });

  test('knows its input by type', () => {
    const types = async (): Promise<void> => {
      const result = await resolveConflict(
        (run) => {
          expectTypeOf(run.input).toEqualTypeOf<{ title: string }>();
          return { id: 1 };
        },
        {
          input: { title: 'mine' },
          refetch: () => ({ state: { title: 'theirs', likes: 1 }, version: '1' }),
          merge: (current, input) => {
            expectTypeOf(current).toEqualTypeOf<{ title: string; likes: number }>();
            return { title: `${current.title} ${input.title}` };
          },
        },
      );
      expectTypeOf(result).toEqualTypeOf<{ id: number }>();
      await resolveConflict(() => fetch('/'), { refetch: async () => ({ state: 1 }), merge: async () => 'text' });
    };
    expect(types).toBeTypeOf('function');
  });
});
