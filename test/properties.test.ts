import { validateHeaderName, validateHeaderValue } from 'node:http';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixtures } from '../fixtures/load.ts';
import {
  ConflictError,
  type Conflicts,
  type ConflictsOptions,
  classify,
  conflict,
  defineConflicts,
  type Problem,
  type ProblemCode,
  translate,
  type Violation,
  wrap,
} from '../src/index.ts';
import { runs } from './effort.ts';
import { describeLive } from './live/describe-live.ts';

/** Words that readers look for, as an attacker or an odd schema would use them. */
const SPOOFS = [
  `x' for key 'users.PRIMARY`,
  `x)=(y) already exists.`,
  `Key (a)=(b) is not present in table "c".`,
  'a, b',
  'a.b',
  "index 'a'",
  "it's",
  'we"ird',
  'back`tick',
  '(a)',
  'lower(a)',
  ' column ',
  'FOREIGN KEY constraint failed',
  'UNIQUE constraint failed: a.b',
  'rowid',
  'select',
  '__proto__',
  'constructor',
  'toString',
  'Straße',
  '名前',
  '💥',
  'a\r\nb',
  "'; DROP TABLE a; --",
  '%s %d {0} $1 ?',
];

/** A text that a database takes: no NUL, which ends a statement, and no half of a surrogate pair. */
const text = fc
  .oneof(fc.constantFrom(...SPOOFS), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.string())
  .map((value) => value.replace(/\0|\p{Surrogate}/gu, ''));

/** A name for a table or a column, which SQLite does not reserve. */
const identifier = text.filter((name) => name !== '' && !/^sqlite_/i.test(name));

/** Names that SQLite does not take for the same one. */
const identifiers = (length: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(identifier, {
    minLength: length,
    maxLength: length,
    selector: (name) => name.replace(/[A-Z]/g, (letter: string) => letter.toLowerCase()),
  });

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (value: string): string => `'${value.replaceAll("'", "''")}'`;

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('Expected the database to refuse this, and it did not');
}

const ALL = defineConflicts({
  status: { required: 422, invalid_value: 422 },
  onUnregistered: () => {},
});

const answerTo = (error: unknown): ProblemCode | undefined => {
  const answer = ALL.translate(error);
  return answer instanceof ConflictError ? answer.code : undefined;
};

describeLive('sqlite', () => {
  /** A database in memory that lives as long as the work. */
  function withDatabase(work: (database: BetterSqlite3.Database) => void): void {
    const database = new BetterSqlite3(':memory:');
    try {
      database.pragma('foreign_keys = ON');
      work(database);
    } finally {
      database.close();
    }
  }

  /** A fact that is a name is the right one, or is left out. */
  function expectRight(
    violation: Violation | undefined,
    table: string,
    columns: readonly string[],
    constraint?: string,
  ): void {
    const facts = violation as { table?: string; columns?: readonly string[]; constraint?: string };
    if (facts.table !== undefined) expect(facts.table).toBe(table);
    if (facts.columns !== undefined) expect(facts.columns).toEqual(columns);
    if (facts.constraint !== undefined) expect(facts.constraint).toBe(constraint);
  }

  // `t.a, t.b` is two columns, or one column of that odd name: nobody can tell.
  const isReadInTwoWays = (...names: string[]): boolean =>
    names.some((name) => name.includes(', ') && name.includes('.'));

  test('no identifier changes the kind or the code, and no name is a wrong one', () => {
    fc.assert(
      fc.property(identifiers(2), identifiers(5), identifier, identifier, (tables, columns, check, index) => {
        const [table = '', child = ''] = tables;
        const [unique = '', first = '', second = '', needed = '', checked = ''] = columns;
        fc.pre(!isReadInTwoWays(table, child, ...columns));
        // What SQLite writes in place of the columns of an index on an expression.
        fc.pre(!table.startsWith("index '") && !child.startsWith("index '"));
        withDatabase((database) => {
          database.exec(
            `CREATE TABLE ${quoted(table)} (${quoted(unique)} TEXT UNIQUE, ${quoted(first)} TEXT, ${quoted(second)} TEXT,
              ${quoted(needed)} TEXT NOT NULL, ${quoted(checked)} TEXT, PRIMARY KEY (${quoted(first)}, ${quoted(second)}),
              CONSTRAINT ${quoted(check)} CHECK (${quoted(checked)} <> 'no'))`,
          );
          database.exec(
            `CREATE TABLE ${quoted(child)} (${quoted(first)} TEXT REFERENCES ${quoted(table)} (${quoted(unique)}))`,
          );
          const insert = (...values: (string | null)[]): unknown =>
            database.prepare(`INSERT INTO ${quoted(table)} VALUES (?, ?, ?, ?, ?)`).run(...values);
          insert('u', 'a', 'b', 'n', 'c');

          const duplicate = thrownBy(() => insert('u', 'x', 'y', 'n', 'c'));
          expect(classify(duplicate)).toMatchObject({ kind: 'unique_violation', code: 'SQLITE_CONSTRAINT_UNIQUE' });
          expectRight(classify(duplicate), table, [unique]);
          expect(answerTo(duplicate)).toBe('duplicate');

          const key = thrownBy(() => insert('v', 'a', 'b', 'n', 'c'));
          expect(classify(key)).toMatchObject({ kind: 'unique_violation', primaryKey: true });
          expectRight(classify(key), table, [first, second]);
          expect(answerTo(key)).toBe('duplicate');

          const missing = thrownBy(() => insert('v', 'x', 'y', null, 'c'));
          expect(classify(missing)).toMatchObject({ kind: 'not_null_violation', code: 'SQLITE_CONSTRAINT_NOTNULL' });
          expectRight(classify(missing), table, [needed]);
          expect(answerTo(missing)).toBe('required');

          const failed = thrownBy(() => insert('v', 'x', 'y', 'n', 'no'));
          expect(classify(failed)).toMatchObject({ kind: 'check_violation', code: 'SQLITE_CONSTRAINT_CHECK' });
          expectRight(classify(failed), table, [], check);
          expect(answerTo(failed)).toBe('check_failed');

          const orphan = thrownBy(() => database.prepare(`INSERT INTO ${quoted(child)} VALUES ('z')`).run());
          expect(classify(orphan)).toEqual({
            kind: 'foreign_key_violation',
            driver: 'better-sqlite3',
            dialect: 'sqlite',
            code: 'SQLITE_CONSTRAINT_FOREIGNKEY',
          });
          expect(answerTo(orphan)).toBe('reference_conflict');

          fc.pre(index !== table && index !== child);
          fc.pre(![table, child].some((name) => name.toLowerCase() === index.toLowerCase()));
          database.exec(`CREATE UNIQUE INDEX ${quoted(index)} ON ${quoted(child)} (lower(${quoted(first)}))`);
          database.exec(`INSERT INTO ${quoted(child)} VALUES ('u')`);
          const expression = thrownBy(() => database.exec(`INSERT INTO ${quoted(child)} VALUES ('u')`));
          expect(classify(expression)).toMatchObject({ kind: 'unique_violation' });
          expectRight(classify(expression), child, [], index);
          expect(answerTo(expression)).toBe('duplicate');
        });
      }),
      { numRuns: runs(400) },
    );
  });

  test('no name that holds the words of a message is taken for a shorter one', () => {
    for (const prefix of ['UNIQUE constraint failed: ', 'NOT NULL constraint failed: ', 'CHECK constraint failed: ']) {
      withDatabase((database) => {
        const table = `a ${prefix}b`;
        database.exec(
          `CREATE TABLE ${quoted(table)} (u TEXT UNIQUE, n TEXT NOT NULL, c TEXT, CONSTRAINT ${quoted(table)} CHECK (c <> 'no'))`,
        );
        const insert = `INSERT INTO ${quoted(table)} VALUES `;
        database.exec(`${insert} ('u', 'n', 'c')`);
        expectRight(classify(thrownBy(() => database.exec(`${insert} ('u', 'n', 'c')`))), table, ['u']);
        expectRight(classify(thrownBy(() => database.exec(`${insert} ('v', NULL, 'c')`))), table, ['n']);
        expectRight(classify(thrownBy(() => database.exec(`${insert} ('v', 'n', 'no')`))), table, [], table);
      });
    }
  });

  test('no value changes anything', () => {
    withDatabase((database) => {
      database.exec(
        'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT UNIQUE, age TEXT CONSTRAINT users_age CHECK (age IS NULL))',
      );
      const insert = database.prepare('INSERT INTO users (email, age) VALUES (?, ?)');
      fc.assert(
        fc.property(fc.oneof(text, fc.string({ unit: 'binary', maxLength: 5000 })), (value) => {
          database.exec('DELETE FROM users');
          insert.run(value, null);
          const duplicate = thrownBy(() => insert.run(value, null));
          expect(classify(duplicate)).toEqual({
            kind: 'unique_violation',
            driver: 'better-sqlite3',
            dialect: 'sqlite',
            code: 'SQLITE_CONSTRAINT_UNIQUE',
            table: 'users',
            columns: ['email'],
          });
          expect(answerTo(duplicate)).toBe('duplicate');
          const checked = thrownBy(() => insert.run(`${value}!`, value));
          expect(classify(checked)).toMatchObject({ kind: 'check_violation', constraint: 'users_age' });
        }),
        { numRuns: runs(300) },
      );
    });
  });

  test('no text of a RAISE makes it anything else, and without a rule it comes back as it is', () => {
    fc.assert(
      fc.property(fc.constantFrom('ABORT', 'FAIL', 'ROLLBACK'), text, (how, message) => {
        // SQLite itself raises RESTRICT with this text and the same code.
        fc.pre(message !== 'FOREIGN KEY constraint failed');
        withDatabase((database) => {
          database.exec(
            `CREATE TABLE a (b); CREATE TRIGGER c BEFORE INSERT ON a BEGIN SELECT RAISE(${how}, ${literal(message)}); END`,
          );
          const error = thrownBy(() => database.exec('INSERT INTO a VALUES (1)'));
          expect(classify(error)).toMatchObject({ kind: 'raise_exception', code: 'SQLITE_CONSTRAINT_TRIGGER' });
          const { condition } = classify(error) as { condition?: string };
          if (condition !== undefined) expect(condition).toBe(message);
          expect(ALL.translate(error)).toBe(error);
        });
      }),
      { numRuns: runs(200) },
    );
  });
});

describeLive('postgresql', ({ url = '' }) => {
  let client: pg.Client;

  beforeAll(async () => {
    client = new pg.Client({ connectionString: url });
    await client.connect();
    await client.query(`
      CREATE TEMPORARY TABLE parents (name text CONSTRAINT parents_name_key PRIMARY KEY);
      CREATE TEMPORARY TABLE children (parent text CONSTRAINT children_parent_fkey REFERENCES parents)`);
  });

  afterAll(() => client?.end());

  const refused = async (statements: readonly string[], value: string): Promise<Violation | undefined> => {
    await client.query('BEGIN');
    try {
      for (const statement of statements) await client.query(statement, [value]);
    } catch (error) {
      return classify(error);
    } finally {
      await client.query('ROLLBACK');
    }
    return undefined;
  };

  test('no value changes anything', async () => {
    const parent = 'INSERT INTO parents VALUES ($1)';
    const child = 'INSERT INTO children VALUES ($1)';
    await fc.assert(
      fc.asyncProperty(text, async (value) => {
        expect(await refused([parent, parent], value)).toMatchObject({
          kind: 'unique_violation',
          table: 'parents',
          constraint: 'parents_name_key',
          columns: ['name'],
        });
        const missing = await refused([child], value);
        expect(missing).toMatchObject({
          kind: 'foreign_key_violation',
          direction: 'parent_missing',
          table: 'children',
          constraint: 'children_parent_fkey',
        });
        expect({ referencedTable: 'parents', columns: ['parent'], ...missing }).toEqual({
          ...missing,
          referencedTable: 'parents',
          columns: ['parent'],
        });
        const used = await refused([parent, child, 'DELETE FROM parents WHERE name = $1'], value);
        expect(used).toMatchObject({ direction: 'still_referenced', table: 'children', referencedTable: 'parents' });
        expect({ referencedColumns: ['name'], ...used }).toEqual({ ...used, referencedColumns: ['name'] });
      }),
      { numRuns: runs(100) },
    );
  });
});

for (const engine of ['mysql', 'mariadb'] as const) {
  describeLive(engine, ({ url = '' }) => {
    const schema = `properties_${process.pid}`;
    let client: Awaited<ReturnType<typeof createConnection>>;

    beforeAll(async () => {
      client = await createConnection({ uri: url, multipleStatements: true, charset: 'utf8mb4' });
      await client.query(`CREATE DATABASE ${schema} CHARACTER SET utf8mb4; USE ${schema};
        CREATE TABLE users (email VARCHAR(500) NOT NULL, age INT, UNIQUE KEY users_email_key (email))`);
    });

    afterAll(async () => {
      await client?.query(`DROP DATABASE ${schema}`);
      await client?.end();
    });

    const refused = async (...statements: readonly [string, unknown[]][]): Promise<unknown> => {
      await client.query('START TRANSACTION');
      try {
        for (const [statement, values] of statements) await client.query(statement, values);
      } catch (error) {
        return error;
      } finally {
        await client.query('ROLLBACK');
      }
      return undefined;
    };

    test('no value changes anything', async () => {
      const insert = 'INSERT INTO users (email) VALUES (?)';
      await fc.assert(
        fc.asyncProperty(text, async (value) => {
          const duplicate = await refused([insert, [value]], [insert, [value]]);
          expect(classify(duplicate)).toEqual({
            kind: 'unique_violation',
            driver: 'mysql2',
            code: '1062',
            sqlState: '23000',
            ...(engine === 'mysql' && { table: 'users' }),
            constraint: 'users_email_key',
          });
          const wrong = await refused([`INSERT INTO users VALUES ('a', ?)`, [`x${value}`]]);
          const found = classify(wrong);
          expect(found).toMatchObject({ kind: 'invalid_text_representation' });
          expect({ columns: ['age'], ...found }).toEqual({ ...found, columns: ['age'] });
        }),
        { numRuns: runs(100) },
      );
    });
  });
}

/* ---- captured errors ---- */

const CAPTURED = ['pg', 'mysql2', 'better-sqlite3'].flatMap((driver) => fixtures(driver));
const anyCaptured = fc.constantFrom(...CAPTURED);

const anyContext = fc.option(
  fc.record(
    {
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'delete', ''),
      operation: fc.constantFrom('insert' as const, 'update' as const, 'delete' as const),
      headers: fc.dictionary(
        fc.constantFrom('if-match', 'if-none-match', 'accept-language'),
        fc.constantFrom('*', '"v1"', 'de'),
      ),
    },
    { requiredKeys: [] },
  ),
  { nil: undefined },
);

const status = fc.integer({ min: 400, max: 599 });
const word = fc.string({ minLength: 1 });
const anyWords = fc.record(
  { resource: word, fields: fc.array(word, { maxLength: 3 }), detail: word, status, type: word, title: word },
  { requiredKeys: [] },
);

const CODES = [
  ...['duplicate', 'reference_missing', 'reference_in_use', 'reference_conflict', 'check_failed', 'overlap'],
  ...['version_mismatch', 'precondition_required', 'invalid_state', 'merge_conflict', 'contention', 'busy'],
  ...['required', 'invalid_value', 'idempotency_in_progress', 'idempotency_key_reused', 'idempotency_key_missing'],
  'conflict',
] as ProblemCode[];

/** Rules for constraints that the captured errors really name. */
const NAMES = [
  ...new Set(CAPTURED.flatMap(({ violation }) => (violation as { constraint?: string } | null)?.constraint ?? [])),
].filter((name) => name !== 'PRIMARY');

const anyOptions: fc.Arbitrary<ConflictsOptions> = fc.record(
  {
    rules: fc.dictionary(
      fc.constantFrom(...NAMES),
      fc.oneof(
        anyWords,
        fc.record({ conceal: fc.boolean(), code: fc.constantFrom(...CODES), detail: word }, { requiredKeys: [] }),
        fc.dictionary(fc.constantFrom(...CODES), anyWords),
      ),
      { maxKeys: 20 },
    ),
    status: fc.dictionary(fc.constantFrom(...CODES), status),
    typeBase: fc.webUrl(),
    format: fc.constantFrom('problem' as const, 'simple' as const, 'jsonapi' as const),
    exposeColumns: fc.boolean(),
    captureStack: fc.boolean(),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<ConflictsOptions>;

/** Conflicts of these options, which are what a counterexample shows. */
const bound = (options: ConflictsOptions): Conflicts => defineConflicts({ ...options, onUnregistered: () => {} });

describe('no language', () => {
  test('and no version of a server changes the kind, the direction or the answer', () => {
    const byScenario = new Map<string, Map<string, string>>();
    for (const { name, error, captured, violation } of CAPTURED) {
      if (violation === null) continue;
      const scenario = `${captured.engine} ${name.split('/')[1]}`;
      const found = classify(error) as Violation & { direction?: string };
      const truth = JSON.stringify([found.kind, found.direction, answerTo(error)]);
      const seen = byScenario.get(scenario) ?? new Map<string, string>();
      byScenario.set(scenario, seen.set(captured.locale, truth));
    }
    const inLanguages = [...byScenario].filter(([, seen]) => seen.size > 1);
    expect(inLanguages.length).toBeGreaterThan(80);
    for (const [scenario, seen] of inLanguages) expect(new Set(seen.values()).size, scenario).toBe(1);
  });
});

describe('translating', () => {
  test('once more changes nothing, with and without a request, through the same and through other conflicts', () => {
    fc.assert(
      fc.property(anyCaptured, anyOptions, anyContext, ({ error }, options, context) => {
        const conflicts = bound(options);
        const once = conflicts.translate(error, context);
        expect(conflicts.translate(once)).toBe(once);
        expect(conflicts.translate(once, context)).toBe(once);
        expect(translate(once)).toBe(once);
        const outer = new Error('outer', { cause: once });
        expect(conflicts.translate(outer)).toBe(once instanceof ConflictError ? once : outer);
        if (!(once instanceof ConflictError)) return;
        expect(conflicts.classify(once)).toEqual(classify(error));
        // Whoever has other rules, which say nothing of it, and no request leaves it at that as well.
        const { code, status } = once;
        expect(bound({ rules: { other: {} } }).translate(once)).toMatchObject({ code, status });
      }),
      { numRuns: runs(500) },
    );
  });

  test('does not change the error that was thrown', () => {
    for (const { error } of CAPTURED) {
      const before = JSON.stringify([Reflect.ownKeys(error), { ...error }, error.message, error.stack]);
      const frozen = Object.freeze(error);
      ALL.translate(frozen);
      expect(JSON.stringify([Reflect.ownKeys(error), { ...error }, error.message, error.stack])).toBe(before);
    }
  });

  test('keeps what was thrown as the cause, or gives it back', () => {
    fc.assert(
      fc.property(anyCaptured, anyOptions, anyContext, ({ error, violation }, options, context) => {
        const answer = bound(options).translate(error, context);
        if (answer === error) return;
        expect(violation).not.toBeNull();
        expect((answer as ConflictError).cause).toBe(error);
      }),
    );
  });
});

/* ---- the answer ---- */

const MEMBERS = [
  ...['type', 'title', 'status', 'detail', 'instance', 'code', 'resource', 'errors'],
  ...['current_version', 'expected_version', 'current_status', 'requested_transition', 'allowed_transitions'],
  ...['retryable', 'retry_after', 'recovery'],
];

const RECOVERY: Readonly<Record<ProblemCode, Problem['recovery']>> = {
  duplicate: 'change_input',
  reference_missing: 'change_input',
  reference_in_use: 'none',
  reference_conflict: 'change_input',
  check_failed: 'change_input',
  overlap: 'change_input',
  version_mismatch: 'refetch_and_retry',
  precondition_required: 'refetch_and_retry',
  invalid_state: 'none',
  merge_conflict: 'refetch_and_retry',
  contention: 'retry',
  busy: 'retry',
  required: 'change_input',
  invalid_value: 'change_input',
  idempotency_in_progress: 'retry',
  idempotency_key_reused: 'change_input',
  idempotency_key_missing: 'change_input',
  conflict: 'none',
};

/** The members that belong to some codes only. */
const ONLY: Readonly<Record<string, readonly ProblemCode[]>> = {
  current_version: ['version_mismatch', 'precondition_required', 'merge_conflict'],
  expected_version: ['version_mismatch', 'precondition_required', 'merge_conflict'],
  current_status: ['invalid_state'],
  requested_transition: ['invalid_state'],
  allowed_transitions: ['invalid_state'],
  retry_after: ['contention', 'busy', 'idempotency_in_progress'],
};

/** The schema of the documented body. */
function expectDocumented(body: Problem): void {
  const names = Object.keys(body);
  expect(names).toEqual(MEMBERS.filter((member) => names.includes(member)));
  const required = ['type', 'title', 'status', 'code', 'retryable', 'recovery'];
  expect(names).toEqual(expect.arrayContaining(required));
  for (const [name, value] of Object.entries(body)) {
    if (ONLY[name]) expect(ONLY[name], name).toContain(body.code);
    switch (name) {
      case 'status':
        expect(Number.isInteger(value) && value >= 400 && value < 600).toBe(true);
        break;
      case 'retryable':
        expect(value).toBe(body.recovery === 'retry');
        break;
      case 'recovery':
        expect(value).toBe(RECOVERY[body.code]);
        break;
      case 'retry_after':
        expect(Number.isSafeInteger(value) && value >= 0).toBe(true);
        break;
      case 'errors':
        expect(value.length).toBeGreaterThan(0);
        for (const { pointer, code, detail, ...others } of value) {
          expect(pointer).toBeTypeOf('string');
          expect(pointer).not.toBe('');
          expect(['taken', 'not_found', 'in_use', 'invalid', 'overlaps', 'required']).toContain(code);
          if (detail !== undefined) expect(detail).toBeTypeOf('string');
          expect(others).toEqual({});
        }
        break;
      case 'allowed_transitions':
        expect(value.every((one: unknown) => typeof one === 'string')).toBe(true);
        break;
      default:
        expect(value, name).toBeTypeOf('string');
        expect(value, name).not.toBe('');
    }
  }
}

/** What holds for every answer, whoever asked for it. */
function expectLawful(error: ConflictError): void {
  expectDocumented(JSON.parse(JSON.stringify(error.problem)));
  expect([error.status, error.statusCode]).toEqual([error.problem.status, error.problem.status]);
  expect(error.code).toBe(error.problem.code);
  expect(error.message).toBe(error.problem.detail ?? error.problem.title);
  expect(error.expose).toBe(true);
  for (const [name, value] of Object.entries(error.headers)) {
    validateHeaderName(name);
    expect(() => validateHeaderValue(name, value), name).not.toThrow();
    expect(value).toBe(value.trim());
  }
  expect(error.headers['Cache-Control']).toBe('no-store');
  expect(error.headers['Retry-After']).toBe(
    'retry_after' in error.problem ? `${error.problem.retry_after}` : undefined,
  );
  expect(error.getResponse().status).toBe(error.problem.status);
}

describe('the answer', () => {
  test('to a captured error is the documented one, whatever the options and the request', () => {
    fc.assert(
      fc.property(anyCaptured, anyOptions, anyContext, ({ error }, options, context) => {
        const answer = bound(options).translate(error, context);
        if (answer instanceof ConflictError) expectLawful(answer);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('is the problem itself in the default format', () => {
    fc.assert(
      fc.property(anyCaptured, anyContext, ({ error }, context) => {
        const answer = ALL.translate(error, context);
        if (answer instanceof ConflictError) expect(JSON.stringify(answer)).toBe(JSON.stringify(answer.problem));
      }),
    );
  });
});

/** Texts that take more room in JSON and in UTF-8 than they have characters, and versions that no header takes. */
const anyText = fc.oneof(
  text,
  fc
    .constantFrom('\u0000', '\u001f', '💥', '"', '\\', '\ud800', 'é', '\r\n', 'x')
    .chain((one) => fc.constantFrom(1, 16, 255, 256, 257, 100_000).map((times) => one.repeat(times))),
);
const anyMember = fc.oneof(
  { weight: 4, arbitrary: anyText },
  { weight: 1, arbitrary: fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(0, -0, -1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, 4n, Symbol('v')),
  },
);
const anyErrors = fc.oneof(
  anyMember,
  fc.array(fc.record({ pointer: anyMember, code: anyMember, detail: anyMember }, { requiredKeys: [] }), {
    maxLength: 40,
  }),
  fc.record({ pointer: anyText, code: anyText, detail: anyText }).map((one) => Array(1000).fill(one)),
);
const anyList = fc.oneof(
  anyMember,
  fc.array(anyMember, { maxLength: 40 }),
  anyText.map((one) => Array(1000).fill(one)),
);
const anyMembers = fc.record(
  {
    ...Object.fromEntries(
      ['type', 'title', 'detail', 'instance', 'resource', 'current_version', 'expected_version'].map((name) => [
        name,
        anyMember,
      ]),
    ),
    current_status: anyMember,
    requested_transition: anyMember,
    retry_after: anyMember,
    errors: anyErrors,
    fields: anyList,
    allowed_transitions: anyList,
  },
  { requiredKeys: [] },
);

/** Without the members that belong to other codes: giving one is a mistake, which the types and a TypeError tell. */
function membersOf(code: ProblemCode, members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([name]) => ONLY[name]?.includes(code) ?? true));
}

/** A member that is too long makes no body long; so do all of them together. */
const LONGEST_BODY = 8 * 1024;

describe('a conflict that the application raises', () => {
  const anyCode = fc.constantFrom(...CODES);

  test('is the documented one, whatever its members hold', () => {
    fc.assert(
      fc.property(anyCode, anyMembers, anyContext, (code, members, context) => {
        expectLawful(conflict(code, membersOf(code, members), { context }));
      }),
      { numRuns: runs(1000) },
    );
  });

  test('has a body of 8 KiB at most, whatever its members hold and whatever the format', () => {
    const formats = fc.constantFrom('problem' as const, 'simple' as const, 'jsonapi' as const);
    const long = fc.constantFrom('\u0001', '💥', 'x', '"').map((one) => one.repeat(1000));
    const longMembers = long.map((one) => ({
      ...Object.fromEntries(
        MEMBERS.filter((name) => !['status', 'code', 'retryable', 'recovery'].includes(name)).map((name) => [
          name,
          one,
        ]),
      ),
      retry_after: 1,
      errors: Array(100).fill({ pointer: one, code: one, detail: one }),
      allowed_transitions: Array(100).fill(one),
    }));
    fc.assert(
      fc.property(anyCode, formats, fc.oneof(anyMembers, longMembers), (code, format, members) => {
        const body = JSON.stringify(defineConflicts({ format }).conflict(code, membersOf(code, members)));
        expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LONGEST_BODY);
      }),
      { numRuns: runs(1000) },
    );
  });

  test('is answered again as itself', () => {
    fc.assert(
      fc.property(anyCode, anyMembers, anyContext, (code, members, context) => {
        const error = conflict(code, membersOf(code, members), { context });
        expect(translate(error, context)).toBe(error);
        expect(translate(error)).toBe(error);
        expect(defineConflicts().translate(error)).toMatchObject({
          code,
          status: error.status,
          message: error.message,
        });
      }),
      { numRuns: runs(300) },
    );
  });
});

/* ---- wrap ---- */

describe('a wrapped function', () => {
  const anyValue = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withNullPrototype: true,
  });
  // What a database refused has an answer, and an iterator is wrapped: neither is in here.
  const anyArguments = fc.array(anyValue, { maxLength: 4 });

  test('gives what the function gives, and throws what it throws', () => {
    fc.assert(
      fc.property(anyValue, anyArguments, anyValue, fc.boolean(), (self, given, value, throws) => {
        const calls: unknown[] = [];
        function target(this: unknown, ...args: unknown[]): unknown {
          calls.push(this, ...args);
          if (throws) throw value;
          return value;
        }
        const wrapped = wrap(target);
        const outcome = (work: () => unknown): unknown[] => {
          try {
            return ['returned', work()];
          } catch (error) {
            return ['threw', error];
          }
        };
        const plain = outcome(() => target.apply(self, given));
        const translated = outcome(() => wrapped.apply(self, given));
        expect(translated[0]).toBe(plain[0]);
        expect(Object.is(translated[1], plain[1])).toBe(true);
        const half = calls.length / 2;
        expect(calls.slice(0, half).every((argument, at) => Object.is(argument, calls[half + at]))).toBe(true);
      }),
      { numRuns: runs(500) },
    );
  });

  test('resolves to what the function resolves to, and rejects with what it rejects with', async () => {
    await fc.assert(
      fc.asyncProperty(anyArguments, anyValue, fc.boolean(), async (given, value, rejects) => {
        // A value with a `then` of its own is no value that a promise can have.
        const target = async (..._args: unknown[]): Promise<unknown[]> => {
          if (rejects) throw value;
          return [value];
        };
        const [plain, wrapped] = await Promise.allSettled([target(...given), wrap(target)(...given)]);
        expect(wrapped.status).toBe(plain.status);
        const of = (result: PromiseSettledResult<unknown[]>): unknown =>
          result.status === 'fulfilled' ? result.value[0] : result.reason;
        expect(Object.is(of(wrapped), of(plain))).toBe(true);
      }),
      { numRuns: runs(300) },
    );
  });

  test('computes what the function computes', () => {
    fc.assert(
      fc.property(fc.func(anyValue), anyArguments, (target, given) => {
        expect(wrap(target)(...given)).toStrictEqual(target(...given));
      }),
    );
  });

  test('throws what translate gives for what the function throws', () => {
    fc.assert(
      fc.property(anyCaptured, anyOptions, ({ error }, options) => {
        const conflicts = bound(options);
        const expected = conflicts.translate(error);
        const thrown = thrownBy(
          conflicts.wrap(() => {
            throw error;
          }),
        );
        if (expected === error) expect(thrown).toBe(error);
        else {
          const { instance: _new, ...problem } = (thrown as ConflictError).problem;
          expect({ ...(expected as ConflictError).problem, instance: undefined }).toEqual({
            ...problem,
            instance: undefined,
          });
          expect((thrown as ConflictError).cause).toBe(error);
        }
      }),
    );
  });
});
