import { createServer, request } from 'node:http';
import { expressConflicts } from 'db-http-errors/frameworks/express';
import express5, { type Express } from 'express';
import express4 from 'express4';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { defineConflicts } from '../../../src/index.ts';
import { BARE } from '../frameworks.ts';
import { conflicts, THROWN } from '../thrown.ts';
import { close, listen } from './listen.ts';

afterEach(async () => {
  vi.restoreAllMocks();
  await close();
});

describe.each([
  ['4', express4 as unknown as typeof express5],
  ['5', express5],
])('Express %s', (_version, express) => {
  /** An app whose every route fails with what is thrown under its name. */
  function failing(install: (app: Express) => void, before?: express5.RequestHandler): Promise<string> {
    const app = express();
    if (before) app.use(before);
    app.use((request, _response, next) => next(THROWN[request.path.slice(1)]?.()));
    install(app);
    return listen(createServer(app));
  }

  test('prints what it answers with a bare 500 once, and no conflict', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    vi.stubEnv('NODE_ENV', 'production');
    const address = await failing((app) => app.use(expressConflicts(conflicts)));
    vi.unstubAllEnvs();
    await fetch(`${address}/conflict`);
    await fetch(`${address}/native`);
    expect(printed).not.toHaveBeenCalled();
    expect(await (await fetch(`${address}/required`)).json()).toEqual(BARE);
    expect(printed.mock.calls).toEqual([[expect.objectContaining({ code: '23502' })]]);
  });

  test('prints nothing where Express prints nothing', async () => {
    const printed = vi.spyOn(console, 'error').mockImplementation(() => {});
    const address = await failing((app) => app.set('env', 'test').use(expressConflicts(conflicts)));
    expect(await (await fetch(`${address}/required`)).json()).toEqual(BARE);
    expect(printed).not.toHaveBeenCalled();
  });

  test('lets a middleware before it log the error as it was thrown, and one behind it answer the rest', async () => {
    const logged: unknown[] = [];
    const address = await failing((app) => {
      app.set('env', 'test');
      app.use(((error, _request, _response, next) => {
        logged.push(error);
        next(error);
      }) satisfies express5.ErrorRequestHandler);
      app.use(expressConflicts(conflicts));
      app.use(((error, _request, response, _next) => {
        response.status(418).json({ mine: error.name });
      }) satisfies express5.ErrorRequestHandler);
    });
    expect((await fetch(`${address}/native`)).status).toBe(409);
    expect((await fetch(`${address}/syntax`)).status).toBe(500);
    expect(await (await fetch(`${address}/bug`)).json()).toEqual({ mine: 'TypeError' });
    expect(logged.map((error) => (error as { code?: string }).code)).toEqual(['23505', '42601', undefined]);
  });

  test('answers with the rules of the router that is nearest', async () => {
    const own = defineConflicts({ rules: { users_email_key: { detail: 'Of the router.' } } });
    const router = express.Router();
    router.get('/within', (_request, _response, next) => next(THROWN.native?.()));
    router.use(expressConflicts(own));
    const address = await failing((app) => app.use(expressConflicts(conflicts)), router);
    expect(await (await fetch(`${address}/within`)).json()).toMatchObject({ detail: 'Of the router.' });
    expect(await (await fetch(`${address}/native`)).json()).toMatchObject({ resource: 'user' });
  });

  test('takes back what the route said about another body, and keeps the rest', async () => {
    const address = await failing(
      (app) => app.use(expressConflicts(conflicts)),
      (_request, response, next) => {
        response.set({
          'Content-Length': '3',
          'Content-Encoding': 'gzip',
          'Content-Type': 'text/csv',
          'Content-Disposition': 'attachment',
          ETag: '"old"',
          'Last-Modified': new Date(0).toUTCString(),
          'Cache-Control': 'max-age=60',
          'Access-Control-Allow-Origin': '*',
        });
        next();
      },
    );
    const response = await fetch(`${address}/native`);
    expect(await response.json()).toMatchObject({ code: 'duplicate' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'access-control-allow-origin': '*',
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'content-length': expect.any(String),
      'content-type': 'application/problem+json',
      date: expect.any(String),
      'keep-alive': expect.any(String),
      'x-powered-by': 'Express',
    });
  });

  test('leaves an answer that has begun to Express, which ends the connection', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const address = await failing(
      (app) => app.use(expressConflicts(conflicts)),
      (_request, response, next) => {
        response.write('the first part');
        next();
      },
    );
    await expect(fetch(`${address}/native`).then((response) => response.text())).rejects.toThrow();
    await expect(fetch(`${address}/required`).then((response) => response.text())).rejects.toThrow();
  });

  test('answers a request whose body nobody reads', async () => {
    const address = await failing((app) => app.use(expressConflicts(conflicts)));
    const status = await new Promise((resolve, reject) => {
      const sent = request(`${address}/native`, { method: 'POST' }, (response) => {
        resolve(response.statusCode);
        response.resume();
      });
      sent.on('error', reject);
      sent.end(Buffer.alloc(1_000_000));
    });
    expect(status).toBe(409);
  });
});
