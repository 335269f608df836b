import { describe, expect, expectTypeOf, test } from 'vitest';
import { fixtures } from '../../fixtures/load.ts';
import { nodeSqlite } from '../../src/drivers/node-sqlite.ts';
import { type Conflicts, classify, defineConflicts, isConflict } from '../../src/index.ts';
import prismaDefault, { type PrismaExtension, prismaConflicts } from '../../src/orms/prisma.ts';

const conflicts = defineConflicts({ rules: { users_email_key: { resource: 'user', fields: ['email'] } } });

function fixture(driver: string, name: string): Error {
  const found = fixtures(driver).find((candidate) => candidate.name === name);
  if (!found) throw new Error(`Expected a fixture ${name}`);
  return found.error;
}

/** Runs an operation that fails as Prisma runs it through an extension. */
function run(extension: PrismaExtension, error: unknown): Promise<unknown> {
  return extension.query.$allOperations({ args: {}, query: () => Promise.reject(error) }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

describe('the extension', () => {
  test('throws the conflict, and hands every other error on', async () => {
    const thrown = await run(prismaConflicts(conflicts), fixture('prisma', 'postgresql-18/postgresql-unique'));
    expect(isConflict(thrown, 'duplicate') && thrown.rule).toBe('users_email_key');
    for (const other of [new Error('other'), undefined, 'text', { code: 'P2025' }]) {
      expect(await run(prismaConflicts(conflicts), other)).toBe(other);
    }
  });

  test('gives the arguments on and the result back, as they are', async () => {
    const args = { where: { id: 1 } };
    const { query, name } = prismaConflicts();
    const given: unknown[] = [];
    const result = await query.$allOperations({ args, query: async (got) => given.push(got) && row });
    expect(given[0]).toBe(args);
    expect(result).toBe(row);
    expect(name).toBe('db-http-errors');
    expect(prismaDefault).toBe(prismaConflicts);
    expectTypeOf(prismaConflicts).parameter(0).toEqualTypeOf<Conflicts | undefined>();
  });
});

const row = { id: 1 };

/**
 * Prisma 8's error, which keeps the driver's as its cause. Not run here: it is built as its source says.
 * Source: packages/2-sql/1-core/errors/src/errors.ts of https://github.com/prisma/prisma at 8.0.0-rc.5
 */
class SqlQueryError extends Error {
  readonly kind = 'sql_query';
  readonly sqlState: string;
  readonly constraint: string | undefined;

  constructor(message: string, options: { cause: Error; sqlState: string; constraint?: string }) {
    super(message, { cause: options.cause });
    this.name = 'SqlQueryError';
    this.sqlState = options.sqlState;
    this.constraint = options.constraint;
  }
}

describe('Prisma 8', () => {
  test('is read by the driver’s error: pg without configuration', () => {
    const cause = fixture('pg', 'postgresql-18/unique');
    const error = new SqlQueryError(cause.message, { cause, sqlState: '23505', constraint: 'users_email_key' });
    expect(classify(error)).toEqual(classify(cause));
    expect(classify(error)).toMatchObject({ driver: 'pg', constraint: 'users_email_key', columns: ['email'] });
  });

  test('is read by the driver’s error: node:sqlite, which it uses for SQLite, with its translator', () => {
    const cause = Object.assign(new Error('UNIQUE constraint failed: users.email'), {
      ...{ code: 'ERR_SQLITE_ERROR', errcode: 2067, errstr: 'constraint failed' },
    });
    // Prisma takes the text behind the words for the name of the constraint, and a SQLSTATE that SQLite has not.
    const error = new SqlQueryError(cause.message, { cause, sqlState: '23505', constraint: 'users.email' });
    expect(classify(error)).toBeUndefined();
    expect(defineConflicts({ drivers: [nodeSqlite] }).classify(error)).toEqual({
      ...{ kind: 'unique_violation', driver: 'node-sqlite', dialect: 'sqlite', code: 'SQLITE_CONSTRAINT_UNIQUE' },
      ...{ table: 'users', columns: ['email'] },
    });
  });
});
