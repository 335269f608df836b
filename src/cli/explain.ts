import type { Constraint } from '../catalog/index.ts';
import { ERRNOS_LEFT_ALONE, RESULT_CODES_LEFT_ALONE, SQLSTATES_LEFT_ALONE } from '../dialects/left-alone.ts';
import { ERRNOS, mysqlViolation } from '../dialects/mysql.ts';
import { postgresqlViolation } from '../dialects/postgresql.ts';
import { RESULT_CODES, resultCodeOf, sqliteViolation } from '../dialects/sqlite.ts';
import { definePolicy } from '../policy.ts';
import type { Problem } from '../problem.ts';
import { SQLSTATES } from '../sqlstate.ts';
import type { Violation, ViolationKind } from '../violation.ts';
import { ruleOf } from './emit.ts';
import { CONNECTION_CODES, ERRNO_NAMES, SQLSTATE_NAMES, TEXTS } from './names.ts';
import { meantBy } from './nearest.ts';
import { type Output, printable } from './terminal.ts';
import { stubOf } from './words.ts';

export interface ExplainCommand {
  /** A code, its name, or an error's text. */
  readonly text: string;
  readonly json: boolean;
}

type GivenAnswer = Pick<Problem, 'status' | 'code' | 'recovery' | 'retryable'>;

/** What a code means, and how it is answered. */
interface Explanation {
  readonly code: string;
  /** Name of the code, where it has one. */
  readonly name?: string;
  /** Whose code it is. */
  readonly of: string;
  /** Absent for a code that is left alone. */
  readonly kind?: ViolationKind;
  readonly meaning: string;
  /**
   * None where the error is passed through: without a rule of the application's that is a 500. Several where more than
   * the code has to be known.
   */
  readonly answers: readonly GivenAnswer[];
  readonly why: string;
  /** What the text names. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** The rule to add. */
  readonly rule?: string;
}

/** `explain`: what a code or a text means, which answer it gives, and why. */
export function explainCommand({ text, json }: ExplainCommand, output: Output): number {
  const explanations = explain(text);
  if (json) {
    output.write(`${JSON.stringify(explanations, null, 2)}\n`);
  } else if (explanations.length === 0) {
    const near = meantBy(text.trim().slice(0, 65).toUpperCase(), CODES);
    const nearest = text.trim().length <= 64 && near !== undefined ? ` The nearest is ${near}.` : '';
    const hint = /^P[1-6]\d{3}$/i.test(text.trim()) ? PRISMA : nearest;
    output.write(`No code and no text of PostgreSQL, MySQL, MariaDB or SQLite is known in this.${hint}\n`);
  } else {
    output.write(explanations.map((explanation) => shown(explanation, output)).join('\n'));
  }
  return explanations.length === 0 ? 1 : 0;
}

/** Source: https://www.prisma.io/docs/orm/reference/error-reference */
const PRISMA =
  ' It looks like one of Prisma, which says less than the database: see meta.driverAdapterError.cause in it.';

function shown({ code, name, of, kind, meaning, answers, why, facts, rule }: Explanation, output: Output): string {
  const label = (text: string) => output.style('dim', text.padEnd(16));
  const title = [code, name === code ? undefined : name, kind === name ? undefined : kind].filter(Boolean).join('  ');
  const given = answers.map(
    (answer) =>
      `${output.style('green', `${answer.status} ${answer.code}`)}, recovery ${answer.recovery}` +
      `${answer.retryable ? ', the same request may be sent again' : ''}`,
  );
  const none = output.style('yellow', 'none: it is passed through, which is a 500');
  const lines = [
    `${output.style('bold', title)}  ${of}`,
    `  ${label('meaning')}${meaning}`,
    `  ${label('answer')}${given.join(`\n  ${label('or')}`) || none}`,
    `  ${label('why')}${why}`,
    ...Object.entries(facts ?? {}).map(([fact, value]) => `  ${label(fact)}${printable(String(value))}`),
    ...(rule === undefined ? [] : [`  ${label('rule')}${rule.replaceAll('\n', '\n  ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** Everything that a text can mean; nothing when it has no code and no sentence that is known. */
export function explain(text: string): Explanation[] {
  const given = text.slice(0, LONGEST).trim();
  const whole = byCode(given, '');
  if (whole.length > 0) return whole;
  for (const code of codesIn(given)) {
    const found = byCode(code, given);
    if (found.length > 0) return found;
  }
  const known = knownIn(given);
  if (known !== undefined) return byCode(known.code, given);
  // MariaDB's sentence of a check: CONSTRAINT `name` failed for `database`.`table`
  return given.includes('CONSTRAINT `') && given.includes('` failed for `') ? byCode('4025', given) : [];
}

/** Longer texts are no errors. */
const LONGEST = 65_536;

/** What in a text may be a code, as errors are printed. */
function codesIn(text: string): string[] {
  const patterns = [
    /\b(SQLITE_[A-Z_]+)\b/g,
    /\b((?:ER|WARN)_[A-Z\d_]+)\b/g,
    /\berrno['"]?\s*[:=]\s*['"]?(\d{1,5})\b/g,
    /\bERROR (\d{3,5}) \(\w{5}\)/g,
    /\b(?:code|sqlState|SQLSTATE|original(?:Code|_code))['"]?\s*[:=(]?\s*['"]?([\dA-Z]{5}|\d{3,5})\b/g,
    /\bERROR:?\s+([\dA-Z]{5}):/g,
    /\b(PROTOCOL_CONNECTION_LOST|E[A-Z]{4,})\b/g,
  ];
  return patterns.flatMap((pattern) => Array.from(text.matchAll(pattern), ([, code]) => code as string));
}

/** The meanings of a code or a name: a number can be MySQL's and SQLite's. */
function byCode(given: string, text: string): Explanation[] {
  const code = given.toUpperCase();
  return [...postgresql(code, text), ...mysql(code, text), ...sqlite(code, text), ...connection(code)];
}

function postgresql(given: string, text: string): Explanation[] {
  const code = SQLSTATES.has(given) ? given : (stateNamed(given.toLowerCase()) ?? given);
  const kind = SQLSTATES.get(code);
  const of = 'PostgreSQL';
  if (kind === undefined) {
    const reason = own(SQLSTATES_LEFT_ALONE, code);
    return reason === undefined ? [] : [leftAlone(code, of, reason)];
  }
  const violation = postgresqlViolation('pg', { code, ...fieldsIn(text) });
  return [explained(code, SQLSTATE_NAMES[code] ?? kind, of, kind, violation)];
}

/** The SQLSTATE of a condition name, as PL/pgSQL has it: `unique_violation`. */
function stateNamed(name: string): string | undefined {
  return [...SQLSTATES].find(([code, kind]) => (SQLSTATE_NAMES[code] ?? kind) === name)?.[0];
}

/** The fields that a text of PostgreSQL repeats. English, as it was pasted. */
function fieldsIn(text: string): {
  message: string;
  detail?: string;
  table?: string;
  constraint?: string;
  column?: string;
} {
  const named = (label: string) => new RegExp(`\\b${label} "([^"\\n]{1,63})"`).exec(text)?.[1];
  const given = (label: string) => new RegExp(`\\b${label}['"]?: ?['"]([^'"\\n]{1,63})['"]`).exec(text)?.[1];
  const constraint = named('constraint') ?? given('constraint');
  const message = text.split('\n').find((line) => constraint !== undefined && line.includes(`"${constraint}"`)) ?? text;
  // A message names the child last where it names two tables: `update or delete on table "a" violates … on table "b"`.
  const tables = Array.from(message.matchAll(/\b(?:table|relation) "([^"\n]{1,63})"/g), ([, name]) => name);
  const table = given('table') ?? tables.at(-1);
  const column = named('column') ?? given('column');
  const detail = /\bKey \([^\n]*/.exec(text)?.[0];
  return {
    message,
    ...(detail !== undefined && { detail }),
    ...(table !== undefined && { table }),
    ...(constraint !== undefined && { constraint }),
    ...(column !== undefined && { column }),
  };
}

function mysql(code: string, text: string): Explanation[] {
  const number = ERRNO_NAMES[code] ?? code;
  // Some numbers are a violation with one SQLSTATE only: the other server has another use for them.
  const keyed = ERRNOS.has(number) ? number : [...ERRNOS.keys()].find((key) => key.startsWith(`${number}/`));
  const name = Object.keys(ERRNO_NAMES).find((other) => ERRNO_NAMES[other] === number);
  if (keyed === undefined) {
    const left = own(ERRNOS_LEFT_ALONE, number) === undefined ? leftAloneByName(code) : number;
    const reason = left === undefined ? undefined : ERRNOS_LEFT_ALONE[left];
    return left === undefined || reason === undefined ? [] : [leftAlone(left, 'MySQL and MariaDB', reason)];
  }
  const kind = ERRNOS.get(keyed) as ViolationKind;
  const [, sqlState] = keyed.split('/');
  const error = { errno: Number(number), sqlState: sqlState ?? '', sqlMessage: sentenceIn(text) };
  const of = sqlState === undefined ? 'MySQL and MariaDB' : 'MariaDB';
  return [explained(number, name, of, kind, mysqlViolation('mysql2', error))];
}

function leftAloneByName(name: string): string | undefined {
  return Object.keys(ERRNOS_LEFT_ALONE).find((number) => ERRNOS_LEFT_ALONE[number]?.startsWith(`${name}:`));
}

function sqlite(given: string, text: string): Explanation[] {
  const code = resultCodeOf(Number(given)) ?? numbered(given) ?? given;
  const kind = RESULT_CODES.get(code);
  if (kind === undefined) {
    const reason = own(RESULT_CODES_LEFT_ALONE, code);
    return reason === undefined ? [] : [leftAlone(code, 'SQLite', reason)];
  }
  const explanation = explained(code, code, 'SQLite', kind, sqliteViolation('better-sqlite3', code, sentenceIn(text)));
  if (code !== 'SQLITE_CONSTRAINT_TRIGGER') return [explanation];
  return [
    {
      ...explanation,
      meaning: `${explanation.meaning} SQLite's RESTRICT has this code, too: then it is a foreign key.`,
    },
  ];
}

/** The name of a number that is left alone: `SQLITE_FULL: '13: …'`. */
function numbered(number: string): string | undefined {
  return Object.keys(RESULT_CODES_LEFT_ALONE).find((name) => RESULT_CODES_LEFT_ALONE[name]?.startsWith(`${number}:`));
}

function connection(code: string): Explanation[] {
  if (!CONNECTION_CODES.includes(code)) return [];
  return [explained(code, code, 'Node and the drivers', 'connection_failure', undefined)];
}

/** The first sentence in a text that is known: what comes after it may be a value. */
function knownIn(text: string): { readonly phrase: string; readonly code: string; readonly at: number } | undefined {
  return TEXTS.map(([phrase, code]) => ({ phrase, code, at: text.indexOf(phrase) }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at)[0];
}

/** The server's own sentence in a text: from its known words to the end of the line. */
function sentenceIn(text: string): string {
  const known = knownIn(text);
  if (known !== undefined) {
    const { phrase, at } = known;
    // Some sentences have a name before their known words.
    const start = text.lastIndexOf('\n', at) + 1;
    const hasName = phrase.startsWith("'") || phrase.startsWith('doesn');
    const from = hasName ? Math.max(start, text.lastIndexOf(': ', at) + 2) : at;
    const [line = ''] = text.slice(from).split('\n');
    return line.replace(/["',}\s]+$/, (end) => (end.startsWith("'") ? "'" : ''));
  }
  const mariadb = text.indexOf('CONSTRAINT `');
  return mariadb < 0 ? '' : (text.slice(mariadb).split('\n')[0] ?? '');
}

function leftAlone(code: string, of: string, reason: string): Explanation {
  const at = reason.indexOf(': ');
  const name = reason.slice(0, at);
  const isName = /^[A-Z_a-z\d]+$/.test(name) && Number.isNaN(Number(name));
  return {
    code,
    ...(isName && { name }),
    of,
    meaning: `${reason.charAt(at + 2).toUpperCase()}${reason.slice(at + 3)}.`,
    answers: [],
    why: 'No client can do anything about it: it is a bug or the operator’s, so the library leaves the error alone.',
  };
}

function explained(
  code: string,
  name: string | undefined,
  of: string,
  kind: ViolationKind,
  found: Violation | undefined,
): Explanation {
  const violation = found?.kind === kind ? found : ({ kind, driver: '', code } as Violation);
  const [meaning, why] = MEANINGS[kind];
  const facts = factsOf(violation);
  const rule = ruleFor(violation);
  return {
    code,
    ...(name !== undefined && { name }),
    of,
    kind,
    meaning,
    answers: answersTo(violation),
    why,
    ...(Object.keys(facts).length > 0 && { facts }),
    ...(rule !== undefined && { rule }),
  };
}

/** What the library answers, in each direction where nothing tells it. */
function answersTo(violation: Violation): GivenAnswer[] {
  const isOpen = violation.kind === 'foreign_key_violation' && violation.direction === undefined;
  const directions = isOpen ? (['parent_missing', 'still_referenced', undefined] as const) : [undefined];
  // Only SQLite leaves the direction open when the whole error is there.
  const possible = violation.code.startsWith('SQLITE_') ? directions : directions.filter((each) => each || !isOpen);
  const policy = definePolicy({});
  return possible.flatMap((direction) => {
    const problem = policy.answer((direction ? { ...violation, direction } : violation) as Violation)?.problem;
    if (problem === undefined) return [];
    const { status, code, recovery, retryable } = problem;
    return [{ status, code, recovery, retryable }];
  });
}

const FACTS = ['constraint', 'table', 'columns', 'referencedTable', 'direction', 'condition'] as const;

function factsOf(violation: Violation): Record<string, unknown> {
  const known = violation as { readonly [Fact in (typeof FACTS)[number]]?: unknown };
  return Object.fromEntries(FACTS.flatMap((fact) => (known[fact] === undefined ? [] : [[fact, known[fact]]])));
}

const CONSTRAINTS: { readonly [Kind in ViolationKind]?: Constraint['kind'] } = {
  unique_violation: 'unique',
  foreign_key_violation: 'foreign_key',
  check_violation: 'check',
  exclusion_violation: 'exclusion',
};

/** The rule that would give the violation words. */
function ruleFor(violation: Violation): string | undefined {
  const kind = CONSTRAINTS[violation.kind];
  const name = 'constraint' in violation ? violation.constraint : undefined;
  const { table, columns } = violation;
  const inTable = table === undefined ? undefined : `${table}.${name}`;
  const key = name === 'PRIMARY' ? inTable : (name ?? (table && columns && `${table}(${columns.join(', ')})`));
  if (kind === undefined || key === undefined) return undefined;
  const { referencedTable } = violation as { referencedTable?: string };
  const constraint: Constraint = {
    kind,
    ...(name !== undefined && { name }),
    ...(table !== undefined && { table }),
    ...(columns !== undefined && { columns }),
    ...(referencedTable !== undefined && { referencedTable }),
  };
  return ruleOf(key, stubOf(constraint));
}

/** What each kind means, and why it is answered as it is. */
const MEANINGS: Readonly<Record<ViolationKind, readonly [meaning: string, why: string]>> = {
  unique_violation: [
    'A row with the same key exists already.',
    'Another value makes the request possible, so the client is told which one is taken.',
  ],
  foreign_key_violation: [
    'The row refers to one that does not exist, or cannot go because others refer to it.',
    'What is missing can be created, and what is in use can be told: neither is a bug of the server. The words of the error, the request’s method or the catalog tell which of the two it is.',
  ],
  check_violation: [
    'A value breaks a rule of the table.',
    'Another value makes the request possible. Applications that mean invalid input answer 422: status: { check_failed: 422 }.',
  ],
  exclusion_violation: [
    'The row overlaps with one that exists: a booking at the same time, for one.',
    'Another value makes the request possible.',
  ],
  not_null_violation: [
    'A column that needs a value has none.',
    'Validation should have seen it before the database: it is a bug of the server until the application says otherwise, with a rule or status: { required: 422 }.',
  ],
  raise_exception: [
    'The schema’s own code raised it: a trigger or a function, with RAISE or SIGNAL.',
    'Only the application knows what it means. A rule under the raised name answers it, by default as 409 invalid_state.',
  ],
  serialization_failure: [
    'The transaction collided with another one, and was rolled back.',
    'Nothing is wrong with the request: run the whole transaction again, or let the client send it again.',
  ],
  deadlock_detected: [
    'Two transactions waited for each other, and this one was given up.',
    'Nothing is wrong with the request: run the whole transaction again, or let the client send it again.',
  ],
  lock_not_available: [
    'Another transaction holds a lock for longer than this one would wait.',
    'The request is right, the moment is not: the client may send it again after Retry-After.',
  ],
  query_canceled: [
    'The statement was cancelled, or took longer than it may.',
    'Whether it would ever be fast enough is not for the client to find out.',
  ],
  too_many_connections: [
    'The server takes no more connections.',
    'The request is right, the moment is not: the client may send it again after Retry-After.',
  ],
  string_data_right_truncation: [
    'A text is longer than its column.',
    'Validation should have seen it before the database: a bug of the server until the application says status: { invalid_value: 422 }.',
  ],
  numeric_value_out_of_range: [
    'A number is out of the range of its column.',
    'Validation should have seen it before the database: a bug of the server until the application says status: { invalid_value: 422 }.',
  ],
  invalid_text_representation: [
    'A text is no value of the column’s type: no number, no UUID, no word of the enum.',
    'Validation should have seen it before the database: a bug of the server until the application says status: { invalid_value: 422 }.',
  ],
  read_only_sql_transaction: [
    'Something writes where only reading is allowed.',
    'A replica or a setting is wrong, which no client can change.',
  ],
  connection_failure: [
    'The connection to the database broke, or there was none.',
    'Nothing was refused, and nothing is known of the request: no client can do anything about it.',
  ],
  transaction_resolution_unknown: [
    'The connection was lost at COMMIT: nobody knows whether it took effect.',
    'Sending it again could do it twice. Look before anything else is done.',
  ],
};

/** Everything that can be asked for by its name. */
const CODES: readonly string[] = [
  ...SQLSTATES.keys(),
  ...Object.keys(SQLSTATES_LEFT_ALONE),
  ...Object.keys(ERRNO_NAMES),
  ...Object.keys(ERRNOS_LEFT_ALONE),
  ...RESULT_CODES.keys(),
  ...Object.keys(RESULT_CODES_LEFT_ALONE),
];

function own(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
