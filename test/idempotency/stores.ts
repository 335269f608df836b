import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import mysql from 'mysql2/promise';
import pg from 'pg';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import {
  type Answer,
  defineIdempotency,
  type Idempotency,
  type IdempotencyOptions,
  idempotencyTableSql,
} from '../../src/idempotency/index.ts';
import { temporaryDirectory } from '../servers/process.ts';

/** What a `run` may give where the same test runs on every engine. */
export type Run = Idempotency<unknown, Answer | Promise<Answer>>;

/** A table of keys and a table of payments on one engine, whose names nobody else has. */
export interface Store {
  readonly engine: Engine;
  /** What another process needs to use the same tables. */
  readonly address: Address;
  /**
   * Each has a connection of its own on SQLite.
   *
   * @param touch is given each connection before it is used
   */
  define(options?: IdempotencyOptions, touch?: (connection: object) => void): Run;
  /** One row, in the transaction; a text tells who wrote it. */
  pay(tx: unknown, text: string, answer?: Answer): Answer | Promise<Answer>;
  /** How many payments there are with this text. */
  payments(text: string): Promise<number>;
  rows(sql: string): Promise<Record<string, unknown>[]>;
  run(sql: string): Promise<void>;
  /** Puts the times of all keys back by this many milliseconds: as if they had passed on the database's clock. */
  pass(milliseconds: number, column?: 'lease_until' | 'expires_at'): Promise<void>;
  end(): Promise<void>;
}

/** Where a store is. */
export interface Address {
  readonly engine: Engine;
  /** Of the server, or the path of the file. */
  readonly url: string;
  readonly keys: string;
  readonly payments: string;
  /** Of SQLite. */
  readonly journal: 'wal' | 'delete';
}

const PAID: Answer = { status: 201, headers: { Location: '/payments/1' }, body: { paid: true } };

/** Creates the tables. */
export async function createStore(
  engine: Engine,
  url: string | undefined,
  journal: Address['journal'] = 'wal',
): Promise<Store> {
  const name = `idem_${randomBytes(5).toString('hex')}`;
  const file = engine === 'sqlite' ? join(temporaryDirectory(), 'store.sqlite') : undefined;
  const address = { engine, url: file ?? url ?? '', keys: `${name}_keys`, payments: `${name}_payments`, journal };
  const store = openStore(address);
  for (const sql of idempotencyTableSql(engine, address.keys).split(';')) if (sql.trim()) await store.run(sql);
  await store.run(`CREATE TABLE ${address.payments} (text VARCHAR(300) NOT NULL)`);
  const end = async () => {
    await store.run(`DROP TABLE ${address.keys}`);
    await store.run(`DROP TABLE ${address.payments}`);
    await store.end();
    if (file) rmSync(file, { force: true });
  };
  return { ...store, end };
}

/** Uses the tables that are there. */
export function openStore(address: Address): Store {
  const { engine, url } = address;
  if (engine === 'sqlite') return openSqlite(address);
  return engine === 'postgresql' ? openPostgres(address, url) : openMysql(address, url);
}

function openPostgres(address: Address, url: string): Store {
  const pool = new pg.Pool({ connectionString: url, max: 20 });
  pool.on('error', () => undefined);
  const { keys, payments } = address;
  return {
    engine: address.engine,
    address,
    define(options, touch = () => {}) {
      const connect = async () => {
        const client = await pool.connect();
        touch(client);
        return client;
      };
      return defineIdempotency({ connect }, { table: keys, ...options }) as unknown as Run;
    },
    async pay(tx, text, answer = PAID) {
      await (tx as pg.PoolClient).query(`INSERT INTO ${payments} VALUES ($1)`, [text]);
      return answer;
    },
    payments: async (text) =>
      Number((await pool.query(`SELECT count(*) AS n FROM ${payments} WHERE text = $1`, [text])).rows[0].n),
    rows: async (sql) => (await pool.query(sql)).rows,
    run: async (sql) => void (await pool.query(sql)),
    pass: async (milliseconds, column) => {
      for (const each of column ? [column] : ['lease_until', 'expires_at']) {
        await pool.query(`UPDATE ${keys} SET ${each} = ${each} - ${milliseconds} * interval '1 millisecond'`);
      }
    },
    end: () => pool.end(),
  };
}

function openMysql(address: Address, url: string): Store {
  const pool = mysql.createPool({ uri: new URL('/mysql', url).href, connectionLimit: 20 });
  const { keys, payments } = address;
  const rows = async (sql: string, values: unknown[] = []) =>
    (await pool.query(sql, values))[0] as Record<string, unknown>[];
  return {
    engine: address.engine,
    address,
    define(options, touch = () => {}) {
      const getConnection = async () => {
        const connection = await pool.getConnection();
        touch(connection);
        return connection;
      };
      return defineIdempotency({ getConnection }, { table: keys, ...options }) as unknown as Run;
    },
    async pay(tx, text, answer = PAID) {
      await (tx as mysql.PoolConnection).query(`INSERT INTO ${payments} VALUES (?)`, [text]);
      return answer;
    },
    payments: async (text) =>
      Number((await rows(`SELECT count(*) AS n FROM ${payments} WHERE text = ?`, [text]))[0]?.n),
    rows,
    run: async (sql) => void (await pool.query(sql)),
    pass: async (milliseconds, column) => {
      for (const each of column ? [column] : ['lease_until', 'expires_at']) {
        await pool.query(`UPDATE ${keys} SET ${each} = ${each} - INTERVAL ${milliseconds * 1000} MICROSECOND`);
      }
    },
    end: () => pool.end(),
  };
}

function openSqlite(address: Address): Store {
  const { keys, payments, url, journal } = address;
  const opened: BetterSqlite3.Database[] = [];
  const open = () => {
    const database = new BetterSqlite3(url);
    database.pragma(`journal_mode = ${journal}`);
    opened.push(database);
    return database;
  };
  const own = open();
  return {
    engine: address.engine,
    address,
    define(options, touch) {
      const database = open();
      touch?.(database);
      return defineIdempotency(database, { table: keys, ...options }) as unknown as Run;
    },
    pay(tx, text, answer = PAID) {
      (tx as BetterSqlite3.Database).prepare(`INSERT INTO ${payments} VALUES (?)`).run(text);
      return answer;
    },
    payments: async (text) =>
      own.prepare(`SELECT count(*) FROM ${payments} WHERE text = ?`).pluck().get(text) as number,
    rows: async (sql) => own.prepare(sql).all() as Record<string, unknown>[],
    run: async (sql) => void own.exec(sql),
    pass: async (milliseconds, column) => {
      for (const each of column ? [column] : ['lease_until', 'expires_at']) {
        own.exec(`UPDATE ${keys} SET ${each} = ${each} - ${milliseconds}`);
      }
    },
    end: async () => {
      for (const database of opened) database.close();
    },
  };
}
