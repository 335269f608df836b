import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { fixtures } from '../../fixtures/load.ts';
import { explain } from '../../src/cli/explain.ts';
import { CONNECTION_CODES, ERRNO_NAMES } from '../../src/cli/names.ts';
import { ERRNOS_LEFT_ALONE, RESULT_CODES_LEFT_ALONE, SQLSTATES_LEFT_ALONE } from '../../src/dialects/left-alone.ts';
import { ERRNOS } from '../../src/dialects/mysql.ts';
import { RESULT_CODES } from '../../src/dialects/sqlite.ts';
import { SQLSTATES } from '../../src/sqlstate.ts';

describe('a code', () => {
  const codes = [
    ...[...SQLSTATES].map(([code, kind]) => [code, code, kind] as const),
    ...[...ERRNOS].map(([key, kind]) => [key.split('/')[0] as string, key.split('/')[0] as string, kind] as const),
    ...[...RESULT_CODES].map(([code, kind]) => [code, code, kind] as const),
    ...Object.entries(ERRNO_NAMES).map(([name, number]) => {
      const kind = ERRNOS.get(number) ?? [...ERRNOS].find(([key]) => key.startsWith(`${number}/`))?.[1];
      return [name, number, kind] as const;
    }),
    ...CONNECTION_CODES.map((code) => [code, code, 'connection_failure'] as const),
  ];

  test.each(codes)('%s is explained', (given, code, kind) => {
    expect(explain(given)).toContainEqual(expect.objectContaining({ code, kind }));
    expect(explain(` ${given.toLowerCase()}\n`)).toContainEqual(expect.objectContaining({ code, kind }));
  });

  test.each([SQLSTATES_LEFT_ALONE, ERRNOS_LEFT_ALONE, RESULT_CODES_LEFT_ALONE].flatMap((table) => Object.keys(table)))(
    '%s is said to be left alone',
    (code) => {
      const found = explain(code).find((explanation) => explanation.code === code);
      expect(found).toMatchObject({ code, answers: [], meaning: expect.stringMatching(/^\S.*\.$/) });
      expect(found).not.toHaveProperty('kind');
    },
  );

  test('that two databases use is explained for both', () => {
    expect(explain('1043').map(({ code }) => code)).toEqual(['1043', 'SQLITE_CONSTRAINT_FUNCTION']);
  });

  test.each([
    ['unique_violation', '23505'],
    ['FOREIGN_KEY_VIOLATION', '23503'],
    ['restrict_violation', '23001'],
    ['deadlock_detected', '40P01'],
  ])('%s is found by its name', (name, state) => {
    expect(explain(name)).toEqual(explain(state));
  });

  test.each(['', 'hello', '99999', 'constructor', '__proto__', 'ER_NO_SUCH_CODE', 'x'.repeat(100_000)])(
    '%s is none',
    (text) => {
      expect(explain(text)).toEqual([]);
    },
  );

  test('has the name that the table of the dialect says', () => {
    const source = readFileSync(new URL('../../src/dialects/mysql.ts', import.meta.url), 'utf8');
    const rows = source.matchAll(/^\s+'?(\d+)(?:\/\w+)?'?, \/\/ (?:MariaDB: )?((?:ER|WARN)_[A-Z\d_]+)/gm);
    const names = Array.from(rows, ([, number, name]) => [name, number]);
    expect(names.length).toBeGreaterThan(50);
    expect(ERRNO_NAMES).toMatchObject(Object.fromEntries(names));
  });
});

describe('the text of an error that was thrown', () => {
  const drivers = ['pg', 'mysql2', 'better-sqlite3'];
  const captured = drivers.flatMap((driver) => fixtures(driver).map((fixture) => ({ driver, ...fixture })));
  const known = captured.filter(({ captured: { locale }, violation }) => {
    // RAISE and SIGNAL raise any text, and a broken connection is told by its code.
    if (violation?.code === 'SQLITE_BUSY_SNAPSHOT') return false; // the words are those of SQLITE_BUSY
    return locale === 'en' && violation && !/raise_|connection_|resolution_/.test(violation.kind);
  });

  test.each(known)('$driver $name', ({ error, violation }) => {
    const found = explain(error.message);
    // Of a text alone, nothing tells SQLite's keys apart, or its RESTRICT, or a RAISE that speaks like the server.
    if (found.length === 0) return expect(error.message).toMatch(/^(?!.*violates)/);
    const kind = found[0]?.kind;
    if (String((error as { routine?: unknown }).routine) !== 'exec_stmt_raise') expect(kind).toBe(violation?.kind);
  });

  test('most of them are known', () => {
    const found = known.filter(({ error }) => explain(error.message).length > 0);
    expect(found.length / known.length).toBeGreaterThan(0.9);
  });

  test('tells what the text names, and the rule to add', () => {
    const text = `error: insert or update on table "orders" violates foreign key constraint "orders_customer_id_fkey"
    detail: 'Key (customer_id)=(42) is not present in table "customers".'`;
    expect(explain(text)).toMatchObject([
      {
        code: '23503',
        answers: [{ status: 409, code: 'reference_missing' }],
        facts: {
          constraint: 'orders_customer_id_fkey',
          table: 'orders',
          columns: ['customer_id'],
          referencedTable: 'customers',
        },
        rule: expect.stringContaining("fields: ['customer_id'], detail: 'This customer does not exist.'"),
      },
    ]);
    expect(explain("Duplicate entry 'a' for key 'memberships.PRIMARY'")).toMatchObject([
      {
        facts: { constraint: 'PRIMARY', table: 'memberships' },
        rule: expect.stringContaining("'memberships.PRIMARY': {"),
      },
    ]);
    expect(explain('SqliteError: UNIQUE constraint failed: users.org, users.email')).toMatchObject([
      { facts: { table: 'users', columns: ['org', 'email'] }, rule: expect.stringContaining("'users(org, email)': {") },
    ]);
  });

  test('is no list of values', () => {
    for (const { error } of known) expect(JSON.stringify(explain(error.message))).not.toContain('example.com');
  });
});
