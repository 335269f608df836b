import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Conflict, conflictOf, parseConflict } from '../../src/client/index.ts';
import { type ConflictOptions, conflict, defineConflicts } from '../../src/index.ts';
import { CODES, FORMATS, type Known, type Problem, type ProblemCode, toPointer, toProblem } from '../../src/problem.ts';
import { runs } from '../effort.ts';

// What our server says arrives: parse(format(x)) is x, for every code and format.

const codes = Object.keys(CODES) as ProblemCode[];

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom('__proto__', 'constructor', '', '"', '%'),
);

/** A name of the body's top level, or a JSON Pointer that does not go to where JSON:API keeps its attributes. */
const field = fc
  .oneof(
    text,
    fc.constantFrom('a/b', 'a~b', '~1', '#', 'items.0', '/items/0/quantity', '/a~1b/c', 'Straße', '%25'),
    fc.constantFrom('/', '//', '~', '/~', '/~/a', '/~2', '/~0', '/a/~', '/~01', '/\n'),
  )
  .filter((name) => !name.startsWith('/data/attributes/'));

const ERROR_CODES = ['taken', 'not_found', 'in_use', 'invalid', 'overlaps', 'required'] as const;

const errors = fc.array(field, { minLength: 1, maxLength: 5 });

const known = fc.record(
  {
    detail: text,
    instance: fc.uuid().map((id) => `urn:uuid:${id}`),
    resource: text,
    current_version: text,
    expected_version: text,
    current_status: text,
    requested_transition: text,
    allowed_transitions: fc.array(text, { maxLength: 20 }),
    retry_after: fc.nat(86_400),
  },
  { requiredKeys: [] },
);

const problem: fc.Arbitrary<Problem> = fc
  .record({ code: fc.constantFrom(...codes), known, fields: fc.option(errors, { nil: undefined }) })
  .map(({ code, known, fields }) =>
    toProblem(code, CODES[code][0], {
      ...(known as Known),
      errors: fields?.map((each) => ({ pointer: toPointer(each), code: CODES[code][2] })),
    }),
  );

/** With an address and a title of its own, another status, and sentences for its fields. */
const elaborate = fc
  .record({
    problem,
    typeBase: fc.constantFrom('https://example.com/problems/', '/problems/'),
    status: fc.integer({ min: 400, max: 599 }),
  })
  .map(({ problem, typeBase, status }) => ({
    ...toProblem(problem.code, status, problem as Known, typeBase),
    type: typeBase + problem.code,
    title: CODES[problem.code][3],
  })) as fc.Arbitrary<Problem>;

type Format = keyof typeof FORMATS;

/** The answer as it arrives: the body has been text. */
function answer(problem: Problem, format: Format): { status: number; headers: Record<string, string>; body: unknown } {
  const { body, contentType } = FORMATS[format](problem);
  return { status: problem.status, headers: { 'Content-Type': contentType }, body: JSON.parse(JSON.stringify(body)) };
}

/** What is expected: a problem that has been text. */
const asJson = (value: Problem): Conflict => JSON.parse(JSON.stringify(value)) as Conflict;

describe('parseConflict', () => {
  test.each(['problem', 'simple', 'jsonapi'] as const)('reads from the format %s what was written', async (format) => {
    await fc.assert(
      fc.asyncProperty(problem, async (problem) => {
        expect(await parseConflict(answer(problem, format))).toStrictEqual(asJson(problem));
      }),
      { numRuns: runs(1000) },
    );
  });

  test('reads any type, title and status from a problem document and from JSON:API', async () => {
    await fc.assert(
      fc.asyncProperty(elaborate, fc.constantFrom<Format>('problem', 'jsonapi'), async (problem, format) => {
        expect(await parseConflict(answer(problem, format))).toStrictEqual(asJson(problem));
      }),
      { numRuns: runs(500) },
    );
  });

  test('knows of the simple format all but type and title', async () => {
    await fc.assert(
      fc.asyncProperty(elaborate, async (problem) => {
        const parsed = await parseConflict(answer(problem, 'simple'));
        expect({ ...parsed, title: '' }).toStrictEqual({ ...asJson(problem), type: 'about:blank', title: '' });
      }),
      { numRuns: runs(500) },
    );
  });

  test('reads any errors, with a sentence each from a problem document, without from JSON:API', async () => {
    const entry = fc.record({
      name: field,
      code: fc.constantFrom(...ERROR_CODES),
      detail: fc.option(fc.string({ unit: 'binary' }), { nil: undefined }),
    });
    const entries = fc.array(entry, { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(problem, entries, fc.boolean(), async (plain, entries, isDocument) => {
        const errors = entries.map(({ name, code, detail }) => ({
          pointer: toPointer(name),
          code,
          ...(isDocument && detail !== undefined && { detail }),
        }));
        const { code, status } = plain;
        const problem = toProblem(code, status, { ...(plain as Known), errors });
        const parsed = await parseConflict(answer(problem, isDocument ? 'problem' : 'jsonapi'));
        expect(parsed).toStrictEqual(asJson(problem));
      }),
      { numRuns: runs(300) },
    );
  });

  test('parses what it parsed to itself, also at once', async () => {
    await fc.assert(
      fc.asyncProperty(problem, async (problem) => {
        const parsed = await parseConflict(asJson(problem));
        expect(parsed).toStrictEqual(asJson(problem));
        expect(conflictOf(parsed)).toStrictEqual(parsed);
      }),
    );
  });

  test.each(codes)('narrows %s by its code, from a real answer in each format', async (code) => {
    for (const format of ['problem', 'simple', 'jsonapi'] as const) {
      const { conflict } = defineConflicts({ format });
      const error = conflict(code, { fields: ['email', '/items/0/quantity'], instance: 'urn:uuid:1' } as never);
      expect(await parseConflict(error.getResponse())).toStrictEqual(asJson(error.problem));
    }
  });

  test.each([
    ['/a~1b/0', '#/a~1b/0'],
    ['/', '#/'],
    ['/~', '#/~1~0'],
    ['/items/~2', '#/~1items~1~02'],
  ])('points to %j, a path or a name, in each format', async (name, pointer) => {
    for (const format of ['problem', 'simple', 'jsonapi'] as const) {
      const error = defineConflicts({ format }).conflict('duplicate', { fields: [name] });
      expect(error.problem.errors).toEqual([{ pointer, code: 'taken' }]);
      expect((await parseConflict(error.getResponse()))?.errors).toEqual([{ pointer, code: 'taken' }]);
    }
  });

  test('keeps the sentences of fields in a problem document, and in JSON:API the first for all', async () => {
    const members = {
      detail: 'Two are wrong.',
      instance: 'urn:uuid:1',
      errors: [
        { pointer: '#/email', code: 'taken', detail: 'Taken.' },
        { pointer: '#/name', code: 'invalid', detail: 'Too long.' },
      ],
    } as const;
    const { problem } = conflict('duplicate', members, {} satisfies ConflictOptions);
    expect(await parseConflict(answer(problem, 'problem'))).toStrictEqual(asJson(problem));
    expect(await parseConflict(answer(problem, 'jsonapi'))).toStrictEqual({
      ...asJson(problem),
      detail: 'Taken.',
      errors: [
        { pointer: '#/email', code: 'taken' },
        { pointer: '#/name', code: 'invalid', detail: 'Too long.' },
      ],
    });
  });

  test('has the table of the server', async () => {
    for (const code of codes) {
      const [status, recovery, field] = CODES[code];
      const parsed = await parseConflict({ status, body: { code, fields: ['a'] } });
      expect([parsed?.recovery, parsed?.errors?.[0]?.code]).toEqual([recovery, field]);
    }
  });
});
