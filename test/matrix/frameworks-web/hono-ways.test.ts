import { createServer } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { honoConflicts } from 'db-http-errors/frameworks/hono';
import { Hono } from 'hono';
import { cors } from 'hono/cors';
import { HTTPException } from 'hono/http-exception';
import { afterEach, beforeEach, expect, type MockInstance, test, vi } from 'vitest';
import { BARE, DOCUMENTS } from '../frameworks.ts';
import { close, listen } from '../frameworks-node/listen.ts';
import { fail } from '../serve.ts';
import { conflicts, THROWN } from '../thrown.ts';

let printed: MockInstance;

beforeEach(() => {
  printed = vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(async () => {
  vi.restoreAllMocks();
  await close();
});

function served(app: Hono): Promise<string> {
  return listen(createServer(getRequestListener(app.fetch)));
}

test('prints what it answers with a bare 500 once, and no conflict', async () => {
  const app = new Hono().get('/:route', (c) => fail(c.req.param('route')));
  app.onError(honoConflicts(conflicts));
  const address = await served(app);
  await fetch(`${address}/conflict`);
  await fetch(`${address}/native`);
  expect(printed).not.toHaveBeenCalled();
  expect(await (await fetch(`${address}/required`)).json()).toEqual(BARE);
  expect(printed.mock.calls).toEqual([[expect.objectContaining({ code: '23502' })]]);
});

test('hands everything else to the handler that it is given', async () => {
  const app = new Hono<{ Variables: { user: string } }>();
  app.use(async (c, next) => {
    c.set('user', 'alice');
    await next();
  });
  app.get('/:route', (c) => fail(c.req.param('route')));
  app.onError(honoConflicts(conflicts, async (error, c) => c.json({ error: error.name, user: c.get('user') }, 418)));
  const address = await served(app as unknown as Hono);
  expect(await (await fetch(`${address}/native`)).json()).toEqual(DOCUMENTS.native);
  const bug = await fetch(`${address}/bug`);
  expect([bug.status, await bug.json()]).toEqual([418, { error: 'TypeError', user: 'alice' }]);
  expect(printed).not.toHaveBeenCalled();
});

test('leaves an HTTPException to Hono and to the handler, whatever its cause', async () => {
  for (const otherwise of [undefined, (error: Error) => (error as HTTPException).getResponse()]) {
    const app = new Hono().get('/', () => {
      throw new HTTPException(403, { message: 'Not yours.', cause: THROWN.native?.() });
    });
    app.onError(honoConflicts(conflicts, otherwise));
    const response = await fetch(await served(app));
    expect([response.status, await response.text()]).toEqual([403, 'Not yours.']);
  }
});

test('answers what applications within throw', async () => {
  const within = new Hono().get('/users', () => fail('native'));
  const app = new Hono().route('/api', within);
  app.onError(honoConflicts(conflicts));
  expect(await (await fetch(`${await served(app)}/api/users`)).json()).toEqual(DOCUMENTS.native);
});

test('keeps the headers of middleware, and not what the route said about its body', async () => {
  const app = new Hono();
  app.use(cors());
  app.get('/', (c) => {
    c.header('Content-Length', '3');
    c.header('ETag', '"old"');
    c.header('Cache-Control', 'public');
    c.header('Set-Cookie', 'seen=1');
    return fail('native');
  });
  app.onError(honoConflicts(conflicts));
  const { status, headers } = await fetch(await served(app));
  expect(status).toBe(409);
  expect(Object.fromEntries(headers)).toMatchObject({
    'access-control-allow-origin': '*',
    'cache-control': 'no-store',
    'content-type': 'application/problem+json',
    'set-cookie': 'seen=1',
  });
  expect(headers.get('etag')).toBeNull();
});
