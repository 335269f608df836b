import { createServer } from 'node:http';
import { Readable } from 'node:stream';
import { koaConflicts } from 'db-http-errors/frameworks/koa';
import Koa3 from 'koa';
import Koa2 from 'koa2';
import { afterEach, describe, expect, test } from 'vitest';
import { defineConflicts } from '../../../src/index.ts';
import { BARE } from '../frameworks.ts';
import { conflicts, THROWN } from '../thrown.ts';
import { close, listen } from './listen.ts';

afterEach(close);

const throwing: Koa3.Middleware = async (context) => {
  throw THROWN[context.path.slice(1)]?.();
};

describe.each([
  ['2', Koa2 as unknown as typeof Koa3],
  ['3', Koa3],
])('Koa %s', (_version, Koa) => {
  function failing(...middlewares: Koa3.Middleware[]): { app: Koa3; address: Promise<string> } {
    const app = new Koa();
    app.silent = true;
    for (const middleware of middlewares) app.use(middleware);
    return { app, address: listen(createServer(app.callback())) };
  }

  test('emits what it answers with a bare 500 once, with the context, and no conflict', async () => {
    const emitted: unknown[] = [];
    const app = new Koa();
    app.on('error', (error, context) => emitted.push([error.code, context.path]));
    app.use(koaConflicts(conflicts)).use(throwing);
    const address = await listen(createServer(app.callback()));
    expect((await fetch(`${address}/native`)).status).toBe(409);
    expect((await fetch(`${address}/conflict`)).status).toBe(409);
    expect(emitted).toEqual([]);
    expect(await (await fetch(`${address}/required`)).json()).toEqual(BARE);
    expect(emitted).toEqual([['23502', '/required']]);
  });

  test('shows its answer to the middleware around it, and keeps their headers', async () => {
    const seen: unknown[] = [];
    const { address } = failing(
      async (context, next) => {
        context.set('Access-Control-Allow-Origin', '*');
        await next();
        seen.push(context.status);
      },
      koaConflicts(conflicts),
      throwing,
    );
    const response = await fetch(`${await address}/native`);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(seen).toEqual([409]);
  });

  test('takes back what the route said about another body', async () => {
    const stream = new Readable({ read() {} });
    const { address } = failing(koaConflicts(conflicts), async (context) => {
      context.body = stream;
      context.set({ 'Content-Length': '3', 'Content-Encoding': 'gzip', ETag: '"old"', 'Content-Type': 'text/csv' });
      context.attachment('users.csv');
      throw THROWN.native?.();
    });
    const response = await fetch(await address);
    expect(await response.json()).toMatchObject({ code: 'duplicate' });
    expect(Object.fromEntries(response.headers)).toEqual({
      'cache-control': 'no-store',
      connection: 'keep-alive',
      'content-length': expect.any(String),
      'content-type': 'application/problem+json',
      date: expect.any(String),
      'keep-alive': expect.any(String),
    });
  });

  test('leaves an answer that has begun to Koa', async () => {
    const { app, address } = failing(koaConflicts(conflicts), async (context) => {
      context.respond = false;
      context.res.write('the first part');
      setTimeout(() => context.res.destroy(), 20);
      throw THROWN.native?.();
    });
    const emitted = new Promise((resolve) => app.on('error', resolve));
    await expect(fetch(await address).then((response) => response.text())).rejects.toThrow();
    expect(await emitted).toMatchObject({ code: '23505', headerSent: true });
  });

  test('answers with the rules that are nearest, and once', async () => {
    const own = defineConflicts({ rules: { users_email_key: { detail: 'Of the router.' } } });
    const { address } = failing(koaConflicts(conflicts), koaConflicts(own), throwing);
    expect(await (await fetch(`${await address}/native`)).json()).toMatchObject({ detail: 'Of the router.' });
  });

  test('answers with a status that has no name', async () => {
    const own = defineConflicts({ status: { duplicate: 499 } });
    const { address } = failing(koaConflicts(own), throwing);
    expect((await fetch(`${await address}/native`)).status).toBe(499);
  });
});
