import type { Server } from 'node:http';
import { expect, test, vi } from 'vitest';
import { BARE } from '../frameworks.ts';
import { close, listen } from '../frameworks-node/listen.ts';

// What the README shows, over real sockets and a real database.

test('the example of Nest answers the second user with the same address', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  const { app } = await import('./readme/main.ts');
  await app.init();
  const address = await listen(app.getHttpServer() as Server);
  const post = async (email: string | null) => {
    const response = await fetch(`${address}/users`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email }),
    });
    return { status: response.status, body: await response.json() };
  };
  expect(await post('alice@example.com')).toMatchObject({ status: 201, body: { email: 'alice@example.com' } });
  expect(await post('alice@example.com')).toMatchObject({
    status: 409,
    body: { code: 'duplicate', errors: [{ pointer: '#/email', code: 'taken' }] },
  });
  expect(await post(null)).toEqual({ status: 500, body: BARE });
  await close();
});
