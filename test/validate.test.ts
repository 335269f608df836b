import { describe, expect, test } from 'vitest';
import { type ConflictsOptions, defineConflicts } from '../src/index.ts';
import { CODES } from '../src/problem.ts';
import { distance, nearest } from '../src/validate.ts';

/** What is thrown at definition: always a TypeError. */
function complaint(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error('The definition was expected to be refused');
}

describe('defineConflicts', () => {
  test('refuses unknown options', () => {
    // @ts-expect-error: there is no such option
    expect(complaint(() => defineConflicts({ rulez: {} }))).toBe(
      'Unknown member "rulez" in the options of defineConflicts(), did you mean "rules"?',
    );
    // @ts-expect-error: there is no such option
    expect(complaint(() => defineConflicts({ type_base: 'x:' }))).toBe(
      'Unknown member "type_base" in the options of defineConflicts(), did you mean "typeBase"?',
    );
    expect(complaint(() => defineConflicts(JSON.parse('{"__proto__":{"rules":{}}}') as object))).toMatch(
      /^Unknown member "__proto__" in the options of defineConflicts\(\), expected one of rules, /,
    );
  });

  test('refuses unknown members of a rule', () => {
    // @ts-expect-error: there is no such member
    expect(complaint(() => defineConflicts({ rules: { users_email_key: { feilds: ['email'] } } }))).toBe(
      'Unknown member "feilds" in the rule "users_email_key", did you mean "fields"?',
    );
    // @ts-expect-error: there is no such code
    expect(complaint(() => defineConflicts({ rules: { key: { reference_mising: {} } } }))).toBe(
      'Unknown member "reference_mising" in the rule "key", did you mean "reference_missing"?',
    );
    // @ts-expect-error: there is no such member
    expect(complaint(() => defineConflicts({ rules: { key: { duplicate: { ressource: 'user' } } } }))).toBe(
      'Unknown member "ressource" in the rule "key".duplicate, did you mean "resource"?',
    );
    // @ts-expect-error: the answer is known already, it cannot have another code
    expect(complaint(() => defineConflicts({ rules: { key: { duplicate: { code: 'conflict' } } } }))).toMatch(
      /^Unknown member "code" in the rule "key"\.duplicate, /,
    );
  });

  test('refuses a rule of both forms', () => {
    expect(
      complaint(() =>
        defineConflicts({
          // @ts-expect-error: words, or answers by code
          rules: { orders_customer_id_fkey: { resource: 'order', reference_in_use: { resource: 'customer' } } },
        }),
      ),
    ).toBe(
      'Expected the rule "orders_customer_id_fkey" to have either words or answers by code, got both "resource" and "reference_in_use"',
    );
  });

  test('refuses members of the wrong type', () => {
    // @ts-expect-error: a list
    expect(complaint(() => defineConflicts({ rules: { key: { fields: 'email' } } }))).toBe(
      'Expected the rule "key" to have an array of texts as "fields", got "email"',
    );
    // @ts-expect-error: a text or a function
    expect(complaint(() => defineConflicts({ rules: { key: { detail: 7 } } }))).toBe(
      'Expected the rule "key" to have a text that is not empty, or a function as "detail", got number',
    );
    // @ts-expect-error: one of the codes
    expect(complaint(() => defineConflicts({ rules: { key: { code: 'shipped' } } }))).toMatch(
      /^Expected the rule "key" to have one of duplicate, .* as "code", got "shipped"$/,
    );
    // @ts-expect-error: true or false
    expect(complaint(() => defineConflicts({ rules: { key: { conceal: 'yes' } } }))).toBe(
      'Expected the rule "key" to have true or false as "conceal", got "yes"',
    );
    // @ts-expect-error: a rule
    expect(complaint(() => defineConflicts({ rules: { key: 'Taken.' } }))).toBe(
      'Expected the rule "key" to be an object, got "Taken."',
    );
    // @ts-expect-error: words
    expect(complaint(() => defineConflicts({ rules: { key: { duplicate: 'Taken.' } } }))).toBe(
      'Expected the rule "key" to have an object as "duplicate", got "Taken."',
    );
  });

  test('refuses statuses that are none, and codes that do not exist', () => {
    // @ts-expect-error: there is no such code
    expect(complaint(() => defineConflicts({ status: { check_fail: 422 } }))).toBe(
      'Unknown member "check_fail" in status, did you mean "check_failed"?',
    );
    // @ts-expect-error: a number
    expect(complaint(() => defineConflicts({ status: { check_failed: '422' } }))).toBe(
      'Expected status to have an HTTP status from 400 to 599 as "check_failed", got "422"',
    );
    for (const status of [200, 399, 600, 409.5, Number.NaN, Number.POSITIVE_INFINITY, -409]) {
      expect(complaint(() => defineConflicts({ status: { duplicate: status } }))).toBe(
        'Expected status to have an HTTP status from 400 to 599 as "duplicate", got number',
      );
      expect(complaint(() => defineConflicts({ rules: { key: { status } } }))).toBe(
        'Expected the rule "key" to have an HTTP status from 400 to 599 as "status", got number',
      );
    }
  });

  test('refuses options of the wrong type', () => {
    // @ts-expect-error: one of the formats
    expect(complaint(() => defineConflicts({ format: 'xml' }))).toBe(
      'Expected the options of defineConflicts() to have one of problem, simple, jsonapi, or a function as "format", got "xml"',
    );
    // @ts-expect-error: one of the dialects
    expect(complaint(() => defineConflicts({ dialect: 'oracle' }))).toBe(
      'Expected the options of defineConflicts() to have one of postgresql, mysql, mariadb, sqlite as "dialect", got "oracle"',
    );
    // @ts-expect-error: translators
    expect(complaint(() => defineConflicts({ drivers: ['pg'] }))).toBe(
      'Expected the options of defineConflicts() to have an array of translators ({ name, owns, classify }) as "drivers", got object',
    );
    // @ts-expect-error: an object
    expect(complaint(() => defineConflicts(null))).toBe(
      'Expected the options of defineConflicts() to be an object, got null',
    );
    // @ts-expect-error: an object
    expect(complaint(() => defineConflicts('rules'))).toBe(
      'Expected the options of defineConflicts() to be an object, got "rules"',
    );
  });

  test.each([
    ['a list', []],
    ['a map', new Map()],
  ])('refuses %s for rules, which would be no rules', (_name, rules) => {
    expect(complaint(() => defineConflicts({ rules: rules as never }))).toMatch(
      /^Expected the options of defineConflicts\(\) to have .* as "rules", got object$/,
    );
  });

  test('refuses the bare PRIMARY, which is every primary key of MySQL', () => {
    expect(complaint(() => defineConflicts({ rules: { PRIMARY: { resource: 'user' } } }))).toBe(
      'Expected the key of a rule to say whose PRIMARY it is, like "users.PRIMARY" or "users(id)"',
    );
    expect(defineConflicts({ rules: { 'users.PRIMARY': { resource: 'user' } } })).toEqual(expect.any(Object));
  });

  test('shows no long text in a complaint', () => {
    const key = 's'.repeat(10_000);
    expect(complaint(() => defineConflicts({ format: key as 'problem' })).length).toBeLessThan(300);
    expect(complaint(() => defineConflicts({ [key]: 1 } as object)).length).toBeLessThan(11_000);
  });
});

describe('an option', () => {
  const translator = { name: 'none', owns: () => false, classify: () => undefined };
  const constraint = { kind: 'unique', name: 'users_email_key', table: 'users', columns: ['email'] };

  /** What each option may be, what it may not be, and what is said then. */
  const OPTIONS: Readonly<Record<string, readonly [good: readonly unknown[], bad: readonly unknown[], string]>> = {
    rules: [[{}, Object.create(null)], [null, [], 'users', 7, () => ({})], 'an object'],
    status: [[{}, { duplicate: 400, busy: 599 }, { duplicate: undefined }], [null, [], 409], 'an object'],
    typeBase: [['x:', ' '], ['', 7, null, {}], 'a text that is not empty'],
    format: [
      ['problem', 'simple', 'jsonapi', () => ({ body: {}, contentType: 'text/plain' })],
      ['', 'xml', 'toString', ['problem'], { problem: true }, null],
      'one of problem, simple, jsonapi, or a function',
    ],
    exposeColumns: [[true, false, () => undefined], ['true', 1, null], 'true or false, or a function'],
    drivers: [
      [[], [translator], [{ ...translator, name: 'some' }, translator]],
      [
        translator,
        { length: 0 },
        'pg',
        ['pg'],
        [null],
        [undefined],
        [translator, {}],
        [{}, translator],
        [{ ...translator, owns: true }],
        [{ ...translator, classify: undefined }],
      ],
      'an array of translators ({ name, owns, classify })',
    ],
    catalog: [
      [
        { dialect: 'postgresql', constraints: [] },
        { dialect: 'postgresql', constraints: [constraint] },
      ],
      [null, [], 'catalog', {}, { constraints: {} }, { constraints: ['users'] }, { constraints: [constraint, null] }],
      'a catalog ({ dialect, constraints })',
    ],
    dialect: [
      ['postgresql', 'mysql', 'mariadb', 'sqlite'],
      ['', 'oracle', 'constructor', ['mysql'], null],
      'one of postgresql, mysql, mariadb, sqlite',
    ],
    onUnregistered: [[() => {}, async () => {}], [true, null, {}], 'a function'],
    captureStack: [[true, false], ['', 0, null, () => true], 'true or false'],
  };

  test.each(Object.keys(OPTIONS))('%s is what it is meant to be, or absent', (name) => {
    const [good, bad, expected] = OPTIONS[name] as (typeof OPTIONS)[string];
    for (const value of [...good, undefined]) {
      expect(() => defineConflicts({ [name]: value } as ConflictsOptions)).not.toThrow();
    }
    const start = `Expected the options of defineConflicts() to have ${expected} as "${name}", got `;
    for (const value of bad) {
      expect(complaint(() => defineConflicts({ [name]: value } as ConflictsOptions)).slice(0, start.length)).toBe(
        start,
      );
    }
  });

  test('that does not exist is answered with those that do, when none is near', () => {
    expect(complaint(() => defineConflicts({ verbose: true } as ConflictsOptions))).toBe(
      `Unknown member "verbose" in the options of defineConflicts(), expected one of ${Object.keys(OPTIONS).join(', ')}`,
    );
  });

  test('that is a status is one from 400 to 599', () => {
    expect(() => defineConflicts({ status: { duplicate: 400, check_failed: 599 } })).not.toThrow();
    expect(complaint(() => defineConflicts({ status: { duplicate: 409, busy: 600 } }))).toBe(
      'Expected status to have an HTTP status from 400 to 599 as "busy", got number',
    );
  });
});

describe('a member of a rule', () => {
  const TEXT = 'a text that is not empty';
  const WORDS: Readonly<Record<string, readonly [good: readonly unknown[], bad: readonly unknown[], string]>> = {
    resource: [['user'], ['', 7, null, ['user']], TEXT],
    fields: [
      [[], ['email'], ['a', 'b']],
      ['email', { 0: 'email' }, ['', 'a'], ['a', ''], [7], null],
      'an array of texts',
    ],
    detail: [['Taken.', () => 'Taken.'], ['', 7, null, {}], `${TEXT}, or a function`],
    status: [[400, 422, 599], [399, 600, 422.5, '422', null], 'an HTTP status from 400 to 599'],
    type: [['x:y'], ['', 7, null, {}], TEXT],
    title: [['T'], ['', 7, null, () => 'T'], TEXT],
  };
  const ALONE: typeof WORDS = {
    code: [
      Object.keys(CODES),
      ['', 'shipped', 'toString', 7, null, ['busy']],
      `one of ${Object.keys(CODES).join(', ')}`,
    ],
    conceal: [[true, false], ['yes', 1, null], 'true or false'],
  };

  test.each(Object.entries({ ...WORDS, ...ALONE }))(
    '%s is what it is meant to be, or absent',
    (name, [good, bad, expected]) => {
      for (const value of [...good, undefined]) {
        expect(() => defineConflicts({ rules: { key: { [name]: value } } })).not.toThrow();
      }
      const start = `Expected the rule "key" to have ${expected} as "${name}", got `;
      for (const value of bad) {
        expect(complaint(() => defineConflicts({ rules: { key: { [name]: value } } })).slice(0, start.length)).toBe(
          start,
        );
      }
    },
  );

  test.each(Object.entries(WORDS))('%s is tested in an answer by code, too', (name, [good, bad, expected]) => {
    for (const value of good) {
      expect(() => defineConflicts({ rules: { key: { busy: {}, duplicate: { [name]: value } } } })).not.toThrow();
    }
    for (const value of bad) {
      expect(complaint(() => defineConflicts({ rules: { key: { busy: {}, duplicate: { [name]: value } } } }))).toMatch(
        `Expected the rule "key".duplicate to have ${expected} as "${name}", got `,
      );
    }
  });

  test('that does not exist is answered with those that do, when none is near', () => {
    const names = [...Object.keys(WORDS), ...Object.keys(ALONE), ...Object.keys(CODES)];
    expect(complaint(() => defineConflicts({ rules: { key: { visibility: 1 } as object } }))).toBe(
      `Unknown member "visibility" in the rule "key", expected one of ${names.join(', ')}`,
    );
    expect(complaint(() => defineConflicts({ rules: { key: { busy: { visibility: 1 } as object } } }))).toBe(
      `Unknown member "visibility" in the rule "key".busy, expected one of ${Object.keys(WORDS).join(', ')}`,
    );
  });

  test('may stand beside others of its form', () => {
    const rules = {
      words: { resource: 'order', fields: ['customer'], code: 'invalid_state', conceal: false },
      answers: { reference_missing: {}, reference_in_use: { resource: 'customer' } },
      nothing: {},
    } as const;
    expect(() => defineConflicts({ rules })).not.toThrow();
  });

  test('may not stand beside one of the other form, and the first of each is named', () => {
    const rule = { reference_in_use: {}, conceal: true, resource: 'order', reference_missing: {} } as object;
    expect(complaint(() => defineConflicts({ rules: { key: rule } }))).toBe(
      'Expected the rule "key" to have either words or answers by code, got both "conceal" and "reference_in_use"',
    );
  });

  test('is wrong in the second rule as in the first', () => {
    expect(complaint(() => defineConflicts({ rules: { one: {}, 'users(email)': { feilds: [] } as object } }))).toBe(
      'Unknown member "feilds" in the rule "users(email)", did you mean "fields"?',
    );
  });
});

describe('a name that does not exist', () => {
  test.each([
    ['busi', 'did you mean "busy"?'],
    ['BUSY', 'did you mean "busy"?'],
    ['bu', 'expected one of duplicate, busy, conflict'],
    ['buy', 'did you mean "busy"?'],
    ['bux', 'did you mean "busy"?'],
    ['b', 'expected one of duplicate, busy, conflict'],
    ['conflicting', 'did you mean "conflict"?'],
    ['conflictingly', 'did you mean "conflict"?'],
    ['conflictinglyy', 'expected one of duplicate, busy, conflict'],
    ['double', 'expected one of duplicate, busy, conflict'],
    ['', 'expected one of duplicate, busy, conflict'],
  ])('%j is answered with: %s', (name, answer) => {
    expect(nearest(name, ['duplicate', 'busy', 'conflict'])).toBe(answer);
  });

  test('is answered with the nearest of several that are near', () => {
    expect(nearest('users_email', ['users_mail', 'users_emails_x', 'users_emails', 'user_emails'])).toBe(
      'did you mean "users_mail"?',
    );
    expect(nearest('users_email', ['user_mail', 'users_emails', 'users_mail'])).toBe('did you mean "users_emails"?');
    expect(nearest('users_email', [])).toBe('expected one of ');
  });
});

describe('the distance of two texts', () => {
  /** As the definition says it. */
  function defined(a: string, b: string): number {
    if (a === '' || b === '') return a.length + b.length;
    const change = a[0] === b[0] ? 0 : 1;
    return Math.min(defined(a.slice(1), b) + 1, defined(a, b.slice(1)) + 1, defined(a.slice(1), b.slice(1)) + change);
  }

  const TEXTS = ['', 'a', 'b', 'ab', 'ba', 'abc', 'acb', 'cab', 'abca', 'bcab', 'abcab', 'cbaac'];

  test('is the fewest letters that are put in, taken out or changed', () => {
    const all = (of: typeof distance) => TEXTS.flatMap((a) => TEXTS.map((b) => [a, b, of(a, b)]));
    expect(all(distance)).toEqual(all(defined));
  });

  test('is what it is below a limit, and never less than the limit where it is more', () => {
    const all = (of: typeof distance) =>
      TEXTS.flatMap((a) =>
        TEXTS.flatMap((b) => [1, 2, 3, 4, 5].map((limit) => [a, b, limit, Math.min(of(a, b, limit), limit)])),
      );
    expect(all(distance)).toEqual(all(defined));
  });

  test.each([
    ['abcdefgh', 'xxxxxxxx', 2],
    ['abcdefgh', 'xxxxxxxx', 7],
    ['abcd', 'xbxx', 3],
    ['ab', 'xyz', 2],
    ['abz', 'xy', 2],
  ])('of %s and %s is given up at %i', (a, b, limit) => {
    expect(defined(a, b)).toBeGreaterThanOrEqual(limit);
    expect(distance(a, b, limit)).toBe(limit);
  });
});
