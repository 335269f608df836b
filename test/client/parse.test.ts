import fc from 'fast-check';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { type Conflict, conflictOf, parseConflict, retryDelay } from '../../src/client/index.ts';
import { conflict, type ProblemCode } from '../../src/index.ts';
import { runs } from '../effort.ts';

const DUPLICATE = conflict('duplicate', { fields: ['email'], instance: 'urn:uuid:1' });
const PROBLEM = JSON.parse(JSON.stringify(DUPLICATE)) as Conflict;
const BARE = {
  type: 'about:blank',
  title: 'Conflict',
  status: 409,
  code: 'conflict',
  retryable: false,
  recovery: 'none',
};

const answer = (status: number, body: unknown, headers: Record<string, string> = {}): Response =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers });

describe('what a client has at hand', () => {
  const headers = { 'content-type': 'application/problem+json' };
  const text = JSON.stringify(PROBLEM);

  test.each<[string, unknown]>([
    ['a Response', DUPLICATE.getResponse()],
    ['an error of ky 1', Object.assign(new Error('409'), { name: 'HTTPError', response: DUPLICATE.getResponse() })],
    ['an error of ky 2', Object.assign(new Error('409'), { response: answer(409, ''), data: PROBLEM })],
    [
      'an error of axios',
      Object.assign(new Error('409'), {
        isAxiosError: true,
        code: 'ERR_BAD_REQUEST',
        status: 409,
        config: { headers: { Authorization: 's3cret' } },
        response: { status: 409, statusText: 'Conflict', headers, data: PROBLEM },
      }),
    ],
    ['an error of axios with text', { response: { status: 409, headers, data: text } }],
    ['a response of axios', { status: 409, statusText: 'Conflict', headers, data: PROBLEM, config: {} }],
    ['an error of got', Object.assign(new Error('409'), { response: { statusCode: 409, headers, body: text } })],
    ['an error of got with JSON', { code: 'ERR_NON_2XX_3XX_RESPONSE', response: { statusCode: 409, body: PROBLEM } }],
    ['an error of ofetch', Object.assign(new Error('409'), { status: 409, response: answer(409, ''), data: PROBLEM })],
    ['a result of openapi-fetch', { error: PROBLEM, response: answer(409, '') }],
    ['a result of openapi-fetch with text', { error: text, response: answer(409, '') }],
    ['an error of Angular', { name: 'HttpErrorResponse', status: 409, headers: new Headers(), error: PROBLEM }],
    ['an error of superagent', { status: 409, response: { status: 409, headers, body: PROBLEM, text } }],
    ['a plain answer', { status: 409, headers, body: PROBLEM }],
    ['a plain answer with text', { status: 409, headers: {}, body: text }],
    ['an answer of node:http', { statusCode: 409, headers, body: text }],
    ['the body alone', PROBLEM],
    ['an error with a Response as its cause', new Error('No.', { cause: DUPLICATE.getResponse() })],
    ['an error with a conflict as its cause', new Error('No.', { cause: new Error('No.', { cause: PROBLEM }) })],
  ])('is %s', async (_, input) => {
    expect(await parseConflict(input)).toStrictEqual(PROBLEM);
  });

  test('is read at once where the body is there', () => {
    expect(conflictOf({ response: { status: 409, data: PROBLEM } })).toStrictEqual(PROBLEM);
    expect(conflictOf(new Error('No.', { cause: PROBLEM }))).toStrictEqual(PROBLEM);
    expect(conflictOf(DUPLICATE.getResponse())).toStrictEqual(BARE);
  });

  test('leaves the body of a Response to the caller', async () => {
    const response = DUPLICATE.getResponse();
    await parseConflict(response);
    expect(response.bodyUsed).toBe(false);
    expect(await response.json()).toStrictEqual(PROBLEM);
  });

  test('is only a status where the body was read before', async () => {
    const response = DUPLICATE.getResponse();
    await response.text();
    expect(await parseConflict(response)).toStrictEqual(BARE);
    expect(await parseConflict(answer(409, ''))).toStrictEqual(BARE);
  });

  test('does not read what succeeded', async () => {
    const response = new Response('x'.repeat(1e6));
    const clone = vi.spyOn(response, 'clone');
    expect(await parseConflict(response)).toBeUndefined();
    expect(clone).not.toHaveBeenCalled();
  });

  test('reads a Response without streams', async () => {
    const response = { status: 409, headers: new Headers(), clone: () => ({ body: null, text: async () => text }) };
    expect(await parseConflict(response)).toStrictEqual(PROBLEM);
  });

  test.each<[unknown]>([
    [undefined],
    [null],
    [409],
    ['conflict'],
    [{}],
    [[]],
    [new Error('No.')],
    [
      new TypeError('fetch failed', {
        cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED', errno: -111 }),
      }),
    ],
    [new DOMException('Aborted', 'AbortError')],
    [answer(200, PROBLEM)],
    [answer(404, { code: 'not_found' })],
    [answer(500, 'Internal Server Error')],
    [answer(503, { error: 'unavailable' })],
    [answer(422, { message: 'Validation failed', errors: [{ field: 'email' }] })],
    [answer(422, { code: 'weird', recovery: 'retry' })],
    [answer(423, { code: 'weird', recovery: 'constructor', retryable: true })],
    // Our words, of an API that is not ours.
    [answer(404, { code: 'busy' })],
    [answer(500, { error: 'contention' })],
    [answer(401, { error: { code: 'busy' } })],
    [answer(422, { code: 'idempotency_in_progress', retryable: true })],
    [answer(400, { errors: [{ status: '400', code: 'busy' }] })],
    [{ status: 500, code: 'busy' }],
    [{ data: {}, response: answer(200, {}) }],
    [{ status: 'conflict', headers: {} }],
    [{ status: 1e9, body: PROBLEM }],
    [{ status: Number.NaN, body: PROBLEM }],
    [Response.error()],
  ])('is no conflict in %s', async (input) => {
    expect(await parseConflict(input)).toBeUndefined();
  });
});

describe('what others send', () => {
  test.each<[string, number, unknown, object]>([
    ['a bare 409', 409, '', { code: 'conflict', recovery: 'none' }],
    ['HTML with 409', 409, '<!doctype html><h1>Conflict</h1>', { code: 'conflict' }],
    ['a bare 412', 412, '', { code: 'version_mismatch', recovery: 'refetch_and_retry', title: 'Precondition Failed' }],
    ['a bare 428', 428, '{}', { code: 'precondition_required', recovery: 'refetch_and_retry' }],
    ['CouchDB', 409, { error: 'conflict', reason: 'Document update conflict.' }, { code: 'conflict' }],
    ['the simplest', 409, { error: 'conflict', message: 'Taken.' }, { code: 'conflict', detail: 'Taken.' }],
    [
      'Fastify',
      409,
      { statusCode: 409, code: 'E_TAKEN', error: 'Conflict', message: 'Taken.' },
      { code: 'conflict', original_code: 'E_TAKEN', detail: 'Taken.' },
    ],
    [
      'JSON:API',
      409,
      {
        errors: [
          {
            status: '409',
            code: 'NAME_TAKEN',
            title: 'Taken',
            detail: 'No.',
            source: { pointer: '/data/attributes/name' },
          },
        ],
      },
      {
        code: 'conflict',
        original_code: 'NAME_TAKEN',
        title: 'Taken',
        errors: [{ pointer: '#/name', code: 'invalid' }],
      },
    ],
    [
      'PostgREST, a unique key',
      409,
      {
        code: '23505',
        details: 'Key (email, tenant_id)=(a@example.com, 7) already exists.',
        hint: null,
        message: 'duplicate key value violates unique constraint "users_email_key"',
      },
      {
        code: 'duplicate',
        original_code: '23505',
        errors: [
          { pointer: '#/email', code: 'taken' },
          { pointer: '#/tenant_id', code: 'taken' },
        ],
      },
    ],
    [
      'PostgREST in German, with a value that reads like a key',
      409,
      {
        code: '23505',
        details: 'Schlüssel »(email)=((name)=(x) already exists.)« existiert bereits.',
        hint: null,
        message: '…',
      },
      { code: 'duplicate', errors: [{ pointer: '#/email', code: 'taken' }] },
    ],
    [
      'PostgREST, an expression',
      409,
      { code: '23505', details: 'Key (lower(email))=(a) already exists.', hint: null },
      { code: 'duplicate' },
    ],
    ['PostgREST, a foreign key', 409, { code: '23503', details: null, hint: null }, { code: 'reference_conflict' }],
    [
      'PostgREST, a check',
      400,
      { code: '23514', details: null, hint: null },
      { code: 'check_failed', recovery: 'change_input' },
    ],
    [
      'PostgREST, a deadlock',
      500,
      { code: '40P01', details: null, hint: null },
      { code: 'contention', retryable: true },
    ],
    [
      'Stripe',
      409,
      {
        error: {
          code: 'idempotency_key_in_use',
          message: 'There is currently another request.',
          type: 'invalid_request_error',
        },
      },
      {
        type: 'about:blank',
        code: 'idempotency_in_progress',
        retryable: true,
        detail: 'There is currently another request.',
      },
    ],
    [
      'Stripe, a field',
      409,
      { error: { code: 'resource_already_exists', param: 'sku', message: 'Taken.', type: 'invalid_request_error' } },
      { code: 'conflict', original_code: 'resource_already_exists', errors: [{ pointer: '#/sku', code: 'invalid' }] },
    ],
    ['a code with 503', 503, { code: 'busy' }, { code: 'busy', retryable: true }],
    ['a code with 409', 409, { error: 'contention' }, { code: 'contention', retryable: true }],
    ['a code that is final, with any status', 404, { code: 'duplicate' }, { code: 'duplicate', retryable: false }],
    [
      'our contention, with a status of its own',
      500,
      { code: 'contention', retryable: true, recovery: 'retry' },
      { code: 'contention', retryable: true },
    ],
    ['Connect', 409, { code: 'already_exists', message: 'Taken.' }, { code: 'duplicate', detail: 'Taken.' }],
    [
      'RFC 9457',
      409,
      { type: 'https://example.com/stale', title: 'Stale', detail: 'No.' },
      { type: 'https://example.com/stale', title: 'Stale', code: 'conflict' },
    ],
  ])('is understood: %s', async (_, status, body, expected) => {
    const parsed = await parseConflict(answer(status, body));
    expect(parsed).toMatchObject({ status, ...expected });
    expect(Object.keys(parsed ?? {}).includes('errors')).toBe('errors' in expected);
    // Names of tables, and values, stay where they are.
    expect(JSON.stringify(parsed)).not.toMatch(/users_email_key|a@example/);
  });

  test('is understood from supabase-js', async () => {
    const error = { code: '23505', details: 'Key (email)=(a) already exists.', hint: null, message: 'duplicate key' };
    expect(await parseConflict({ data: null, error, count: null, status: 409, statusText: 'Conflict' })).toMatchObject({
      code: 'duplicate',
      errors: [{ pointer: '#/email', code: 'taken' }],
    });
  });

  test('has its version in a strong ETag only', async () => {
    expect(await parseConflict(answer(412, '', { ETag: '"v%204"' }))).toMatchObject({ current_version: 'v 4' });
    expect(await parseConflict(answer(412, '', { ETag: '"100%"' }))).toMatchObject({ current_version: '100%' });
    expect(await parseConflict(answer(412, '', { ETag: 'W/"4"' }))).not.toHaveProperty('current_version');
    expect(await parseConflict(answer(409, '', { ETag: '"4"' }))).not.toHaveProperty('current_version');
  });
});

describe('a code of a newer server', () => {
  const NEWER = { ...PROBLEM, code: 'quota_moved', status: 423, recovery: 'retry', retryable: true, retry_after: 3 };

  test('is a conflict whose own code can be read, and whose recovery holds', async () => {
    const parsed = await parseConflict(answer(423, NEWER));
    expect(parsed).toStrictEqual({ ...NEWER, code: 'conflict', original_code: 'quota_moved', errors: PROBLEM.errors });
    expect(await parseConflict(parsed)).toStrictEqual(parsed);
    expect(retryDelay(parsed as Conflict, 1)).toBeGreaterThanOrEqual(3000);
  });

  test.each(['problem', 'constructor', '__proto__', 'hasOwnProperty'])('may be %s', async (code) => {
    expect(await parseConflict(answer(409, `{"code":"${code}"}`))).toStrictEqual({ ...BARE, original_code: code });
  });

  test('is narrowed by the types', () => {
    const narrow = (conflict: Conflict): void => {
      expectTypeOf(conflict.code).toEqualTypeOf<ProblemCode>();
      if (conflict.code === 'conflict') expectTypeOf(conflict.retryable).toEqualTypeOf<boolean>();
      if (conflict.code === 'busy') expectTypeOf(conflict.retryable).toEqualTypeOf<true>();
      if (conflict.code === 'version_mismatch')
        expectTypeOf(conflict.current_version).toEqualTypeOf<string | undefined>();
      if (conflict.code === 'invalid_state') expectTypeOf(conflict.recovery).toEqualTypeOf<'none'>();
      // @ts-expect-error a duplicate has no version
      if (conflict.code === 'duplicate') conflict.current_version;
    };
    expect(narrow).toBeTypeOf('function');
  });
});

describe('Retry-After', () => {
  const busy = { code: 'busy', retryable: true, recovery: 'retry', retry_after: 7 };
  const secondsOf = async (header: string): Promise<unknown> => {
    const parsed = await parseConflict(answer(503, busy, { 'Retry-After': header }));
    return parsed && 'retry_after' in parsed ? parsed.retry_after : undefined;
  };

  test('counts before what the body says, in seconds or as a date', async () => {
    expect(await secondsOf('2')).toBe(2);
    expect(await secondsOf('0')).toBe(0);
    const inTen = await secondsOf(new Date(Date.now() + 10_000).toUTCString());
    expect([9, 10]).toContain(inTen);
    expect(await secondsOf(new Date(Date.now() - 60_000).toUTCString())).toBe(0);
  });

  test.each<[string, unknown]>([
    ['Headers', new Headers({ 'Retry-After': '2' })],
    ['an answer of Node', { 'retry-after': '2' }],
    ['an answer of ours', { 'Retry-After': '2' }],
    ['axios', { get: (name: string) => (name.toLowerCase() === 'retry-after' ? '2' : undefined) }],
  ])('is found in the headers of %s', async (_, headers) => {
    expect(await parseConflict({ status: 503, headers, body: busy })).toMatchObject({ retry_after: 2 });
  });

  test.each(['-1', '1.5', 'soon', 'Infinity', '0x10', '1e3', 'Never GMT', ''])('is ignored as %j', async (header) => {
    expect(await secondsOf(header)).toBe(7);
  });

  test('is never longer than a timer can wait', async () => {
    const parsed = await parseConflict(answer(503, busy, { 'Retry-After': '9'.repeat(400) }));
    expect(retryDelay(parsed as Conflict, 99)).toBeLessThan(2 ** 31);
    expect(retryDelay(parsed as Conflict, 99)).toBeGreaterThan(1e9);
  });
});

describe('a hostile answer', () => {
  const parsedFrom = (body: string, status = 409): Promise<Conflict | undefined> => parseConflict(answer(status, body));

  test('of 10 MB is not read to its end, and the caller can still read it', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent++;
        controller.enqueue(new Uint8Array(16_384).fill(0x20));
        if (sent === 640) controller.close();
      },
    });
    const response = new Response(body, { status: 409 });
    expect(await parseConflict(response)).toStrictEqual(BARE);
    expect(sent).toBeLessThan(10);
    expect((await response.text()).length).toBe(10 * 1024 * 1024);
  });

  test('of 10 MB that was read already is only a status', async () => {
    const body = JSON.stringify({ ...PROBLEM, detail: 'a'.repeat(10_000_000) });
    expect(await parseConflict({ status: 409, body })).toStrictEqual(BARE);
    const parsed = (await parseConflict({ status: 409, body: JSON.parse(body) })) as Conflict;
    expect(parsed).toMatchObject({ code: 'duplicate' });
    expect(parsed).not.toHaveProperty('detail');
    const errors = Array.from({ length: 1e6 }, () => ({ pointer: '#/a', code: 'taken' }));
    expect((await parseConflict({ status: 409, body: { ...PROBLEM, errors } }))?.errors).toHaveLength(100);
  });

  test.each<[string, unknown]>([
    ['bytes, of got and axios', Buffer.alloc(10_000_000, 0x20)],
    ['a list', Array.from({ length: 2e6 }, (_, at) => at)],
    ['an object', Object.fromEntries(Array.from({ length: 3e5 }, (_, at) => [`member${at}`, at]))],
    [
      'an object in `error`',
      { error: Object.fromEntries(Array.from({ length: 3e5 }, (_, at) => [`member${at}`, at])) },
    ],
  ])('of 10 MB that was parsed already into %s is not walked through', async (_, body) => {
    const started = performance.now();
    expect(await parseConflict({ response: { statusCode: 409, headers: {}, body } })).toStrictEqual(BARE);
    expect(performance.now() - started).toBeLessThan(100);
  });

  test.each<[string, string]>([
    ['no JSON', '{"code":'],
    ['null', 'null'],
    ['a text', '"duplicate"'],
    ['a list', '[{"code":"duplicate"}]'],
    ['deep', `${'['.repeat(30_000)}${']'.repeat(30_000)}`],
    ['deep objects', `${'{"error":'.repeat(6000)}1${'}'.repeat(6000)}`],
    ['wrong types', '{"code":7,"title":{},"detail":[],"errors":"x","retryable":"yes","recovery":4,"fields":{"0":"a"}}'],
    ['NULs', '\u0000\u0000'],
  ])('with %s is only a status', async (_, body) => {
    expect(await parsedFrom(body)).toStrictEqual(BARE);
  });

  test('has its wrong members ignored, and the rest read', async () => {
    const body = {
      ...PROBLEM,
      title: 4,
      detail: null,
      instance: {},
      resource: ['user'],
      errors: [null, 1, 'a', { pointer: 4 }, { source: 5 }, { pointer: '#/a', code: 'nonsense', detail: 9 }],
    };
    expect(await parsedFrom(JSON.stringify(body))).toStrictEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      code: 'duplicate',
      errors: [{ pointer: '#/a', code: 'taken' }],
      retryable: false,
      recovery: 'change_input',
    });
    const state = { code: 'invalid_state', allowed_transitions: 'ship', current_status: 3 };
    expect(await parsedFrom(JSON.stringify(state))).not.toHaveProperty('allowed_transitions');
    const field = { code: 'duplicate', fields: ['\ud800', 'email', 7] };
    expect((await parsedFrom(JSON.stringify(field)))?.errors).toEqual([{ pointer: '#/email', code: 'taken' }]);
  });

  test('that lies about its status and its recovery is taken by its status and its code', async () => {
    const lie = { ...PROBLEM, status: 200, retryable: true, recovery: 'retry' };
    expect(await parsedFrom(JSON.stringify(lie))).toStrictEqual(PROBLEM);
    expect(await parseConflict(answer(200, { ...PROBLEM, status: 409 }))).toBeUndefined();
    expect(await parseConflict({ response: answer(200, ''), data: PROBLEM })).toBeUndefined();
  });

  test.each(['__proto__', 'constructor', 'prototype'])('with %s pollutes nothing', async (name) => {
    const evil = `{"polluted":true,"code":"duplicate","recovery":"retry","retryable":true}`;
    for (const body of [
      `{"${name}":${evil}}`,
      `{"code":"${name}","${name}":${evil},"errors":[{"${name}":${evil},"pointer":"#/${name}/polluted"}]}`,
      `{"error":{"${name}":${evil}}}`,
      `{"errors":[{"status":"409","meta":{"${name}":${evil}},"${name}":${evil}}]}`,
    ]) {
      const parsed = await parsedFrom(body);
      expect(parsed).toMatchObject({ code: 'conflict', retryable: false });
      expect(Object.getPrototypeOf(parsed)).toBe(Object.prototype);
    }
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('with a body that breaks, or never was, is only a status', async () => {
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error('reset')) });
    expect(await parseConflict(new Response(broken, { status: 409 }))).toStrictEqual(BARE);
    const locked = DUPLICATE.getResponse();
    locked.body?.getReader();
    expect(await parseConflict(locked)).toStrictEqual(BARE);
  });

  test('may be anything at all', async () => {
    const thrower = new Proxy(
      {},
      {
        get: () => {
          throw new Error('trap');
        },
        has: () => {
          throw new Error('trap');
        },
      },
    );
    const cycle: { cause?: unknown } = {};
    cycle.cause = cycle;
    const endless = (): unknown => new Proxy({}, { get: (_, name) => (name === 'then' ? undefined : endless()) });
    for (const input of [
      thrower,
      cycle,
      endless(),
      { response: thrower },
      { status: 409, body: thrower },
      { cause: thrower },
    ]) {
      await parseConflict(input);
      conflictOf(input);
    }
    const key = fc.constantFrom(
      'status',
      'statusCode',
      'response',
      'headers',
      'body',
      'data',
      'error',
      'errors',
      'code',
      'cause',
      'meta',
      'source',
      'pointer',
      'recovery',
      'retryable',
      'retry_after',
      '__proto__',
      'fields',
      'hint',
      'details',
    );
    const leaf = fc.oneof(
      fc.anything(),
      fc.constantFrom(409, '409', 412, 428, 'conflict', 'duplicate', '23505', true, 'retry'),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'medium' },
        leaf,
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(key, tie('tree'), { maxKeys: 6 }),
      ),
    }));
    await fc.assert(
      fc.asyncProperty(tree, async (input) => {
        const parsed = await parseConflict(input);
        expect(conflictOf(input)).toEqual(parsed);
        if (parsed === undefined) return;
        expect(parsed.status).toBeGreaterThanOrEqual(400);
        expect(parsed.retryable).toBe(parsed.recovery === 'retry');
        for (const { pointer } of parsed.errors ?? []) expect(pointer).toBeTypeOf('string');
        expect(await parseConflict(parsed)).toStrictEqual(parsed);
      }),
      { numRuns: runs(3000) },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  test('is read in a time that grows with its length only', async () => {
    for (const value of ['/'.repeat(8000), '('.repeat(8000), 'a, '.repeat(2600), '"'.repeat(8000), '~'.repeat(8000)]) {
      const started = performance.now();
      const body = {
        code: '23505',
        hint: null,
        details: value,
        message: value,
        fields: [value],
        errors: [{ field: value }],
      };
      await parseConflict({ status: 409, headers: { 'retry-after': value, etag: value }, body });
      expect(performance.now() - started).toBeLessThan(100);
    }
  });
});
