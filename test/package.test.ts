import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// What users get: the package as it is packed, installed into projects of their kind.

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const TSC = join(ROOT, 'node_modules/.bin/tsc');

const temporary = mkdtempSync(join(tmpdir(), 'db-http-errors-package-'));
const consumer = join(temporary, 'consumer');
const alone = join(temporary, 'alone');

/** Paths in the tarball. */
let packed: string[];

interface Manifest {
  readonly version: string;
  readonly dependencies: Readonly<Record<string, string>>;
}

const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;

beforeAll(async () => {
  const source = join(temporary, 'source');
  mkdirSync(source);
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']) {
    if (existsSync(join(ROOT, file))) cpSync(join(ROOT, file), join(source, file));
  }
  // A folder that must stay out.
  cpSync(join(ROOT, 'src'), join(source, 'src'), { recursive: true });
  await run(TSC, ['-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')], { cwd: ROOT });
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', temporary], {
    cwd: source,
  });
  const [tarball] = JSON.parse(stdout) as [{ filename: string; integrity: string; files: { path: string }[] }];
  packed = tarball.files.map(({ path }) => path).sort();
  await install(tarball);
  cpSync(join(consumer, 'node_modules/db-http-errors'), join(alone, 'node_modules/db-http-errors'), {
    recursive: true,
  });
}, 120_000);

afterAll(() => {
  rmSync(temporary, { recursive: true, force: true });
});

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dependencies?: Readonly<Record<string, string>> }>>;
}

/** Installs the tarball, and what it depends on as our lock has it: from npm's cache, if it has it. */
async function install({ filename, integrity }: { filename: string; integrity: string }): Promise<void> {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
  const locked: Record<string, object> = {};
  const queue = [...Object.keys(manifest.dependencies), '@types/node'];
  for (const name of queue) {
    const entry = packages[`node_modules/${name}`];
    if (entry === undefined) throw new Error(`Expected ${name} in package-lock.json`);
    const { dev, ...used } = entry as { dev?: boolean };
    locked[`node_modules/${name}`] = used;
    queue.push(...Object.keys(entry.dependencies ?? {}).filter((dependency) => !queue.includes(dependency)));
  }
  const types = (packages['node_modules/@types/node'] as { version: string }).version;
  const dependencies = { 'db-http-errors': `file:../${filename}`, '@types/node': types };
  const { version, dependencies: own } = manifest;
  mkdirSync(consumer);
  write('package.json', JSON.stringify({ name: 'consumer', version: '1.0.0', private: true, dependencies }));
  write(
    'package-lock.json',
    JSON.stringify({
      name: 'consumer',
      version: '1.0.0',
      lockfileVersion: 3,
      requires: true,
      packages: {
        '': { name: 'consumer', version: '1.0.0', dependencies },
        'node_modules/db-http-errors': { version, resolved: `file:../${filename}`, integrity, dependencies: own },
        ...locked,
      },
    }),
  );
  await run('npm', ['ci', '--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund'], { cwd: consumer });
}

function write(file: string, text: string, folder = consumer): void {
  writeFileSync(join(folder, file), text);
}

/** What a program prints, as JSON; it must print nothing else. */
async function printed(file: string, text: string, folder = consumer): Promise<unknown> {
  write(file, text, folder);
  const { stdout, stderr } = await run(process.execPath, [file], { cwd: folder, env: { PATH: process.env.PATH } });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

/** Runs the compiler over a file; resolves to what it complains about. */
async function complaints(folder: string, file: string, text: string, options: object = {}): Promise<string> {
  const project = join(consumer, folder);
  mkdirSync(project, { recursive: true });
  write(file, text, project);
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022'],
    module: 'nodenext',
    types: ['node'],
    strict: true,
    noUncheckedIndexedAccess: true,
    exactOptionalPropertyTypes: true,
    verbatimModuleSyntax: true,
    skipLibCheck: false,
    noEmit: true,
    ...options,
  };
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }), project);
  return run(TSC, ['-p', '.'], { cwd: project }).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
}

const DRIVERS = readdirSync(join(ROOT, 'src/drivers')).map((file) => file.slice(0, -'.ts'.length));

describe('the tarball', () => {
  test('has what was built, the manifest and the texts for people, and nothing else', () => {
    const others = packed.filter((path) => !/^dist\/[a-z0-9/-]+\.(js|d\.ts)$/.test(path));
    expect(others).toContain('package.json');
    expect(['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md']).toEqual(expect.arrayContaining(others));
  });

  test('has code and types of every source file, and of no other', () => {
    const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith('.ts'),
    );
    const expected = sources.flatMap((path) => {
      const name = `dist/${path.slice(0, -'.ts'.length).replaceAll('\\', '/')}`;
      return [`${name}.js`, `${name}.d.ts`];
    });
    expect(packed.filter((path) => path.startsWith('dist/'))).toEqual(expected.sort());
  });

  test('names no file of the machine that built it', () => {
    for (const path of packed) {
      expect(readFileSync(join(consumer, 'node_modules/db-http-errors', path), 'utf8'), path).not.toContain(temporary);
      expect(readFileSync(join(consumer, 'node_modules/db-http-errors', path), 'utf8'), path).not.toContain(
        join(ROOT, 'src'),
      );
    }
  });
});

describe('the installed package', () => {
  const PROGRAM = `
    const error = Object.assign(new Error('UNIQUE constraint failed: users.email'), {
      code: 'SQLITE_CONSTRAINT_UNIQUE',
    });
    const conflicts = defineConflicts({ rules: { 'users(email)': { resource: 'user', fields: ['email'] } } });
    const { instance, ...problem } = conflicts.translate(error).problem;
    console.log(JSON.stringify({ names, problem }));`;

  const EXPECTED = {
    names: ['ConflictError', 'classify', 'conflict', 'defineConflicts', 'isConflict', 'translate', 'wrap'],
    problem: {
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'A resource with this value already exists.',
      code: 'duplicate',
      resource: 'user',
      errors: [{ pointer: '#/email', code: 'taken' }],
      retryable: false,
      recovery: 'change_input',
    },
  };

  test('works by import', async () => {
    const program = `import * as root from 'db-http-errors';
    const { defineConflicts } = root;
    const names = Object.keys(root).sort();${PROGRAM}`;
    expect(await printed('program.mjs', program)).toEqual(EXPECTED);
  });

  test('works by require, without a warning', async () => {
    const program = `const root = require('db-http-errors');
    const { defineConflicts } = root;
    const names = Object.keys(root).sort();${PROGRAM}`;
    expect(await printed('program.cjs', program)).toEqual(EXPECTED);
  });

  test('is the same class by import and by require', async () => {
    const program = `const required = require('db-http-errors');
    import('db-http-errors').then((imported) => {
      const same = Object.keys(required).filter((name) => required[name] === imported[name]);
      console.log(JSON.stringify({ same: same.sort(), all: Object.keys(imported).sort() }));
    });`;
    expect(await printed('same.cjs', program)).toEqual({ same: EXPECTED.names, all: EXPECTED.names });
  });

  test.each(DRIVERS)('has the driver %s at its own path, which loads with nothing else installed', async (driver) => {
    const check = `
    // A driver may be its module's default too, of which require() tells by a mark.
    const translators = [...new Set(Object.values(module))].filter((value) => value !== true);
    console.log(JSON.stringify(translators.map(({ name, owns, classify }) => [name, typeof owns, typeof classify])));`;
    const expected = [[expect.any(String), 'function', 'function']];
    const path = `db-http-errors/drivers/${driver}`;
    expect(existsSync(join(alone, 'node_modules/http-errors'))).toBe(false);
    const imported = printed(`${driver}.mjs`, `import * as module from '${path}';${check}`, alone);
    const required = printed(`${driver}.cjs`, `{ const module = require('${path}');${check} }`, alone);
    expect(await imported).toEqual(expected);
    expect(await required).toEqual(expected);
  });

  test('has no other path', async () => {
    const paths = ['db-http-errors/policy', 'db-http-errors/dist/policy.js', 'db-http-errors/drivers/../policy'];
    for (const [at, path] of paths.entries()) {
      const program = `import('${path}').then(() => console.log('null'), ({ code }) => console.log(JSON.stringify(code)));`;
      expect(await printed(`path-${at}.mjs`, program), path).toMatch(
        /^ERR_(PACKAGE_PATH_NOT_EXPORTED|INVALID_MODULE_SPECIFIER|MODULE_NOT_FOUND)$/,
      );
    }
  });

  test('recognises the errors of a second copy', async () => {
    const second = join(consumer, 'node_modules/second');
    mkdirSync(join(second, 'node_modules'), { recursive: true });
    cpSync(join(consumer, 'node_modules/db-http-errors'), join(second, 'node_modules/db-http-errors'), {
      recursive: true,
    });
    write('package.json', JSON.stringify({ name: 'second', type: 'module', exports: './index.js' }), second);
    write('index.js', "export * from 'db-http-errors';", second);
    const program = `import * as first from 'db-http-errors';
    import * as second from 'second';
    import createError from 'http-errors';
    const [ours, theirs] = [first.conflict('busy'), second.conflict('busy')];
    console.log(JSON.stringify({
      copies: first.ConflictError !== second.ConflictError,
      instances: [theirs instanceof first.ConflictError, ours instanceof second.ConflictError],
      guards: [first.isConflict(theirs, 'busy'), second.isConflict(ours, 'busy'), first.isConflict(theirs, 'duplicate')],
      same: [first.translate(theirs) === theirs, first.translate(new Error('', { cause: theirs })) === theirs],
      http: [ours, theirs].map((error) => error instanceof createError.ServiceUnavailable),
    }));`;
    expect(await printed('copies.mjs', program)).toEqual({
      copies: true,
      instances: [true, true],
      guards: [true, true, false],
      same: [true, true],
      http: [true, true],
    });
  });
});

describe('the types of the installed package', () => {
  const USE = `
import { type Conflicts, type Problem, type Translator, type Violation } from 'db-http-errors';
import { ConflictError, classify, conflict, defineConflicts, isConflict, translate, wrap } from 'db-http-errors';
import { pg } from 'db-http-errors/drivers/pg';

const driver: Translator = pg;
export const conflicts: Conflicts = defineConflicts({
  drivers: [driver],
  rules: {
    users_email_key: { resource: 'user', fields: ['email'], detail: 'Taken.' },
    orders_customer_id_fkey: { reference_missing: { resource: 'order' }, reference_in_use: { resource: 'customer' } },
  },
  status: { check_failed: 422 },
});

export function kindOf(error: unknown): Violation['kind'] | undefined {
  return classify(error)?.kind;
}

export function problemOf(error: unknown): Problem | undefined {
  return isConflict(error) ? error.problem : undefined;
}

export class Users {
  readonly #names = new Set<string>();
  async create(name: string): Promise<string> {
    if (this.#names.has(name)) throw conflict('duplicate', { fields: ['name'] });
    return name;
  }
}

export const users: Users = wrap(new Users());
export const response: Response = new ConflictError(conflict('busy').problem).getResponse();
export const translated: Error | ConflictError = translate(new Error('text'));
`;

  test('compile in a strict ES module without skipLibCheck', async () => {
    expect(await complaints('node', 'use.mts', USE)).toBe('');
  });

  test('compile in a strict CommonJS module without skipLibCheck', async () => {
    const options = { verbatimModuleSyntax: false };
    expect(await complaints('commonjs', 'use.cts', USE, options)).toBe('');
  });

  test('compile for a browser or a worker, without the types of Node', async () => {
    expect(await complaints('dom', 'use.mts', USE, { types: [], lib: ['es2022', 'dom'] })).toBe('');
  });

  test('compile for a bundler', async () => {
    const options = { module: 'preserve', moduleResolution: 'bundler' };
    expect(await complaints('bundler', 'use.ts', USE, options)).toBe('');
  });

  test('refuse what does not exist', async () => {
    const wrong = `import { defineConflicts } from 'db-http-errors';
import { policy } from 'db-http-errors/policy';
export const conflicts = defineConflicts({ rules: { users_email_key: { feilds: ['email'] } } });
export { policy };`;
    const text = await complaints('wrong', 'use.mts', wrong);
    expect(text).toContain("'feilds' does not exist");
    expect(text).toContain("'db-http-errors/policy'");
    expect(text.match(/error TS/g)).toHaveLength(2);
  });
});
