import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { loadCatalog, type MysqlQueryable } from '../../src/catalog/index.ts';

/** A server of that version, and what it is asked. */
function server(version: string): MysqlQueryable & { readonly asked: [sql: string, values: unknown[]][] } {
  const asked: [string, unknown[]][] = [];
  return {
    asked,
    async query(sql, values) {
      asked.push([sql, values]);
      return [sql.includes('VERSION()') ? [{ version }] : []];
    },
    execute: () => undefined,
  };
}

describe('loadCatalog()', () => {
  test.each([
    [undefined, 'Expected a connection of pg or mysql2, or a database of better-sqlite3, got undefined'],
    ['postgres://localhost', '… got "postgres://localhost"'],
    [{}, '… got an object without query() and prepare()'],
  ])('refuses %o', async (connection, message) => {
    await expect(loadCatalog(connection as never)).rejects.toThrow(
      new TypeError(message.replace('…', 'Expected a connection of pg or mysql2, or a database of better-sqlite3,')),
    );
  });

  test('refuses options that do not exist', async () => {
    const database = new BetterSqlite3(':memory:');
    await expect(loadCatalog(database, { schema: ['public'] } as never)).rejects.toThrow(
      'Unknown member "schema" in the options of loadCatalog(), did you mean "schemas"?',
    );
    await expect(loadCatalog(database, { schemas: [] })).rejects.toThrow(TypeError);
    database.close();
  });

  test.each([
    ['9.4.0', 'mysql', true, true],
    ['8.0.13', 'mysql', true, false],
    ['5.7.44-log', 'mysql', false, false],
    ['10.11.19-MariaDB-0+deb12u1', 'mariadb', false, true],
    ['10.1.48-MariaDB', 'mariadb', false, false],
  ] as const)(
    'asks %s for what it has, and each database by a value',
    async (version, dialect, expressions, checks) => {
      const connection = server(version);
      expect(await loadCatalog(connection, { schemas: ['one', "two'; --"] })).toEqual({ dialect, constraints: [] });
      expect(connection.asked).toHaveLength(2);
      const [sql = '', values = []] = connection.asked[1] ?? [];
      expect(sql.includes('EXPRESSION')).toBe(expressions);
      expect(sql.includes('CHECK_CONSTRAINTS')).toBe(checks);
      expect(sql).not.toContain('two');
      expect(values).toHaveLength(sql.split('?').length - 1);
    },
  );

  test('leaves out the shadow tables of virtual tables, in each database', async () => {
    const database = new BetterSqlite3(':memory:').exec(`
      ATTACH ':memory:' AS other;
      CREATE TABLE main.places_node (code TEXT NOT NULL UNIQUE);
      CREATE TABLE other.docs_config (k TEXT UNIQUE);
      CREATE VIRTUAL TABLE docs USING fts5(title, body);
      CREATE VIRTUAL TABLE other.places USING rtree(id, minx, maxx)`);
    const { constraints } = await loadCatalog(database);
    database.close();
    expect(constraints).toEqual([
      { kind: 'unique', table: 'places_node', columns: ['code'] },
      { kind: 'not_null', table: 'places_node', columns: ['code'] },
      { kind: 'unique', table: 'docs_config', columns: ['k'] },
    ]);
  });

  test('passes on what the driver throws', async () => {
    const failed = new Error('no connection');
    await expect(loadCatalog({ query: (): Promise<never> => Promise.reject(failed) })).rejects.toBe(failed);
  });
});
