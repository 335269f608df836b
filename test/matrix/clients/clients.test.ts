import * as query from '@tanstack/query-core';
import axios from 'axios';
import axiosRetry from 'axios-retry';
import got from 'got';
import ky from 'ky';
import * as ofetch from 'ofetch';
import createClient from 'openapi-fetch';
import pRetry from 'p-retry';
import * as undici from 'undici';
import { clientsOf, data, idempotent503 } from './clients.ts';
import { describeDemo } from './demo.ts';
import { type Client, describeClients } from './matrix.ts';

const retried = axios.create();
axiosRetry(retried, { retries: 1 });

const clients: Readonly<Record<string, Client>> = {
  ...clientsOf({ axios, createClient, got, ky, ofetch, pRetry, query, undici, isKy1: true }),
  'axios with axios-retry': { send: (url, init) => retried(url, data(init)), requests: idempotent503 },
};

describeClients(clients);
describeDemo(clients);
