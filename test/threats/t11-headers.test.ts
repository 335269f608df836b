import { expect, test } from 'vitest';
import { conflict, isConflict } from '../../src/index.ts';
import { parsed, serve } from './attack.ts';

// T11: no version and no delay may break a header, or the server that sends it.

const HOSTILE: unknown[] = [
  'a\r\nSet-Cookie: session=stolen',
  'a\r\n\r\n<script>alert(1)</script>',
  'a\nb',
  'a\0b',
  '"',
  'a"b',
  '\\',
  'W/"a"',
  '*',
  'emoji \u{1f600}',
  '\ud83d',
  '日本',
  'x'.repeat(100_000),
  '',
  ' ',
  undefined,
  null,
  0,
  -1,
  12n,
  Number.NaN,
  Symbol('a'),
  {},
  ['a'],
  { toString: () => 'a\r\nX: 1' },
];
const DELAYS: unknown[] = [
  Number.NaN,
  -1,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  0.5,
  0,
  1e21,
  '5\r\nX: 1',
  '5',
  null,
  7n,
  Symbol('a'),
  {},
];

/** RFC 9110 section 5.5: visible characters, spaces and tabs. */
const HEADER = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+: [\t -~\x80-\xff]*$/;
/** RFC 9110 section 8.8.3, of a strong tag. */
const ENTITY_TAG = /^"[!#-~\x80-\xff]*"$/;

async function attackWith(members: object): Promise<string> {
  const attack = await serve((_request, response) => {
    let error: unknown;
    try {
      error = conflict('version_mismatch', members as never);
    } catch (wrong) {
      // A programmer's mistake is said at once; it is no answer.
      expect(wrong).toBeInstanceOf(TypeError);
      error = conflict('version_mismatch');
    }
    if (isConflict(error)) response.writeHead(error.status, error.headers).end(JSON.stringify(error));
  });
  return attack();
}

function check(raw: string): Record<string, string> {
  const { status, headers, body } = parsed(raw);
  expect(status).toBe(409);
  for (const line of raw.slice(0, raw.indexOf('\r\n\r\n')).split('\r\n').slice(1)) expect(line).toMatch(HEADER);
  expect(Object.keys(headers).filter((name) => !EXPECTED.includes(name))).toEqual([]);
  expect(JSON.parse(body)).toMatchObject({ code: 'version_mismatch', status: 409 });
  expect(raw.length).toBeLessThan(9 * 1024);
  return headers;
}

const EXPECTED = [
  'content-type',
  'cache-control',
  'etag',
  'retry-after',
  'date',
  'connection',
  'transfer-encoding',
  'content-length',
];

test('a server answers whatever the version is, with headers of the grammar', async () => {
  for (const current_version of HOSTILE) {
    const { etag } = check(await attackWith({ current_version, expected_version: current_version }));
    if (etag !== undefined) expect(etag).toMatch(ENTITY_TAG);
  }
});

test('a server answers whatever the delay is, with whole seconds', async () => {
  for (const retry_after of DELAYS) {
    const headers = check(await attackWith({ retry_after }));
    const delay = headers['retry-after'];
    if (delay !== undefined) expect(delay).toMatch(/^\d{1,10}$/);
  }
});
