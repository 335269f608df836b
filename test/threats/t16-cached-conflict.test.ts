import type { IncomingMessage, ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import { conflict, type ProblemCode } from '../../src/index.ts';
import { CODES } from '../../src/problem.ts';
import { type Attack, parsed, serve, serveFailing } from './attack.ts';

// T16: no cache may keep a conflict and give it to another user, or to the same one when it is over.

/** The greediest cache that RFC 9111 section 3 allows: it keeps all that does not say `no-store`, for good. */
function caching(origin: Attack): Attack {
  let kept: string | undefined;
  return async (request) => {
    const answer = kept ?? (await origin(request));
    const directives = (parsed(answer).headers['cache-control'] ?? '').split(/ *, */);
    if (!directives.includes('no-store')) kept = answer;
    return answer;
  };
}

test('the cache would keep an answer that does not forbid it', async () => {
  let count = 0;
  const attack = caching(
    await serve((_request: IncomingMessage, response: ServerResponse) => response.writeHead(409).end(`${++count}`)),
  );
  expect(await attack()).toBe(await attack());
  expect(count).toBe(1);
});

test.each(Object.keys(CODES) as ProblemCode[])(
  '%s is asked for each time, by adapter and by Response',
  async (code) => {
    let count = 0;
    const failing = () => {
      count++;
      throw conflict(code);
    };
    const attack = caching(await serveFailing(failing));
    const answers = [await attack({ method: 'GET' }), await attack({ method: 'GET' })];
    expect(count).toBe(2);
    expect(answers[0]).not.toBe(answers[1]);
    for (const response of [conflict(code).getResponse(), conflict(code).toResponse()]) {
      expect(response.headers.get('cache-control')).toBe('no-store');
    }
  },
);

test('a database error that is no conflict is not kept either', async () => {
  const error = Object.assign(new Error('syntax error'), { code: '42601', severity: 'ERROR', length: 1 });
  const log = console.error;
  console.error = () => {};
  try {
    const { status, headers } = parsed(await (await serveFailing(() => Promise.reject(error)))());
    expect([status, headers['cache-control']]).toEqual([500, 'no-store']);
  } finally {
    console.error = log;
  }
});
