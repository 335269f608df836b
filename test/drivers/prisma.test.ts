import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Fixture, fixtures } from '../../fixtures/load.ts';
import { prisma } from '../../src/drivers/prisma.ts';
import { classify, translate } from '../../src/index.ts';
import type { Violation } from '../../src/violation.ts';
import { runs } from '../effort.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(prisma);

type Mapped = Readonly<Record<string, unknown>>;

const mappedOf = ({ error }: Fixture): Mapped => (error as Error & { readonly cause: Mapped }).cause;

/** What `$transaction` throws for a COMMIT. Source: packages/driver-adapter-utils/src/error.ts of Prisma 7.10.0 */
function naked(cause: unknown): Error {
  return Object.assign(new Error('mapped'), { name: 'DriverAdapterError', cause });
}

/** What every operation throws. Source: packages/client/src/runtime/core/errors/PrismaClientKnownRequestError.ts */
function known(cause: unknown, code = 'P2002'): Error {
  const meta = { modelName: 'User', driverAdapterError: naked(cause) };
  return Object.assign(new Error('Invalid invocation'), { code, clientVersion: '7.10.0', meta });
}

const UNIQUE = {
  originalCode: '23505',
  originalMessage: 'duplicate key value violates unique constraint "users_email_key"',
  kind: 'UniqueConstraintViolation',
};

const USERS_EMAIL = {
  ...{ kind: 'unique_violation', driver: 'prisma', dialect: 'postgresql', code: '23505', sqlState: '23505' },
  constraint: 'users_email_key',
} satisfies Violation;

describe('the package root', () => {
  test('reads Prisma’s errors without configuration, also wrapped', () => {
    for (const error of [naked(UNIQUE), known(UNIQUE), new Error('outer', { cause: known(UNIQUE) })]) {
      expect(classify(error)).toEqual(USERS_EMAIL);
    }
  });

  test('leaves alone a code of Prisma’s without the facts, and facts without an error', () => {
    const rust = Object.assign(new Error('Unique constraint failed'), { code: 'P2002', meta: { target: ['email'] } });
    const gone = Object.assign(new Error('No record was found'), { code: 'P2025', meta: { operation: 'an update' } });
    const values = [
      rust,
      gone,
      { code: 'P2002' },
      UNIQUE,
      { name: 'DriverAdapterError', cause: UNIQUE },
      { meta: { driverAdapterError: { cause: UNIQUE } } },
      JSON.parse(JSON.stringify({ cause: known(UNIQUE) })),
      // Somebody else's error about the answer of somebody else's service.
      new Error('Upstream failed', { cause: UNIQUE }),
      naked({ kind: 'GenericJs', id: 1 }),
      naked({ ...UNIQUE, kind: 7 }),
      naked({ ...UNIQUE, originalCode: 23505 }),
      naked({ kind: 'DatabaseNotReachable', host: 'localhost', port: 5432 }),
      naked('23505'),
    ];
    for (const value of values) {
      expect(classify(value)).toBeUndefined();
      expect(translate(value)).toBe(value);
    }
  });
});

describe('the mapped object', () => {
  test.each([
    [
      'Prisma 7.10 with pg: the index and the table',
      { constraint: { index: 'users_email_key' }, table: 'users' },
      { table: 'users' },
    ],
    [
      'Prisma 6 with pg: the columns',
      { constraint: { fields: ['org_id', '"Full Name"'] } },
      { columns: ['org_id', 'Full Name'] },
    ],
    ['a part of an expression', { constraint: { fields: ['org_id', 'lower(email'] } }, {}],
    ['a part of a name', { constraint: { fields: ['"a', 'b"'] } }, {}],
    ['nothing else', { constraint: undefined }, {}],
    ['nonsense', { constraint: { fields: 'email' }, table: 7 }, {}],
  ])('reads a duplicate of PostgreSQL: %s', (_what, given, facts) => {
    expect(classify(known({ ...UNIQUE, ...given }))).toEqual({ ...USERS_EMAIL, ...facts });
  });

  // Source: packages/adapter-pg/src/errors.ts of Prisma 6.19.3, which has no case for RESTRICT of PostgreSQL 18
  const restricted = {
    ...{ kind: 'postgres', originalCode: '23001', code: '23001', severity: 'ERROR' },
    originalMessage:
      'update or delete on table "orgs" violates RESTRICT setting of foreign key constraint "members_fkey" on table "members"',
    detail: 'Key (id)=(1) is referenced from table "members".',
  };

  test('reads the names of a RESTRICT that the adapter has no word for', () => {
    const facts = {
      ...{ kind: 'foreign_key_violation', driver: 'prisma', dialect: 'postgresql', code: '23001', sqlState: '23001' },
      direction: 'still_referenced',
      referencedColumns: ['id'],
    };
    const names = { table: 'members', constraint: 'members_fkey', referencedTable: 'orgs' };
    expect(classify(known(restricted))).toEqual({ ...facts, ...names });
    for (const originalMessage of [
      'Not while "orgs" has "members_fkey" or "members"',
      `Not this: ${restricted.originalMessage}`,
      `${restricted.originalMessage} and "more"`,
      restricted.originalMessage.replace(' on table "members"', ''),
    ]) {
      expect(classify(known({ ...restricted, originalMessage })), originalMessage).toEqual(facts);
    }
  });

  // Source: packages/adapter-libsql/src/errors.ts of Prisma 7.10.0
  test('reads the numbers of libSQL', () => {
    const originalMessage = 'SQLITE_CONSTRAINT: UNIQUE constraint failed: users.email';
    const facts = { driver: 'prisma', dialect: 'sqlite' };
    expect(classify(known({ ...UNIQUE, originalCode: '2067', originalMessage }))).toEqual({
      ...{ ...facts, kind: 'unique_violation', code: 'SQLITE_CONSTRAINT_UNIQUE' },
      ...{ table: 'users', columns: ['email'] },
    });
    expect(classify(naked({ kind: 'sqlite', originalCode: '1043', originalMessage: 'no' }))).toBeUndefined();
    expect(classify(naked({ kind: 'sqlite', originalCode: '517', originalMessage: 'database is locked' }))).toEqual({
      ...{ ...facts, kind: 'serialization_failure', code: 'SQLITE_BUSY_SNAPSHOT', retryable: true },
    });
  });

  // Source: packages/adapter-mssql/src/errors.ts of Prisma 7.10.0
  test('says nothing of a database that this library does not know', () => {
    expect(classify(known({ ...UNIQUE, originalCode: 'EREQUEST' }))).toBeUndefined();
  });
});

/**
 * The mapped object of a native error of `pg`.
 * Source: convertDriverError in packages/adapter-pg/src/errors.ts of Prisma 7.10.0
 */
function mapped(error: Mapped): Mapped {
  const { code, message, detail, constraint, column, table, severity, hint } = error;
  const base = { originalCode: code, originalMessage: message };
  const [, fields] = /Key \(([^)]+)\)/.exec(String(detail)) ?? [];
  const index = constraint ? { index: constraint } : fields && { fields: fields.split(', ') };
  switch (code) {
    case '23505':
      return { ...base, kind: 'UniqueConstraintViolation', constraint: index, table };
    case '23502':
      return { ...base, kind: 'NullConstraintViolation', constraint: fields && { fields: fields.split(', ') } };
    case '23503':
    case '23001':
      return { ...base, kind: 'ForeignKeyConstraintViolation', constraint: constraint && { index: constraint } };
    case '40001':
    case '40P01':
      return { ...base, kind: 'TransactionWriteConflict' };
    default:
      return { ...base, kind: 'postgres', code, severity, message, detail, column, hint };
  }
}

describe('a server that does not speak English', () => {
  const captured = new Map(fixtures('prisma').map((fixture) => [fixture.name, fixture]));
  const native = fixtures('pg').filter(({ error }) => 'severity' in error);
  const codeOf = ({ error }: Fixture) => String((error as { code?: unknown }).code);

  test('is told of as the adapter does it', () => {
    const english = native.filter(({ name }) => name.startsWith('postgresql-18/'));
    let compared = 0;
    for (const fixture of english) {
      const recorded = captured.get(fixture.name.replace('/', '/postgresql-'));
      if (!recorded || !['23505', '23502', '23503', '23001', '23514', '23P01'].includes(codeOf(fixture))) continue;
      const { kind, ...facts } = JSON.parse(JSON.stringify(mapped(fixture.error as unknown as Mapped)));
      expect(mappedOf(recorded), fixture.name).toMatchObject(codeOf(fixture) === '23001' ? facts : { ...facts, kind });
      compared++;
    }
    expect(compared).toBeGreaterThan(60);
  });

  test.each(native.filter(({ captured: { locale } }) => locale !== 'en'))('has the same facts: $name', (fixture) => {
    const english = captured.get(`postgresql-18/postgresql-${fixture.name.slice(fixture.name.indexOf('/') + 1)}`);
    const found = classify(known(mapped(fixture.error as unknown as Mapped)));
    if (!english) return;
    const { code, sqlState, ...facts } = { ...english.violation } as Record<string, unknown>;
    if (english.violation === null) return expect(found).toBeUndefined();
    // PostgreSQL 18 gives each partition's part of a key a name of its own.
    if ('constraint' in facts) facts.constraint = (fixture.violation as { readonly constraint?: string }).constraint;
    // Only in English is the text of a domain's check the server's own beyond doubt.
    if (fixture.name.endsWith('/check-domain')) delete facts.constraint;
    // RESTRICT had no code of its own before PostgreSQL 18.
    expect(found).toEqual({ ...facts, code: found?.code, sqlState: found?.code });
    expect([code, code === '23001' ? '23503' : code]).toContain(found?.code);
  });
});

describe('hostile texts', () => {
  const recorded = fixtures('prisma');
  const messages = recorded.map((fixture) => String(mappedOf(fixture)?.originalMessage));
  const texts = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom(...messages));

  test.each([
    ['23514', 'value for domain "a" violates check constraint "b"', { constraint: 'b' }],
    ['23514', 'value for domain "a" violates "b" and "c"', {}],
    ['23502', 'null value in column "email" violates not-null constraint', { columns: ['email'] }],
    ['23502', 'domain "name" does not allow null values', {}],
    ['23502', 'column "email" of relation "users" is empty', {}],
  ])('name what they name: %s %s', (originalCode, originalMessage, facts) => {
    const { kind, driver, dialect, code, sqlState, ...names } = {
      ...classify(naked({ kind: 'postgres', code: originalCode, originalCode, originalMessage })),
    } as Record<string, unknown>;
    expect(names).toEqual(facts);
  });

  test.each([[['email', 7]], [['e'.repeat(257)]], [[]], [Array.from({ length: 33 }, (_, at) => `c${at}`)]])(
    'are no columns where they are no names: %#',
    (fields) => {
      const text = 'duplicate key value violates unique constraint "users_email_key"';
      const error = naked({ ...UNIQUE, originalMessage: text, constraint: { fields } });
      expect(classify(error)).not.toHaveProperty('columns');
    },
  );

  test('change no kind, and invent no name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...recorded), texts, texts, (fixture, originalMessage, detail) => {
        const cause = mappedOf(fixture);
        if (cause?.originalCode === undefined || cause.originalCode === 'SQLITE_CONSTRAINT_TRIGGER') return;
        const found = classify(naked({ ...cause, originalMessage, detail }));
        expect(found?.kind).toBe(fixture.violation?.kind);
        const { kind, driver, dialect, code, sqlState, direction, retryable, primaryKey, ...names } = {
          ...found,
        } as Record<string, unknown>;
        const said = [originalMessage, detail, JSON.stringify(cause)].join('\n');
        for (const name of Object.values(names).flat() as string[]) {
          const forms = [
            name,
            name.replaceAll('"', '""'),
            name.replaceAll("'", "''"),
            JSON.stringify(name).slice(1, -1),
          ];
          expect(name === 'rowid' || forms.some((form) => said.includes(form)), name).toBe(true);
        }
      }),
      { numRuns: runs(2000) },
    );
  });

  test('of any type and length are survived, quickly', () => {
    fc.assert(
      fc.property(fc.constantFrom(...recorded), fc.anything(), fc.anything(), (fixture, any, other) => {
        const fields = {
          originalMessage: any,
          constraint: other,
          table: any,
          detail: other,
          column: any,
          state: other,
        };
        expect(() => classify(naked({ ...mappedOf(fixture), ...fields }))).not.toThrow();
      }),
    );
    const started = performance.now();
    for (const code of ['23505', '23503', '23502', '23514', '1062', '1452', 'SQLITE_CONSTRAINT_UNIQUE']) {
      for (const piece of ['"', '« ', "'", '`', '\u00a0', '(']) {
        const text = piece.repeat(1_000_000 / piece.length);
        const fields = { constraint: { index: text, fields: [text] }, detail: text, table: text };
        classify(naked({ ...UNIQUE, originalCode: code, originalMessage: text, ...fields }));
      }
    }
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
