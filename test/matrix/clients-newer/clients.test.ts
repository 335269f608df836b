import * as query from '@tanstack/query-core';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import * as ofetch from 'ofetch';
import createClient from 'openapi-fetch';
import pRetry from 'p-retry';
import * as undici from 'undici';
import { describe } from 'vitest';
import { clientsOf, type Packages } from '../clients/clients.ts';
import { describeDemo } from '../clients/demo.ts';
import { describeClients } from '../clients/matrix.ts';

const packages = { axios, createClient, got, ky, ofetch, pRetry, query, undici, isKy1: false };

// The types are those of the older versions: what the adapters ask of them is compiled in `types.ts`.
const clients = clientsOf(packages as unknown as Packages);

describeClients(clients);
// better-sqlite3 was built for the older Node.
describe.runIf(process.env.POSTGRES_URL)('on PostgreSQL', () => describeDemo(clients, process.env.POSTGRES_URL));
