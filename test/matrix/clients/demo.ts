import { conflictOf, parseConflict, resolveConflict } from 'db-http-errors/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Demo, startDemo } from '../../browser/demo.ts';
import type { Client, Init } from './matrix.ts';

// The live demo: what each client sends to it when a constraint, a state or a version refuses, and what comes of it.

/** A request that the demo refuses. */
interface Refusal {
  readonly code: string;
  readonly status: number;
  /** Brings the demo to where it refuses; gives the path, and what is sent. */
  readonly prepare: (api: Api, name: string) => Promise<readonly [path: string, init: Init]>;
}

type Api = (method: string, path: string, body?: object, headers?: Record<string, string>) => Promise<{ id: number }>;

const post = (body?: object, headers?: Record<string, string>): Init => ({
  method: 'POST',
  ...(headers && { headers }),
  body,
});

const newOrder = async (api: Api): Promise<number> => (await api('POST', '/orders', { customer: 1, quantity: 1 })).id;
const newDocument = async (api: Api): Promise<string> =>
  `/documents/${(await api('POST', '/without/documents', { text: 'theirs' })).id}`;

const REFUSALS: readonly Refusal[] = [
  {
    code: 'duplicate',
    status: 409,
    async prepare(api, name) {
      const user = { email: `${name}@example.com`, name };
      await api('POST', '/users', user);
      return ['/users', post(user)];
    },
  },
  {
    code: 'reference_missing',
    status: 409,
    prepare: async () => ['/orders', post({ customer: 999_999, quantity: 1 })],
  },
  { code: 'reference_in_use', status: 409, prepare: async () => ['/customers/1', { method: 'DELETE' }] },
  { code: 'check_failed', status: 422, prepare: async () => ['/orders', post({ customer: 1, quantity: 0 })] },
  {
    code: 'overlap',
    status: 409,
    prepare: async () => ['/bookings', post({ room: 101, from: '2027-03-04', to: '2027-03-06' })],
  },
  {
    code: 'invalid_state',
    status: 409,
    async prepare(api) {
      const order = `/orders/${await newOrder(api)}`;
      await api('POST', `${order}/ship`);
      return [`${order}/cancel`, post({})];
    },
  },
  {
    code: 'version_mismatch',
    status: 412,
    prepare: async (api) => [
      await newDocument(api),
      { method: 'PUT', headers: { 'If-Match': '"0"' }, body: { text: 'mine' } },
    ],
  },
  {
    code: 'precondition_required',
    status: 428,
    prepare: async (api) => [await newDocument(api), { method: 'PUT', body: { text: 'mine' } }],
  },
  {
    code: 'idempotency_key_missing',
    status: 400,
    prepare: async (api) => ['/payments', post({ order: await newOrder(api), amount: 500 })],
  },
  {
    code: 'idempotency_key_reused',
    status: 422,
    async prepare(api, name) {
      const [order, key] = [await newOrder(api), { 'Idempotency-Key': `reused-${name}` }];
      await api('POST', '/payments', { order, amount: 500 }, key);
      return ['/payments', post({ order, amount: 900 }, key)];
    },
  },
];

/** What a client gave or threw. */
async function outcome(run: Promise<unknown>): Promise<unknown> {
  return run.catch((error: unknown) => error);
}

/** @param url of the server on which the demo runs; SQLite in memory without it */
export function describeDemo(clients: Readonly<Record<string, Client>>, url?: string): void {
  let demo: Demo;
  let came: { readonly line: string; readonly key: string | undefined }[] = [];

  beforeAll(async () => {
    demo = await startDemo(url);
    demo.server.on('request', ({ method, url, headers }) => {
      came.push({ line: `${method} ${url}`, key: headers['idempotency-key'] as string | undefined });
    });
  });

  afterAll(() => demo?.close());

  beforeEach(() => {
    came = [];
  });

  const api: Api = async (method, path, body, headers = {}) => {
    const response = await fetch(demo.origin + path, {
      method,
      headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    expect(response.status, `${method} ${path}`).toBeLessThan(300);
    return (await response.json()) as { id: number };
  };

  describe.each(Object.entries(clients))('%s, with the demo', (client, { send, adapted }) => {
    test.each(REFUSALS)(
      'sends what is refused as $code once, with its adapter, too',
      async ({ code, status, prepare }) => {
        for (const [at, each] of [send, adapted].entries()) {
          if (each === undefined) continue;
          const name = `${client.replaceAll(/\W/g, '-')}-${code}-${at}`;
          const [path, init] = await prepare(api, name);
          came = [];
          const got = await outcome(each(demo.origin + path, init));
          expect(await parseConflict(got)).toMatchObject({
            code,
            status,
            type: `/problems/${code.replaceAll('_', '-')}`,
          });
          expect(came.map(({ line }) => line)).toEqual([`${init.method} ${path}`]);
        }
      },
    );

    test.each(['version_mismatch', 'precondition_required'])('merges and saves after %s', async (code) => {
      const path = await newDocument(api);
      came = [];
      const saved = await resolveConflict(
        ({ input, headers }) => send(demo.origin + path, { method: 'PUT', headers, body: input }),
        {
          input: { text: 'mine' },
          version: code === 'version_mismatch' ? '0' : undefined,
          async refetch(conflict) {
            expect(conflict.code).toBe(code);
            const response = await fetch(demo.origin + path);
            return { state: (await response.json()) as { text: string }, version: response.headers.get('ETag') };
          },
          merge: (current, input) => ({ text: `${current.text}, ${input.text}` }),
        },
      );
      expect(conflictOf(saved)).toBeUndefined();
      expect(came.map(({ line }) => line)).toEqual([`PUT ${path}`, `GET ${path}`, `PUT ${path}`]);
      expect(await (await fetch(demo.origin + path)).json()).toMatchObject({ text: 'theirs, mine', version: 2 });
    });

    test('pays once with one key, however often it is sent', async () => {
      const order = await newOrder(api);
      came = [];
      const key = `once-${client.replaceAll(' ', '-')}`;
      const pay = (): Promise<unknown> =>
        resolveConflict(({ headers }) => send(`${demo.origin}/payments`, post({ order, amount: 500 }, headers)), {
          idempotencyKey: key,
        });
      const answers = await Promise.all([pay(), pay(), pay()]);
      for (const answer of answers) expect(conflictOf(answer)).toBeUndefined();
      expect(came.every((each) => each.key === key)).toBe(true);
      const payments = (await api('GET', '/payments')) as unknown as { order: number }[];
      expect(payments.filter((payment) => payment.order === order)).toHaveLength(1);
    });
  });
}
