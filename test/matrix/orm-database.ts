import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import { DEFERRED_TABLE, ROWS, TABLES } from './orm-schema.ts';

/** A database of one test file's own, with the tables and rows of `orm-schema.ts`. */
export interface OrmDatabase {
  readonly engine: Engine;
  /** Of the database itself: `postgres://…/matrix_1a2b`, `mysql://…/matrix_1a2b`, or the path of SQLite's file. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly name: string;
  /** Removes all rows and writes the first ones. */
  reset(): Promise<void>;
  /** Another user of the database, who gets in the way. */
  readonly rival: Rival;
  drop(): Promise<void>;
}

/** Somebody else, on a connection of their own. */
export interface Rival {
  /** Changes the version of org 1 and commits. */
  change(): Promise<void>;
  /**
   * Locks org 2, and waits for org 1: whoever holds org 1 and asks for org 2 then is the victim of the deadlock.
   * Resolves when it waits.
   */
  lock(): Promise<void>;
  /** Ends what {@link lock} began. */
  unlock(): Promise<void>;
}

/** What runs a statement. */
interface Connection {
  run(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

/** Creates a database; `address` is the server's, of an administrator, and absent for SQLite. */
export async function createDatabase(engine: Engine, address: string | undefined): Promise<OrmDatabase> {
  const name = `matrix_${randomBytes(6).toString('hex')}`;
  const directory = engine === 'sqlite' ? mkdtempSync(join(tmpdir(), 'db-http-errors-')) : undefined;
  const url = directory === undefined ? new URL(`/${name}`, address).href : join(directory, 'matrix.sqlite');
  if (address !== undefined) await withConnection(engine, address, ({ run }) => run(`CREATE DATABASE ${name}`));
  const own = await connect(engine, url);
  const tables = engine === 'postgresql' || engine === 'sqlite' ? [...TABLES, DEFERRED_TABLE] : TABLES;
  for (const table of tables) await own.run(table);
  const { hostname: host, port, username, password } = new URL(directory === undefined ? url : 'file:///');
  let rival: Connection | undefined;
  let blocked: Promise<unknown> | undefined;
  return {
    ...{ engine, url, name, host, port: Number(port) },
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    async reset() {
      if (tables.includes(DEFERRED_TABLE)) await own.run('DELETE FROM notes');
      for (const table of ['members', 'orgs']) await own.run(`DELETE FROM ${table}`);
      for (const row of ROWS) await own.run(row);
    },
    rival: {
      change: async () => {
        await own.run('UPDATE orgs SET version = version + 1 WHERE id = 1');
      },
      lock: async () => {
        rival = await connect(engine, url);
        // PostgreSQL ends the transaction that looks for a deadlock first, MySQL the one that has changed less.
        await rival.run('BEGIN');
        if (engine === 'postgresql') await rival.run("SET LOCAL deadlock_timeout = '30s'");
        for (let id = 100; id < 120; id++) await rival.run(`INSERT INTO orgs (id, slug) VALUES (${id}, 'rival-${id}')`);
        await rival.run('UPDATE orgs SET version = version + 1 WHERE id = 2');
        blocked = rival.run('UPDATE orgs SET version = version + 1 WHERE id = 1').catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 200));
      },
      unlock: async () => {
        await blocked;
        await rival?.run('ROLLBACK').catch(() => undefined);
        await rival?.end();
        rival = undefined;
      },
    },
    async drop() {
      await own.end();
      if (directory !== undefined) rmSync(directory, { recursive: true });
      else if (address !== undefined) {
        const force = engine === 'postgresql' ? ' WITH (FORCE)' : '';
        await withConnection(engine, address, ({ run }) => run(`DROP DATABASE ${name}${force}`));
      }
    },
  };
}

async function withConnection(engine: Engine, url: string, use: (connection: Connection) => Promise<unknown>) {
  const connection = await connect(engine, url);
  try {
    await use(connection);
  } finally {
    await connection.end();
  }
}

async function connect(engine: Engine, url: string): Promise<Connection> {
  if (engine === 'postgresql') {
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined);
    await client.connect();
    return { run: (sql) => client.query(sql), end: () => client.end() };
  }
  if (engine !== 'sqlite') {
    const connection = await createConnection(url);
    connection.on('error', () => undefined);
    return { run: (sql) => connection.query(sql), end: () => connection.end() };
  }
  const connection = connectSqlite(url);
  // With a write-ahead log one can read while another writes, and find the snapshot out of date.
  await connection.run('PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON');
  return connection;
}

/** In a process of its own: see `sqlite-process.mjs`. */
function connectSqlite(path: string): Connection {
  const child = fork(new URL('sqlite-process.mjs', import.meta.url), [path], { execArgv: [] });
  const exited = once(child, 'exit');
  return {
    async run(sql) {
      const answer: Promise<unknown[]> = Promise.race([once(child, 'message'), exited]);
      child.send(sql);
      const [result] = await answer;
      if (typeof result !== 'object' || result === null) throw new Error(`The process of SQLite ended: ${result}`);
      if ('message' in result) throw new Error(`${result.message}: ${sql}`);
    },
    async end() {
      child.disconnect();
      await exited;
    },
  };
}
