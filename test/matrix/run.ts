import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ENGINES, startDatabases } from '../live/databases.ts';

// npm run test:matrix [-- project…]: every ORM, framework and further driver, each in a project of its own with its own
// dependencies. Prints what each ran with and how many tests passed; a project that ran none has failed.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const NEWER_NODE = join(ROOT, 'test/matrix/node-24');

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
  /** Folders of other projects, of which this one uses the dependencies: those that take minutes to compile. */
  readonly config?: { readonly projects?: readonly string[] };
}

interface Project {
  /** Folder, from the root. */
  readonly name: string;
  readonly folder: string;
  readonly manifest: Manifest;
}

interface Result {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const { positionals } = parseArgs({ allowPositionals: true });
const projects = findProjects(positionals);
const addresses = await findDatabases();
const results: Result[] = [];
try {
  for (const project of projects) results.push(await runProject(project).catch((error) => failed(project, error)));
} finally {
  await addresses.stop();
}

console.log('\nMatrix');
for (const { name, passed, failed, seconds } of results) {
  console.log(`  ${name.padEnd(32)} ${passed} passed, ${failed} failed  ${seconds.toFixed(0)} s`);
}
const total = (of: 'passed' | 'failed') => results.reduce((sum, result) => sum + result[of], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') === 0 && results.length > 0 ? 0 : 1;

/** Every folder with a `package.json` and a test of its own; only those that were asked for, by the end of their path. */
function findProjects(wanted: readonly string[]): Project[] {
  const folders = ['test/matrix', 'fixtures'].flatMap((parent) =>
    readdirSync(join(ROOT, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => join(ROOT, parent, name))
      .filter((folder) => existsSync(join(folder, 'package.json')) && folder !== NEWER_NODE),
  );
  const all = folders.map((folder) => ({
    name: relative(ROOT, folder),
    folder,
    manifest: JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest,
  }));
  const unknown = wanted.filter((name) => !all.some((project) => project.name.endsWith(name)));
  if (unknown.length > 0) {
    throw new Error(`No such project: ${unknown.join(', ')}. There are: ${all.map(({ name }) => name).join(', ')}`);
  }
  return wanted.length === 0 ? all : all.filter(({ name }) => wanted.some((end) => name.endsWith(end)));
}

/** Starts the databases once; each project gets their addresses. */
async function findDatabases(): Promise<{ env: Record<string, string>; stop: () => Promise<void> }> {
  const { found, stop } = await startDatabases();
  const names = { postgresql: 'POSTGRES_URL', mysql: 'MYSQL_URL', mariadb: 'MARIADB_URL', sqlite: undefined };
  const env: Record<string, string> = {};
  for (const { server, url } of found) {
    const name = names[server.engine];
    if (name && url) env[name] = url;
    console.log(`${ENGINES[server.engine].title} ${server.version}`);
  }
  return { env, stop };
}

async function runProject({ name, folder, manifest }: Project): Promise<Result> {
  const started = Date.now();
  console.log(`\n== ${name}`);
  await install(folder);
  for (const other of manifest.config?.projects ?? []) await install(join(ROOT, other));
  const newer = manifest.engines?.node?.includes('24') ?? false;
  if (newer) await install(NEWER_NODE);
  const node = newer ? join(NEWER_NODE, 'node_modules/node/bin/node') : process.execPath;
  const versions = Object.entries(manifest.dependencies ?? {}).map(([dependency]) => versionOf(folder, dependency));
  console.log([newer ? versionOf(NEWER_NODE, 'node') : `node ${process.versions.node}`, ...versions].join(', '));

  const directory = mkdtempSync(join(tmpdir(), 'db-http-errors-matrix-'));
  const report = join(directory, 'report.json');
  const config = ['--config', 'vitest.matrix.config.ts', '--reporter=default', '--reporter=json'];
  await start(node, ['node_modules/vitest/vitest.mjs', 'run', ...config, `--outputFile.json=${report}`, `${name}/`]);
  const { numPassedTests = 0, numFailedTests = 0, success = false } = read(report);
  rmSync(directory, { recursive: true });
  // What fails outside of a test, and a project without tests, are failures too.
  const failed = numFailedTests === 0 && (!success || numPassedTests === 0) ? 1 : numFailedTests;
  console.log(`${name}: ${numPassedTests} passed, ${failed} failed`);
  return { name, passed: numPassedTests, failed, seconds: (Date.now() - started) / 1000 };
}

/** A project that could not be installed is a failure, and no reason to leave the others out. */
function failed({ name }: Project, error: unknown): Result {
  console.error(error);
  return { name, passed: 0, failed: 1, seconds: 0 };
}

interface Report {
  readonly numPassedTests?: number;
  readonly numFailedTests?: number;
  readonly success?: boolean;
}

function read(report: string): Report {
  try {
    return JSON.parse(readFileSync(report, 'utf8')) as Report;
  } catch {
    return {};
  }
}

/** Installs what the lock says, unless that is there. */
async function install(folder: string): Promise<void> {
  const installed = join(folder, 'node_modules/.package-lock.json');
  const lock = join(folder, 'package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  const status = await start('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder]);
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
}

function versionOf(folder: string, dependency: string): string {
  const manifest = join(folder, 'node_modules', dependency, 'package.json');
  if (!existsSync(manifest)) return `${dependency} missing`;
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string };
  return `${name} ${version}`;
}

/** Runs a command with the addresses of the databases and gives its exit code. */
function start(command: string, args: readonly string[]): Promise<number | null> {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...addresses.env } });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
}
