import { createServer, type RequestListener, type Server } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { toNodeHandler } from 'h3/node';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { BARE } from '../frameworks.ts';
import { close, listen } from '../frameworks-node/listen.ts';
import { handlerOf } from './handler.ts';

// What the README shows, over real sockets and a real database.

const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  Hono: async () => {
    const { app } = await import('./readme/hono.ts');
    return createServer(getRequestListener(app.fetch, { overrideGlobalObjects: false }));
  },
  h3: async () => createServer(toNodeHandler((await import('./readme/h3.ts')).app) as RequestListener),
  Elysia: async () => createServer(handlerOf((await import('./readme/elysia.ts')).app)),
};

afterEach(close);

describe.each(Object.keys(SERVERS))('the example of %s', (title) => {
  test('answers the second user with the same address', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const server = await SERVERS[title]?.();
    if (server === undefined) throw new Error(`Expected a server of ${title}`);
    const address = await listen(server);
    const email = `${title}@example.com`;
    expect(await post(address, { email })).toMatchObject({ status: 201, body: { email } });
    expect(await post(address, { email })).toMatchObject({
      status: 409,
      type: 'application/problem+json',
      body: {
        code: 'duplicate',
        detail: 'A user with this email address already exists.',
        errors: [{ pointer: '#/email', code: 'taken' }],
      },
    });
    expect(await post(address, { email: null })).toMatchObject({ status: 500, body: BARE });
  });
});

async function post(address: string, user: object): Promise<{ status: number; type: string | null; body: unknown }> {
  const response = await fetch(`${address}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
}
