import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MutationObserver, QueryClient } from '@tanstack/query-core';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { afterEach, describe, expect, test } from 'vitest';
import { conflict } from '../../../src/index.ts';
import { axiosApi, gotApi, kyApi, mutation, openapi, retried } from './readme/adapters.ts';
import { type Post, save } from './readme/save.ts';

// What the README shows, over real sockets.

const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

async function listen(handler: Handler): Promise<string> {
  const server = createServer(nodeHttpConflicts()(handler));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the example of resolveConflict', () => {
  async function posts(post: Post): Promise<{ url: string; stored: () => Post; writes: () => number }> {
    let stored = post;
    let version = 2;
    let writes = 0;
    const url = await listen(async (request, response) => {
      response.setHeader('ETag', `"${version}"`);
      if (request.method === 'GET') return response.end(JSON.stringify(stored));
      writes++;
      let text = '';
      for await (const chunk of request) text += chunk;
      if (request.headers['if-match'] !== `"${version}"`) {
        throw conflict('version_mismatch', { current_version: version }, { context: request });
      }
      const next = JSON.parse(text) as Post;
      if (next.title === 'Taken') throw conflict('duplicate', { fields: ['title'], detail: 'This title is taken.' });
      stored = next;
      version++;
      return response.end('{}');
    });
    return { url, stored: () => stored, writes: () => writes };
  }

  const shown: string[][] = [];
  const showError = (...error: string[]): number => shown.push(error);

  test('merges what somebody else has changed', async () => {
    const { url, stored, writes } = await posts({ title: 'Old', body: 'Text' });
    expect(await save(url, { title: 'New', body: 'Text' }, '"1"', showError)).toBe(true);
    expect([stored(), writes()]).toEqual([{ title: 'New', body: 'Text' }, 2]);
  });

  test('gives up where the texts differ', async () => {
    const { url, stored, writes } = await posts({ title: 'Old', body: 'Theirs' });
    expect(await save(url, { title: 'New', body: 'Mine' }, '"1"', showError)).toBe(false);
    expect([stored(), writes(), shown]).toEqual([{ title: 'Old', body: 'Theirs' }, 1, []]);
  });

  test('shows what is wrong at its field', async () => {
    const { url } = await posts({ title: 'Old', body: 'Text' });
    expect(await save(url, { title: 'Taken', body: 'Text' }, '"2"', showError)).toBe(false);
    expect(shown).toEqual([['title', 'This title is taken.']]);
  });
});

describe('the example of the adapters', () => {
  const ways: Readonly<Record<string, (url: string) => Promise<unknown>>> = {
    ky: (url) => kyApi.post(url),
    got: (url) => gotApi.post(url),
    axios: (url) => axiosApi.post(url),
    'openapi-fetch': (url) => openapi(url.slice(0, -2)).POST('/1'),
    'p-retry': (url) => retried(() => kyApi.post(url, { retry: 0 })),
    'TanStack Query': (url) =>
      new MutationObserver(new QueryClient(), mutation as { mutationFn: (url: string) => Promise<unknown> }).mutate(
        url,
      ),
  };

  test.each(Object.entries(ways))('sends again with %s', async (_, post) => {
    let requests = 0;
    const url = await listen((_request, response) => {
      if (++requests === 1) throw conflict('contention', { retry_after: 0 });
      response.setHeader('Content-Type', 'application/json').end('{}');
    });
    await post(`${url}/1`);
    expect(requests).toBe(2);
  });
});
