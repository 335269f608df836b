import { MutationObserver, QueryClient } from '@tanstack/query-core';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import {
  axiosConflicts,
  fetchConflicts,
  gotConflicts,
  kyConflicts,
  parseConflict,
  pRetryConflicts,
  queryConflicts,
} from 'db-http-errors/client';
import got from 'got';
import ky from 'ky';
import { createFetch, ofetch } from 'ofetch';
import createClient from 'openapi-fetch';
import pRetry from 'p-retry';
import * as undici from 'undici';
import { describeClients, type Init, type Send } from './matrix.ts';

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

type Paths = Record<string, Record<'get' | 'put' | 'post', { responses: { 200: { content: { 'application/json': object } } } }>>;

const openapi =
  (options: { fetch?: (request: Request) => Promise<Response> }): Send =>
  (url, { method, headers, body }) => {
    const { origin, pathname, search } = new URL(url);
    const client = createClient<Paths>({ baseUrl: origin, ...options });
    return client.request(method.toLowerCase() as 'post', `${pathname}${search}`, { headers, body } as never);
  };

const json = ({ method, headers, body }: Init) => ({ method, headers: { ...headers }, ...(body && { json: body }) });
const data = ({ method, headers, body }: Init) => ({ method, headers: { ...headers }, ...(body && { data: body }) });
const retried = axios.create();
axiosRetry(retried, { retries: 1 });
const conflicting = axios.create();
axiosConflicts(conflicting);

/** Retries 503 of what is idempotent. */
const idempotent503 = (method: string, status: number): number => (status === 503 && method !== 'POST' ? 2 : 1);

async function mutate(url: string, init: Init, options: object = {}): Promise<unknown> {
  const observer = new MutationObserver(new QueryClient(), { mutationFn: () => throwing(url, init), ...options });
  return observer.mutate();
}

describeClients({
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
    readsLate: true,
  },
  got: {
    send: (url, init) => got(url, json(init) as object).json(),
    adapted: (url, init) => got.extend(gotConflicts())(url, json(init) as object).json(),
    requests: idempotent503,
  },
  axios: {
    send: (url, init) => axios(url, data(init)),
    adapted: (url, init) => conflicting(url, data(init)),
  },
  'axios with axios-retry': { send: (url, init) => retried(url, data(init)), requests: idempotent503 },
  ofetch: {
    send: (url, init) => ofetch(url, { ...init, body: init.body as Record<string, unknown> } as never),
    adapted: (url, init) =>
      createFetch({ fetch: fetchConflicts(fetch), defaults: { retry: 0 } })(url, { ...init } as never),
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
});
