import { existsSync, readdirSync } from 'node:fs';
import { format, inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Fixture, fixtures } from '../fixtures/load.ts';
import { type Conflicts, defineConflicts, type Translator } from '../src/index.ts';
import { conflictLogFields, pinoConflicts, recordConflict } from '../src/logging.ts';
import { CANARY, leaksOf, SECRET, WRAPPERS } from './canaries.ts';
import { sample } from './effort.ts';

// Every captured error of every driver, with a secret in every text and value: nothing of it may come into a log.

// A stack begins with the message; thousands of frames below it take seconds, and show nothing more.
const { stackTraceLimit } = Error;

beforeAll(() => {
  Error.stackTraceLimit = 2;
});

afterAll(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

const DRIVERS = new URL('../src/drivers/', import.meta.url);
const translators: Translator[] = [];
for (const file of readdirSync(DRIVERS)) {
  const exported: object = await import(new URL(file, DRIVERS).href);
  for (const value of Object.values(exported)) if (typeof value?.classify === 'function') translators.push(value);
}
const captured = translators.map(({ name }) => name).filter((name) => folders().includes(name));

const BUILT_IN = ['pg', 'mysql2', 'better-sqlite3', 'prisma'];

/** The drivers are asked in order, and some read the errors of others: each is alone. */
function conflictsOf(driver: string): Conflicts {
  const drivers = translators.filter(({ name }) => name === driver && !BUILT_IN.includes(name));
  return defineConflicts({ drivers, status: { required: 422, invalid_value: 422 }, onUnregistered: () => {} });
}

function folders(): string[] {
  const root = new URL('../fixtures/', import.meta.url);
  return readdirSync(root).filter((name) => existsSync(new URL(`${name}/capture.ts`, root)));
}

/** Codes, and names of the schema, which are for the operator. */
const KEPT = [
  'code',
  'errno',
  'errcode',
  'rawCode',
  'extendedCode',
  'sqlState',
  'sqlstate',
  'severity',
  'name',
  'libsqlError',
];
const NAMES = ['schema', 'table', 'column', 'constraint', 'dataType'];
const NAMES_OF_POSTGRES_JS = NAMES.map((name) => `${name}_name`);

/** Fields that no driver fills for every error, filled for each. */
const MORE_FIELDS = 'detail hint where internalQuery sql sqlMessage sqlText query parameters params bindings values';

type Mark = (text: string) => string;

const MARKS: Readonly<Record<string, Mark>> = {
  'a secret in its values': (text) =>
    text
      .replace(')=(', ')=(s3cr3t ')
      .replace('contains (', 'contains (s3cr3t, ')
      .replace(/^(Duplicate entry )'/, "$1's3cr3t "),
  'other texts': () => 's3cr3t text of c4n4ry\n    at s3cr3t (c4n4ry.js:1:1)',
  'a word for a text': () => 's3cr3t',
};

/** The same error with its texts changed; thrown here, so that its stack has the changed message. */
function marked(error: Error, mark: Mark): Error {
  const copy = new (error.constructor as ErrorConstructor)(mark(error.message));
  for (const [field, value] of Object.entries(error)) {
    const isKept = [...KEPT, ...NAMES, ...NAMES_OF_POSTGRES_JS].includes(field) || typeof value !== 'string';
    Object.assign(copy, { [field]: isKept || field === 'routine' ? value : mark(value) });
  }
  for (const field of MORE_FIELDS.split(' ')) {
    if ((copy as unknown as Record<string, unknown>)[field] === undefined)
      Object.assign(copy, { [field]: 's3cr3t c4n4ry' });
  }
  return copy;
}

/** Everything that gets into a log, in the ways that loggers write it. */
function facesOf(error: unknown, conflicts: Conflicts): Record<string, string> {
  const { serializers, hooks } = pinoConflicts(conflicts);
  const fields = conflictLogFields(error, conflicts);
  const logged = serializers.err(error);
  const passed: unknown[] = [];
  const log = (...args: readonly unknown[]) =>
    hooks.logMethod(args, (...given: never[]) => {
      const [first, ...texts] = given as unknown[];
      passed.push(first === error ? texts : given, format(...(texts as string[])));
    });
  log(error);
  log({ err: error, other: error }, (error as Error).message);
  log('%s %o %j', error, error, error);
  const attributes: Record<string, string> = {};
  const setAttribute = (key: string, value: string) => Object.assign(attributes, { [key]: value });
  recordConflict({ setAttribute, setStatus: (status) => Object.assign(attributes, status) }, error, conflicts);
  const faces: Record<string, string> = {};
  for (const [name, value] of Object.entries({ fields, logged, passed, attributes })) {
    faces[name] = JSON.stringify(value) ?? '';
  }
  // Nothing is hidden in it either.
  faces.inspected = inspect([fields, logged], { depth: null, showHidden: true });
  return faces;
}

/** One for each kind and engine. */
function samples(driver: string): Fixture[] {
  const seen = new Set<string>();
  return fixtures(driver).filter(({ name, violation }) => {
    const key = `${name.split('/')[0]?.split('-')[0]} ${violation?.kind}`;
    return !seen.has(key) && seen.add(key);
  });
}

test('every driver that has errors is asked', () => {
  expect(captured).toEqual(expect.arrayContaining(['pg', 'mysql2', 'better-sqlite3', 'node-sqlite', 'postgres']));
});

describe.each(captured)('captured errors of %s', (driver) => {
  const conflicts = conflictsOf(driver);

  test('are logged with all facts', () => {
    let violations = 0;
    for (const { name, error, violation } of fixtures(driver)) {
      if (violation === null) continue;
      const {
        code,
        values: _,
        condition: __,
        referencedColumns: ___,
        primaryKey: ____,
        ...facts
      } = violation as object as { code: string } & Record<string, unknown>;
      expect(conflictLogFields(error, conflicts), name).toEqual({ nativeCode: code, ...facts });
      expect(conflictLogFields(conflicts.translate(error), conflicts), name).toMatchObject({
        nativeCode: code,
        ...facts,
      });
      violations++;
    }
    expect(violations).toBeGreaterThan(5);
  });

  test('are logged with driver and code, where they are no violation', () => {
    for (const { name, error, violation } of fixtures(driver)) {
      if (violation !== null || !conflicts.owns(error)) continue;
      const { driver: found, nativeCode, sqlState: __, ...others } = conflictLogFields(error, conflicts) ?? {};
      // Some of what a driver throws cannot be told from another's.
      const isOwn = translators.some((translator) => translator.name === driver && translator.owns(error));
      if (isOwn) expect(found, name).toBe(driver);
      // Prisma keeps no code of what is wrong with a socket.
      const { cause } = error as { cause?: { originalCode?: unknown } };
      const hasCode = driver !== 'prisma' || cause?.originalCode !== undefined;
      expect(nativeCode ?? '', name).toMatch(hasCode ? /^[0-9A-Z_]+$/ : /^$/);
      expect(others, name).toEqual({});
    }
  });

  describe.each(Object.entries(MARKS))('with %s', (_title, mark) => {
    test('show nothing of it', () => {
      const leaks: string[] = [];
      for (const { name, error } of sample(fixtures(driver))) {
        const changed = marked(error, mark);
        if (!conflicts.owns(changed)) continue;
        for (const thrown of [changed, conflicts.translate(changed)]) {
          for (const leak of leaksOf(facesOf(thrown, conflicts), [SECRET, CANARY])) leaks.push(`${name}: ${leak}`);
        }
      }
      expect(leaks.slice(0, 5)).toEqual([]);
    });
  });

  test.each(Object.keys(WRAPPERS))('show nothing of what %s adds', (wrapper) => {
    const leaks: string[] = [];
    let wrapped = 0;
    for (const { name, error } of samples(driver)) {
      const changed = marked(error, MARKS['a secret in its values'] as Mark);
      if (!conflicts.owns(changed)) continue;
      const thrown = WRAPPERS[wrapper]?.(changed);
      wrapped++;
      for (const leak of leaksOf(facesOf(thrown, conflicts))) leaks.push(`${name}: ${leak}`);
    }
    expect(leaks.slice(0, 5)).toEqual([]);
    expect(wrapped).toBeGreaterThan(5);
  });
});

test('the check finds what a logger shows of an error that is not ours', () => {
  const bug = Object.assign(new Error('s3cr3t'), { detail: 's3cr3t' });
  expect(leaksOf(facesOf(bug, defineConflicts())).length).toBeGreaterThan(2);
});
