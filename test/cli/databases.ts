import Sqlite from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { dropPostgres } from '../../fixtures/scenarios/run-postgresql.ts';

/** A database of a test's own. */
export interface OwnDatabase {
  readonly url: string;
  run(sql: string): Promise<unknown>;
  drop(): Promise<void>;
}

/** @param name of the database, or the file of SQLite */
export async function makeDatabase(
  engine: 'postgresql' | 'mysql' | 'mariadb' | 'sqlite',
  url: string,
  name: string,
): Promise<OwnDatabase> {
  if (engine === 'sqlite') {
    const database = new Sqlite(name);
    database.pragma('journal_mode = wal');
    return {
      url: name,
      run: async (sql) => database.exec(sql),
      drop: async () => void database.close(),
    };
  }
  const own = new URL(url);
  own.pathname = `/${name}`;
  if (engine === 'postgresql') {
    const admin = new pg.Client(url);
    await admin.connect();
    await admin.query(`CREATE DATABASE ${name}`);
    const client = new pg.Client(own.href);
    await client.connect();
    return {
      url: own.href,
      run: (sql) => client.query(sql),
      async drop() {
        await client.end();
        await dropPostgres(admin, name);
        await admin.end();
      },
    };
  }
  const connection = await mysql.createConnection({ uri: url, multipleStatements: true });
  await connection.query(`CREATE DATABASE ${name}; USE ${name}`);
  return {
    url: engine === 'mariadb' ? own.href.replace('mysql:', 'mariadb:') : own.href,
    run: (sql) => connection.query(sql),
    async drop() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}
