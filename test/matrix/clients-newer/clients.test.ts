import * as query from '@tanstack/query-core';
import axios from 'axios';
import got from 'got';
import ky from 'ky';
import * as ofetch from 'ofetch';
import createClient from 'openapi-fetch';
import pRetry from 'p-retry';
import * as undici from 'undici';
import { clientsOf, type Packages } from '../clients/clients.ts';
import { describeClients } from '../clients/matrix.ts';

const packages = { axios, createClient, got, ky, ofetch, pRetry, query, undici, isKy1: false };

// The types are those of the older versions: what the adapters ask of them is compiled in `types.ts`.
describeClients(clientsOf(packages as unknown as Packages));
