import { describe, expect, test, vi } from 'vitest';
import {
  CODES,
  FORMATS,
  identified,
  type Known,
  type ProblemCode,
  toPointer,
  toProblem,
  UNSEEN,
} from '../src/problem.ts';

const INSTANCE = 'urn:uuid:00000000-0000-4000-8000-000000000000';
const EVERY_CODE = Object.keys(CODES) as ProblemCode[];

/** One of each member that an application may know. */
const ALL = {
  type: 'https://example.com/',
  title: 'Title',
  detail: 'Sentence.',
  instance: INSTANCE,
  resource: 'thing',
  errors: [{ pointer: '#/name', code: 'invalid' }],
  current_version: 'v4',
  expected_version: 'v3',
  current_status: 'shipped',
  requested_transition: 'cancel',
  allowed_transitions: ['return'],
  retry_after: 7,
} as const satisfies Known;

/** The members that only some codes have. */
const OWN: { readonly [Code in ProblemCode]?: readonly (keyof Known)[] } = {
  version_mismatch: ['current_version', 'expected_version'],
  precondition_required: ['current_version', 'expected_version'],
  merge_conflict: ['current_version', 'expected_version'],
  invalid_state: ['current_status', 'requested_transition', 'allowed_transitions'],
};

/** The entries of a problem in their order: of what is known, and what the code says. */
function entriesOf(code: ProblemCode, known: Known): [string, unknown][] {
  const [status, recovery, , , sentence] = CODES[code];
  const retryable = recovery === 'retry';
  const given = (...names: readonly (keyof Known)[]): [string, unknown][] =>
    names.filter((name) => known[name] !== undefined).map((name) => [name, known[name]]);
  return [
    ['type', 'https://example.com/'],
    ['title', 'Title'],
    ['status', status],
    ['detail', known.detail ?? sentence],
    ['instance', INSTANCE],
    ['code', code],
    ...given('resource', 'errors', ...(OWN[code] ?? [])),
    ['retryable', retryable],
    ...(retryable ? [['retry_after', known.retry_after ?? 1] as [string, unknown]] : []),
    ['recovery', recovery],
  ];
}

describe('the members of a problem', () => {
  const { type, title, instance, ...others } = ALL;
  const always = { type, title, instance };
  const some = [
    {},
    others,
    ...Object.entries(others).map(([name, value]) => ({ [name]: value })),
    ...Object.keys(others).map((name) => ({ ...others, [name]: undefined })),
  ];

  test.each(EVERY_CODE)('of %s are those that are known and that it has, in the fixed order', (code) => {
    for (const known of some) {
      const problem = toProblem(code, CODES[code][0], { ...always, ...known });
      expect(Object.entries(problem)).toEqual(entriesOf(code, known));
    }
  });

  test.each(EVERY_CODE)('of %s are the same whether there are no errors or an empty list of them', (code) => {
    for (const resource of [undefined, 'thing']) {
      const none = toProblem(code, 409, { ...always, resource });
      expect(Object.entries(toProblem(code, 409, { ...always, resource, errors: [] }))).toEqual(Object.entries(none));
    }
  });
});

describe('the title', () => {
  // RFC 9110 section 15
  test.each([
    [400, 'Bad Request'],
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [409, 'Conflict'],
    [410, 'Gone'],
    [412, 'Precondition Failed'],
    [422, 'Unprocessable Content'],
    [423, 'Locked'],
    [428, 'Precondition Required'],
    [429, 'Too Many Requests'],
    [500, 'Internal Server Error'],
    [503, 'Service Unavailable'],
    [499, 'Duplicate value'],
  ])('of a %i without a type is the phrase of the status: %s', (status, phrase) => {
    expect(toProblem('duplicate', status, { title: 'Of a type' })).toMatchObject({
      type: 'about:blank',
      title: phrase,
    });
  });

  test('is that of the code for a type that has none of its own', () => {
    const type = 'https://example.com/taken';
    expect(toProblem('duplicate', 409, { type })).toMatchObject({ type, title: 'Duplicate value' });
    expect(toProblem('duplicate', 409, { type, title: 'Taken' }, 'https://other/')).toMatchObject({
      type,
      title: 'Taken',
    });
  });
});

describe('the instance', () => {
  /** More than are made of one filling. */
  const idsOf = (): string[] => Array.from({ length: 2000 }, () => toProblem('duplicate', 409, {}).instance as string);

  test('is a random UUID, another one each time', () => {
    const ids = idsOf();
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) {
      expect(id).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
      // By chance once in three billion ids.
      expect(id.replaceAll('-', '')).not.toMatch(/(\w)\1{9}/);
    }
  });

  test('is random from the first one on', async () => {
    vi.resetModules();
    const { toProblem: fresh } = await import('../src/problem.ts');
    expect(fresh('duplicate', 409, {}).instance).not.toMatch(/0{8}-0{4}/);
  });

  test('has every digit in every place', () => {
    const ids = idsOf();
    const places = Array.from(ids[0] as string, (_, at) => new Set(ids.map((id) => id[at])).size);
    expect(places.filter((digits) => digits > 1)).toEqual(Array(30).fill(16));
  });

  test('is kept where there is one, and made where there is none', () => {
    expect(toProblem('duplicate', 409, { instance: 'urn:a' }, undefined, 'urn:b').instance).toBe('urn:b');
    const problem = toProblem('duplicate', 409, { instance: INSTANCE });
    expect([identified(problem), problem.instance]).toEqual([problem, INSTANCE]);
  });

  test('is made for each occurrence of a problem that many share', () => {
    const shared = toProblem('duplicate', 409, {}, undefined, UNSEEN);
    const [one, other] = [identified(shared), identified(shared)];
    expect(one).toEqual({ ...shared, instance: expect.stringMatching(/^urn:uuid:/) });
    expect(one.instance).not.toBe(other.instance);
    expect(shared.instance).toBe(UNSEEN);
  });
});

describe('a field', () => {
  test.each([
    ['email', '#/email', 'email', '/data/attributes/email'],
    ['a/b', '#/a~1b', 'a/b', '/data/attributes/a~1b'],
    ['c~d', '#/c~0d', 'c~d', '/data/attributes/c~0d'],
    ['c~1/d', '#/c~01~1d', 'c~1/d', '/data/attributes/c~01~1d'],
    ['/owner/id', '#/owner/id', '/owner/id', '/data/attributes/owner/id'],
    ['/name', '#/name', 'name', '/data/attributes/name'],
    ['/a~1b', '#/a~1b', 'a/b', '/data/attributes/a~1b'],
    ['/a~2b', '#/~1a~02b', '/~1a~02b', '/data/attributes/~1a~02b'],
    ['/a~', '#/~1a~0', '/~1a~0', '/data/attributes/~1a~0'],
    ['', '#/', '', '/data/attributes/'],
    ['#', '#/%23', '#', '/data/attributes/#'],
    ['#a#b', '#/%23a%23b', '#a#b', '/data/attributes/#a#b'],
    ['zip code', '#/zip%20code', 'zip code', '/data/attributes/zip code'],
    ['ü🦄', '#/%C3%BC%F0%9F%A6%84', 'ü🦄', '/data/attributes/ü🦄'],
    ['\ud83e and \udd84', '#/%EF%BF%BD%20and%20%EF%BF%BD', '\ufffd and \ufffd', '/data/attributes/\ufffd and \ufffd'],
    [
      '/data/relationships/author',
      '#/data/relationships/author',
      '/data/relationships/author',
      '/data/relationships/author',
    ],
    ['data', '#/data', 'data', '/data/attributes/data'],
  ])('%j is %s, and %j and %s in the other formats', (field, pointer, simple, jsonapi) => {
    expect(toPointer(field)).toBe(pointer);
    expect(inFormats(pointer)).toEqual([[simple], jsonapi]);
  });

  test('that is no pointer of a URI stays as the application wrote it', () => {
    expect(inFormats('#/100%')).toEqual([['100%'], '/data/attributes/100%']);
  });

  function inFormats(pointer: string): unknown[] {
    const problem = toProblem('duplicate', 409, { errors: [{ pointer, code: 'taken' }] });
    const { fields } = FORMATS.simple(problem).body as { fields: string[] };
    const { errors } = FORMATS.jsonapi(problem).body as { errors: { source: { pointer: string } }[] };
    return [fields, errors[0]?.source.pointer];
  }
});

describe('a body', () => {
  const FULL = toProblem('duplicate', 409, ALL);
  const BARE = toProblem('busy', 503, { instance: INSTANCE });

  test('is the problem itself', () => {
    expect(FORMATS.problem(FULL)).toEqual({ body: FULL, contentType: 'application/problem+json' });
    expect(FORMATS.problem(FULL).body).toBe(FULL);
  });

  test('in the simple format says the error, its fields, and what a client needs', () => {
    expect(FORMATS.simple(FULL)).toStrictEqual({
      body: {
        error: 'conflict',
        message: 'Sentence.',
        code: 'duplicate',
        resource: 'thing',
        fields: ['name'],
        instance: INSTANCE,
        retryable: false,
        recovery: 'change_input',
      },
      contentType: 'application/json',
    });
    expect(FORMATS.simple(BARE)).toStrictEqual({
      body: {
        error: 'conflict',
        message: CODES.busy[4],
        code: 'busy',
        instance: INSTANCE,
        retryable: true,
        retry_after: 1,
        recovery: 'retry',
      },
      contentType: 'application/json',
    });
  });

  test('of JSON:API is an error object for each field, or one without a field', () => {
    const errors = [
      { pointer: '#/name', code: 'invalid' },
      { pointer: '#/age', code: 'required', detail: 'Say it.' },
    ] as const;
    const common = { id: INSTANCE, links: { type: ALL.type }, status: '409', code: 'duplicate', title: 'Title' };
    const meta = { resource: 'thing', retryable: false, recovery: 'change_input' };
    expect(FORMATS.jsonapi(toProblem('duplicate', 409, { ...ALL, errors }))).toStrictEqual({
      body: {
        errors: [
          {
            ...common,
            detail: 'Sentence.',
            source: { pointer: '/data/attributes/name' },
            meta: { code: 'invalid', ...meta },
          },
          {
            ...common,
            detail: 'Say it.',
            source: { pointer: '/data/attributes/age' },
            meta: { code: 'required', ...meta },
          },
        ],
      },
      contentType: 'application/vnd.api+json',
    });
    expect(FORMATS.jsonapi(BARE)).toStrictEqual({
      body: {
        errors: [
          {
            id: INSTANCE,
            status: '503',
            code: 'busy',
            title: 'Service Unavailable',
            detail: CODES.busy[4],
            meta: { retryable: true, retry_after: 1, recovery: 'retry' },
          },
        ],
      },
      contentType: 'application/vnd.api+json',
    });
  });
});
