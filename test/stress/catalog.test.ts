import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import BetterSqlite3 from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { explainForeignKeys, loadCatalog } from '../../src/catalog/index.ts';
import { type Catalog, type Constraint, defineConflicts, type Rule, type Translator } from '../../src/index.ts';
import { ownName } from '../catalog/databases.ts';
import { describeLive } from '../live/describe-live.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const MANY = 10_000;

/** Tables of a key, a reference, a check, and two columns that must not be NULL. */
const tables = (count: number): Constraint[] =>
  Array.from({ length: count / 4 }, (_, at) => at).flatMap((at): Constraint[] => {
    const owner = { schema: 'public', table: `table_${at}` };
    return [
      { kind: 'primary_key', name: 'PRIMARY', ...owner, columns: ['id'] },
      { kind: 'unique', name: `table_${at}_email_key`, ...owner, columns: ['email'] },
      {
        ...{ kind: 'foreign_key', name: `table_${at}_parent_id_fkey`, ...owner, columns: ['parent_id'] },
        ...{ referencedTable: `table_${at >> 1}`, referencedColumns: ['id'], onDelete: 'no_action' },
      },
      { kind: 'check', name: `table_${at}_amount_check`, ...owner, expression: 'amount > 0' },
    ];
  });

/** Milliseconds of the fastest of several runs: what the machine does besides makes them slower only. */
function fastest(run: () => void, runs = 15): number {
  return Math.min(
    ...Array.from({ length: runs }, () => {
      const start = performance.now();
      run();
      return performance.now() - start;
    }),
  );
}

function report(what: string, milliseconds: number): void {
  console.log(`${what}: ${milliseconds.toPrecision(3)} ms`);
}

describe('ten thousand constraints', () => {
  test('are checked with ten thousand rules by tsc in ten seconds', () => {
    const folder = mkdtempSync(join(ROOT, 'test', 'catalog', '.many-'));
    try {
      const named = tables(MANY * 2)
        .filter(({ kind }) => kind !== 'primary_key')
        .slice(0, MANY);
      const rules = named.map(({ kind, name, columns }) => {
        if (kind === 'check')
          return [`  readonly ${name}?: CheckRule;`, `    ${name}: { fields: ['amount'], detail: 'No.' },`];
        if (kind === 'unique') {
          return [
            `  readonly ${name}?: UniqueRule<'${columns}'>;`,
            `    ${name}: { resource: 'row', fields: ['${columns}'], detail: 'No.' },`,
          ];
        }
        return [
          `  readonly ${name}?: ForeignKeyRule<'${columns}'>;`,
          `    ${name}: { reference_missing: { fields: ['${columns}'], detail: 'No.' }, reference_in_use: { detail: 'No.' } },`,
        ];
      });
      expect(rules).toHaveLength(MANY);
      const catalog = `import type { Catalog, CheckRule, ForeignKeyRule, UniqueRule } from 'db-http-errors/catalog';
export interface Rules {
${rules.map(([type]) => type).join('\n')}
}
export const catalog: Catalog<Rules> = {
  dialect: 'postgresql',
  constraints: [
${tables(MANY)
  .map((constraint) => `    ${JSON.stringify(constraint)},`)
  .join('\n')}
  ],
};
`;
      writeFileSync(join(folder, 'catalog.ts'), catalog);
      const head = `import { defineConflicts } from 'db-http-errors';\nimport { catalog } from './catalog.ts';\n`;
      const body = rules.map(([, rule]) => rule).join('\n');
      writeFileSync(
        join(folder, 'right.ts'),
        `${head}export const a = defineConflicts({ catalog, rules: {\n${body}\n} });\n`,
      );
      writeFileSync(
        join(folder, 'tsconfig.json'),
        JSON.stringify({
          extends: join(ROOT, 'tsconfig.json'),
          compilerOptions: {
            isolatedDeclarations: false,
            paths: {
              'db-http-errors': [join(ROOT, 'src/index.ts')],
              'db-http-errors/catalog': [join(ROOT, 'src/catalog/index.ts')],
            },
          },
          include: [join(folder, '*.ts')],
        }),
      );
      const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');
      const check = (): string => spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' }).stdout;
      const start = performance.now();
      expect(check()).toBe('');
      const took = performance.now() - start;
      report('tsc', took);
      expect(took).toBeLessThan(10_000);
      // A rule of a constraint that is gone is found among them.
      writeFileSync(
        join(folder, 'right.ts'),
        `${head}export const a = defineConflicts({ catalog, rules: {\n${body.replace('table_7_email_key', 'table_7_emial_key')}\n} });\n`,
      );
      expect(check()).toContain(`Did you mean to write 'table_7_email_key'?`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['a key by its name', { kind: 'unique_violation', constraint: 'table_7_email_key' }, undefined],
    ['the primary key of MariaDB', { kind: 'unique_violation', constraint: 'PRIMARY', primaryKey: true }, 'table_7'],
    ['a reference without a name', { kind: 'foreign_key_violation', direction: 'parent_missing' }, 'table_7'],
    ['a check without a table', { kind: 'check_violation', constraint: 'table_7_amount_check' }, undefined],
  ] as const)('cost no more than ten to complete %s', (about, facts, table) => {
    const violation = { driver: 'test', code: '1', ...facts } as never;
    const driver: Translator = { name: 'test', owns: () => true, classify: () => violation };
    const words: Rule = { detail: 'No.' };
    const reference: Rule = { reference_missing: { detail: 'No.' } };
    const rules = {
      ...{ 'table_7.PRIMARY': words, table_7_email_key: words, table_7_amount_check: words },
      table_7_parent_id_fkey: reference,
    };
    const time = (count: number | undefined): number => {
      const catalog: Catalog = { dialect: 'mysql', constraints: tables(count ?? 0) };
      const conflicts = defineConflicts({
        ...(count && { catalog }),
        rules,
        drivers: [driver],
        onUnregistered: () => {},
      });
      const error = new Error('failed');
      const context = table && { table };
      return (
        fastest(() => {
          for (let at = 0; at < 20_000; at++) conflicts.translate(error, context);
        }) / 20_000
      );
    };
    const [none, few, many] = [time(undefined), time(40), time(MANY)];
    report(`${about}: without`, none);
    report(`${about}: ten tables`, few);
    report(`${about}: 2,500 tables`, many);
    expect(many).toBeLessThan(few * 3);
    // One microsecond, on a machine that may do other things.
    expect(many - none).toBeLessThan(0.003);
  });
});

describeLive('postgresql', ({ url = '' }) => {
  test('ten thousand constraints come with one query', async () => {
    const name = ownName();
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(`CREATE SCHEMA ${name}; SET search_path = ${name}`);
      await client.query(`DO $$ BEGIN FOR n IN 1..2500 LOOP
        EXECUTE format('CREATE TABLE t%s (id integer PRIMARY KEY, email text CONSTRAINT t%s_email_key UNIQUE, parent integer CONSTRAINT t%s_parent_fkey REFERENCES t%s, amount integer CONSTRAINT t%s_amount_check CHECK (amount > 0))', n, n, n, greatest(n / 2, 1), n);
      END LOOP; END $$`);
      const queries: string[] = [];
      const start = performance.now();
      const { constraints } = await loadCatalog(
        {
          query: (sql, values) => {
            queries.push(sql);
            return client.query(sql, values);
          },
        },
        { schemas: [name] },
      );
      report('PostgreSQL, 10,000 constraints and 2,500 NOT NULL', performance.now() - start);
      expect(queries).toHaveLength(1);
      expect(constraints.filter(({ kind }) => kind !== 'not_null')).toHaveLength(MANY);
    } finally {
      await client.query(`DROP SCHEMA ${name} CASCADE`).catch(() => dropOneByOne(client, name));
      await client.end();
    }
  });
});

/** A transaction that drops many tables needs more locks than the server may have. */
async function dropOneByOne(client: pg.Client, schema: string): Promise<void> {
  for (let at = 2500; at > 0; at -= 100) {
    const names = Array.from({ length: 100 }, (_, place) => `${schema}.t${at - place}`);
    await client.query(`DROP TABLE IF EXISTS ${names.join(', ')} CASCADE`);
  }
  await client.query(`DROP SCHEMA ${schema} CASCADE`);
}

for (const engine of ['mysql', 'mariadb'] as const) {
  describeLive(engine, ({ url = '' }) => {
    test('two thousand constraints come with one query', async () => {
      const name = ownName();
      const connection = await createConnection({ uri: url, multipleStatements: true });
      try {
        await connection.query(`CREATE DATABASE ${name}; USE ${name}`);
        for (let n = 1; n <= 500; n++) {
          await connection.query(
            `CREATE TABLE t${n} (id INT PRIMARY KEY, email VARCHAR(20), parent INT, amount INT, UNIQUE KEY t${n}_email_key (email),
              CONSTRAINT t${n}_parent_fkey FOREIGN KEY (parent) REFERENCES t${Math.max(n >> 1, 1)} (id), CONSTRAINT t${n}_amount_check CHECK (amount > 0))`,
          );
        }
        const start = performance.now();
        const { constraints } = await loadCatalog(connection);
        report(`${engine}, 2,000 constraints and 500 NOT NULL`, performance.now() - start);
        expect(constraints).toHaveLength(2500);
      } finally {
        await connection.query(`DROP DATABASE ${name}`);
        await connection.end();
      }
    });
  });
}

describe('explainForeignKeys()', () => {
  test.each([
    [
      'CREATE INDEX orders_customer ON orders (customer_id)',
      ['INSERT INTO orders (customer_id) VALUES (-1)', 'DELETE FROM customers WHERE id = 7'],
    ],
    // Without an index SQLite itself reads all children of a parent that goes, but none for a child that comes.
    ['SELECT 1', ['INSERT INTO orders (customer_id) VALUES (-1)', 'UPDATE orders SET customer_id = -1 WHERE id = 5']],
  ])('costs the same in a table of a thousand rows and of a million: %s', (index, statements) => {
    const time = (rows: number, sql: string): number => {
      const database = new BetterSqlite3(':memory:').exec(`
        PRAGMA foreign_keys = ON;
        CREATE TABLE customers (id INTEGER PRIMARY KEY);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER CONSTRAINT orders_fkey REFERENCES customers (id));
        ${index};
        INSERT INTO customers WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows}) SELECT i FROM n;
        INSERT INTO orders SELECT id, id FROM customers;`);
      const driver = explainForeignKeys(database);
      const statement = database.prepare(sql);
      let explained: unknown;
      const took = fastest(() => {
        try {
          statement.run();
        } catch (error) {
          explained = driver.classify(error);
        }
      });
      expect(explained).toMatchObject({ constraint: 'orders_fkey' });
      report(`explained, ${rows} rows: ${sql}`, took);
      report(
        `foreign_key_check, ${rows} rows`,
        fastest(() => database.pragma('foreign_key_check'), 3),
      );
      database.close();
      return took;
    };
    for (const sql of statements) expect(time(1_000_000, sql)).toBeLessThan(time(1000, sql) * 5);
  });
});
