import { describe, expect, test } from 'vitest';
import { knownOf } from '../src/conflict.ts';
import { CODES, FORMATS, type Known, type ProblemCode, type ProblemError, toProblem } from '../src/problem.ts';

const EVERY_CODE = Object.keys(CODES) as ProblemCode[];
const EVERY_ERROR_CODE: ProblemError['code'][] = ['taken', 'not_found', 'in_use', 'invalid', 'overlaps', 'required'];

const LONGEST = 'x'.repeat(256);

/** What the library takes of one member. */
function taken(name: string, value: unknown, code: ProblemCode = 'invalid_state'): unknown {
  return (knownOf(code, { [name]: value }) as Record<string, unknown>)[name];
}

describe('a text', () => {
  test.each([
    ['a', 'a'],
    ['', undefined],
    [7, '7'],
    [7n, '7'],
    [LONGEST, LONGEST],
    [`${LONGEST.slice(1)}\ud83e`, `${LONGEST.slice(1)}\ud83e`],
    [`${LONGEST}y`, LONGEST],
    [`${LONGEST.slice(1)}🦄`, LONGEST.slice(1)],
    [`🦄${LONGEST}`, `🦄${LONGEST.slice(2)}`],
    [true, undefined],
    [null, undefined],
    [{}, undefined],
    [Symbol('a'), undefined],
  ])('%# is cut where it is too long, and left out where it is none', (value, expected) => {
    for (const name of ['type', 'title', 'detail', 'instance', 'resource', 'current_status', 'requested_transition']) {
      expect(taken(name, value), name).toBe(expected);
    }
  });
});

describe('a version', () => {
  test.each([
    ['v4', 'v4'],
    ['', undefined],
    [0, '0'],
    [4n, '4'],
    [LONGEST, LONGEST],
    [`${LONGEST}y`, undefined],
    [10n ** 256n, undefined],
    [true, undefined],
    [{}, undefined],
    [Symbol('v4'), undefined],
  ])('%# is whole or left out', (value, expected) => {
    for (const name of ['current_version', 'expected_version']) {
      expect(taken(name, value, 'version_mismatch'), name).toBe(expected);
    }
  });
});

test('a wait is a whole number of seconds, a day at most', () => {
  const values = [0, 1, 1.2, 86_400, 86_401, Number.POSITIVE_INFINITY, -1, Number.NaN, '5', 5n, null];
  expect(values.map((value) => taken('retry_after', value, 'busy'))).toEqual([
    ...[0, 1, 2, 86_400, 86_400, 86_400],
    ...Array(5).fill(undefined),
  ]);
});

test('a list has sixteen texts at most', () => {
  const many = Array.from({ length: 17 }, (_, at) => `item ${at}`);
  expect(taken('allowed_transitions', many)).toEqual(many.slice(0, 16));
  expect(taken('allowed_transitions', ['a', '', {}, 7, `${LONGEST}y`])).toEqual(['a', '7', LONGEST]);
  expect(taken('allowed_transitions', 'a')).toBeUndefined();
});

describe('errors', () => {
  test('are sixteen at most', () => {
    const many = Array.from({ length: 17 }, (_, at) => ({ pointer: `#/${at}`, code: 'invalid' }));
    expect(taken('errors', many)).toEqual(many.slice(0, 16));
  });

  test('have a pointer, a code and perhaps a sentence, and nothing else', () => {
    const given = [
      ...EVERY_ERROR_CODE.map((code) => ({ pointer: '#/a', code })),
      { pointer: '#/a', code: 'odd' },
      { pointer: '#/a', code: 'taken', detail: 'Taken.', value: 's3cret' },
      { pointer: `#${LONGEST}`, code: 'taken', detail: `${LONGEST}y` },
      { code: 'taken', detail: 'Taken.' },
      { pointer: '' },
      undefined,
      null,
    ];
    expect(taken('errors', given)).toStrictEqual([
      ...EVERY_ERROR_CODE.map((code) => ({ pointer: '#/a', code })),
      { pointer: '#/a', code: 'invalid' },
      { pointer: '#/a', code: 'taken', detail: 'Taken.' },
      { pointer: `#${LONGEST.slice(1)}`, code: 'taken', detail: LONGEST },
    ]);
    expect(taken('errors', { length: 1 })).toBeUndefined();
  });

  test('are made of fields, with the code that the conflict gives, where there are none', () => {
    const fields = ['email', '/owner/id'];
    const made = [
      { pointer: '#/email', code: 'taken' },
      { pointer: '#/owner/id', code: 'taken' },
    ];
    expect(knownOf('duplicate', { fields }).errors).toEqual(made);
    expect(knownOf('duplicate', { fields, errors: undefined }).errors).toEqual(made);
    expect(knownOf('duplicate', { fields, errors: made.slice(1) }).errors).toEqual(made.slice(1));
    expect(knownOf('duplicate', { fields: 'email' }).errors).toBeUndefined();
  });
});

describe('a member', () => {
  const always = ['type', 'title', 'detail', 'instance', 'resource', 'errors', 'fields'];
  const versions = ['current_version', 'expected_version'];
  const state = ['current_status', 'requested_transition', 'allowed_transitions'];
  const own: { readonly [Code in ProblemCode]?: string[] } = {
    version_mismatch: versions,
    precondition_required: versions,
    merge_conflict: versions,
    invalid_state: state,
    contention: ['retry_after'],
    busy: ['retry_after'],
    idempotency_in_progress: ['retry_after'],
  };

  test.each(EVERY_CODE)('that %s does not have is refused', (code) => {
    const known = [...always, ...(own[code] ?? [])];
    for (const name of [...always, ...versions, ...state, 'retry_after', 'status', 'toString', '__proto__']) {
      const members = JSON.parse(`{"${name}":null}`) as object;
      if (known.includes(name)) expect(Object.keys(knownOf(code, members)), name).toEqual([name]);
      else expect(() => knownOf(code, members), name).toThrow(`Unknown member "${name}" of a conflict, `);
    }
  });

  test('that is misspelled is refused with the nearest name', () => {
    expect(() => knownOf('busy', { retry_afer: 1 })).toThrow(
      new TypeError('Unknown member "retry_afer" of a conflict, did you mean "retry_after"?'),
    );
  });
});

test.each([
  ['dublicate', {}, 'Unknown code "dublicate", did you mean "duplicate"?'],
  ['toString', {}, `Unknown code "toString", expected one of ${EVERY_CODE.join(', ')}`],
  [409, {}, 'Expected the code of a conflict to be a text, got number'],
  [['duplicate'], {}, 'Expected the code of a conflict to be a text, got object'],
  ['duplicate', null, 'Expected the members of a conflict to be an object, got null'],
  ['duplicate', ['fields'], 'Expected the members of a conflict to be an object, got object'],
  ['duplicate', 'fields', 'Expected the members of a conflict to be an object, got "fields"'],
])('a conflict of %j with %j is a bug, and says so', (code, members, message) => {
  expect(() => knownOf(code as ProblemCode, members as object)).toThrow(new TypeError(message));
});

describe('a body', () => {
  /** Six times as long in JSON. */
  const WIDE = '\u0001'.repeat(256);
  const wideErrors = Array.from({ length: 16 }, () => ({ pointer: WIDE, code: 'invalid' }));
  const wideList = Array.from({ length: 16 }, () => WIDE);
  const rest = { type: WIDE, resource: WIDE, current_status: WIDE, requested_transition: WIDE };

  /** Bytes in the format that repeats the most. */
  function sizeOf(code: ProblemCode, known: Known): number {
    return Buffer.byteLength(JSON.stringify(FORMATS.jsonapi(toProblem(code, CODES[code][0], known)).body));
  }

  test.each<[what: string, members: Record<string, unknown>, left: string[]]>([
    ['nothing that fits', rest, []],
    ['the transitions first', { detail: WIDE, title: 'T', allowed_transitions: wideList }, ['allowed_transitions']],
    [
      'then the errors',
      { detail: WIDE, errors: wideErrors, allowed_transitions: ['a'] },
      ['errors', 'allowed_transitions'],
    ],
    ['then the sentence', { ...rest, title: 'T', instance: 'urn:a', detail: WIDE }, ['detail']],
    ['then the title', { ...rest, title: WIDE, instance: 'urn:a', detail: 'D' }, ['title', 'detail']],
    ['then the instance', { ...rest, title: 'T', instance: WIDE, detail: 'D' }, ['title', 'instance', 'detail']],
    [
      'all of these and no more',
      {
        ...rest,
        title: WIDE,
        instance: WIDE,
        detail: WIDE,
        errors: wideErrors,
        allowed_transitions: wideList,
      },
      ['title', 'instance', 'detail', 'errors', 'allowed_transitions'],
    ],
  ])('that is too large leaves out %s', (_, members, left) => {
    const known = knownOf('invalid_state', members);
    expect(Object.keys(members).filter((name) => !(name in known))).toEqual(left);
    expect(known).toEqual(Object.fromEntries(Object.entries(members).filter(([name]) => !left.includes(name))));
    expect(sizeOf('invalid_state', known)).toBeLessThanOrEqual(7500);
  });

  test('that is too large loses the sentences of its errors before anything else', () => {
    const errors = Array.from({ length: 16 }, (_, at) => ({ pointer: `#/${at}`, code: 'invalid', detail: LONGEST }));
    const members = { resource: 'order', errors, allowed_transitions: ['cancel'] };
    expect(knownOf('invalid_state', members)).toStrictEqual({
      ...members,
      errors: errors.map(({ pointer, code }) => ({ pointer, code })),
    });
    expect(knownOf('invalid_state', { errors: errors.slice(0, 2) }).errors).toEqual(errors.slice(0, 2));
  });

  test('is counted in bytes, and may have 7500', () => {
    const accents = 'é'.repeat(256);
    const members = (detail: string) => ({ ...rest, instance: WIDE, title: accents, resource: accents, detail });
    const room = 7500 - sizeOf('invalid_state', members(''));
    expect(room).toBeGreaterThan(0);
    expect(room).toBeLessThan(256);
    expect(knownOf('invalid_state', members('d'.repeat(room))).detail).toBe('d'.repeat(room));
    expect(knownOf('invalid_state', members('d'.repeat(room + 1)))).not.toHaveProperty('detail');
  });
});
