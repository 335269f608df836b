import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import createError from 'http-errors';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { fixtures } from '../fixtures/load.ts';
import { enforcesChecks, hasNowait } from '../fixtures/scenarios/mysql.ts';
import {
  ConflictError,
  type ConflictsOptions,
  classify,
  conflict,
  defineConflicts,
  type ProblemCode,
  translate,
  type Violation,
} from '../src/index.ts';
import { CANARY, facesOf, leaksOf, PUBLIC, ruleKey, SECRET, WORDS, WRAPPERS } from './canaries.ts';
import { sample } from './effort.ts';
import { describeLive } from './live/describe-live.ts';

const FORMATS: Readonly<Record<string, NonNullable<ConflictsOptions['format']>>> = {
  problem: 'problem',
  simple: 'simple',
  jsonapi: 'jsonapi',
  custom: (problem, context) => ({ body: { ...problem, context }, contentType: 'application/vnd.example+json' }),
};

/** Codes that only come out where the application asks for them. */
const OPTED_IN: ConflictsOptions = { status: { required: 422, invalid_value: 422 } };

const CONTEXT = { method: 'POST', headers: { 'if-none-match': '*' } };

let warnings: string[] = [];

// A stack begins with the message; thousands of frames below it take seconds, and show nothing more.
const { stackTraceLimit } = Error;

beforeAll(() => {
  Error.stackTraceLimit = 2;
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((...texts) => void warnings.push(JSON.stringify(texts)));
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

/** Every way to bind the library that makes a difference to an answer, the names of which stay inside. */
function waysToAnswer(violation: Violation, code: ProblemCode): Record<string, ConflictsOptions> {
  const key = ruleKey(violation);
  const isByColumns = key?.endsWith(')');
  return {
    'no options': {},
    'every code asked for': OPTED_IN,
    'a type base and a stack of its own': { ...OPTED_IN, typeBase: 'https://example.com/', captureStack: true },
    'a column function that hides all': { ...OPTED_IN, exposeColumns: () => undefined },
    ...(key && {
      'a rule': { ...OPTED_IN, rules: { [key]: isByColumns ? { [code]: WORDS } : WORDS } },
      'a rule without words': { ...OPTED_IN, rules: { [key]: isByColumns ? { [code]: {} } : {} } },
      'a rule that conceals': { ...OPTED_IN, exposeColumns: true, rules: { [key]: { ...WORDS, conceal: true } } },
    }),
  };
}

/** What shows of an error in every way to answer it and in every format. */
async function leaksOfEveryAnswer(
  error: unknown,
  formats: Readonly<Record<string, ConflictsOptions['format']>> = FORMATS,
): Promise<{ answers: number; leaks: string[] }> {
  const leaks: string[] = [];
  let answers = 0;
  const violation = classify(error);
  if (violation === undefined) return { answers, leaks };
  const first = defineConflicts(OPTED_IN).translate(error);
  const code = first instanceof ConflictError ? first.code : 'invalid_state';
  for (const [way, options] of Object.entries(waysToAnswer(violation, code))) {
    for (const [name, format] of Object.entries(formats)) {
      const conflicts = defineConflicts({ ...options, ...(format && { format }) });
      for (const context of [undefined, CONTEXT]) {
        const answer = conflicts.translate(error, context);
        if (!(answer instanceof ConflictError)) continue;
        answers++;
        const isConcealed = way === 'a rule that conceals' && answer.rule !== undefined;
        // Where that rule is not for this kind, its columns are exposed.
        const isExposed = way === 'a rule that conceals' && answer.rule === undefined;
        const marks = isConcealed ? [SECRET, CANARY, PUBLIC] : isExposed ? [SECRET] : undefined;
        for (const leak of leaksOf(await facesOf(answer), marks)) leaks.push(`${way}, ${name}: ${leak}`);
      }
    }
  }
  return { answers, leaks };
}

describe('the check for leaks', () => {
  const leaky: Readonly<Record<string, (error: ConflictError) => void>> = {
    'the message': (error) => Object.assign(error, { message: 'duplicate s3cr3t' }),
    'a header': (error) => Object.assign(error, { headers: { ETag: 's3cr3t' } }),
    'an own property': (error) => Object.assign(error, { constraint: 'cns_c4n4ry' }),
    'the key of a property': (error) => Object.assign(error, { tbl_c4n4ry: 1 }),
    'an inherited property': (error) =>
      Object.setPrototypeOf(
        error,
        Object.create(Object.getPrototypeOf(error), { a: { value: 's3cr3t', enumerable: true } }),
      ),
    'a property deep inside': (error) => Object.assign(error, { a: [{ b: new Map([['c', { d: 'S3CR3T' }]]) }] }),
    'a property with a symbol': (error) => Object.assign(error, { [Symbol('a')]: 's3cr3t' }),
    'the body': (error) => Object.assign(error, { toJSON: () => ({ detail: 'Key (col_c4n4ry)=(1)' }) }),
    'the stack': (error) => Object.assign(error, { stack: 'Error: s3cr3t\n    at here' }),
    'the name': (error) => Object.assign(error, { name: 's3cr3t' }),
    'an enumerable cause': (error) =>
      Object.defineProperty(error, 'cause', { value: { detail: 's3cr3t' }, enumerable: true }),
    'what it prints': (error) =>
      Object.defineProperty(error, Symbol.for('nodejs.util.inspect.custom'), { value: () => 'error at tbl_c4n4ry' }),
  };

  test.each(Object.keys(leaky))('finds a leak in %s', async (place) => {
    const error = conflict('duplicate');
    expect(leaksOf(await facesOf(error))).toEqual([]);
    leaky[place]?.(error);
    expect(leaksOf(await facesOf(error))).not.toEqual([]);
  });

  test('finds what errors leak that are not ours', async () => {
    const native = Object.assign(new Error('s3cr3t'), { detail: 'Key (col_c4n4ry)=(s3cr3t)' });
    for (const error of [
      new Error('s3cr3t'),
      native,
      createError(409, native),
      createError(409, '', { cause: native }),
    ]) {
      expect(leaksOf(await facesOf({ stack: '', ...error, name: error.name, message: error.message }))).not.toEqual([]);
    }
  });
});

/* ---- captured errors, with canaries for every name and value ---- */

interface Marked {
  readonly name: string;
  readonly error: Error;
  readonly violation: Violation;
}

/** Fields that say what happened rather than to whom. */
const KEPT: ReadonlySet<string> = new Set(['code', 'errno', 'sqlState', 'severity', 'name']);

/** Fields that no driver fills for every error, filled for each. */
const MORE_FIELDS =
  'detail hint where internalQuery schema table column dataType constraint file sql sqlMessage query parameters params bindings';

/** The same error with its texts changed; thrown here, so that its stack has the changed message. */
function changed(error: Error, change: (text: string, field: string) => string): Error {
  const { message, stack, ...fields } = { ...error, message: error.message, stack: '' } as Record<string, unknown> &
    Pick<Error, 'message' | 'stack'>;
  const copy = new (error.constructor as ErrorConstructor)(change(message, 'message'));
  const isRaised = fields.routine === 'exec_stmt_raise';
  for (const [field, value] of Object.entries(fields)) {
    const isKept = KEPT.has(field) || typeof value !== 'string' || (field === 'routine' && isRaised);
    Object.assign(copy, { [field]: isKept ? value : change(value, field) });
  }
  return copy;
}

const NAMES: ReadonlySet<string> = new Set(['schema', 'table', 'column', 'constraint', 'dataType']);

/** Each name is a canary of its own, everything else a text of many lines with a secret. */
function withNewTexts(error: Error): Error {
  const text = (field: string): string =>
    NAMES.has(field) ? `${field}_c4n4ry` : `s3cr3t ${field} of c4n4ry\n    at s3cr3t (c4n4ry.js:1:1)`;
  const copy = changed(error, (_text, field) => text(field)) as unknown as Record<string, unknown>;
  for (const field of MORE_FIELDS.split(' ')) copy[field] ??= text(field);
  return copy as unknown as Error;
}

/** The texts as the server wrote them, with every name that they hold renamed and a secret in every value. */
function withNewNames(error: Error, violation: Violation): Error {
  const { driver, dialect, code, sqlState, kind, direction, retryable, primaryKey, ...names } = violation as Violation &
    Record<string, unknown>;
  const told = [...new Set(Object.values(names).flat().map(String))].filter((name) => name !== 'PRIMARY');
  const renamed = told
    .sort((a, b) => b.length - a.length)
    .map((name): [RegExp, string] => [
      new RegExp(`(?<![\\p{L}\\p{N}_])${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\p{L}\\p{N}_])`, 'gu'),
      `c4n4ry_${name.replaceAll('$', '$$$$')}`,
    ]);
  return changed(error, (text, field) => {
    const said = renamed.reduce((now, [name, canary]) => now.replace(name, canary), text);
    if (field === 'detail') return said.replace(')=(', ')=(s3cr3t ').replace('contains (', 'contains (s3cr3t, ');
    // Only MySQL puts a value into the message: it is the first that stands in quotes, if that is no name.
    return violation.driver === 'mysql2' ? said.replace(/^([^']*)'(?!c4n4ry)/, "$1's3cr3t ") : said;
  });
}

const DRIVERS = ['pg', 'mysql2', 'better-sqlite3'];

function marked(driver: string, mark: (error: Error, violation: Violation) => Error): Marked[] {
  return fixtures(driver).flatMap(({ name, error, violation }) =>
    violation ? [{ name, error: mark(error, violation), violation }] : [],
  );
}

/** One for each kind and engine. */
function samples(driver: string, mark: (error: Error, violation: Violation) => Error): Marked[] {
  const seen = new Set<string>();
  return marked(driver, mark).filter(({ name, violation }) => {
    const key = `${name.split('/')[0]?.split('-')[0]} ${violation.kind} ${(violation as { direction?: string }).direction}`;
    return !seen.has(key) && seen.add(key);
  });
}

const MARKS = { 'new texts in every field': withNewTexts, 'new names and values in its own texts': withNewNames };

describe.each(Object.entries(MARKS))('captured errors with %s', (_title, mark) => {
  test.each(DRIVERS)('keep their kind, of %s', (driver) => {
    for (const { name, error, violation } of marked(driver, mark)) {
      // SQLite tells RESTRICT from RAISE by its text.
      const isRestrict = violation.code === 'SQLITE_CONSTRAINT_TRIGGER' && mark === withNewTexts;
      expect(classify(error)?.kind, name).toBe(isRestrict ? 'raise_exception' : violation.kind);
    }
  });

  test.each(DRIVERS)('show nothing of a name or a value in any answer, of %s', async (driver) => {
    const leaks: string[] = [];
    let answers = 0;
    for (const { name, error } of sample(samples(driver, mark))) {
      const found = await leaksOfEveryAnswer(error);
      answers += found.answers;
      leaks.push(...found.leaks.map((leak) => `${name}: ${leak}`));
    }
    expect(leaks).toEqual([]);
    expect(answers).toBeGreaterThan(50);
  });

  test.each(DRIVERS)('show nothing in the answer to each of them, of %s', async (driver) => {
    const leaks: string[] = [];
    for (const { name, error } of sample(marked(driver, mark))) {
      const answer = defineConflicts(OPTED_IN).translate(error);
      if (!(answer instanceof ConflictError)) continue;
      leaks.push(...leaksOf(await facesOf(answer)).map((leak) => `${name}: ${leak}`));
    }
    expect(leaks).toEqual([]);
  });

  test.each(DRIVERS)('warn about constraints by name, never with a value, of %s', (driver) => {
    for (const { error } of marked(driver, mark)) translate(error);
    for (const { error } of marked(driver, mark)) defineConflicts().translate(error);
    if (mark === withNewNames) expect(warnings).not.toEqual([]);
    expect(warnings.filter((warning) => warning.includes(SECRET))).toEqual([]);
  });
});

describe.each(Object.keys(WRAPPERS))('an error as %s throws it', (wrapper) => {
  test.each(DRIVERS)('shows nothing of what it holds, of %s', async (driver) => {
    const leaks: string[] = [];
    let answers = 0;
    for (const mark of Object.values(MARKS)) {
      for (const { name, error, violation } of sample(samples(driver, mark))) {
        const wrapped = WRAPPERS[wrapper]?.(error);
        if (violation.code !== 'SQLITE_CONSTRAINT_TRIGGER') expect(classify(wrapped)?.kind, name).toBe(violation.kind);
        const found = await leaksOfEveryAnswer(wrapped, { problem: 'problem' });
        answers += found.answers;
        leaks.push(...found.leaks.map((leak) => `${name}: ${leak}`));
      }
    }
    expect(leaks).toEqual([]);
    expect(answers).toBeGreaterThan(20);
  });
});

describe('what comes out', () => {
  const everyMarked = DRIVERS.flatMap((driver) => samples(driver, withNewNames));

  /** The body without what names a field. */
  const withoutFields = (body: unknown): unknown =>
    JSON.parse(JSON.stringify(body), (key, value) => (key === 'pointer' || key === 'fields' ? undefined : value));

  const pointersOf = (body: unknown): string[] => {
    const pointers: string[] = [];
    JSON.stringify(body, (key, value) => {
      if (key === 'pointer') pointers.push(value);
      if (key === 'fields') pointers.push(...value);
      return value;
    });
    return pointers.map((pointer) => decodeURIComponent(pointer).replace(/^(#\/|\/data\/attributes\/)/, ''));
  };

  test.each(Object.keys(FORMATS))('with exposeColumns is the columns and nothing else, as %s', (name) => {
    const { translate } = defineConflicts({ ...OPTED_IN, exposeColumns: true, format: FORMATS[name] ?? 'problem' });
    let shown = 0;
    for (const { error } of everyMarked) {
      const answer = translate(error);
      if (!(answer instanceof ConflictError)) continue;
      const body = JSON.parse(JSON.stringify(answer));
      const { columns = [] } = classify(error) ?? {};
      const expected = answer.code === 'reference_in_use' ? [] : columns;
      expect(pointersOf(body).map((field) => field.replaceAll('~1', '/').replaceAll('~0', '~'))).toEqual(expected);
      expect(leaksOf({ body: JSON.stringify(withoutFields(body)), message: answer.message })).toEqual([]);
      shown += expected.length;
    }
    expect(shown).toBeGreaterThan(10);
  });

  test.each(Object.keys(FORMATS))('with a column function is what it answers and nothing else, as %s', async (name) => {
    const calls: unknown[][] = [];
    const { translate } = defineConflicts({
      ...OPTED_IN,
      format: FORMATS[name] ?? 'problem',
      exposeColumns(...call) {
        calls.push(call);
        return calls.length % 2 ? `${PUBLIC}-${calls.length}` : undefined;
      },
    });
    for (const { error } of everyMarked) {
      calls.length = 0;
      const answer = translate(error);
      if (!(answer instanceof ConflictError)) continue;
      const { columns = [], table } = classify(error) ?? {};
      expect(calls).toEqual(answer.code === 'reference_in_use' ? [] : columns.map((column) => [column, table]));
      expect(pointersOf(JSON.parse(JSON.stringify(answer)))).toEqual(
        calls.flatMap((_call, at) => (at % 2 ? [] : [`${PUBLIC}-${at + 1}`])),
      );
      expect(leaksOf(await facesOf(answer))).toEqual([]);
    }
  });

  test.each(Object.keys(FORMATS))('with a rule is the words of the rule, as %s', async (name) => {
    let ruled = 0;
    for (const { error, violation } of everyMarked) {
      const found = classify(error) ?? violation;
      const key = ruleKey(found);
      if (key === undefined) continue;
      const first = defineConflicts(OPTED_IN).translate(error);
      const code = first instanceof ConflictError ? first.code : 'invalid_state';
      const rules = { [key]: key.endsWith(')') ? { [code]: WORDS } : WORDS };
      const answer = defineConflicts({ ...OPTED_IN, rules, format: FORMATS[name] ?? 'problem' }).translate(error);
      if (!(answer instanceof ConflictError)) continue;
      ruled++;
      expect(answer.rule).toBe(key);
      expect(answer.message).toBe(WORDS.detail);
      const body = JSON.stringify(answer);
      for (const word of [WORDS.resource, ...WORDS.fields, WORDS.detail]) expect(body).toContain(word);
      expect(leaksOf(await facesOf(answer))).toEqual([]);
    }
    expect(ruled).toBeGreaterThan(15);
  });

  test('is the same for every value of NODE_ENV', async () => {
    for (const { error } of everyMarked) {
      const seen = new Set<string>();
      for (const environment of ['development', 'production', 'test', undefined]) {
        vi.stubEnv('NODE_ENV', environment);
        const answer = defineConflicts(OPTED_IN).translate(error);
        if (!(answer instanceof ConflictError)) continue;
        const faces = await facesOf(answer);
        seen.add(JSON.stringify(faces).replaceAll(answer.problem.instance ?? '', ''));
      }
      expect(seen.size).toBeLessThanOrEqual(1);
    }
  });

  test('with a rule that conceals is the same for every constraint', async () => {
    const bodies = new Set<string>();
    for (const { error } of everyMarked) {
      const key = ruleKey(classify(error) as Violation);
      if (key === undefined || key.endsWith(')')) continue;
      const answer = defineConflicts({ ...OPTED_IN, rules: { [key]: { ...WORDS, conceal: true } } }).translate(error);
      if (!(answer instanceof ConflictError)) continue;
      expect(leaksOf(await facesOf(answer), [SECRET, CANARY, PUBLIC])).toEqual([]);
      bodies.add(JSON.stringify([answer.status, answer.headers, { ...answer.problem, instance: '' }]));
    }
    const bare = conflict('conflict');
    expect([...bodies]).toEqual([JSON.stringify([409, bare.headers, { ...bare.problem, instance: '' }])]);
  });

  test('of a structured clone, as workers and child processes get it, is the message', () => {
    for (const { name, error } of everyMarked) {
      const answer = defineConflicts(OPTED_IN).translate(error);
      if (!(answer instanceof ConflictError)) continue;
      const clone = structuredClone(answer as Error);
      expect(clone.message).toBe(answer.message);
      expect(leaksOf({ clone: everythingIn(clone) }), name).toEqual([]);
    }
  });
});

/** All that an object holds, hidden or not. */
function everythingIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Reflect.ownKeys(value)
    .map((key) => `${String(key)}: ${everythingIn(Reflect.get(value, key))}`)
    .join('\n');
}

/* ---- real databases with a canary schema ---- */

interface Provocation {
  readonly name: string;
  /** Statements of one transaction, the last of which fails. */
  readonly sql: readonly string[];
  /** Statements of another connection, run before that. */
  readonly before?: readonly string[];
  /** A statement of the other connection that waits for this one. */
  readonly waiting?: string;
  /** What it is answered with when everything is asked for; absent for what passes through without a rule. */
  readonly answer?: ProblemCode;
}

const COLUMNS = ['key', 'uni', 'fst', 'snd', 'ref', 'chk', 'nnl', 'txt'];

/** A row with a secret in every column. */
function insert(values: Readonly<Record<string, string>>, into = COLUMNS): string {
  const row = into.map((column) => values[column] ?? (column === 'ref' ? `'s3cr3t-parent'` : `'s3cr3t-new-${column}'`));
  return `INSERT INTO tbl_c4n4ry (${into.map((column) => `${column}_c4n4ry`).join()}) VALUES (${row.join()})`;
}

/** The same in every dialect. */
const TABLES = [
  `CREATE TABLE par_c4n4ry (key_c4n4ry VARCHAR(40) PRIMARY KEY)`,
  `CREATE TABLE tbl_c4n4ry (
    key_c4n4ry VARCHAR(40) PRIMARY KEY, uni_c4n4ry VARCHAR(40), fst_c4n4ry VARCHAR(40), snd_c4n4ry VARCHAR(40),
    ref_c4n4ry VARCHAR(40), chk_c4n4ry VARCHAR(40), nnl_c4n4ry VARCHAR(40) NOT NULL, txt_c4n4ry VARCHAR(40),
    int_c4n4ry INTEGER,
    CONSTRAINT unq_c4n4ry UNIQUE (uni_c4n4ry), CONSTRAINT two_c4n4ry UNIQUE (fst_c4n4ry, snd_c4n4ry),
    CONSTRAINT fky_c4n4ry FOREIGN KEY (ref_c4n4ry) REFERENCES par_c4n4ry (key_c4n4ry),
    CONSTRAINT cns_c4n4ry CHECK (chk_c4n4ry <> 's3cr3t-check'))`,
  `INSERT INTO par_c4n4ry VALUES ('s3cr3t-parent')`,
  insert(
    Object.fromEntries(COLUMNS.map((column) => [column, column === 'ref' ? `'s3cr3t-parent'` : `'s3cr3t-${column}'`])),
  ),
  insert({ key: `'s3cr3t-two'`, uni: `'s3cr3t-uni2'`, fst: `'s3cr3t-fst2'` }),
];

const SHARED: readonly Provocation[] = [
  { name: 'a duplicate', sql: [insert({ uni: `'s3cr3t-uni'` })], answer: 'duplicate' },
  { name: 'a composite duplicate', sql: [insert({ fst: `'s3cr3t-fst'`, snd: `'s3cr3t-snd'` })], answer: 'duplicate' },
  { name: 'a duplicate primary key', sql: [insert({ key: `'s3cr3t-key'` })], answer: 'duplicate' },
  { name: 'a missing parent', sql: [insert({ ref: `'s3cr3t-nobody'` })], answer: 'reference_missing' },
  { name: 'a parent in use', sql: ['DELETE FROM par_c4n4ry'], answer: 'reference_in_use' },
  { name: 'a check', sql: [insert({ chk: `'s3cr3t-check'` })], answer: 'check_failed' },
  { name: 'a missing value', sql: [insert({ nnl: 'NULL' })], answer: 'required' },
  {
    name: 'a value left out',
    sql: [
      insert(
        {},
        COLUMNS.filter((column) => column !== 'nnl'),
      ),
    ],
    answer: 'required',
  },
];

const update = (key: string): string =>
  `UPDATE tbl_c4n4ry SET txt_c4n4ry = 's3cr3t-b' WHERE key_c4n4ry = 's3cr3t-${key}'`;

const LOCKS: readonly Provocation[] = [
  {
    name: 'a lock',
    before: [update('key')],
    sql: [`SELECT * FROM tbl_c4n4ry WHERE key_c4n4ry = 's3cr3t-key' FOR UPDATE NOWAIT`],
    answer: 'busy',
  },
  {
    name: 'a deadlock',
    before: [update('two')],
    waiting: update('key'),
    sql: [update('key'), update('two')],
    answer: 'contention',
  },
];

/** Tests of every provocation; `provoke` gives what the driver threw. */
function testProvocations(provocations: readonly Provocation[], provoke: (one: Provocation) => Promise<unknown>): void {
  test.each(provocations)('shows nothing of $name', async (provocation) => {
    const error = await provoke(provocation);
    expect(error).toBeInstanceOf(Error);
    // What must not come out is in there, where the database says it at all.
    const says =
      !['busy', 'contention', 'invalid_value'].includes(provocation.answer ?? '') &&
      !String(error).includes('FOREIGN KEY constraint failed');
    if (says) expect(leaksOf({ native: everythingIn(error) })).not.toEqual([]);
    const answer = defineConflicts(OPTED_IN).translate(error);
    if (provocation.answer === undefined) expect(answer).toBe(error);
    else expect(answer, String(error)).toMatchObject({ code: provocation.answer });
    for (const environment of ['development', 'production']) {
      vi.stubEnv('NODE_ENV', environment);
      expect((await leaksOfEveryAnswer(error)).leaks, environment).toEqual([]);
    }
    expect(warnings.filter((warning) => warning.includes(SECRET))).toEqual([]);
  });
}

/** What one connection, with another beside it, is refused. */
async function refused(
  { sql, before = [], waiting }: Provocation,
  run: (statement: string) => unknown,
  runBeside: (statement: string) => unknown,
): Promise<unknown> {
  for (const statement of before) await runBeside(statement);
  for (const statement of sql.slice(0, -1)) await run(statement);
  const refusal = async (work: unknown): Promise<unknown> => {
    try {
      await work;
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const beside = waiting === undefined ? undefined : refusal(runBeside(waiting));
  try {
    await run(sql.at(-1) ?? '');
  } catch (error) {
    return error;
  }
  return beside;
}

describeLive('sqlite', () => {
  const directory = mkdtempSync(join(tmpdir(), 'db-http-errors-'));
  const open = (): BetterSqlite3.Database => {
    const file = new BetterSqlite3(join(directory, 'file.db'), { timeout: 0 });
    file.pragma('foreign_keys = ON');
    return file;
  };
  let file: BetterSqlite3.Database;
  let beside: BetterSqlite3.Database;

  beforeAll(() => {
    file = open();
    beside = open();
    for (const table of TABLES) file.exec(table);
    file.exec(`
      CREATE UNIQUE INDEX idx_c4n4ry ON tbl_c4n4ry (lower(txt_c4n4ry)) WHERE key_c4n4ry <> 's3cr3t-two';
      CREATE TABLE row_c4n4ry (txt_c4n4ry TEXT CHECK (txt_c4n4ry <> 's3cr3t-unnamed'));
      INSERT INTO row_c4n4ry VALUES ('s3cr3t');
      CREATE TABLE str_c4n4ry (int_c4n4ry INT) STRICT;
      CREATE TABLE res_c4n4ry (ref_c4n4ry TEXT REFERENCES tbl_c4n4ry (uni_c4n4ry) ON DELETE RESTRICT);
      INSERT INTO res_c4n4ry VALUES ('s3cr3t-uni');
      CREATE TRIGGER trg_c4n4ry BEFORE UPDATE ON row_c4n4ry BEGIN SELECT RAISE(ABORT, 'rse_c4n4ry'); END;
      CREATE TRIGGER trg_c4n4ry2 BEFORE DELETE ON row_c4n4ry BEGIN SELECT RAISE(ABORT, 's3cr3t: UNIQUE constraint failed: tbl_c4n4ry.uni_c4n4ry'); END;
    `);
  });

  afterAll(() => {
    file.close();
    beside.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const own: readonly Provocation[] = [
    { name: 'a duplicate expression', sql: [insert({ txt: `'S3CR3T-TXT'` })], answer: 'duplicate' },
    {
      name: 'a duplicate rowid',
      sql: [`INSERT INTO row_c4n4ry (rowid, txt_c4n4ry) VALUES (1, 's3cr3t')`],
      answer: 'duplicate',
    },
    { name: 'an unnamed check', sql: [`INSERT INTO row_c4n4ry VALUES ('s3cr3t-unnamed')`], answer: 'check_failed' },
    { name: 'a wrong type', sql: [`INSERT INTO str_c4n4ry VALUES ('s3cr3t')`], answer: 'invalid_value' },
    { name: 'RESTRICT', sql: [`DELETE FROM tbl_c4n4ry`], answer: 'reference_in_use' },
    { name: 'a raised name', sql: [`UPDATE row_c4n4ry SET txt_c4n4ry = 's3cr3t'`] },
    { name: 'a raised text', sql: ['DELETE FROM row_c4n4ry'] },
    { name: 'a busy file', before: [update('key')], sql: [update('key')], answer: 'busy' },
  ];
  const shared = SHARED.map((one) =>
    one.answer?.startsWith('reference') ? { ...one, answer: 'reference_conflict' as const } : one,
  );

  testProvocations([...shared, ...own], async (one) => {
    try {
      return await refused(
        { ...one, sql: ['BEGIN', ...one.sql], before: ['BEGIN', ...(one.before ?? [])] },
        (statement) => file.exec(statement),
        (statement) => beside.exec(statement),
      );
    } finally {
      for (const each of [file, beside]) if (each.inTransaction) each.exec('ROLLBACK');
    }
  });
});

describeLive('postgresql', ({ url = '' }) => {
  const schema = `scm_c4n4ry_${randomBytes(4).toString('hex')}`;
  let client: pg.Client;
  let beside: pg.Client;

  const connect = async (): Promise<pg.Client> => {
    const connected = new pg.Client({ connectionString: url });
    await connected.connect();
    await connected.query(`CREATE SCHEMA IF NOT EXISTS ${schema}`);
    await connected.query(`SET search_path = ${schema}; SET lc_messages = 'C'`);
    return connected;
  };

  beforeAll(async () => {
    client = await connect();
    beside = await connect();
    for (const table of TABLES) await client.query(table);
    await client.query(`
      SET deadlock_timeout = '50ms';
      CREATE UNIQUE INDEX idx_c4n4ry ON tbl_c4n4ry (lower(txt_c4n4ry)) WHERE key_c4n4ry <> 's3cr3t-two';
      CREATE TYPE typ_c4n4ry AS ENUM ('s3cr3t-a');
      CREATE DOMAIN dom_c4n4ry AS text CONSTRAINT dcn_c4n4ry CHECK (VALUE <> 's3cr3t-check');
      CREATE TABLE exc_c4n4ry (txt_c4n4ry text, CONSTRAINT xcl_c4n4ry EXCLUDE (txt_c4n4ry WITH =));
      INSERT INTO exc_c4n4ry VALUES ('s3cr3t');
      CREATE TABLE res_c4n4ry (ref_c4n4ry text CONSTRAINT rst_c4n4ry REFERENCES tbl_c4n4ry (uni_c4n4ry) ON DELETE RESTRICT);
      INSERT INTO res_c4n4ry VALUES ('s3cr3t-uni');
      CREATE FUNCTION fnc_c4n4ry() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN
        IF TG_OP = 'UPDATE' THEN
          RAISE EXCEPTION 'rse_c4n4ry' USING DETAIL = 's3cr3t', HINT = 's3cr3t-hint of ' || TG_TABLE_NAME, TABLE = TG_TABLE_NAME;
        ELSIF TG_OP = 'DELETE' THEN
          RAISE EXCEPTION 's3cr3t % is taken', OLD USING ERRCODE = 'unique_violation', CONSTRAINT = 'cns_c4n4ry', COLUMN = 'col_c4n4ry',
            TABLE = TG_TABLE_NAME, SCHEMA = TG_TABLE_SCHEMA, DATATYPE = 'typ_c4n4ry', DETAIL = 'Key (col_c4n4ry)=(s3cr3t) already exists.';
        ELSE
          RAISE EXCEPTION 's3cr3t %', NEW;
        END IF;
      END $f$;
      CREATE TABLE trg_c4n4ry (txt_c4n4ry text);
      INSERT INTO trg_c4n4ry VALUES ('s3cr3t');
      CREATE TRIGGER trg_c4n4ry BEFORE INSERT OR UPDATE OR DELETE ON trg_c4n4ry FOR EACH ROW EXECUTE FUNCTION fnc_c4n4ry();
    `);
  });

  afterAll(async () => {
    await beside?.end();
    await client?.query(`DROP SCHEMA ${schema} CASCADE`);
    await client?.end();
  });

  const own: readonly Provocation[] = [
    { name: 'a duplicate expression', sql: [insert({ txt: `'S3CR3T-TXT'` })], answer: 'duplicate' },
    { name: 'an exclusion', sql: [`INSERT INTO exc_c4n4ry VALUES ('s3cr3t')`], answer: 'overlap' },
    { name: 'RESTRICT', sql: ['DELETE FROM tbl_c4n4ry'], answer: 'reference_in_use' },
    { name: 'a domain', sql: [`SELECT 's3cr3t-check'::dom_c4n4ry`], answer: 'check_failed' },
    { name: 'a long text', sql: [insert({ txt: `'s3cr3t-${'x'.repeat(40)}'` })], answer: 'invalid_value' },
    { name: 'a wrong number', sql: [`SELECT 's3cr3t'::integer`], answer: 'invalid_value' },
    { name: 'a wrong enum', sql: [`SELECT 's3cr3t'::typ_c4n4ry`], answer: 'invalid_value' },
    { name: 'wrong JSON', sql: [`SELECT '{"s3cr3t' ::jsonb`], answer: 'invalid_value' },
    { name: 'a number out of range', sql: ['UPDATE tbl_c4n4ry SET int_c4n4ry = 99999999999'], answer: 'invalid_value' },
    { name: 'a raised name', sql: [`UPDATE trg_c4n4ry SET txt_c4n4ry = 's3cr3t'`] },
    { name: 'a raised text', sql: [`INSERT INTO trg_c4n4ry VALUES ('s3cr3t')`] },
    { name: 'a raised duplicate', sql: ['DELETE FROM trg_c4n4ry'], answer: 'duplicate' },
    {
      name: 'a serialization failure',
      sql: ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'SELECT * FROM tbl_c4n4ry', update('key')],
      waiting: 'COMMIT',
      before: [update('key')],
      answer: 'contention',
    },
  ];

  testProvocations([...SHARED, ...own, ...LOCKS], async (one) => {
    await client.query('BEGIN');
    await beside.query('BEGIN');
    try {
      return await refused(
        one,
        (statement) => client.query(statement),
        (statement) => beside.query(statement),
      );
    } finally {
      await client.query('ROLLBACK');
      await beside.query('ROLLBACK');
    }
  });
});

for (const engine of ['mysql', 'mariadb'] as const) {
  describeLive(engine, ({ server, url = '' }) => {
    const schema = `dbs_c4n4ry_${randomBytes(4).toString('hex')}`;
    const connect = async () => {
      const connected = await createConnection({ uri: url, multipleStatements: true });
      await connected.query(`CREATE DATABASE IF NOT EXISTS ${schema}; USE ${schema}`);
      return connected;
    };
    let client: Awaited<ReturnType<typeof connect>>;
    let beside: Awaited<ReturnType<typeof connect>>;

    beforeAll(async () => {
      client = await connect();
      beside = await connect();
      for (const table of TABLES) await client.query(table);
      await client.query(`
        CREATE TABLE trg_c4n4ry (txt_c4n4ry TEXT, enm_c4n4ry ENUM('s3cr3t-a'));
        INSERT INTO trg_c4n4ry VALUES ('s3cr3t', 's3cr3t-a');
        CREATE TRIGGER trg_c4n4ry BEFORE UPDATE ON trg_c4n4ry FOR EACH ROW
          SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'rse_c4n4ry', TABLE_NAME = 'tbl_c4n4ry';
        CREATE TRIGGER trg_c4n4ry2 BEFORE DELETE ON trg_c4n4ry FOR EACH ROW BEGIN
          DECLARE text_c4n4ry VARCHAR(100) DEFAULT CONCAT('Duplicate entry ''', OLD.txt_c4n4ry, ''' for key ''tbl_c4n4ry.unq_c4n4ry''');
          SIGNAL SQLSTATE '23000' SET MYSQL_ERRNO = 1062, MESSAGE_TEXT = text_c4n4ry;
        END;
      `);
    });

    afterAll(async () => {
      await beside?.end();
      await client?.query(`DROP DATABASE ${schema}`);
      await client?.end();
    });

    const own: readonly Provocation[] = [
      { name: 'a long text', sql: [insert({ txt: `'s3cr3t-${'x'.repeat(40)}'` })], answer: 'invalid_value' },
      { name: 'a wrong number', sql: [`UPDATE tbl_c4n4ry SET int_c4n4ry = 's3cr3t'`], answer: 'invalid_value' },
      { name: 'a wrong enum', sql: [`INSERT INTO trg_c4n4ry VALUES ('s3cr3t', 's3cr3t')`], answer: 'invalid_value' },
      {
        name: 'a number out of range',
        sql: ['UPDATE tbl_c4n4ry SET int_c4n4ry = 99999999999'],
        answer: 'invalid_value',
      },
      { name: 'a raised name', sql: [`UPDATE trg_c4n4ry SET txt_c4n4ry = 's3cr3t'`] },
      { name: 'a raised duplicate', sql: ['DELETE FROM trg_c4n4ry'], answer: 'duplicate' },
    ];

    const provoke = async (one: Provocation): Promise<unknown> => {
      await client.query('START TRANSACTION');
      await beside.query('START TRANSACTION');
      try {
        return await refused(
          one,
          (statement) => client.query(statement),
          (statement) => beside.query(statement),
        );
      } finally {
        await client.query('ROLLBACK');
        await beside.query('ROLLBACK');
      }
    };
    const omitted = [...(enforcesChecks(server) ? [] : ['a check']), ...(hasNowait(server) ? [] : ['a lock'])];
    for (const name of omitted) test.skip(`'${name}' needs MySQL 8`);
    const provocations = [...SHARED, ...own, ...LOCKS].filter(({ name }) => !omitted.includes(name));
    testProvocations(provocations, provoke);
  });
}
