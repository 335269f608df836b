import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import { describeLive } from '../live/describe-live.ts';
import { makeDatabase, type OwnDatabase } from './databases.ts';
import { catalogOf, fileOf, HOSTILE } from './hostile.ts';
import { makeProject, type Project } from './project.ts';

// The command as a process, against live databases. Every process takes a while: they run at the same time where they
// can.

/** What a URL has to have in other words. */
const SECRET = 's3cret@%/x';

let project: Project;

beforeAll(async () => {
  project = await makeProject();
}, 60_000);

afterAll(() => project.remove());

/** The schema of a shop; the names of its constraints are the same on every engine. */
function schemaFor(engine: Engine): string {
  const inline = engine === 'mysql' || engine === 'mariadb';
  const text = inline ? 'varchar(100)' : 'text';
  return `
    CREATE TABLE customers (id integer NOT NULL, email ${text} NOT NULL, CONSTRAINT customers_pkey PRIMARY KEY (id),
      CONSTRAINT customers_email_key UNIQUE (email));
    CREATE TABLE orders (id integer NOT NULL, customer_id integer, number integer, quantity integer, CONSTRAINT orders_pkey PRIMARY KEY (id),
      CONSTRAINT orders_customer_id_number_key UNIQUE (customer_id, number),
      CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES customers (id),
      CONSTRAINT orders_quantity_check CHECK (quantity > 0));`;
}

const ADD: Readonly<Record<Engine, string>> = {
  postgresql:
    'ALTER TABLE customers ADD COLUMN phone text; ALTER TABLE customers ADD CONSTRAINT customers_phone_key UNIQUE (phone)',
  mysql: 'ALTER TABLE customers ADD COLUMN phone varchar(20), ADD CONSTRAINT customers_phone_key UNIQUE (phone)',
  mariadb: 'ALTER TABLE customers ADD COLUMN phone varchar(20), ADD CONSTRAINT customers_phone_key UNIQUE (phone)',
  sqlite: 'ALTER TABLE customers ADD COLUMN phone text; CREATE UNIQUE INDEX customers_phone_key ON customers (phone)',
};

/** SQLite renames no constraint, and its rules name columns: there it is the column. */
const RENAME: Readonly<Record<Engine, readonly [sql: string, from: string, to: string]>> = {
  postgresql: [
    'ALTER TABLE customers RENAME CONSTRAINT customers_email_key TO customers_email_unique',
    'customers_email_key',
    'customers_email_unique',
  ],
  mysql: [
    'ALTER TABLE customers RENAME INDEX customers_email_key TO customers_email_unique',
    'customers_email_key',
    'customers_email_unique',
  ],
  mariadb: [
    'ALTER TABLE customers RENAME INDEX customers_email_key TO customers_email_unique',
    'customers_email_key',
    'customers_email_unique',
  ],
  sqlite: ['ALTER TABLE customers RENAME COLUMN email TO e_mail', 'customers(email)', 'customers(e_mail)'],
};

/** The rules of a generated file, as Node 20 can load them. */
function javascriptOf(file: string): string {
  return transformSync(readFileSync(join(project.folder, file), 'utf8'), { loader: 'ts', format: 'esm' }).code;
}

const quote = (key: string): string => (/^\w+$/.test(key) ? key : `'${key}'`);

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, ({ url: server = '' }) => {
    let database: OwnDatabase;
    const out = `${engine}/constraints.ts`;
    const rules = `${engine}/rules.mjs`;
    const [rename, from, to] = RENAME[engine];

    beforeAll(async () => {
      await mkdir(join(project.folder, engine), { recursive: true });
      const name = engine === 'sqlite' ? join(project.folder, 'shop.db') : `cli_${engine}_${process.pid}`;
      database = await makeDatabase(engine, server, name);
      await database.run(schemaFor(engine));
    }, 30_000);

    afterAll(() => database?.drop());

    test('a catalog is written, compiles, keeps the words that were changed, and tells what was renamed', async () => {
      const first = await project.run(['catalog', database.url, '--out', out]);
      expect(first).toEqual({ code: 0, stdout: expect.stringContaining(`${out} written: `), stderr: '' });
      const written = readFileSync(join(project.folder, out), 'utf8');
      expect(written).toContain("detail: 'A customer with this email already exists.'");
      expect(written).toContain("detail: 'This customer still has orders.'");
      expect(written).toContain("detail: 'The quantity must be greater than 0.'");

      // The user writes words of his own, uses the file, and checks the rules in CI.
      const own = written.replace("'A customer with this email already exists.'", "'This address is taken.'");
      project.write(out, own);
      project.write(rules, javascriptOf(out));
      const use = project.write(
        `${engine}/use.ts`,
        `import { defineConflicts } from 'db-http-errors';
         import { catalog, rules } from './constraints.js';
         defineConflicts({ catalog, rules });
         defineConflicts({ catalog, rules: { 'customers(email)': { fields: ['email'], detail: 'Taken.' } } });
         // @ts-expect-error one sentence is not enough for the two directions of a reference
         defineConflicts({ catalog, rules: { 'orders(customer_id)': { detail: 'No.' } } });
         // @ts-expect-error no column of the key
         defineConflicts({ catalog, rules: { 'customers(email)': { fields: ['id'], detail: 'Taken.' } } });`,
      );
      const [compiled, checked] = await Promise.all([
        project.compile(use),
        project.run(['check', database.url, '--rules', rules]),
      ]);
      expect(compiled).toEqual({ code: 0, stdout: '', stderr: '' });
      expect(checked).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^4 rules and \d+ constraints of .* fit\n$/),
        stderr: '',
      });

      await database.run(rename);
      await database.run(ADD[engine]);
      const [drifted, migrated] = await Promise.all([
        project.run(['check', database.url, '--rules', rules]),
        project.run(['catalog', database.url, '--out', out]),
      ]);
      expect(drifted.code).toBe(1);
      expect(drifted.stdout).toMatch(new RegExp(`^- ${escaped(from)} +is gone; the nearest is ${escaped(to)}$`, 'm'));
      expect(drifted.stdout).toMatch(/^\+ customers(_phone_key|\(phone\)) +has no rule: customers UNIQUE \(phone\)$/m);
      expect(migrated.stdout).toContain(`${out} updated: `);
      const updated = readFileSync(join(project.folder, out), 'utf8');
      expect(updated).toContain("'This address is taken.'");
      expect(updated).toContain("'A customer with this phone already exists.'");
      const failed = await project.compile(out);
      expect(failed.code).not.toBe(0);
      expect(failed.stdout).toContain(`'${quote(from)}' does not exist in type 'Rules'.`);
      // The compiler looks for the nearest name of names, and not of keys in quotes: those `check` names.
      if (/^\w+$/.test(from)) expect(failed.stdout).toContain(`Did you mean to write '${to}'?`);
    }, 30_000);

    test('try shows the body of each constraint, and a catalog that has not changed is not written', async () => {
      const before = readFileSync(join(project.folder, out), 'utf8');
      const [{ code, stdout, stderr }, again] = await Promise.all([
        project.run(['try', database.url, '--json']),
        project.run(['catalog', database.url, '--out', out]),
      ]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(again.stdout).toContain(`${out} unchanged: `);
      expect(readFileSync(join(project.folder, out), 'utf8')).toBe(before);
      const shown = JSON.parse(stdout) as { key: string; needs?: string; status: number; body: { code: string } }[];
      // SQLite tells of a foreign key nothing at all: what is shown is not what a plain error gives.
      const hidden = shown.filter(({ needs }) => needs === 'explainForeignKeys').map(({ body }) => body.code);
      expect(hidden).toEqual(engine === 'sqlite' ? ['reference_missing', 'reference_in_use'] : []);
      const codes = shown.filter(({ key }) => /customer_id/.test(key)).map(({ body }) => body.code);
      expect(codes.sort()).toEqual(['duplicate', 'reference_in_use', 'reference_missing']);
      expect(shown.every(({ status }) => status === 409)).toBe(true);
    });

    if (engine === 'sqlite') return;

    test('a user who is refused is told so in one line, without the password', async () => {
      const url = new URL(database.url.replace('mariadb:', 'mysql:'));
      url.username = 'nobody';
      url.password = encodeURIComponent(SECRET);
      const { code, stdout, stderr } = await project.run(['check', url.href, '--rules', rules]);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^db-http-errors: 127\.0\.0\.1:\d+ refuses the user "nobody": .*\n$/);
      expect(stderr).not.toContain('s3cret');
    }, 30_000);

    test('reads the schemas that are named', async () => {
      const other = `cli_other_${engine}_${process.pid}`;
      const url = new URL(database.url.replace('mariadb:', 'mysql:'));
      if (engine !== 'postgresql') url.pathname = '';
      await database.run(`CREATE SCHEMA ${other}`);
      try {
        await database.run(`CREATE TABLE ${other}.notes (id integer PRIMARY KEY, size integer UNIQUE)`);
        const { stdout, stderr } = await project.run(['catalog', url.href, '--schema', other, '--json']);
        expect(stderr).toBe('');
        const { constraints } = JSON.parse(stdout) as { constraints: { schema: string }[] };
        expect(new Set(constraints.map(({ schema }) => schema))).toEqual(new Set([other]));
      } finally {
        await database.run(`DROP SCHEMA ${other}${engine === 'postgresql' ? ' CASCADE' : ''}`);
      }
    }, 30_000);

    test('an empty database is none to write a catalog of', async () => {
      const empty = await makeDatabase(engine, server, `cli_empty_${engine}_${process.pid}`);
      try {
        const { code, stdout, stderr } = await project.run(['catalog', empty.url]);
        expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
        expect(stderr).toMatch(
          /^db-http-errors: There is no constraint in cli_empty_\w+\. Is it the right database.*\n$/,
        );
      } finally {
        await empty.drop();
      }
    }, 30_000);
  });
}

function escaped(text: string): string {
  return text.replace(/[()]/g, '\\$&');
}

test('a file of hostile names compiles', async () => {
  const uses = (['postgresql', 'sqlite', 'mysql'] as const).map((dialect) => {
    project.write(`hostile/${dialect}.ts`, fileOf({ ...catalogOf(HOSTILE), dialect }, ['it_is_closed', 'constructor']));
    return project.write(
      `hostile/use-${dialect}.ts`,
      `import { defineConflicts } from 'db-http-errors';
       import { catalog, rules } from './${dialect}.js';
       defineConflicts({ catalog, rules });`,
    );
  });
  expect(await project.compile(...uses)).toEqual({ code: 0, stdout: '', stderr: '' });
}, 30_000);

describe('the command', () => {
  test('has a help and a version, and says what is wrong with its arguments in one line', async () => {
    const [help, version, ...wrong] = await Promise.all([
      project.run(['--help']),
      project.run(['--version']),
      ...[
        [],
        ['chek', 'x.db'],
        ['catalog', 'x.db', '--josn'],
        ['catalog', 'host=localhost password=s3cret'],
        // pg warns of it in eight lines.
        ['catalog', 'postgres://root:s3cret@127.0.0.1:1/x?sslmode=require'],
      ].map((args) => project.run(args)),
    ]);
    expect(help).toEqual({ code: 0, stdout: expect.stringContaining('Usage: db-http-errors <command>'), stderr: '' });
    expect(version?.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(wrong.map(({ stderr }) => stderr)).toEqual([
      expect.stringContaining('Expected a command. See'),
      expect.stringContaining('did you mean check? See'),
      expect.stringContaining('did you mean --json? See'),
      expect.stringContaining('got a list of keywords'),
      expect.stringContaining('the connection was refused'),
    ]);
    for (const { code, stdout, stderr } of wrong) {
      expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
      expect(stderr).not.toContain('s3cret');
    }
  }, 30_000);

  test('a rules file that cannot be used, or a missing driver, is told in one line', async () => {
    const sqlite = await makeDatabase('sqlite', '', join(project.folder, 'small.db'));
    await sqlite.run('CREATE TABLE users (id integer PRIMARY KEY, email text UNIQUE)');
    await sqlite.drop();
    project.write('notes.txt', 'no database');
    project.write('throws.mjs', "throw new Error('not today\\nnor tomorrow');");
    project.write('none.mjs', 'export const other = 1;');
    project.write('wrong.json', '{ "users(email)": { "feilds": ["email"] } }');
    project.write('broken.json', '{ "users(email)": ');
    const check = (rules: string) => project.run(['check', 'small.db', '--rules', rules]);
    const ended = await Promise.all([
      check('missing.mjs'),
      check('throws.mjs'),
      check('none.mjs'),
      check('wrong.json'),
      check('broken.json'),
      project.run(['catalog', 'notes.txt']),
      project.run(['catalog', 'small.db', '--out', 'notes.ts/x.ts']),
    ]);
    expect(ended.map(({ stderr }) => stderr)).toEqual([
      'db-http-errors: There is no file missing.mjs to read rules from\n',
      'db-http-errors: The rules of throws.mjs cannot be loaded: not today\n',
      expect.stringMatching(/^db-http-errors: none\.mjs has no rules\. Expected an object.*\n$/),
      'db-http-errors: The rules of wrong.json are not valid: Unknown member "feilds" in the rule "users(email)", did you mean "fields"?\n',
      expect.stringMatching(/^db-http-errors: The rules of broken\.json cannot be read: .+\n$/),
      'db-http-errors: notes.txt cannot be read as a database of SQLite: file is not a database\n',
      '',
    ]);
    expect(ended.map(({ code }) => code)).toEqual([2, 2, 2, 2, 2, 2, 0]);
  }, 30_000);

  test('names a driver that is not installed, and how to get it', async () => {
    const bare = await makeBare();
    const [pg, mysql] = await Promise.all([
      bare('postgres://root:s3cret@localhost/x'),
      bare('mysql://root:s3cret@localhost/x', { npm_config_user_agent: 'pnpm/9.0.0 npm/? node/v20' }),
    ]);
    expect(pg).toEqual({
      code: 2,
      stdout: '',
      stderr: 'db-http-errors: The driver pg is not installed here. Install it: npm install pg\n',
    });
    expect(mysql.stderr).toContain('Install it: pnpm add mysql2');
  }, 30_000);

  /** The command in a project without any driver. */
  async function makeBare() {
    const folder = join(project.folder, '..', `${project.folder.split('/').at(-1)}-bare`);
    const { cpSync, symlinkSync } = await import('node:fs');
    cpSync(join(project.folder, 'node_modules/db-http-errors'), join(folder, 'node_modules/db-http-errors'), {
      recursive: true,
    });
    symlinkSync(join(project.folder, 'node_modules/http-errors'), join(folder, 'node_modules/http-errors'));
    afterAll(() => rm(folder, { recursive: true, force: true }));
    return async (url: string, env: Record<string, string> = {}) => {
      const main = join(folder, 'node_modules/db-http-errors/dist/cli/main.js');
      const { status, stdout, stderr } = spawnSync(process.execPath, [main, 'catalog', url], {
        cwd: folder,
        env: { PATH: process.env.PATH, ...env },
        encoding: 'utf8',
      });
      return { code: status, stdout, stderr };
    };
  }

  test('takes conflicts that are defined, with their format, and ignores what it is told to', async () => {
    const file = join(project.folder, 'accounts.db');
    const database = await makeDatabase('sqlite', '', file);
    await database.run(`CREATE TABLE accounts (id integer PRIMARY KEY, email text UNIQUE, name text UNIQUE);
      CREATE TABLE notes (id integer PRIMARY KEY, size integer CHECK (size > 1));
      CREATE TABLE invoices (id integer PRIMARY KEY, account_id integer REFERENCES accounts);
      CREATE TRIGGER closed BEFORE DELETE ON accounts BEGIN SELECT RAISE(ABORT, 'account_is_open'); END`);
    await database.drop();
    project.write(
      'conflicts.mjs',
      `import { defineConflicts } from 'db-http-errors';
       import { explainForeignKeys } from 'db-http-errors/catalog';
       import Database from 'better-sqlite3';
       setInterval(() => {}, 1000); // what keeps a process running
       export const conflicts = defineConflicts({
         format: 'simple',
         drivers: [explainForeignKeys(new Database(':memory:'))],
         rules: {
           'accounts( email )': { resource: 'account', fields: ['email'], detail: 'Taken.' },
           'invoices(account_id)': { reference_missing: { detail: 'No account.' }, reference_in_use: { detail: 'Has invoices.' } },
           account_is_open: { detail: 'Close it first.' },
           'account_is_opne': { detail: 'Close it first.' },
         },
       });`,
    );
    const [tried, checked, ignored] = await Promise.all([
      project.run(['try', file, '--rules', 'conflicts.mjs', '--json']),
      project.run(['check', file, '--rules', 'conflicts.mjs', '--json']),
      project.run([
        'check',
        file,
        '--rules',
        'conflicts.mjs',
        '--ignore',
        'accounts(name)',
        '--ignore',
        'account_is_opne',
      ]),
    ]);
    const shown = JSON.parse(tried.stdout) as { key?: string; needs?: string; body: object }[];
    expect(shown.filter(({ key }) => key === 'invoices(account_id)')).toEqual([
      expect.objectContaining({ body: expect.objectContaining({ message: 'No account.' }) }),
      expect.objectContaining({ body: expect.objectContaining({ message: 'Has invoices.' }) }),
    ]);
    expect(shown.filter(({ needs }) => needs !== undefined)).toEqual([]);
    expect(shown.find(({ key }) => key === 'accounts(email)')?.body).toMatchObject({
      error: 'conflict',
      message: 'Taken.',
    });
    expect(shown.find(({ key }) => key === 'account_is_open')?.body).toMatchObject({
      code: 'invalid_state',
      message: 'Close it first.',
    });
    expect(checked.code).toBe(1);
    expect(JSON.parse(checked.stdout)).toEqual({
      ok: false,
      gone: [{ rule: 'account_is_opne', nearest: 'account_is_open' }],
      missing: [{ rule: 'accounts(name)', constraint: { kind: 'unique', table: 'accounts', columns: ['name'] } }],
      partial: [],
      ambiguous: [],
      nameless: [{ kind: 'check', table: 'notes', expression: 'size > 1' }],
    });
    expect(ignored.code).toBe(0);
  }, 30_000);

  test('explains what is given to it, or piped in', async () => {
    const [code, piped, near, nothing, prisma] = await Promise.all([
      project.run(['explain', '23505']),
      project.run(['explain', '--json'], { input: "ERROR 1062 (23000): Duplicate entry 'a' for key 'users.email'\n" }),
      project.run(['explain', '23506']),
      project.run(['explain', 'nothing', 'known']),
      project.run(['explain', 'P2002']),
    ]);
    expect(code.code).toBe(0);
    expect(code.stdout).toContain('409 duplicate');
    expect(JSON.parse(piped.stdout)).toMatchObject([{ code: '1062', facts: { constraint: 'email', table: 'users' } }]);
    expect(near).toMatchObject({ code: 1, stdout: expect.stringContaining('The nearest is 23505') });
    expect(prisma).toMatchObject({ code: 1, stdout: expect.stringContaining('looks like one of Prisma') });
    expect(nothing).toMatchObject({ code: 1, stdout: expect.stringMatching(/is known in this\.\n$/) });
  });

  test('colours only where they are wanted', async () => {
    const run = (env: Record<string, string>) => project.run(['explain', '23505'], { env });
    const [plain, forced, both] = await Promise.all([
      run({}),
      run({ FORCE_COLOR: '1' }),
      run({ FORCE_COLOR: '1', NO_COLOR: '1' }),
    ]);
    expect(plain.stdout).not.toContain('\u001b[');
    expect(forced.stdout).toContain('\u001b[32m409 duplicate\u001b[39m');
    expect(both.stdout).toBe(plain.stdout);
  });

  // `script` of util-linux makes a terminal.
  test.skipIf(!existsSync('/usr/bin/script'))(
    'shows a table with colours on a terminal, and none with NO_COLOR',
    async () => {
      const database = await makeDatabase('sqlite', '', join(project.folder, 'terminal.db'));
      await database.run('CREATE TABLE users (id integer PRIMARY KEY, email text UNIQUE)');
      await database.drop();
      const main = 'node_modules/db-http-errors/dist/cli/main.js';
      const show = (env: Record<string, string>) => {
        const { stdout } = spawnSync(
          '/usr/bin/script',
          ['-qec', `stty cols 30; ${process.execPath} ${main} catalog terminal.db`, '/dev/null'],
          { cwd: project.folder, env: { PATH: process.env.PATH, TERM: 'xterm-256color', ...env }, encoding: 'utf8' },
        );
        return stdout.split('\r\n');
      };
      expect(show({}).slice(0, 2)).toEqual([
        '\u001b[2mrule          \u001b[22m\u001b[2mconstraint\u001b[22m',
        '\u001b[1musers(email)  \u001b[22musers UNIQUE (e…',
      ]);
      expect(show({ NO_COLOR: '1' }).slice(0, 2)).toEqual([
        'rule          constraint',
        'users(email)  users UNIQUE (e…',
      ]);
    },
  );
});
