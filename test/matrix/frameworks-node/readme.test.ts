import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';

// What the README shows, over real sockets and a real database.

const SERVERS: Readonly<Record<string, () => Promise<Server>>> = {
  Express: async () => createServer((await import('./readme/express.ts')).default),
  Fastify: async () => {
    const { default: app } = await import('./readme/fastify.ts');
    await app.ready();
    return app.server;
  },
  Koa: async () => createServer((await import('./readme/koa.ts')).default.callback()),
  hapi: async () => {
    const { default: server } = await import('./readme/hapi.ts');
    await server.initialize();
    return server.listener as Server;
  },
  'node:http': async () => (await import('./readme/node-http.ts')).default,
};

describe.each(Object.keys(SERVERS))('the example of %s', (title) => {
  test('answers the second user with the same address', async () => {
    const server = await SERVERS[title]?.();
    if (server === undefined) throw new Error(`Expected a server of ${title}`);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const { port } = server.address() as AddressInfo;
      const first = await post(port, { email: `${title}@example.com` });
      expect(first).toMatchObject({ status: 201, body: { email: `${title}@example.com` } });
      const second = await post(port, { email: `${title}@example.com` });
      expect(second).toMatchObject({
        status: 409,
        type: expect.stringMatching(/^application\/problem\+json/),
        body: {
          code: 'duplicate',
          detail: 'A user with this email address already exists.',
          errors: [{ pointer: '#/email', code: 'taken' }],
        },
      });
      const third = await post(port, { email: null });
      expect(third.body).toEqual({ type: 'about:blank', title: 'Internal Server Error', status: 500 });
    } finally {
      server.closeAllConnections();
      server.close();
    }
  });
});

async function post(port: number, user: object): Promise<{ status: number; type: string | null; body: unknown }> {
  const response = await fetch(`http://127.0.0.1:${port}/users`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(user),
  });
  return { status: response.status, type: response.headers.get('content-type'), body: await response.json() };
}
