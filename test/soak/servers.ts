import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, createConnection } from 'mysql2/promise';
import pg from 'pg';
import { mysqlServer } from '../../fixtures/scenarios/run-mysql.ts';
import { mysqlBinaries, restartableMysql } from '../servers/mysql.ts';
import { restartablePostgres } from '../servers/postgresql.ts';
import type { RestartableServer } from '../servers/process.ts';
import { type DatabaseProxy, startProxy } from './proxy.ts';

/** A database whose service is under load, and what can be done to it. */
export interface Target {
  /** Of the service's own user, through the proxy. */
  readonly url: string;
  readonly proxy: DatabaseProxy;
  readonly server: RestartableServer;
  /** The signal after which the server has to recover its data. */
  readonly crash: NodeJS.Signals;
  /** The rows of a statement, by an administrator and without the proxy. */
  rows<Row>(sql: string): Promise<Row[]>;
  /** Ends every connection of the service and gives how many there were. */
  kill(): Promise<number>;
  readOnly(isReadOnly: boolean): Promise<void>;
  /** Takes all connections that the server has left and those that get free, until it is called off. */
  exhaust(): { release(): Promise<void> };
}

const NAME = 'soak';

/** Who takes the connections that the service shall not get. */
const HOARDER = 'hoarder';

export async function openPostgres(): Promise<Target> {
  const server = await restartablePostgres('max_connections=25');
  await server.start();
  const asAdmin = async <T>(use: (client: pg.Client) => Promise<T>, database = NAME): Promise<T> => {
    const client = new pg.Client({ connectionString: new URL(`/${database}`, server.url).href });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  };
  await asAdmin(async (client) => {
    await client.query(`CREATE ROLE ${NAME} LOGIN`);
    await client.query(`CREATE ROLE ${HOARDER} LOGIN`);
    await client.query(`CREATE DATABASE ${NAME} OWNER ${NAME}`);
  }, 'postgres');
  const proxy = await startProxy(Number(new URL(server.url).port));
  return {
    ...{ proxy, server, crash: 'SIGQUIT' },
    url: `postgres://${NAME}@127.0.0.1:${proxy.port}/${NAME}`,
    rows: (sql) => asAdmin(async (client) => (await client.query(sql)).rows),
    kill: () =>
      asAdmin(async (client) => {
        const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${NAME}'`;
        return (await client.query(sql)).rowCount ?? 0;
      }),
    readOnly: (isReadOnly) =>
      asAdmin(async (client) => {
        await client.query(`ALTER SYSTEM SET default_transaction_read_only = ${isReadOnly ? 'on' : 'off'}`);
        await client.query('SELECT pg_reload_conf()');
      }),
    exhaust: () =>
      exhaust(async () => {
        const client = new pg.Client({ connectionString: server.url.replace('postgres@', `${HOARDER}@`) });
        client.on('error', () => undefined);
        await client.connect();
        return () => client.end();
      }),
  };
}

/** The MariaDB or MySQL of this machine. */
export async function openMysql(): Promise<Target> {
  const [binary] = mysqlBinaries();
  if (binary === undefined) throw new Error('To have it: apt-get install --no-install-recommends mariadb-server');
  // What was committed outlives the process, though not the machine.
  const server = await restartableMysql(binary, '--max-connections=25', '--innodb-flush-log-at-trx-commit=2');
  await server.start();
  const asAdmin = async <T>(use: (connection: Connection) => Promise<T>): Promise<T> => {
    const connection = await createConnection(server.url);
    try {
      return await use(connection);
    } finally {
      await connection.end();
    }
  };
  const query = (sql: string) => asAdmin(async (connection) => (await connection.query(sql))[0]);
  await query(`CREATE DATABASE ${NAME}`);
  for (const user of [NAME, HOARDER]) await query(`CREATE USER ${user} IDENTIFIED BY '${user}'`);
  await query(`GRANT ALL ON ${NAME}.* TO ${NAME}`);
  const port = Number(new URL(server.url).port);
  const proxy = await startProxy(port);
  const { engine } = await mysqlServer(server.url);
  return {
    ...{ proxy, server, crash: 'SIGKILL' },
    url: `${engine === 'mariadb' ? 'mariadb' : 'mysql'}://${NAME}:${NAME}@127.0.0.1:${proxy.port}/${NAME}`,
    rows: async <Row>(sql: string) =>
      (await asAdmin(async (connection) => {
        await connection.query(`USE ${NAME}`);
        return (await connection.query(sql))[0];
      })) as Row[],
    kill: () =>
      asAdmin(async (connection) => {
        const sql = `SELECT id FROM information_schema.processlist WHERE user = '${NAME}'`;
        const rows = (await connection.query(sql))[0] as { id: number }[];
        // It may have ended by itself meanwhile.
        for (const { id } of rows) await connection.query(`KILL ${id}`).catch(() => undefined);
        return rows.length;
      }),
    async readOnly(isReadOnly) {
      await query(`SET GLOBAL read_only = ${isReadOnly ? 'ON' : 'OFF'}`);
    },
    exhaust: () =>
      exhaust(async () => {
        const connection = await createConnection({ host: '127.0.0.1', port, user: HOARDER, password: HOARDER });
        connection.on('error', () => undefined);
        return () => connection.end();
      }),
  };
}

/** Connects again and again. */
function exhaust(connect: () => Promise<() => Promise<unknown>>): { release(): Promise<void> } {
  const held: (() => Promise<unknown>)[] = [];
  let isOver = false;
  const running = (async () => {
    while (!isOver) {
      const end = await connect().catch(() => undefined);
      if (end) held.push(end);
      else await sleep(5);
    }
  })();
  return {
    async release() {
      isOver = true;
      await running;
      await Promise.all(held.map((end) => end().catch(() => undefined)));
    },
  };
}
