import { PLAIN } from './policy.ts';
import { CODES, FORMATS } from './problem.ts';

/** Checks what a programmer wrote once, at definition. Every complaint says what was expected and what came. */

type Test = readonly [holds: (value: unknown) => boolean, expected: string];
type Tests = { readonly [name: string]: Test };

/** True for an object with members, false for an array or a map, whose members would be overlooked. */
export const isRecord = (value: unknown): value is Record<string, unknown> =>
  Object.prototype.toString.call(value) === '[object Object]';
const isString: Test = [(value) => typeof value === 'string' && value !== '', 'a text that is not empty'];
const isFunction: Test = [(value) => typeof value === 'function', 'a function'];
const isBoolean: Test = [(value) => typeof value === 'boolean', 'true or false'];
const isObject: Test = [isRecord, 'an object'];
const isStatus: Test = [
  (value) => Number.isInteger(value) && (value as number) >= 400 && (value as number) < 600,
  'an HTTP status from 400 to 599',
];
const isTexts: Test = [(value) => Array.isArray(value) && value.every(isString[0]), 'an array of texts'];

const WORD_TESTS: Tests = {
  resource: isString,
  fields: isTexts,
  detail: or(isString, isFunction),
  status: isStatus,
  type: isString,
  title: isString,
};

const PLAIN_TESTS: Tests = { ...WORD_TESTS, code: oneOf(CODES), conceal: isBoolean };

const OPTION_TESTS: Tests = {
  rules: isObject,
  status: isObject,
  typeBase: isString,
  format: or(oneOf(FORMATS), isFunction),
  exposeColumns: or(isBoolean, isFunction),
  drivers: [
    (value) =>
      Array.isArray(value) &&
      value.every((driver) => typeof driver?.classify === 'function' && typeof driver.owns === 'function'),
    'an array of translators ({ name, owns, classify })',
  ],
  catalog: [
    (value) => isRecord(value) && Array.isArray(value.constraints) && value.constraints.every(isRecord),
    'a catalog ({ dialect, constraints })',
  ],
  dialect: oneOf({ postgresql: 0, mysql: 0, mariadb: 0, sqlite: 0 }),
  onUnregistered: isFunction,
  captureStack: isBoolean,
};

/** Throws a TypeError that names the first thing that is wrong with the options of `defineConflicts`. */
export function checkOptions(options: unknown): void {
  checkMembers('the options of defineConflicts()', options, OPTION_TESTS);
  const { rules, status } = options as { rules?: Record<string, unknown>; status?: unknown };
  if (status !== undefined) checkMembers('status', status, every(CODES, isStatus));
  for (const [key, rule] of Object.entries(rules ?? {})) checkRule(key, rule);
}

function checkRule(key: string, rule: unknown): void {
  const where = `the rule ${JSON.stringify(key)}`;
  if (key === 'PRIMARY') {
    throw new TypeError('Expected the key of a rule to say whose PRIMARY it is, like "users.PRIMARY" or "users(id)"');
  }
  checkMembers(where, rule, { ...PLAIN_TESTS, ...every(CODES, isObject) });
  const members = Object.keys(rule as object);
  const byCode = members.filter((member) => !PLAIN.includes(member));
  if (byCode.length > 0 && byCode.length < members.length) {
    const plain = members.find((member) => PLAIN.includes(member));
    throw new TypeError(
      `Expected ${where} to have either words or answers by code, got both "${plain}" and "${byCode[0]}"`,
    );
  }
  for (const code of byCode) checkMembers(`${where}.${code}`, (rule as Record<string, unknown>)[code], WORD_TESTS);
}

/** Throws unless the value is an object with only these members, each as its test wants it. `undefined` is absent. */
export function checkMembers(where: string, value: unknown, tests: Tests): void {
  if (!isRecord(value)) throw new TypeError(`Expected ${where} to be an object, got ${shown(value)}`);
  for (const name of Object.keys(value)) {
    const test = Object.hasOwn(tests, name) ? tests[name] : undefined;
    if (test === undefined) {
      throw new TypeError(`Unknown member "${name}" in ${where}, ${nearest(name, Object.keys(tests))}`);
    }
    if (value[name] !== undefined && !test[0](value[name])) {
      throw new TypeError(`Expected ${where} to have ${test[1]} as "${name}", got ${shown(value[name])}`);
    }
  }
}

/** `did you mean "rules"?`, or all names when none is near. */
export function nearest(name: string, names: readonly string[]): string {
  const near = names
    .map((other) => [distance(name.toLowerCase(), other), other] as const)
    .sort((a, b) => a[0] - b[0])[0];
  return near && near[0] <= 1 + name.length / 3 ? `did you mean "${near[1]}"?` : `expected one of ${names.join(', ')}`;
}

/** Levenshtein's: how many letters have to be put in, taken out or changed; `limit` as soon as it is no less. */
export function distance(a: string, b: string, limit: number = Number.POSITIVE_INFINITY): number {
  const row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    let diagonal = i - 1;
    let least = i;
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j] as number;
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const found = Math.min(above + 1, (row[j - 1] as number) + 1, diagonal + same);
      diagonal = above;
      row[j] = found;
      least = Math.min(least, found);
    }
    if (least >= limit) return limit;
  }
  return row[b.length] as number;
}

function oneOf(names: object): Test {
  return [
    (value) => typeof value === 'string' && Object.hasOwn(names, value),
    `one of ${Object.keys(names).join(', ')}`,
  ];
}

function or(a: Test, b: Test): Test {
  return [(value) => a[0](value) || b[0](value), `${a[1]}, or ${b[1]}`];
}

function every(names: object, test: Test): Tests {
  return Object.fromEntries(Object.keys(names).map((name) => [name, test]));
}

/** What came, without its content: it may be long, and a secret. */
export function shown(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, 40)) : value === null ? 'null' : typeof value;
}
