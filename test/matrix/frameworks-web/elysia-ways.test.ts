import { createServer } from 'node:http';
import { elysiaConflicts } from 'db-http-errors/frameworks/elysia';
import { type AnyElysia, Elysia } from 'elysia';
import { afterEach, beforeEach, describe, expect, expectTypeOf, type MockInstance, test, vi } from 'vitest';
import { BARE, DOCUMENTS } from '../frameworks.ts';
import { close, listen } from '../frameworks-node/listen.ts';
import { fail } from '../serve.ts';
import { conflicts, THROWN } from '../thrown.ts';
import { handlerOf } from './handler.ts';

let printed: MockInstance;

beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(async () => {
  vi.restoreAllMocks();
  await close();
});

const served = (app: AnyElysia): Promise<string> => listen(createServer(handlerOf(app)));

describe.each([true, false])('aot: %s', (aot) => {
  test('prints what it answers with a bare 500 once, and no conflict', async () => {
    const app = new Elysia({ aot }).use(elysiaConflicts(conflicts)).get('/:route', ({ params }) => fail(params.route));
    const address = await served(app);
    await fetch(`${address}/conflict`);
    await fetch(`${address}/native`);
    expect(printed).not.toHaveBeenCalled();
    expect(await (await fetch(`${address}/required`)).json()).toEqual(BARE);
    expect(printed.mock.calls).toEqual([[expect.objectContaining({ code: '23502' })]]);
  });

  test('is for the whole application, wherever it is used', async () => {
    const before = new Elysia({ aot }).use(elysiaConflicts(conflicts)).get('/before', () => fail('native'));
    const after = new Elysia({ aot }).get('/after', () => fail('native'));
    const app = new Elysia({ aot })
      .use(before)
      .get('/own', () => fail('native'))
      .use(after);
    const address = await served(app);
    for (const path of ['before', 'own', 'after']) {
      expect(await (await fetch(`${address}/${path}`)).json()).toEqual(DOCUMENTS.native);
    }
  });

  test('leaves everything else to the onError of the application, and what has a toResponse of its own', async () => {
    class Chosen extends Error {
      toResponse(): Response {
        return new Response('Not yours.', { status: 403 });
      }
    }
    const app = new Elysia({ aot })
      .use(elysiaConflicts(conflicts))
      .onError(({ error, status }) => (error instanceof TypeError ? status(418, error.name) : undefined))
      .get('/bug', () => fail('bug'))
      .get('/chosen', () => {
        throw new Chosen('', { cause: THROWN.native?.() });
      });
    const address = await served(app);
    const bug = await fetch(`${address}/bug`);
    expect([bug.status, await bug.text()]).toEqual([418, 'TypeError']);
    const chosen = await fetch(`${address}/chosen`);
    expect([chosen.status, await chosen.text()]).toEqual([403, 'Not yours.']);
  });

  test('keeps the headers of hooks, and not what the route said about its body', async () => {
    const app = new Elysia({ aot })
      .use(elysiaConflicts(conflicts))
      .onRequest(({ set }) => {
        set.headers.vary = 'Origin';
      })
      .get('/', ({ set, cookie }) => {
        set.headers['Content-Length'] = '3';
        set.headers['cache-control'] = 'public';
        set.headers['content-type'] = 'text/csv';
        set.headers.ETag = '"old"';
        cookie.seen?.set({ value: '1' });
        return fail('native');
      });
    const response = await fetch(await served(app));
    expect(await response.json()).toEqual(DOCUMENTS.native);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      vary: 'Origin',
      'cache-control': 'no-store',
      'content-type': 'application/problem+json',
      'set-cookie': expect.stringContaining('seen=1'),
    });
    expect(response.headers.get('etag')).toBeNull();
  });
});

test('keeps the types of the application', () => {
  const app = new Elysia()
    .decorate('answer', 42)
    .use(elysiaConflicts(conflicts))
    .get('/answer', ({ answer }) => answer);
  expectTypeOf<(typeof app)['~Routes']['answer']['get']['response'][200]>().toEqualTypeOf<number>();
});
