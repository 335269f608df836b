import { describe, expect, test } from 'vitest';
import { classify } from '../../src/index.ts';
import { captured } from '../violations.ts';

// What `npm run fuzz` has found. Each was wrong once.

describe('a fact is left out rather than empty', () => {
  test.each([
    ['a foreign key without a column', 'Key ()=(1) is still referenced from table "orders".'],
    ['a foreign key with half a list', 'Key (a, )=(1, 2) is still referenced from table "orders".'],
  ])('in %s of PostgreSQL', (_name, detail) => {
    const violation = classify(Object.assign(captured('pg/postgresql-18/foreign-key-still-referenced'), { detail }));
    expect(violation?.kind).toBe('foreign_key_violation');
    expect(Object.values(violation ?? {}).flat()).not.toContain('');
  });

  test('in a unique key of PostgreSQL', () => {
    const detail = 'Key (a, "")=(1, 2) already exists.';
    const violation = classify(Object.assign(captured('pg/postgresql-18/unique'), { detail }));
    expect(violation).toMatchObject({ kind: 'unique_violation', constraint: 'users_email_key' });
    expect(violation).not.toHaveProperty('columns');
  });

  test.each([
    ['a key without a table', 'mysql2/mysql-9/unique', "Duplicate entry 'a' for key '.b'"],
    ['a table without a key', 'mysql2/mysql-9/unique', "Duplicate entry 'a' for key 'a.'"],
    ['a check of MariaDB without backticks', 'mysql2/mariadb-10/check', 'Too many items'],
    ['a check of MariaDB with an empty name', 'mysql2/mariadb-10/check', 'CONSTRAINT `` failed for `a`.`b`'],
    [
      'a foreign key with empty names',
      'mysql2/mysql-9/foreign-key-parent-missing',
      '(``.``, CONSTRAINT `` FOREIGN KEY (``) REFERENCES `` (``))',
    ],
  ])('in %s', (_name, path, sqlMessage) => {
    const violation = classify(Object.assign(captured(path), { sqlMessage, message: sqlMessage }));
    expect(violation?.kind).toMatch(/^(unique|check|foreign_key)_violation$/);
    expect(Object.values(violation ?? {}).flat()).not.toContain('');
  });

  test.each(['`.`', '`.`x`', '`.`.`', '``.`a`.`b`'])('in a path of MariaDB, %s', (sqlMessage) => {
    const error = Object.assign(captured('mysql2/mariadb-10/not-null'), { sqlMessage, message: sqlMessage });
    expect(classify(error)).toEqual({ kind: 'not_null_violation', driver: 'mysql2', code: '1048', sqlState: '23000' });
  });

  test.each(["index ''", "index '"])('in a unique key of SQLite, %s', (text) => {
    const violation = classify(
      Object.assign(captured('better-sqlite3/sqlite-3/unique-expression'), {
        message: `UNIQUE constraint failed: ${text}`,
      }),
    );
    expect(violation).toEqual({
      kind: 'unique_violation',
      driver: 'better-sqlite3',
      dialect: 'sqlite',
      code: 'SQLITE_CONSTRAINT_UNIQUE',
    });
  });
});
