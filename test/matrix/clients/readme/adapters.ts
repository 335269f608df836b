// #region readme: Client adapters

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
import createClient from 'openapi-fetch';
import pRetry from 'p-retry';

export const kyApi = ky.extend(kyConflicts(ky));
export const gotApi = got.extend(gotConflicts());
export const axiosApi = axios.create();
axiosConflicts(axiosApi);
export const openapi = (baseUrl: string) => createClient<Paths>({ baseUrl, fetch: fetchConflicts(fetch) });
export const retried = <T>(run: () => Promise<T>): Promise<T> => pRetry(run, pRetryConflicts());
export const mutation = { mutationFn: (url: string) => axios.post(url), ...queryConflicts() };
// #endregion

type Paths = { '/1': { post: { responses: { 200: { content: { 'application/json': object } } } } } };
