import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startStandaloneServer } from '@apollo/server/standalone';
import { expect, test } from 'vitest';
import apollo from './readme/apollo.ts';
import yoga from './readme/graphql-yoga.ts';
import trpc from './readme/trpc.ts';

// What the README shows, over real sockets and a real database.

const TAKEN = {
  code: 'duplicate',
  detail: 'A user with this email address already exists.',
  errors: [{ pointer: '#/email', code: 'taken' }],
};

async function post(url: string, body: object): Promise<{ status: number; body: unknown }> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the example of tRPC answers the second user with the same address', async () => {
  const url = `${await listening(trpc as Server)}/createUser`;
  try {
    const user = { email: 'trpc@example.com' };
    expect(await post(url, user)).toMatchObject({ status: 200, body: { result: { data: user } } });
    const data = { code: 'CONFLICT', httpStatus: 409, problem: TAKEN };
    expect(await post(url, user)).toMatchObject({ status: 409, body: { error: { message: TAKEN.detail, data } } });
    const { status, body } = await post(url, { email: null });
    expect([status, (body as { error: { message: string } }).error.message]).toEqual([500, 'Internal Server Error']);
  } finally {
    (trpc as Server).close();
  }
});

async function expectConflict(url: string): Promise<void> {
  const create = (email: string | null) =>
    post(url, { query: `mutation { createUser(email: ${JSON.stringify(email)}) { email } }` });
  const email = `${new URL(url).port}@example.com`;
  expect(await create(email)).toEqual({ status: 200, body: { data: { createUser: { email } } } });
  expect(await create(email)).toMatchObject({
    status: 200,
    body: { data: { createUser: null }, errors: [{ message: TAKEN.detail, extensions: { problem: TAKEN } }] },
  });
  const { body } = await create(null);
  expect(body).toMatchObject({ errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
  expect(JSON.stringify(body)).not.toContain('NOT NULL');
}

test('the example of GraphQL Yoga answers the second user with the same address', async () => {
  const server = createServer(yoga as RequestListener);
  try {
    await expectConflict(`${await listening(server)}/graphql`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});

test('the example of Apollo Server answers the second user with the same address', async () => {
  const { url } = await startStandaloneServer(apollo, { listen: { port: 0, host: '127.0.0.1' } });
  try {
    await expectConflict(url);
  } finally {
    await apollo.stop();
  }
});
