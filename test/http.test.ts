import { createServer, type IncomingMessage, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type ConflictError, type ConflictsOptions, defineConflicts } from '../src/index.ts';
import { CODES, type ProblemCode } from '../src/problem.ts';
import { runs } from './effort.ts';
import { captured } from './violations.ts';

const EVERY_CODE = Object.keys(CODES) as ProblemCode[];
const FORMATS = ['problem', 'simple', 'jsonapi'] as const;

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

/** Answers with an error by nothing but Node's own API. */
let server: Server;
let answering: { readonly error: ConflictError; readonly fail: (reason: unknown) => void };

beforeAll(async () => {
  server = createServer((_request, response) => {
    try {
      response.writeHead(answering.error.status, answering.error.headers).end(JSON.stringify(answering.error));
    } catch (error) {
      answering.fail(error);
      response.destroy();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
});

/** What a client gets. Rejects with what Node threw inside the server. */
async function answerOf(error: ConflictError): Promise<Answer> {
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, fail) => {
    answering = { error, fail };
    const sent = request({ port, host: '127.0.0.1', agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', fail);
      response.on('end', () => {
        const { statusCode: status, headers } = response;
        resolve({ status, headers, body: JSON.parse(Buffer.concat(chunks).toString()) });
      });
    });
    sent.on('error', fail);
    sent.end();
  });
}

describe('an answer in plain node:http', () => {
  test('is the problem document, with nothing installed', async () => {
    const { status, headers, body } = await answerOf(
      defineConflicts().translate(captured('pg/postgresql-18/unique')) as ConflictError,
    );
    expect({ status, type: headers['content-type'], cache: headers['cache-control'] }).toEqual({
      status: 409,
      type: 'application/problem+json',
      cache: 'no-store',
    });
    expect(body).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'A resource with this value already exists.',
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      code: 'duplicate',
      retryable: false,
      recovery: 'change_input',
    });
  });

  test.each(EVERY_CODE)('to %s arrives as the error has it, and is never stored', async (code) => {
    for (const format of FORMATS) {
      const error = defineConflicts({ format }).conflict(code);
      const own = Object.fromEntries(Object.entries(error.headers).map(([name, value]) => [name.toLowerCase(), value]));
      const { status, headers, body } = await answerOf(error);
      expect({ status, headers, body }).toEqual({
        status: error.status,
        headers: expect.objectContaining({ ...own, 'cache-control': 'no-store' }),
        body: error.toJSON(),
      });
    }
  });

  test.each(EVERY_CODE)('to %s has the same status in the body as in the head', async (code) => {
    for (const status of [400, 409, 412, 499, 503]) {
      const answer = await answerOf(defineConflicts({ status: { [code]: status } }).conflict(code));
      expect([answer.status, (answer.body as { status: number }).status]).toEqual([status, status]);
    }
  });

  test.each(FORMATS)('conceals what a rule conceals, as %s', async (format) => {
    const conflicts = defineConflicts({ format, rules: { users_email_key: { conceal: true } } });
    const error = conflicts.translate(captured('pg/postgresql-18/unique')) as ConflictError;
    const bare = conflicts.conflict('conflict', { instance: error.problem.instance });
    const [answer, expected] = [await answerOf(error), await answerOf(bare)];
    expect({ ...answer, headers: { ...answer.headers, date: '' } }).toEqual({
      ...expected,
      headers: { ...expected.headers, date: '' },
    });
    expect(error.rule).toBe('users_email_key');
  });

  test('has a new instance each time', () => {
    const { conflict } = defineConflicts();
    const instances = Array.from({ length: 100 }, () => conflict('duplicate').problem.instance);
    expect(new Set(instances).size).toBe(100);
  });
});

/** Source: RFC 9110 section 8.8.3 (etagc), without obs-text */
const STRONG_TAG = /^"[\x21\x23-\x7e]*"$/;

const LONG = 'x'.repeat(1000);

const HOSTILE_TEXTS = [
  '',
  ' ',
  '"',
  '\\',
  '"v4"',
  'W/"v4"',
  '%22',
  'a\r\nSet-Cookie: a=b',
  '\r\n\r\n<html>',
  '\0',
  '\t',
  '\x7f',
  'é',
  '🦄',
  '\u2028',
  '\ud800',
  '\udc00x',
  LONG,
  `${LONG}a`,
  `${LONG}b`,
  '🦄'.repeat(500),
  `a${'🦄'.repeat(500)}`,
];

const anyText = fc.oneof(
  fc.constantFrom(...HOSTILE_TEXTS),
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)) }),
  fc.string(),
);

const anyValue = fc.oneof(
  anyText,
  fc.constantFrom(
    undefined,
    null,
    0,
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1.5,
    123n,
    Symbol('v4'),
    true,
    {},
    [],
    () => 'v4',
  ),
  fc.constantFrom(new Date(0), Object.create(null), { toString: () => '\r\n' }, Promise.resolve('v4')),
  fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
);

describe('the headers', () => {
  const { conflict } = defineConflicts();

  test('are valid for whatever version the application has', async () => {
    await fc.assert(
      fc.asyncProperty(anyValue, async (version) => {
        const { status, headers, body } = await answerOf(
          conflict('version_mismatch', { current_version: version as string, expected_version: version as string }),
        );
        expect(status).toBe(409);
        expect((body as { code: string }).code).toBe('version_mismatch');
        if (headers.etag !== undefined) expect(headers.etag).toMatch(STRONG_TAG);
        expect(Object.keys(headers)).not.toContain('set-cookie');
      }),
      { numRuns: runs(300), examples: HOSTILE_TEXTS.map((text): [unknown] => [text]) },
    );
  });

  test('carry an entity tag for every version that can be said', () => {
    expect(
      ['v4', '"v4"', 'a b', 'é', '🦄', '%', 'a\r\nb', 4, 4n].map(
        (version) => conflict('version_mismatch', { current_version: version }).headers.ETag,
      ),
    ).toEqual(['"v4"', '"%22v4%22"', '"a%20b"', '"%C3%A9"', '"%F0%9F%A6%84"', '"%25"', '"a%0D%0Ab"', '"4"', '"4"']);
  });

  test('carry no entity tag where there is no version', () => {
    for (const version of [undefined, '', null, Symbol('v4'), {}, '\ud800']) {
      const { headers } = conflict('version_mismatch', { current_version: version as string });
      expect(headers).toEqual({ 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' });
    }
  });

  test('have different entity tags for different versions', () => {
    const tag = (version: string): string | undefined =>
      conflict('version_mismatch', { current_version: version }).headers.ETag;
    fc.assert(
      fc.property(anyText, anyText, (first, second) => {
        if (first !== second && tag(first) !== undefined) expect(tag(first)).not.toBe(tag(second));
      }),
      {
        numRuns: runs(1000),
        examples: [
          [`${LONG}a`, `${LONG}b`],
          ['%22', '"'],
          ['a b', 'a%20b'],
        ],
      },
    );
  });

  test('are no longer for a version of 100 KB', async () => {
    const versions = ['x', '🦄', '"', '\\'].map((character) => character.repeat(100_000));
    for (const version of versions) {
      const { headers, body } = await answerOf(conflict('version_mismatch', { current_version: version }));
      expect(JSON.stringify([headers, body]).length).toBeLessThan(8192);
    }
  });

  test('and the body say the same version', () => {
    fc.assert(
      fc.property(anyText, (version) => {
        const { headers, problem } = conflict('version_mismatch', { current_version: version });
        if (headers.ETag !== undefined) expect(decodeURI(headers.ETag.slice(1, -1))).toBe(reserved(problem));
      }),
    );

    /** What `decodeURI` leaves encoded, it leaves encoded in both. */
    function reserved(problem: { current_version?: string }): string {
      return decodeURI(encodeURI(problem.current_version ?? ''));
    }
  });

  test('have a whole number of seconds for whatever retry_after the application has', async () => {
    const numbers = [
      Number.NaN,
      -1,
      -0,
      0,
      0.5,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      86_400,
      86_401,
      1e21,
      2 ** 53,
    ];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('contention', 'busy'), anyValue, async (code, value) => {
        const { headers, body } = await answerOf(conflict(code as 'busy', { retry_after: value as number }));
        expect(headers['retry-after']).toMatch(/^(0|[1-9][0-9]{0,4})$/);
        expect((body as { retry_after: number }).retry_after).toBe(Number(headers['retry-after']));
      }),
      { numRuns: runs(200), examples: numbers.map((number): [string, unknown] => ['contention', number]) },
    );
    expect(numbers.map((number) => conflict('busy', { retry_after: number }).headers['Retry-After'])).toEqual([
      '1',
      '1',
      '0',
      '0',
      '1',
      '86400',
      '1',
      '86400',
      '86400',
      '86400',
      '86400',
    ]);
  });

  test('are valid whatever the other members hold, and the body stays small', async () => {
    const members = ['type', 'title', 'detail', 'instance', 'resource', 'current_status', 'requested_transition'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FORMATS),
        fc.constantFrom(...members),
        anyValue,
        async (format, name, value) => {
          const answer = await answerOf(
            defineConflicts({ format }).conflict('invalid_state', { [name]: value } as object),
          );
          expect(answer.status).toBe(409);
          expect(JSON.stringify(answer.body).length).toBeLessThan(8192);
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test('are valid whatever the lists hold, and the body stays small', async () => {
    const lists = fc.oneof(anyValue, fc.array(anyValue, { maxLength: 5 }), fc.constant(Array(10_000).fill('a')));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...FORMATS),
        fc.constantFrom('fields', 'errors', 'allowed_transitions'),
        lists,
        async (format, name, value) => {
          const answer = await answerOf(
            defineConflicts({ format }).conflict('invalid_state', { [name]: value } as object),
          );
          expect(answer.status).toBe(409);
          expect(JSON.stringify(answer.body).length).toBeLessThan(128 * 1024);
        },
      ),
      {
        numRuns: runs(200),
        examples: [
          ['problem', 'fields', ['\ud800']],
          ['simple', 'errors', [{ pointer: '#/100%' }]],
        ],
      },
    );
  });
});

describe('a format of the application', () => {
  type Format = Extract<ConflictsOptions['format'], (...args: never[]) => unknown>;

  /** What TypeScript would refuse. */
  function answered(format: unknown): Promise<Answer> {
    return answerOf(defineConflicts({ format: format as Format }).conflict('busy'));
  }

  test('makes the body and its content type out of problem and context', async () => {
    const format = vi.fn<Format>(({ code }) => ({ body: { problem: code }, contentType: 'application/vnd.a+json' }));
    const conflicts = defineConflicts({ format });
    const context = { method: 'POST', headers: {} };
    const error = conflicts.translate(captured('pg/postgresql-18/unique'), context) as ConflictError;
    const { status, headers, body } = await answerOf(error);
    expect({ status, type: headers['content-type'], cache: headers['cache-control'], body }).toEqual({
      status: 409,
      type: 'application/vnd.a+json',
      cache: 'no-store',
      body: { problem: 'duplicate' },
    });
    expect(format).toHaveBeenCalledExactlyOnceWith(error.problem, context);
  });

  test('may give any JSON for a body', async () => {
    for (const body of [null, 0, '', 'text', false, [], { own: [1] }]) {
      const answer = await answered(() => ({ body, contentType: 'application/json' }));
      expect(answer.body).toEqual(JSON.parse(JSON.stringify(body)));
    }
  });

  test('may give a body that says itself what its JSON is', async () => {
    const format = (): { body: unknown; contentType: string } => ({
      body: { secret: 's3cret', toJSON: () => ({ own: true }) },
      contentType: 'application/json',
    });
    const error = defineConflicts({ format }).conflict('busy');
    expect((await answered(format)).body).toEqual({ own: true });
    expect(await error.getResponse().json()).toEqual({ own: true });
  });

  const cyclic: { self?: unknown } = {};
  cyclic.self = cyclic;
  const throwing = Object.defineProperty({}, 'body', {
    get() {
      throw new Error('s3cret');
    },
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('s3cret');
      },
    ],
    [
      'throws no error',
      () => {
        throw undefined;
      },
    ],
    ['gives nothing', () => undefined],
    ['gives null', () => null],
    ['gives a text', () => 's3cret'],
    ['gives a promise', async () => ({ body: {}, contentType: 'text/plain' })],
    ['gives no body', () => ({ contentType: 'text/plain' })],
    ['gives a function for a body', () => ({ body: () => 's3cret', contentType: 'text/plain' })],
    ['gives a symbol for a body', () => ({ body: Symbol('s3cret'), contentType: 'text/plain' })],
    ['gives a cyclic body', () => ({ body: cyclic, contentType: 'text/plain' })],
    ['gives a bigint in the body', () => ({ body: { version: 1n }, contentType: 'text/plain' })],
    ['gives a body that throws', () => throwing],
  ])('that %s gives way to the problem document', async (_name, format) => {
    const { status, headers, body } = await answered(format);
    expect({ status, type: headers['content-type'], retry: headers['retry-after'] }).toEqual({
      status: 503,
      type: 'application/problem+json',
      retry: '1',
    });
    expect(body).toMatchObject({ code: 'busy', status: 503, retryable: true, retry_after: 1, recovery: 'retry' });
  });

  test.each([
    ['text/html\r\nSet-Cookie: a=b'],
    ['text/html\0'],
    ['application/é'],
    [''],
    [' '],
    [undefined],
    [null],
    [7],
    [{}],
    [[]],
    [['text/html', 'text/plain']],
    [Symbol('text/html')],
  ])('with %o for a content type is sent as JSON', async (contentType) => {
    const format = (): unknown => ({ body: { own: true }, contentType });
    const { headers } = defineConflicts({ format: format as Format }).conflict('busy');
    expect(headers['Content-Type']).toMatch(/^application\/(problem\+)?json$/);
    expect((await answered(format)).status).toBe(503);
  });
});
