import { randomBytes } from 'node:crypto';
import BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Database } from './databases.ts';

type Value = string | number;

/** What can be asked: a pool, or the connection that has a transaction. Values are written as `?`. */
export interface Asked {
  /** What the driver gives for the statement. */
  run(sql: string, ...values: Value[]): Promise<unknown>;
  rows<Row>(sql: string, ...values: Value[]): Promise<Row[]>;
}

/** A namespace of its own on one of the databases, by the driver that is built in. */
export type Session = Asked & {
  /** Statements without values, one after another. */
  script(...statements: string[]): Promise<void>;
  /** Drops the namespace. */
  close(): Promise<void>;
} & (
    | { readonly driver: 'pg'; readonly pool: pg.Pool; asked(client: pg.PoolClient): Asked }
    | { readonly driver: 'mysql2'; readonly pool: mysql.Pool; asked(connection: mysql.PoolConnection): Asked }
    | { readonly driver: 'better-sqlite3'; readonly pool: BetterSqlite3.Database }
  );

/** @param connections the most that are open at once */
export async function openSession({ server, url = '' }: Database, connections = 10): Promise<Session> {
  const name = `live_${randomBytes(6).toString('hex')}`;
  if (server.engine === 'sqlite') return sqliteSession();
  return server.engine === 'postgresql' ? pgSession(url, name, connections) : mysqlSession(url, name, connections);
}

async function pgSession(url: string, name: string, max: number): Promise<Session> {
  const pool = new pg.Pool({ connectionString: url, max, options: `-c search_path=${name}` });
  pool.on('error', () => undefined);
  await pool.query(`CREATE SCHEMA ${name}`);
  const asked = (client: Pick<pg.ClientBase, 'query'>): Asked => ({
    run: (sql, ...values) => client.query(numbered(sql), values),
    rows: async (sql, ...values) => (await client.query(numbered(sql), values)).rows,
  });
  return {
    ...asked(pool as unknown as pg.ClientBase),
    ...{ driver: 'pg', pool, asked },
    async script(...statements) {
      for (const statement of statements) await pool.query(statement);
    },
    async close() {
      await pool.query(`DROP SCHEMA ${name} CASCADE`);
      await pool.end();
    },
  };
}

/** `?` as `$1`, `$2`, … */
function numbered(sql: string): string {
  let number = 0;
  return sql.replaceAll('?', () => `$${++number}`);
}

async function mysqlSession(url: string, name: string, connectionLimit: number): Promise<Session> {
  const admin = await mysql.createConnection(new URL('/', url).href);
  await admin.query(`CREATE DATABASE ${name}`);
  const pool = mysql.createPool({ uri: new URL(`/${name}`, url).href, connectionLimit });
  const asked = (connection: Pick<mysql.Connection, 'execute'>): Asked => ({
    run: async (sql, ...values) => connection.execute(sql, values),
    rows: async <Row>(sql: string, ...values: Value[]) =>
      (await connection.execute<mysql.RowDataPacket[]>(sql, values))[0] as Row[],
  });
  return {
    ...asked(pool as unknown as mysql.Connection),
    ...{ driver: 'mysql2', pool, asked },
    async script(...statements) {
      for (const statement of statements) await pool.query(statement);
    },
    async close() {
      await pool.end();
      await admin.query(`DROP DATABASE ${name}`);
      await admin.end();
    },
  };
}

function sqliteSession(): Session {
  const database = new BetterSqlite3(':memory:');
  database.pragma('foreign_keys = ON');
  return {
    ...{ driver: 'better-sqlite3', pool: database },
    run: async (sql, ...values) => database.prepare(sql).run(...values),
    rows: async <Row>(sql: string, ...values: Value[]) => database.prepare(sql).all(...values) as Row[],
    async script(...statements) {
      for (const statement of statements) database.exec(statement);
    },
    async close() {
      database.close();
    },
  };
}
