import { existsSync, mkdirSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createConnection } from 'mysql2/promise';
import { freePort, type PrivateServer, removeDirectory, run, startProcess, temporaryDirectory } from './process.ts';

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
  const stop = await startProcess(
    binary,
    [
      '--no-defaults',
      user,
      `--datadir=${data}`,
      `--port=${port}`,
      `--socket=${join(directory, 'socket')}`,
      `--pid-file=${join(directory, 'pid')}`,
      '--bind-address=127.0.0.1',
      // Durability off: the data does not outlive the run.
      '--innodb-flush-log-at-trx-commit=0',
      '--innodb-flush-method=nosync',
      '--innodb-doublewrite=OFF',
      '--skip-log-bin',
    ],
    () => answers(url),
    { env, signal: 'SIGTERM' },
  );
  return {
    url,
    stop: async () => {
      await stop();
      removeDirectory(directory);
    },
  };
}

/** MySQL 9 from Debian unstable, which `mysql9.sh` fetches into a cache once and starts. */
export async function startMysql9(): Promise<PrivateServer> {
  const script = fileURLToPath(new URL('mysql9.sh', import.meta.url));
  const port = String(await freePort());
  await run(script, ['start', port]);
  return {
    url: `mysql://root@127.0.0.1:${port}`,
    stop: async () => {
      await run(script, ['stop', port]);
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
