import type * as query from '@tanstack/query-core';
import type axios from 'axios';
import {
  axiosConflicts,
  fetchConflicts,
  gotConflicts,
  kyConflicts,
  parseConflict,
  pRetryConflicts,
  queryConflicts,
} from 'db-http-errors/client';
import type got from 'got';
import type ky from 'ky';
import type * as ofetch from 'ofetch';
import type createClient from 'openapi-fetch';
import type pRetry from 'p-retry';
import type * as undici from 'undici';
import type { Client, Init, Send } from './matrix.ts';

// The clients, each as its documentation says. Their versions are those of the project that asks.

export interface Packages {
  readonly axios: typeof axios;
  readonly createClient: typeof createClient;
  readonly got: typeof got;
  readonly ky: typeof ky;
  readonly ofetch: typeof ofetch;
  readonly pRetry: typeof pRetry;
  readonly query: typeof query;
  readonly undici: typeof undici;
  /** ky 1 leaves the body of an error unread. */
  readonly isKy1: boolean;
}

/** Retries 503 of what is idempotent. */
export const idempotent503 = (method: string, status: number): number => (status === 503 && method !== 'POST' ? 2 : 1);

/** `fetch` as people use it. */
const using =
  (run: typeof fetch): Send =>
  (url, { method, headers, body }) =>
    run(url, {
      method,
      headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });

/** `fetch` that throws, as TanStack and p-retry want it. */
async function throwing(url: string, init: Init): Promise<unknown> {
  const response = (await using(fetch)(url, init)) as Response;
  const conflict = await parseConflict(response);
  if (conflict) throw new Error(conflict.detail, { cause: conflict });
  return response.json();
}

type Paths = Record<
  string,
  Record<'get' | 'put' | 'post', { responses: { 200: { content: { 'application/json': object } } } }>
>;

const json = ({ method, headers, body }: Init) => ({ method, headers: { ...headers }, ...(body && { json: body }) });
export const data = ({ method, headers, body }: Init) => ({
  method,
  headers: { ...headers },
  ...(body && { data: body }),
});
export function clientsOf({
  axios,
  createClient,
  got,
  ky,
  ofetch,
  pRetry,
  query,
  undici,
  isKy1,
}: Packages): Readonly<Record<string, Client>> {
  const conflicting = axios.create();
  axiosConflicts(conflicting);

  const openapi =
    (options: { fetch?: (request: Request) => Promise<Response> }): Send =>
    (url, { method, headers, body }) => {
      const { origin, pathname, search } = new URL(url);
      const client = createClient<Paths>({ baseUrl: origin, ...options });
      return client.request(method.toLowerCase() as 'post', `${pathname}${search}`, { headers, body } as never);
    };

  async function mutate(url: string, init: Init, options: object = {}): Promise<unknown> {
    const observer = new query.MutationObserver(new query.QueryClient(), {
      mutationFn: () => throwing(url, init),
      ...options,
    });
    return observer.mutate();
  }

  return {
    fetch: { send: using(fetch), adapted: using(fetchConflicts(fetch)), readsLate: true },
    'fetch of undici': {
      send: using(undici.fetch as typeof fetch),
      adapted: using(fetchConflicts(undici.fetch as typeof fetch)),
      readsLate: true,
    },
    ky: {
      send: (url, init) => ky(url, json(init)).json(),
      adapted: (url, init) => ky.extend(kyConflicts(ky))(url, json(init)).json(),
      requests: idempotent503,
      readsLate: isKy1,
    },
    got: {
      send: (url, init) => got(url, json(init) as object).json(),
      adapted: (url, init) =>
        got
          .extend(gotConflicts())(url, json(init) as object)
          .json(),
      requests: idempotent503,
    },
    axios: {
      send: (url, init) => axios(url, data(init)),
      adapted: (url, init) => conflicting(url, data(init)),
    },
    ofetch: {
      send: (url, init) => ofetch.ofetch(url, { ...init, body: init.body as Record<string, unknown> } as never),
      adapted: (url, init) =>
        ofetch.createFetch({ fetch: fetchConflicts(fetch), defaults: { retry: 0 } })(url, { ...init } as never),
      // Every 409 twice, though it says that this is of no use.
      requests: (method, status) => (method === 'GET' && [409, 503].includes(status) ? 2 : 1),
    },
    'openapi-fetch': { send: openapi({}), adapted: openapi({ fetch: fetchConflicts(fetch) }) },
    'p-retry': {
      send: throwing,
      adapted: (url, init) => pRetry(() => throwing(url, init), pRetryConflicts()),
    },
    'a mutation of TanStack Query': {
      send: mutate,
      adapted: (url, init) => mutate(url, init, queryConflicts()),
    },
  };
}
