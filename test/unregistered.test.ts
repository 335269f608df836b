import { beforeEach, describe, expect, test, vi } from 'vitest';
import { type Catalog, classify, defineConflicts, isConflict, type Violation } from '../src/index.ts';
import { captured } from './violations.ts';

const UNIQUE = { kind: 'unique_violation', driver: 'test', code: '1' } as const;
const CHECK = { kind: 'check_violation', driver: 'test', code: '1' } as const;
const REFERENCE = { kind: 'foreign_key_violation', driver: 'test', code: '1' } as const;

/** A driver that reports these violations, one after another. */
function driverOf(...violations: Violation[]) {
  let at = 0;
  return { name: 'test', owns: () => true, classify: () => violations[at++ % violations.length] };
}

/** The line to add for a violation. */
function line(violation: Violation, catalog?: Catalog): string | undefined {
  const onUnregistered = vi.fn();
  const drivers = [driverOf(violation)];
  defineConflicts({ drivers, onUnregistered, ...(catalog && { catalog }) }).translate(new Error('any'));
  expect(onUnregistered.mock.calls.length).toBeLessThan(2);
  return onUnregistered.mock.calls[0]?.[1];
}

describe('onUnregistered', () => {
  test.each([
    ['pg/postgresql-18/unique', '"users_email_key": { resource: \'…\', fields: ["email"], detail: \'…\' },'],
    ['better-sqlite3/sqlite-3/unique', '"users(email)": { resource: \'…\', fields: ["email"], detail: \'…\' },'],
    ['mysql2/mysql-9/primary-key', "\"users.PRIMARY\": { resource: '…', detail: '…' },"],
  ])('gets the line to add for %s', (path, line) => {
    const onUnregistered = vi.fn();
    defineConflicts({ onUnregistered }).translate(captured(path));
    expect(onUnregistered.mock.calls).toEqual([[classify(captured(path)), line]]);
  });

  test('gets the direction that a rule has no sentence for', () => {
    const onUnregistered = vi.fn();
    const error = captured('pg/postgresql-18/foreign-key-still-referenced');
    const { constraint } = classify(error) as { constraint: string };
    const rules = { [constraint]: { reference_missing: { detail: 'This customer does not exist.' } } };
    const answer = defineConflicts({ rules, onUnregistered }).translate(error);
    expect(answer).toMatchObject({
      code: 'reference_in_use',
      message: 'Other resources still refer to this resource.',
    });
    expect(isConflict(answer) && answer.rule).toBeUndefined();
    expect(onUnregistered.mock.calls[0]?.[1]).toContain('{ reference_in_use: {');
  });

  test('is not called for what a rule knows, nor for what no rule can be written for', () => {
    const onUnregistered = vi.fn();
    const rules = { users_email_key: { detail: 'Taken.' } };
    const conflicts = defineConflicts({ rules, onUnregistered, status: { required: 422 } });
    conflicts.translate(captured('pg/postgresql-18/unique'));
    conflicts.translate(captured('pg/postgresql-18/deadlock'));
    conflicts.translate(captured('better-sqlite3/sqlite-3/foreign-key-parent-missing'));
    conflicts.translate(new Error('no violation'));
    expect(isConflict(conflicts.translate(captured('better-sqlite3/sqlite-3/not-null')), 'required')).toBe(true);
    expect(onUnregistered).not.toHaveBeenCalled();
  });

  test('may throw without harm', () => {
    const onUnregistered = (): never => {
      throw new Error('logger is down');
    };
    const error = captured('pg/postgresql-18/unique');
    expect(defineConflicts({ onUnregistered }).translate(error)).toMatchObject({ status: 409 });
  });
});

describe('the line to add', () => {
  const PLAIN = "{ resource: '…', detail: '…' }";
  const FIELD = "{ resource: '…', fields: [\"a\"], detail: '…' }";
  const A = { table: 't', columns: ['a'] };

  test.each<[string, Violation, string | undefined]>([
    ['a name', { ...UNIQUE, constraint: 'k', ...A }, `"k": ${FIELD},`],
    ['a name that has to be quoted', { ...UNIQUE, constraint: 'a "k"' }, `"a \\"k\\"": ${PLAIN},`],
    [
      'table and columns',
      { ...UNIQUE, table: 't', columns: ['a', 'b'] },
      `"t(a, b)": ${FIELD.replace('"a"', '"a","b"')},`,
    ],
    ['the primary key of MySQL', { ...UNIQUE, ...A, constraint: 'PRIMARY' }, `"t.PRIMARY": ${FIELD},`],
    ['a primary key of which no table is known', { ...UNIQUE, columns: ['a'], constraint: 'PRIMARY' }, undefined],
    ['a table alone', { ...UNIQUE, table: 't' }, undefined],
    ['columns alone', { ...UNIQUE, columns: ['a'] }, undefined],
    ['nothing', UNIQUE, undefined],
    ['what overlaps', { ...UNIQUE, kind: 'exclusion_violation', constraint: 'k', columns: ['a'] }, `"k": ${FIELD},`],
    ['a check, whatever its columns', { ...CHECK, constraint: 'k', columns: ['a'] }, `"k": ${PLAIN},`],
    ['a NOT NULL, which passes through', { ...UNIQUE, kind: 'not_null_violation', ...A }, undefined],
    [
      'a parent that is missing',
      { ...REFERENCE, constraint: 'k', direction: 'parent_missing', columns: ['a'] },
      `"k": { reference_missing: ${FIELD} },`,
    ],
    [
      'a parent that is in use',
      { ...REFERENCE, constraint: 'k', direction: 'still_referenced', referencedColumns: ['id'] },
      `"k": { reference_in_use: ${PLAIN} },`,
    ],
    ['a reference in any direction', { ...REFERENCE, constraint: 'k' }, `"k": { reference_conflict: ${PLAIN} },`],
    [
      'a reference of which both sides are known',
      { ...REFERENCE, ...A, constraint: 'k', direction: 'still_referenced', referencedColumns: ['id'] },
      `"k": { reference_missing: ${FIELD}, reference_in_use: ${PLAIN} },`,
    ],
  ])('is for %s', (_, violation, expected) => {
    expect(line(violation)).toBe(expected);
  });

  const KEY = { kind: 'unique', name: 'k', schema: 'public', table: 't', columns: ['a'] } as const;
  const { schema: _schema, ...BARE } = KEY;
  const PRIMARY = { ...KEY, kind: 'primary_key', name: 'PRIMARY' } as const;
  const NAMED = { ...UNIQUE, ...A, constraint: 'k' };
  const TWICE = ['a', 'b'].map((schema) => ({ ...KEY, schema }));
  const TWO = ['t', 'u'].map((table) => ({ ...KEY, table }));
  const ODD = { ...KEY, table: 'undefined' };
  const DOMAIN = { kind: 'check', name: 'k', schema: 'public', domain: 'd' } as const;
  const NOT_NULL = { kind: 'not_null', schema: 'public', table: 't', columns: ['a'] } as const;

  test.each<[string, Catalog['dialect'], Catalog['constraints'], Violation, string]>([
    ['its name', 'postgresql', [KEY], NAMED, 'k'],
    [
      'the name of a partitioned key, as the table that declares it does',
      'postgresql',
      [KEY, { ...KEY, table: 't_1', partitionOf: { schema: 'public', table: 't', name: 'k' } }],
      NAMED,
      'k',
    ],
    [
      'the table where several have the name',
      'postgresql',
      [...TWO, { kind: 'check', name: 'd', domain: 'd' }],
      NAMED,
      't.k',
    ],
    ['the schema where two have the table', 'postgresql', TWICE, { ...NAMED, schema: 'a' }, 'a.t.k'],
    ['no schema that is not known', 'postgresql', [BARE, BARE], NAMED, 't.k'],
    ['what the error has, where the catalog does not have it', 'postgresql', [], { ...UNIQUE, ...A }, 't(a)'],
    ['the name that the error has, where the catalog does not have it', 'mysql', [], NAMED, 'k'],
    [
      'the name where no table is known',
      'postgresql',
      [ODD, { ...KEY, table: 'u' }],
      { ...UNIQUE, constraint: 'k' },
      'k',
    ],
    [
      'columns where no name is known',
      'postgresql',
      [{ ...KEY, name: 'undefined' }],
      { ...UNIQUE, ...A, schema: 's' },
      't(a)',
    ],
    [
      'a name that other constraints do without',
      'postgresql',
      [{ ...KEY, name: 'undefined' }, NOT_NULL],
      { ...NAMED, constraint: 'undefined' },
      'undefined',
    ],
    [
      'a table that other constraints do without',
      'postgresql',
      [ODD, DOMAIN],
      { ...NAMED, schema: 'public', table: 'undefined' },
      'undefined.k',
    ],
    ['the columns of a primary key of MySQL', 'mysql', [PRIMARY], { ...NAMED, constraint: 'PRIMARY' }, 't(a)'],
    [
      'the columns of two primary keys of MySQL',
      'mysql',
      [PRIMARY, { ...PRIMARY, table: 'u' }],
      { ...NAMED, schema: 'public', constraint: 'PRIMARY' },
      't(a)',
    ],
    [
      'the schema of a primary key of MySQL where two have the table',
      'mysql',
      TWICE.map((key) => ({ ...PRIMARY, schema: key.schema })),
      { ...NAMED, schema: 'a', constraint: 'PRIMARY' },
      'a.t(a)',
    ],
    [
      'a table of a primary key that a check does without',
      'mysql',
      [{ ...PRIMARY, table: 'undefined' }, DOMAIN],
      { ...NAMED, schema: 'public', table: 'undefined', constraint: 'PRIMARY' },
      'undefined(a)',
    ],
    [
      'the table of a primary key that the catalog does not have',
      'mysql',
      [],
      { ...UNIQUE, table: 't', constraint: 'PRIMARY' },
      't.PRIMARY',
    ],
    ['the columns of SQLite', 'sqlite', [BARE], { ...UNIQUE, ...A }, 't(a)'],
    [
      'all columns of SQLite',
      'sqlite',
      [{ ...BARE, columns: ['a', 'b'] }],
      { ...UNIQUE, table: 't', columns: ['a', 'b'] },
      't(a, b)',
    ],
    ['the check of SQLite', 'sqlite', [], { ...CHECK, constraint: 'positive' }, 'positive'],
    [
      'the check of SQLite with its table',
      'sqlite',
      [{ kind: 'check', name: 'k', table: 't' }],
      { ...CHECK, constraint: 'k' },
      'k',
    ],
    [
      'the name where SQLite tells columns and no table',
      'sqlite',
      [],
      { ...UNIQUE, columns: ['a'], constraint: 'k' },
      'k',
    ],
  ])('names %s', (_, dialect, constraints, violation, key) => {
    const found = line(violation, { dialect, constraints }) ?? '';
    expect(found.slice(0, found.indexOf('": '))).toBe(`"${key}`);
  });

  test('takes nothing without a name for a name', () => {
    const constraints: Catalog['constraints'] = [
      { kind: 'check', name: 'undefined', schema: 'public', table: 't' },
      { kind: 'check', name: 'undefined', schema: 'public', table: 'u' },
      { kind: 'not_null', schema: 'public', table: 't', columns: ['a'] },
    ];
    const check = { ...CHECK, dialect: 'postgresql', schema: 'public', table: 't', constraint: 'undefined' } as const;
    expect(line(check, { dialect: 'postgresql', constraints })).toBe(`"t.undefined": ${PLAIN},`);
    const key: Violation = { ...UNIQUE, dialect: 'mysql', schema: 'shop', table: 'undefined', constraint: 'PRIMARY' };
    const catalog: Catalog = {
      dialect: 'mysql',
      constraints: [
        { kind: 'primary_key', name: 'PRIMARY', schema: 'shop', table: 'undefined', columns: ['a'] },
        { kind: 'check', name: 'of_a_domain', schema: 'other' },
      ],
    };
    expect(line(key, catalog)).toBe(`"undefined(a)": ${FIELD},`);
  });
});

describe('the warning of a constraint that has no rule', () => {
  beforeEach(() => {
    vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    return () => {
      vi.unstubAllEnvs();
      vi.unstubAllGlobals();
      vi.restoreAllMocks();
    };
  });

  /** Translates each twice, and gives the keys of the lines that were warned of. */
  function warned(...violations: Violation[]): unknown[] {
    const { translate } = defineConflicts({ drivers: [driverOf(...violations)] });
    for (let at = 0; at < violations.length * 2; at++) translate(new Error('any'));
    return vi.mocked(process.emitWarning).mock.calls.map(([text]) => /Add to rules: "(.*?)": /.exec(String(text))?.[1]);
  }

  test('is one of the process', () => {
    expect(warned({ ...UNIQUE, constraint: 'k' })).toEqual(['k']);
    expect(vi.mocked(process.emitWarning).mock.calls).toEqual([
      [
        "A constraint has no rule, its conflict is answered without words. Add to rules: \"k\": { resource: '…', detail: '…' },",
        { type: 'ConflictWarning', code: 'UNREGISTERED_CONSTRAINT' },
      ],
    ]);
  });

  test('comes once for each constraint and answer', () => {
    expect(
      warned(
        { ...UNIQUE, constraint: 'k' },
        { ...UNIQUE, constraint: 'k', table: 't' },
        { ...UNIQUE, constraint: 'l' },
        { ...CHECK, constraint: 'k' },
        { ...UNIQUE, table: 't', columns: ['a'] },
        { ...UNIQUE, table: 't', columns: ['b'] },
        { ...UNIQUE, table: 't' },
      ),
    ).toEqual(['k', 'k', 'l', 'k', 't(a)', 't(b)']);
  });

  test('names the key that a catalog makes the shortest', () => {
    const constraints = ['t', 'u'].map((table) => ({ kind: 'unique', name: 'k', table, columns: ['a'] }) as const);
    const drivers = [driverOf({ ...UNIQUE, constraint: 'k', table: 'u' })];
    defineConflicts({ drivers, catalog: { dialect: 'postgresql', constraints } }).translate(new Error('any'));
    expect(process.emitWarning).toHaveBeenCalledWith(expect.stringContaining('"u.k": {'), expect.anything());
  });

  test('comes for a thousand constraints, and no more', () => {
    expect(warned(...Array.from({ length: 1001 }, (_, at) => ({ ...UNIQUE, constraint: `k${at}` })))).toHaveLength(
      1000,
    );
  });

  test('does not come in production, which may be set after the imports', () => {
    const { translate } = defineConflicts({ drivers: [driverOf({ ...UNIQUE, constraint: 'k' })] });
    vi.stubEnv('NODE_ENV', 'production');
    expect(translate(new Error('any'))).toMatchObject({ code: 'duplicate' });
    expect(process.emitWarning).not.toHaveBeenCalled();
  });

  test('does not come where there is no process, or one without all that Node has', () => {
    const violation = { ...UNIQUE, constraint: 'k' };
    const env = vi.fn();
    for (const process of [
      undefined,
      {},
      {
        get env() {
          return env();
        },
      },
    ]) {
      vi.stubGlobal('process', process);
      const { translate } = defineConflicts({ drivers: [driverOf(violation)] });
      for (let time = 0; time < 3; time++) expect(translate(new Error('any'))).toMatchObject({ code: 'duplicate' });
    }
    vi.unstubAllGlobals();
    expect(env).toHaveBeenCalledTimes(1);
  });
});
