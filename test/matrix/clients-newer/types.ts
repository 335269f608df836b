import { MutationObserver, QueryClient } from '@tanstack/query-core';
import axios from 'axios';
import {
  axiosConflicts,
  fetchConflicts,
  gotConflicts,
  kyConflicts,
  pRetryConflicts,
  queryConflicts,
} from 'db-http-errors/client';
import got from 'got';
import ky from 'ky';
import { createFetch } from 'ofetch';
import createClient from 'openapi-fetch';
import pRetry from 'p-retry';
import { fetch as undiciFetch } from 'undici';

// Compiled, not run: each adapter fits the types of its client.

const instance = axios.create();
axiosConflicts(instance);

export const adapted = {
  ky: ky.extend(kyConflicts(ky)),
  got: got.extend(gotConflicts()),
  axios: instance,
  fetch: fetchConflicts(fetch),
  undici: fetchConflicts(undiciFetch),
  ofetch: createFetch({ fetch: fetchConflicts(fetch), defaults: { retry: 0 } }),
  openapi: createClient<Record<string, never>>({ baseUrl: 'http://localhost', fetch: fetchConflicts(fetch) }),
  retried: (): Promise<number> => pRetry(async () => 1, pRetryConflicts()),
  mutation: new MutationObserver(new QueryClient(), { mutationFn: async () => 1, ...queryConflicts() }),
};
