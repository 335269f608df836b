import { describe, expect, test } from 'vitest';
import {
  type Current,
  entityTag,
  expectVersion,
  parseEntityTags,
  precondition,
  strongMatch,
  type Version,
  weakMatch,
} from '../../src/concurrency/index.ts';
import { type ConflictError, defineConflicts, isConflict } from '../../src/index.ts';

function thrownBy(run: () => unknown): ConflictError {
  try {
    run();
  } catch (error) {
    if (isConflict(error)) return error;
    throw error;
  }
  throw new Error('Expected a conflict');
}

describe('a precondition', () => {
  const put = (headers: Record<string, string>) => ({ method: 'PUT', headers });

  test('matches nothing where there is no version', () => {
    const current = { lastModified: new Date('2026-11-22T16:00:00Z') };
    expect(thrownBy(() => precondition(put({ 'if-match': '"4"' }), current)).status).toBe(412);
    expect(precondition(put({ 'if-match': '*' }), current)).toBe('proceed');
  });

  test('that is no text of ours is told as it was sent', () => {
    expect(thrownBy(() => precondition(put({ 'if-match': '"%zz"' }), { version: 4 })).problem).toMatchObject({
      ...{ expected_version: '%zz', current_version: '4' },
    });
  });

  test('of a date that is none is ignored', () => {
    const current = { version: 4, lastModified: new Date('2026-11-22T16:00:00Z') };
    expect(precondition(put({ 'if-unmodified-since': 'Mon, no date' }), current)).toBe('proceed');
  });
});

describe('entity tags', () => {
  test.each([
    [4, '"4"'],
    [9007199254740993n, '"9007199254740993"'],
    ['v4', '"v4"'],
    [new Date('2026-11-22T16:00:00.123Z'), '"2026-11-22T16:00:00.123Z"'],
    ['a "b" c\\d', '"a%20%22b%22%20c%5Cd"'],
    ['100%', '"100%25"'],
    ['é', '"%C3%A9"'],
    ['', '""'],
  ] as const)('are strong and say the version: %s', (version, tag) => {
    expect(entityTag(version)).toBe(tag);
    expect(parseEntityTags(tag)).toEqual([{ weak: false, opaque: tag.slice(1, -1) }]);
  });

  test.each([[new Date(Number.NaN)], ['\ud800'], [{}], [null]])('are refused for what is no version: %s', (version) => {
    expect(() => entityTag(version as Version)).toThrow(TypeError);
  });

  const strong = (opaque: string) => ({ weak: false, opaque });
  const weak = (opaque: string) => ({ weak: true, opaque });

  test.each([
    ['*', '*'],
    [' * ', '*'],
    ['"a"', [strong('a')]],
    ['W/"a"', [weak('a')]],
    ['"a", W/"b"', [strong('a'), weak('b')]],
    ['"a","b"', [strong('a'), strong('b')]],
    [', "a" ,, "b",', [strong('a'), strong('b')]],
    ['"a,b"', [strong('a,b')]],
    ['""', [strong('')]],
    ['"\u00e9"', [strong('\u00e9')]],
    ['', undefined],
    [',', undefined],
    ['a', undefined],
    ['"a', undefined],
    ['"a" "b"', undefined],
    ['w/"a"', undefined],
    ['W/ "a"', undefined],
    ['*, "a"', undefined],
    ['"a", *', undefined],
    ['"a b"', undefined],
    ['"a\u007f"', undefined],
  ])('are parsed from %j', (header, tags) => {
    expect(parseEntityTags(header)).toEqual(tags);
  });

  // RFC 9110 section 8.8.3.2, the table of examples.
  test.each([
    [weak('1'), weak('1'), false, true],
    [weak('1'), weak('2'), false, false],
    [weak('1'), strong('1'), false, true],
    [strong('1'), strong('1'), true, true],
  ])('compare as RFC 9110 says: %j and %j', (a, b, isStrong, isWeak) => {
    expect([strongMatch(a, b), weakMatch(a, b)]).toEqual([isStrong, isWeak]);
    expect([strongMatch(b, a), weakMatch(b, a)]).toEqual([isStrong, isWeak]);
  });
});

describe('preconditions', () => {
  const V4: Current = { version: 'v4', lastModified: new Date('2026-11-22T16:00:00.900Z') };
  const WEAK: Current = { etag: 'W/"v4"' };
  const AT = 'Sun, 22 Nov 2026 16:00:00 GMT';
  const BEFORE = 'Sun, 22 Nov 2026 15:59:59 GMT';
  const FAILED = 'version_mismatch';

  // RFC 9110 sections 13.1 and 13.2.2: what is sent, what there is, and what follows.
  test.each<[string, Record<string, string>, Current | undefined, string]>([
    ['PUT', {}, V4, 'proceed'],
    ['PUT', { 'if-match': '"v4"' }, V4, 'proceed'],
    ['PUT', { 'if-match': '"v3", "v4"' }, V4, 'proceed'],
    ['PUT', { 'if-match': '"v3"' }, V4, FAILED],
    ['PUT', { 'if-match': '*' }, V4, 'proceed'],
    ['PUT', { 'if-match': '*' }, undefined, FAILED],
    ['PUT', { 'if-match': '"v4"' }, undefined, FAILED],
    // The strong comparison: a weak tag matches nothing, not even itself.
    ['PUT', { 'if-match': 'W/"v4"' }, V4, FAILED],
    ['PUT', { 'if-match': 'W/"v4"' }, WEAK, FAILED],
    // What is malformed matches nothing: the method must not be performed.
    ['PUT', { 'if-match': 'v4' }, V4, FAILED],
    ['PUT', { 'if-match': '*, "v4"' }, V4, FAILED],
    ['GET', { 'if-match': '"v3"' }, V4, FAILED],
    ['PUT', { 'if-unmodified-since': AT }, V4, 'proceed'],
    ['PUT', { 'if-unmodified-since': BEFORE }, V4, FAILED],
    ['PUT', { 'if-unmodified-since': 'Sunday, 22-Nov-26 16:00:00 GMT' }, V4, 'proceed'],
    ['PUT', { 'if-unmodified-since': 'Sun Nov 22 15:59:59 2026' }, V4, FAILED],
    ['PUT', { 'if-unmodified-since': 'yesterday' }, V4, 'proceed'],
    ['PUT', { 'if-unmodified-since': BEFORE }, { version: 'v4' }, 'proceed'],
    // If-Match makes If-Unmodified-Since void.
    ['PUT', { 'if-match': '"v4"', 'if-unmodified-since': BEFORE }, V4, 'proceed'],
    ['PUT', { 'if-none-match': '*' }, undefined, 'proceed'],
    ['PUT', { 'if-none-match': '*' }, V4, FAILED],
    ['PUT', { 'if-none-match': '"v3"' }, V4, 'proceed'],
    ['PUT', { 'if-none-match': '"v4"' }, V4, FAILED],
    // The weak comparison.
    ['GET', { 'if-none-match': 'W/"v4"' }, V4, 'not_modified'],
    ['GET', { 'if-none-match': '"v4"' }, WEAK, 'not_modified'],
    ['HEAD', { 'if-none-match': '"v3", "v4"' }, V4, 'not_modified'],
    ['GET', { 'if-none-match': '"v3"' }, V4, 'proceed'],
    ['GET', { 'if-none-match': 'v4' }, V4, 'proceed'],
    ['GET', { 'if-modified-since': AT }, V4, 'not_modified'],
    ['GET', { 'if-modified-since': BEFORE }, V4, 'proceed'],
    ['PUT', { 'if-modified-since': AT }, V4, 'proceed'],
    // If-None-Match makes If-Modified-Since void.
    ['GET', { 'if-none-match': '"v3"', 'if-modified-since': AT }, V4, 'proceed'],
    // If-Match is evaluated first, then If-None-Match.
    ['GET', { 'if-match': '"v4"', 'if-none-match': '"v4"' }, V4, 'not_modified'],
    ['PUT', { 'if-match': '"v4"', 'if-none-match': '*' }, V4, FAILED],
  ])('%s with %j on %j: %s', (method, headers, current, outcome) => {
    const evaluate = () => precondition({ method, headers }, current);
    if (outcome === FAILED) expect(thrownBy(evaluate)).toMatchObject({ code: FAILED, status: 412 });
    else expect(evaluate()).toBe(outcome);
  });

  test('say what there is and what was expected', () => {
    const error = thrownBy(() =>
      precondition({ method: 'PUT', headers: { 'if-match': '"v3"' } }, { version: 'v4' }, { resource: 'post' }),
    );
    expect(error.headers.ETag).toBe('"v4"');
    expect(error.problem).toEqual({
      type: 'about:blank',
      title: 'Precondition Failed',
      status: 412,
      detail: 'The resource was changed since it was loaded. Load it again and retry.',
      instance: expect.stringMatching(/^urn:uuid:/),
      code: 'version_mismatch',
      resource: 'post',
      current_version: 'v4',
      expected_version: 'v3',
      retryable: false,
      recovery: 'refetch_and_retry',
    });
  });

  test('are required where the route says so', () => {
    const required = (headers: Record<string, string>, method = 'PUT') =>
      precondition({ method, headers }, V4, { required: true });
    expect(thrownBy(() => required({}))).toMatchObject({ code: 'precondition_required', status: 428 });
    expect(thrownBy(() => required({ 'if-modified-since': AT }))).toMatchObject({ status: 428 });
    expect(required({ 'if-match': '"v4"' })).toBe('proceed');
    expect(required({ 'if-unmodified-since': AT })).toBe('proceed');
  });

  test('of several tags expect no version in particular', () => {
    const several = { method: 'PUT', headers: { 'if-match': '"v2", "v3"' } };
    const thrown = thrownBy(() => precondition(several, V4));
    expect(thrown).toMatchObject({ status: 412, problem: { current_version: 'v4' } });
    expect((thrown as { problem: object }).problem).not.toHaveProperty('expected_version');
  });

  test('are not there when nothing can be compared with them', () => {
    const required = (headers: Record<string, string>, current?: Current) => () =>
      precondition({ method: 'PUT', headers }, current, { required: true });
    // Any other tag lets a write pass that has not seen the current one.
    expect(thrownBy(required({ 'if-none-match': '"v3"' }, V4))).toMatchObject({ status: 428 });
    expect(thrownBy(required({ 'if-unmodified-since': AT }, { version: 'v4' }))).toMatchObject({ status: 428 });
    expect(required({ 'if-none-match': '*' })()).toBe('proceed');
    expect(thrownBy(required({ 'if-none-match': '*' }, V4))).toMatchObject({ status: 412 });
  });

  test("are answered by the application's options", () => {
    const conflicts = defineConflicts({ status: { version_mismatch: 409 } });
    const request = { method: 'PUT', headers: { 'if-match': '"v3"' } };
    expect(thrownBy(() => precondition(request, V4, { conflicts })).status).toBe(409);
    // An adapter answers again, with its own options.
    expect(
      conflicts.translate(
        thrownBy(() => precondition(request, V4)),
        request,
      ).status,
    ).toBe(409);
  });

  test('take the headers of any framework', () => {
    const headers = new Headers({ 'If-Match': '"v3"' });
    expect(thrownBy(() => precondition(new Request('http://localhost/', { method: 'PUT', headers }), V4)).status).toBe(
      412,
    );
  });

  test('complain about a tag of the server that is none', () => {
    const request = { method: 'PUT', headers: { 'if-match': '"v4"' } };
    expect(() => precondition(request, { etag: 'v4' })).toThrow(
      new TypeError('Expected the current ETag to be one entity tag like "\\"v4\\"", got "v4"'),
    );
  });

  test('are read in linear time', () => {
    const started = performance.now();
    for (const part of ['"a",', ',', ' ', '"', 'W/', '*,']) {
      precondition({ method: 'GET', headers: { 'if-none-match': part.repeat(2 ** 20 / part.length) } }, V4);
    }
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('a version in the body', () => {
  test('is compared as text', () => {
    expect(expectVersion('4', 4)).toBeUndefined();
    expect(expectVersion(4n, 4)).toBeUndefined();
    expect(expectVersion('2026-11-22T16:00:00.000Z', new Date('2026-11-22T16:00:00Z'))).toBeUndefined();
  });

  test('is a 409 when it is stale', () => {
    expect(thrownBy(() => expectVersion(3, 4, { resource: 'post' })).problem).toMatchObject({
      ...{ status: 409, code: 'version_mismatch', resource: 'post', current_version: '4', expected_version: '3' },
    });
  });

  test('is a mismatch where the body has something else in its place', () => {
    for (const nonsense of [{}, [], true, { toString: () => '4' }]) {
      const thrown = thrownBy(() => expectVersion(nonsense as never, 4));
      expect(thrown).toMatchObject({ status: 409, code: 'version_mismatch', problem: { current_version: '4' } });
      expect((thrown as unknown as { problem: object }).problem).not.toHaveProperty('expected_version');
    }
  });

  test('is a 428 when there is none', () => {
    for (const missing of [undefined, null]) {
      expect(thrownBy(() => expectVersion(missing, 4))).toMatchObject({ code: 'precondition_required', status: 428 });
    }
  });
});
