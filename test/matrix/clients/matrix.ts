import { type Conflict, conflictOf, parseConflict, resolveConflict } from 'db-http-errors/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { codes, type Format, type LiveServer, recoveryOf, startServer, statusOf, VERSION } from './server.ts';

// How often each client sends a request that conflicts, by itself and with its adapter, and what it comes to.

export interface Init {
  readonly method: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** An object, which is sent as JSON. */
  readonly body?: object | undefined;
}

/** Sends one request, as the client's documentation says; gives or throws what the client does. */
export type Send = (url: string, init: Init) => Promise<unknown>;

export interface Client {
  readonly send: Send;
  /** How often it sends a request to which the answer has this status, by itself; the second one may succeed. */
  readonly requests?: (method: string, status: number) => number;
  /** With its adapter; retryable conflicts are sent again up to three times. */
  readonly adapted?: Send | undefined;
  /** True when a conflict that is not read before is known by its status only, at once. */
  readonly readsLate?: boolean;
}

const METHODS = ['GET', 'PUT', 'POST'] as const;
const FORMATS: readonly Format[] = ['problem', 'simple', 'jsonapi'];
const RETRYABLE = codes.filter((code) => recoveryOf(code) === 'retry');
const MERGEABLE = codes.filter((code) => recoveryOf(code) === 'refetch_and_retry');

/** What a client gave or threw. */
async function outcome(run: Promise<unknown>): Promise<unknown> {
  return run.catch((error: unknown) => error);
}

export function describeClients(clients: Readonly<Record<string, Client>>): void {
  let server: LiveServer;
  let count = 0;
  /** A path of its own for each question. */
  const pathOf = (code: string, format: Format = 'problem'): string => `/${++count}/${format}/${code}`;
  const bodyOf = (method: string): object | undefined => (method === 'GET' ? undefined : { title: 'mine' });

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.close());

  describe.each(Object.entries(clients))('%s', (_, { send, requests = () => 1, adapted, readsLate = false }) => {
    test.each(FORMATS)('gets each conflict in the format %s', async (format) => {
      for (const code of codes) {
        const path = pathOf(code, format);
        const got = await outcome(
          send(`${server.address}${path}?failures=9`, { method: 'POST', body: bodyOf('POST') }),
        );
        expect(await parseConflict(got)).toStrictEqual(server.sent(path).at(-1));
        expect(conflictOf(got)?.code).toBe(readsLate ? byStatus(statusOf(code)) : code);
      }
    });

    test.each(METHODS)('sends a %s that conflicts as often as it always did', async (method) => {
      for (const code of codes) {
        const path = pathOf(code);
        await outcome(send(server.address + path, { method, body: bodyOf(method) }));
        expect([code, server.came(path).length]).toEqual([code, requests(method, statusOf(code))]);
      }
    });

    test('recovers with resolveConflict', async () => {
      for (const code of MERGEABLE) {
        const path = pathOf(code);
        const result = await resolveConflict(
          ({ input, headers }) => send(server.address + path, { method: 'PUT', body: input, headers }),
          {
            input: { title: 'mine' },
            version: '1',
            async refetch() {
              const response = await fetch(server.address + path.replace(code, 'state'));
              return { state: (await response.json()) as { title: string }, version: response.headers.get('etag') };
            },
            merge: (current, input) => ({ title: `${current.title}, ${input.title}` }),
          },
        );
        expect(await parseConflict(result)).toBeUndefined();
        const [first, second, ...others] = server.came(path);
        expect([first?.precondition, second?.precondition, others]).toEqual(['"1"', `"${VERSION}"`, []]);
        expect(JSON.parse(second?.body ?? '')).toEqual({ title: 'theirs, mine' });
        expect(second?.key).not.toBe(first?.key);
        expect(server.came(path.replace(code, 'state'))).toHaveLength(1);
      }
      for (const code of RETRYABLE) {
        const path = pathOf(code);
        await resolveConflict(({ headers }) =>
          send(server.address + path, { method: 'POST', body: { a: 1 }, headers }),
        );
        const came = server.came(path);
        expect(came).toHaveLength(2);
        expect([came[1]?.key, came[1]?.body]).toEqual([came[0]?.key, came[0]?.body]);
      }
      for (const code of codes.filter((each) => recoveryOf(each) === 'none' || recoveryOf(each) === 'change_input')) {
        const path = pathOf(code);
        const got = await outcome(
          resolveConflict(({ headers }) => send(server.address + path, { method: 'POST', body: { a: 1 }, headers })),
        );
        expect(((await parseConflict(got)) as Conflict).code).toBe(code);
        expect(server.came(path)).toHaveLength(1);
      }
    });

    test.runIf(adapted)('sends again what is retryable, and nothing else, with its adapter', async () => {
      if (adapted === undefined) return;
      for (const method of METHODS) {
        for (const code of codes) {
          const path = pathOf(code);
          const headers = { 'Idempotency-Key': `key-${path}` };
          const got = await outcome(adapted(server.address + path, { method, headers, body: bodyOf(method) }));
          const isRetryable = RETRYABLE.includes(code);
          expect([method, code, server.came(path).length]).toEqual([method, code, isRetryable ? 2 : 1]);
          expect(await parseConflict(got)).toStrictEqual(isRetryable ? undefined : server.sent(path)[0]);
          expect(got instanceof Error && isRetryable).toBe(false);
          const [first] = server.came(path);
          for (const { key, body } of server.came(path))
            expect([key, body]).toEqual([headers['Idempotency-Key'], first?.body]);
        }
      }
    });

    test.runIf(adapted)('gives up after three, with the conflict', async () => {
      for (const code of RETRYABLE) {
        const path = pathOf(code);
        const got = await outcome(
          adapted?.(`${server.address}${path}?failures=9`, { method: 'POST', body: { a: 1 } }) as Promise<unknown>,
        );
        expect([code, server.came(path).length]).toEqual([code, 3]);
        expect(await parseConflict(got)).toStrictEqual(server.sent(path)[2]);
      }
    });

    test.runIf(adapted)('waits as long as Retry-After says, but not for ever', async () => {
      const path = pathOf('contention');
      await adapted?.(`${server.address}${path}?after=1`, { method: 'POST', body: { a: 1 } });
      const [first, second] = server.came(path);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(990);
      expect((second?.at ?? 0) - (first?.at ?? 0)).toBeLessThan(2500);
      const far = pathOf('contention');
      await outcome(
        adapted?.(`${server.address}${far}?after=3600`, { method: 'POST', body: { a: 1 } }) as Promise<unknown>,
      );
      expect(server.came(far)).toHaveLength(1);
    });
  });
}

/** What a status alone says. */
function byStatus(status: number): string | undefined {
  return { 409: 'conflict', 412: 'version_mismatch', 428: 'precondition_required' }[status];
}
