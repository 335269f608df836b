import { describe, expect, test } from 'vitest';
import { fixtures } from '../fixtures/load.ts';
import { neon } from '../src/drivers/neon.ts';
import { pg } from '../src/drivers/pg.ts';
import { pglite } from '../src/drivers/pglite.ts';
import { postgres } from '../src/drivers/postgres.ts';
import { ConflictError, classify, translate } from '../src/index.ts';
import { captured } from './violations.ts';

function valuesOf(error: Error): readonly string[] | undefined {
  return (classify(error) as { values?: readonly string[] } | undefined)?.values;
}

describe('the values of a violation', () => {
  test('are told where PostgreSQL tells them, in the order of the columns', () => {
    const error = captured('pg/postgresql-18/unique-composite');
    const { columns } = classify(error) as unknown as { columns: string[] };
    expect(valuesOf(error)).toHaveLength(columns.length);
    expect(valuesOf(captured('pg/postgresql-18/unique-empty-string'))).toEqual(['']);
    expect(valuesOf(captured('pg/postgresql-18/foreign-key-comma-value'))).toEqual(['a, b']);
  });

  test('are nowhere to be enumerated, and are there on the conflict as well', () => {
    const error = captured('pg/postgresql-18/unique');
    const violation = classify(error) as object;
    expect(Object.keys(violation)).not.toContain('values');
    expect(JSON.stringify(violation)).not.toContain(String(valuesOf(error)));
    const conflict = translate(error) as ConflictError;
    expect(conflict).toBeInstanceOf(ConflictError);
    expect((conflict.violation as { values?: unknown }).values).toEqual(valuesOf(error));
  });

  test.each([
    ['cannot be told apart', 'pg/postgresql-18/unique-composite-comma-value'],
    ['are not of the columns but of the other side', 'pg/postgresql-18/foreign-key-still-referenced'],
    ['are the whole row', 'pg/postgresql-18/not-null'],
    ['are hidden by the server', 'pg/postgresql-18/unique-no-select-right'],
    ['are what RAISE says', 'pg/postgresql-18/raise-as-unique-lying-detail'],
    ['are cut by MySQL', 'mysql2/mysql-9/unique'],
    ['are not reported by SQLite', 'better-sqlite3/sqlite-3/unique'],
  ])('are absent where they %s', (_why, path) => {
    expect(valuesOf(captured(path))).toBeUndefined();
  });

  test('are not taken from a detail that RAISE has made up, also for a column that it names', () => {
    const raised = Object.assign(captured('pg/postgresql-18/unique'), {
      routine: 'exec_stmt_raise',
      column: 'email',
      detail: 'Key (password)=(hunter2) already exists.',
    });
    expect(classify(raised)).toMatchObject({ columns: ['email'] });
    expect(valuesOf(raised)).toBeUndefined();
  });

  test('are not read from a key whose name ends like a key', () => {
    const odd = Object.assign(captured('pg/postgresql-18/unique'), {
      detail: 'Key ("a)=(b")=(secret) already exists.',
    });
    expect(classify(odd)).toMatchObject({ columns: ['a)=(b'] });
    expect(valuesOf(odd)).toEqual(['secret']);
  });
});

test.each([pg, pglite, neon, postgres])('the values are told by $name of its own errors only', (driver) => {
  const own = driver.name;
  const [name = ''] = fixtures(own).flatMap((each) => (each.name.endsWith('/unique') ? [each.name] : []));
  const error = captured(`${own}/${name}`);
  const values = driver.values?.(error);
  expect(values).toHaveLength(1);
  expect((error as { detail?: string }).detail ?? (error as { detail_?: string }).detail_).toContain(`(${values})`);
  expect(driver.values?.(new Error('any'))).toBeUndefined();
  expect(driver.values?.(undefined)).toBeUndefined();
});

test('the values are absent where the server has told no key, and where they are longer than a key', () => {
  const unique = captured('pg/postgresql-18/unique-composite');
  expect(valuesOf(unique)).toHaveLength(2);
  expect(valuesOf(Object.assign(unique, { detail: 'A key exists.' }))).toBeUndefined();
  expect(pg.values?.(Object.assign(unique, { detail: 'A key exists.' }))).toBeUndefined();
  expect(valuesOf(Object.assign(unique, { detail: `Key (a, b)=(${'x'.repeat(70_000)}, 1) already exists.` }))).toBe(
    undefined,
  );
});
