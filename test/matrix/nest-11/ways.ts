import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BARE, canariesIn, DOCUMENTS, messageOf, type Running, routed, start } from '../frameworks.ts';

/** The filter beside others, and where there is no HTTP. */
export function describeWays(title: string, server: URL): void {
  describe(`${title}, as a provider behind a filter that catches everything`, () => {
    let running: Running;

    beforeAll(async () => {
      running = await start(server, ['adapter']);
    });

    afterAll(() => running?.stop());

    const get = (path: string) => running.send({ method: 'GET', path });

    test('answers a conflict', async () => {
      expect(JSON.parse((await running.send(routed('native'))).body)).toEqual(DOCUMENTS.native);
    });

    test('hands the error behind a bare 500 to the logger that it was given', async () => {
      expect(JSON.parse((await running.send(routed('syntax'))).body)).toEqual(BARE);
      await expect.poll(() => running.output()).toMatch(/\[Nest\].*ERROR.*\[Conflicts\]/);
      expect(running.output()).toContain(messageOf('syntax'));
    });

    test('leaves every other error to the other filter', async () => {
      expect(await running.send(routed('bug'))).toMatchObject({ status: 500, body: 'caught by everything' });
    });

    test('leaves an HttpException that the application made of an error of a database', async () => {
      expect(await get('/chosen')).toMatchObject({ status: 404, body: 'caught by everything' });
    });

    test('answers what a middleware throws', async () => {
      const received = await get('/middleware');
      expect(JSON.parse(received.body)).toEqual(DOCUMENTS.native);
      expect(received).toMatchObject({
        status: 409,
        headers: { 'content-type': expect.stringMatching(/^application\/problem\+json/) },
      });
    });

    test('keeps headers, and not what the route said about its body', async () => {
      const { body, headers } = await get('/stale');
      expect(JSON.parse(body)).toEqual(DOCUMENTS.native);
      expect(headers).toMatchObject({ vary: 'Origin', 'cache-control': 'no-store' });
      expect(headers).not.toHaveProperty('etag', '"old"');
      expect(headers).not.toHaveProperty('content-length', '3');
    });

    test('ends an answer that has begun', async () => {
      expect(await get('/late')).toMatchObject({ status: 200, body: 'begun' });
    });

    test.each(['native', 'syntax', 'bug'])('leaves %s to Nest where it is a message', async (route) => {
      const received = await get(`/message?route=${route}`);
      expect(JSON.parse(received.body)).toEqual({ error: { status: 'error', message: 'Internal server error' } });
      expect(canariesIn(received)).toEqual([]);
    });

    test('has no rejection that nobody handles', () => {
      expect(running.output()).not.toMatch(/unhandledRejection|uncaughtException/);
      expect(running.isRunning()).toBe(true);
    });
  });
}
