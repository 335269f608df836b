import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Connection, type ConnectionOptions, createConnection } from 'mysql2/promise';
import pg from 'pg';
import type { MysqlSession } from '../../fixtures/scenarios/mysql.ts';
import type { PostgresSession } from '../../fixtures/scenarios/postgresql.ts';
import { dropPostgres } from '../../fixtures/scenarios/run-postgresql.ts';
import { runAllButLast, type Scenario, thrownBy } from '../../fixtures/scenarios/scenario.ts';
import type { Database } from '../live/databases.ts';

/** The name of the fixtures' databases and users, which other tests of the same server use at the same time. */
const SHARED = 'db_http_errors';

const schemaOf = (engine: 'mysql' | 'postgresql'): string =>
  readFileSync(new URL(`../../fixtures/schema/${engine}.sql`, import.meta.url), 'utf8');

/** A name that no other test uses. With `_guest` it is as long as a user's may be on MySQL 5.6. */
export const ownName = (): string => `c_${randomBytes(4).toString('hex')}`;

/** A database of this test alone with the fixtures' schema, and how its scenarios are provoked. */
export interface Own<Session, Client> {
  readonly name: string;
  /** A connection of an administrator. */
  readonly client: Client;
  readonly provoke: (scenario: Scenario<Session>) => Promise<unknown>;
  /** What the fixtures' scenarios say, for the names of this database. */
  readonly renamed: <T>(value: T) => T;
  readonly drop: () => Promise<void>;
}

function renamer(name: string): <T>(value: T) => T {
  return (value) => JSON.parse(JSON.stringify(value).replaceAll(SHARED, name));
}

export async function ownPostgres({ url = '' }: Pick<Database, 'url'>): Promise<Own<PostgresSession, pg.Client>> {
  const name = ownName();
  const renamed = renamer(name);
  const connect = async (overrides: pg.ClientConfig): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, ...overrides });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const admin = await connect({});
  await admin.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const within = new URL(url);
  within.pathname = `/${name}`;
  const connectionString = within.href;
  const client = await connect({ connectionString });
  await client.query(schemaOf('postgresql').replaceAll(SHARED, name));
  return {
    name,
    client,
    renamed,
    async provoke({ provoke, sql = [] }) {
      const clients: pg.Client[] = [];
      const session: PostgresSession = {
        connect: async (overrides = {}) => {
          const own = await connect({ connectionString, ...overrides });
          clients.push(own);
          return own;
        },
      };
      try {
        if (provoke) return await thrownBy(() => provoke(session));
        const own = await session.connect();
        await own.query('BEGIN');
        const last = await runAllButLast(renamed(sql), (statement) => own.query(statement));
        return await thrownBy(() => own.query(last));
      } finally {
        await Promise.all(clients.map((own) => own.end().catch(() => undefined)));
      }
    },
    async drop() {
      await client.end();
      await dropPostgres(admin, name);
      await admin.query(`DROP ROLE ${name}_guest, ${name}_limited`);
      await admin.end();
    },
  };
}

export async function ownMysql({ url = '', server }: Database): Promise<Own<MysqlSession, Connection>> {
  const name = ownName();
  const renamed = renamer(name);
  const { hostname: host, port, username: user, password } = new URL(url);
  const connect = async (overrides: ConnectionOptions): Promise<Connection> => {
    const connection = await createConnection({ host, port: Number(port || 3306), user, password, ...overrides });
    connection.on('error', () => undefined);
    return connection;
  };
  const client = await connect({ multipleStatements: true });
  await client.query(schemaOf('mysql').replaceAll(SHARED, name));
  return {
    name,
    client,
    renamed,
    async provoke({ provoke, sql = [] }) {
      const connections: Connection[] = [];
      const session: MysqlSession = {
        server,
        connect: async (overrides = {}) => {
          const own = await connect(renamed({ database: name, ...overrides }));
          connections.push(own);
          return own;
        },
      };
      try {
        if (provoke) return await thrownBy(() => provoke(session));
        const own = await session.connect();
        await own.query('START TRANSACTION');
        const last = await runAllButLast(renamed(sql), (statement) => own.query(statement));
        return await thrownBy(() => own.query(last));
      } finally {
        await Promise.all(connections.map((own) => own.end().catch(() => undefined)));
      }
    },
    async drop() {
      await client.query(`DROP DATABASE ${name}_other; DROP DATABASE ${name}; DROP USER ${name}_guest`);
      await client.end();
    },
  };
}
