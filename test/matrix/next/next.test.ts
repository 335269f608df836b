import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { canariesIn, DOCUMENTS, describeFramework, type Running, routed, start } from '../frameworks.ts';
import { build } from './project.ts';

// `next build` checks the types of the routes, too: the wrapped handlers are still handlers.
const printed = build();

describeFramework({
  title: 'next',
  packageName: 'next',
  server: new URL('next.server.ts', import.meta.url),
  bare: false,
  // What Next.js does in development with any frozen error that a route throws: it writes to its message.
  rejections: /Cannot assign to read only property 'message'/,
});

describe('next start', () => {
  let running: Running;

  beforeAll(async () => {
    running = await start(new URL('next-start.server.ts', import.meta.url), ['adapter'], { NODE_ENV: 'production' });
  });

  afterAll(() => running?.stop());

  test('serves what next build made', () => {
    expect(printed).toContain('Compiled successfully');
    expect(printed).toContain('/users');
  });

  test('answers what a route throws with the problem document', async () => {
    for (const route of ['conflict', 'native', 'wrapped', 'version', 'busy', 'frozen'] as const) {
      const { body } = await running.send(routed(route));
      expect(JSON.parse(body)).toEqual(DOCUMENTS[route]);
    }
  });

  test('answers as the route in the README does', async () => {
    const create = (email: string) => running.send({ path: '/users', body: JSON.stringify({ email }) });
    const taken = await create('taken@example.com');
    expect(JSON.parse(taken.body)).toEqual(DOCUMENTS.native);
    expect(taken).toMatchObject({ status: 409, headers: { 'content-type': 'application/problem+json' } });
    expect(canariesIn(taken)).toEqual([]);
    expect(await create('new@example.com')).toMatchObject({ status: 201, body: '{"email":"new@example.com"}' });
  });

  test('leaves redirect() and notFound() to Next.js', async () => {
    expect(await running.send({ method: 'GET', path: '/elsewhere' })).toMatchObject({
      status: 307,
      headers: { location: '/ok' },
    });
    expect(await running.send({ method: 'GET', path: '/elsewhere?gone' })).toMatchObject({ status: 404, body: '' });
    expect(running.output()).not.toContain('NEXT_');
  });
});
