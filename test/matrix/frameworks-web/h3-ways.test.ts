import { createServer, type RequestListener } from 'node:http';
import { h3Conflicts } from 'db-http-errors/frameworks/h3';
import { H3, HTTPError, handleCors, onError } from 'h3';
import { toNodeHandler } from 'h3/node';
import {
  type AppOptions,
  createApp,
  createError,
  defineEventHandler,
  setHeader,
  toNodeListener,
  toWebHandler,
} from 'h3-1';
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest';
import { defineConflicts } from '../../../src/index.ts';
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

describe('h3 2', () => {
  const served = (app: H3): Promise<string> => listen(createServer(toNodeHandler(app) as RequestListener));

  test('leaves an HTTPError that the application threw, whatever its cause', async () => {
    const app = new H3({ onError: h3Conflicts(conflicts) }).get('/', () => {
      throw new HTTPError({ status: 403, message: 'Not yours.', cause: THROWN.native?.() });
    });
    const response = await fetch(await served(app));
    expect([response.status, await response.json()]).toEqual([403, { status: 403, message: 'Not yours.' }]);
  });

  test('keeps the headers that are for errors, too', async () => {
    const app = new H3({ onError: h3Conflicts(conflicts) })
      .use((event, next) => {
        const preflight = handleCors(event, { origin: '*' });
        return preflight === false ? next() : preflight;
      })
      .get('/', () => fail('native'));
    const { status, headers } = await fetch(await served(app), { headers: { origin: 'https://example.com' } });
    expect([status, headers.get('access-control-allow-origin')]).toEqual([409, '*']);
    expect(headers.get('content-type')).toBe('application/problem+json');
  });

  test('answers before a handler of the application', async () => {
    const answer = h3Conflicts(conflicts);
    const app = new H3({
      onError: (error, event) => answer(error, event) ?? new Response(error.message, { status: 418 }),
    });
    app.get('/:route', ({ context }) => fail(context.params?.route));
    const address = await served(app);
    expect(await (await fetch(`${address}/native`)).json()).toEqual(DOCUMENTS.native);
    expect((await fetch(`${address}/bug`)).status).toBe(418);
  });

  test('is a hook of the middleware onError, too', async () => {
    const app = new H3().use(onError(h3Conflicts(conflicts)));
    app.get('/:route', ({ context, res }) => {
      res.headers.set('content-length', '3');
      return fail(context.params?.route);
    });
    const address = await served(app);
    expect(await (await fetch(`${address}/native`)).json()).toEqual(DOCUMENTS.native);
    expect(await (await fetch(`${address}/bug`)).json()).toMatchObject({ status: 500, unhandled: true });
  });
});

describe('h3 1', () => {
  const app = (handler: Parameters<typeof defineEventHandler>[0], options: AppOptions = {}) =>
    createApp({ onError: h3Conflicts(conflicts), ...options }).use(defineEventHandler(handler));
  const served = (...args: Parameters<typeof app>) => listen(createServer(toNodeListener(app(...args))));

  test('prints what it answers with a bare 500 once, and no conflict', async () => {
    await fetch(await served(() => fail('native')));
    expect(printed).not.toHaveBeenCalled();
    expect(await (await fetch(await served(() => fail('syntax')))).json()).toEqual(BARE);
    expect(printed.mock.calls).toEqual([[expect.objectContaining({ code: '42601' })]]);
  });

  test('leaves an error of h3 that the application threw, whatever its cause', async () => {
    const address = await served(() => {
      throw createError({ statusCode: 403, statusMessage: 'Not yours', cause: THROWN.native?.() });
    });
    const { status, statusText } = await fetch(address);
    expect([status, statusText]).toEqual([403, 'Not yours']);
  });

  test('answers a conflict by the rules that it is given, for its cause is all that arrives', async () => {
    const others = defineConflicts({ rules: { users_email_key: { resource: 'account' } } });
    const address = await served(() => {
      throw others.translate(THROWN.native?.());
    });
    expect(await (await fetch(address)).json()).toEqual(DOCUMENTS.native);
  });

  test('sends nothing of what the route said about its body', async () => {
    const address = await served((event) => {
      setHeader(event, 'Content-Length', 3);
      setHeader(event, 'Vary', 'Origin');
      return fail('native');
    });
    const response = await fetch(address);
    expect(await response.json()).toEqual(DOCUMENTS.native);
    expect(response.headers.get('vary')).toBe('Origin');
  });

  test('lets be what has begun', async () => {
    const address = await served((event) => {
      event.node.res.write('begun');
      setTimeout(() => event.node.res.end(), 50);
      return fail('native');
    });
    const response = await fetch(address);
    expect([response.status, await response.text()]).toEqual([200, 'begun']);
  });

  test('answers where there is no Node server', async () => {
    const handle = toWebHandler(app(() => fail('native')));
    const response = await handle(new Request('http://localhost/', { method: 'POST' }));
    expect([response.status, response.headers.get('content-type')]).toEqual([409, 'application/problem+json']);
    expect(await response.json()).toEqual(DOCUMENTS.native);
  });
});
