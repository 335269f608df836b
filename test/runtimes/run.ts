import { execFile, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';

// npm run test:runtimes [-- part…]: the package as it is packed, on every runtime, for every compiler and bundler. The
// parts: node-20, node-22, node-24, node-26, bun, deno, typescript, bundlers. Each prints its version and how many tests
// passed; one that ran none has failed.

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const HERE = join(ROOT, 'test/runtimes');

interface Count {
  readonly passed: number;
  readonly failed: number;
}

/** Where each is installed, and what runs in it. */
const PARTS: Readonly<
  Record<string, { readonly folder: string; start(folder: string, consumer: string): Promise<Count> }>
> = {
  'node-20': { folder: join(HERE, 'node-20'), start: onNode },
  'node-22': { folder: join(HERE, 'node-22'), start: onNode },
  'node-24': { folder: join(ROOT, 'test/matrix/node-24'), start: onNode },
  'node-26': { folder: join(HERE, 'node-26'), start: onNode },
  bun: { folder: join(HERE, 'bun'), start: onBun },
  deno: { folder: join(HERE, 'deno'), start: onDeno },
  typescript: { folder: join(HERE, 'typescript'), start: onTypescript },
  bundlers: { folder: join(HERE, 'bundlers'), start: onBundlers },
};

/** The strict options of a project that checks the types of what it uses. */
const STRICT = {
  ...{ target: 'es2022', lib: ['es2022', 'dom'], types: ['node'], strict: true, noUncheckedIndexedAccess: true },
  ...{ exactOptionalPropertyTypes: true, skipLibCheck: false, noEmit: true },
};
const RESOLUTIONS = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => PARTS[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`No such part: ${unknown.join(', ')}. There are: ${Object.keys(PARTS).join(', ')}`);
}
const temporary = mkdtempSync(join(tmpdir(), 'db-http-errors-runtimes-'));
const counts: Count[] = [];
try {
  const consumer = await installPackage();
  for (const [name, { folder, start }] of Object.entries(PARTS)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    const count = await install(folder)
      .then(() => start(folder, consumer))
      .catch((error) => {
        console.error(error);
        return { passed: 0, failed: 1 };
      });
    const failed = count.passed + count.failed === 0 ? 1 : count.failed;
    console.log(`${name}: ${count.passed} passed, ${failed} failed`);
    counts.push({ passed: count.passed, failed });
  }
} finally {
  rmSync(temporary, { recursive: true, force: true });
}
const sum = (of: keyof Count) => counts.reduce((total, count) => total + count[of], 0);
console.log(`${sum('passed')} passed, ${sum('failed')} failed`);
process.exitCode = sum('failed') === 0 && sum('passed') > 0 ? 0 : 1;

/** A project that has the package from its tarball, and what that depends on as the root's lock has it. */
async function installPackage(): Promise<string> {
  const source = join(temporary, 'source');
  const consumer = join(temporary, 'consumer');
  mkdirSync(source);
  mkdirSync(join(consumer, 'node_modules'), { recursive: true });
  for (const file of ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'])
    cpSync(join(ROOT, file), join(source, file));
  await run(join(ROOT, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', join(source, 'dist')], {
    cwd: ROOT,
  });
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', temporary], { cwd: source });
  const tarball = readdirSync(temporary).find((file) => file.endsWith('.tgz'));
  if (tarball === undefined) throw new Error('Expected npm pack to make a tarball');
  await run('tar', ['-xzf', join(temporary, tarball), '-C', temporary]);
  cpSync(join(temporary, 'package'), join(consumer, 'node_modules/db-http-errors'), { recursive: true });
  const queue = ['http-errors', '@types/http-errors', '@types/node'];
  for (const name of queue) {
    const from = join(ROOT, 'node_modules', name);
    cpSync(from, join(consumer, 'node_modules', name), { recursive: true });
    const { dependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as {
      dependencies?: object;
    };
    queue.push(...Object.keys(dependencies).filter((dependency) => !queue.includes(dependency)));
  }
  writeFileSync(join(consumer, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  for (const file of ['suite.mjs', 'bundled.mjs', 'consumer.ts']) cpSync(join(HERE, file), join(consumer, file));
  return consumer;
}

/** Installs what the lock says, unless that is there. */
async function install(folder: string): Promise<void> {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const lock = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  await run('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], { cwd: ROOT });
}

/** Every subpath that the package exports, the wildcards as there are files. */
function subpaths(consumer: string): string[] {
  const folder = join(consumer, 'node_modules/db-http-errors');
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    exports: Record<string, unknown>;
  };
  const paths = Object.keys(exports).flatMap((path) => {
    if (path === '.' || path === './package.json' || exports[path] === null) return [];
    if (!path.endsWith('/*')) return [path];
    const files = readdirSync(join(folder, 'dist', path.slice(2, -2))).filter((file) => file.endsWith('.js'));
    // `null` closes a path that the wildcard would open.
    return files
      .map((file) => path.slice(0, -1) + file.slice(0, -'.js'.length))
      .filter((file) => exports[file] !== null);
  });
  if (paths.length < 20) throw new Error(`Expected at least 20 subpaths, got ${paths}`);
  return paths.map((path) => `db-http-errors/${path.slice(2)}`);
}

async function onNode(folder: string, consumer: string): Promise<Count> {
  return countOf(join(folder, 'node_modules/node/bin/node'), ['suite.mjs', ...subpaths(consumer)], consumer);
}

async function onBun(folder: string, consumer: string): Promise<Count> {
  return countOf(join(folder, 'node_modules/.bin/bun'), ['suite.mjs', ...subpaths(consumer)], consumer);
}

async function onDeno(folder: string, consumer: string): Promise<Count> {
  const args = ['run', '--allow-all', '--no-lock', '--node-modules-dir=manual', 'suite.mjs', ...subpaths(consumer)];
  return countOf(join(folder, 'node_modules/.bin/deno'), args, consumer);
}

/** The types of the packed package, for each compiler and each way to find them. */
async function onTypescript(folder: string, consumer: string): Promise<Count> {
  const own = readdirSync(join(folder, 'node_modules')).filter((name) => name.startsWith('typescript-'));
  const compilers = [...own.map((name) => join(folder, 'node_modules', name)), join(ROOT, 'node_modules/typescript')];
  let [passed, failed] = [0, 0];
  for (const compiler of compilers) {
    const { version } = JSON.parse(readFileSync(join(compiler, 'package.json'), 'utf8')) as { version: string };
    for (const [name, resolution] of Object.entries(RESOLUTIONS)) {
      const config = join(consumer, `tsconfig.${version}.${name}.json`);
      writeFileSync(config, JSON.stringify({ compilerOptions: { ...STRICT, ...resolution }, files: ['consumer.ts'] }));
      const complaint = await run(process.execPath, [join(compiler, 'bin/tsc'), '-p', config], { cwd: consumer }).then(
        () => undefined,
        (error: { stdout: string }) => error.stdout || String(error),
      );
      if (complaint === undefined) passed++;
      else failed++;
      console.log(
        `  TypeScript ${version}, ${name}${complaint === undefined ? '' : `: FAILED\n${complaint.slice(0, 2000)}`}`,
      );
    }
  }
  return { passed, failed };
}

/** One file out of the package, by each bundler, which then has to run alone. */
async function onBundlers(folder: string, consumer: string): Promise<Count> {
  const bundle = join(folder, 'bundle.mjs');
  let [passed, failed] = [0, 0];
  for (const bundler of ['esbuild', 'rollup', 'webpack']) {
    const output = join(temporary, `${bundler}.mjs`);
    try {
      const { stdout: version } = await run(process.execPath, [bundle, bundler, join(consumer, 'bundled.mjs'), output]);
      const { stdout } = await run(process.execPath, [output], { cwd: dirname(output) });
      if (stdout.trim() !== '[409,"duplicate","user"]') throw new Error(`The bundle printed ${stdout}`);
      console.log(`  ${version.trim()}, ${statSync(output).size} bytes`);
      passed++;
    } catch (error) {
      console.log(`  ${bundler}: FAILED ${error}`);
      failed++;
    }
  }
  return { passed, failed };
}

/** Runs a program, and reads its last line: `N passed, M failed`. */
function countOf(command: string, args: readonly string[], cwd: string): Promise<Count> {
  const env = {
    PATH: process.env.PATH,
    ROOT_PACKAGE: join(ROOT, 'package.json'),
    NODE_ENV: 'production',
    DENO_DIR: join(temporary, 'deno'),
  };
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  const listen = (chunk: Buffer) => {
    text += chunk;
    process.stdout.write(`  ${chunk}`);
  };
  child.stdout.on('data', listen);
  child.stderr.on('data', listen);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const [, passed, failed] = /(\d+) passed, (\d+) failed\s*$/.exec(text) ?? [];
      const count = { passed: Number(passed ?? 0), failed: Number(failed ?? 0) };
      resolve(status === 0 || count.failed > 0 ? count : { ...count, failed: 1 });
    });
  });
}
