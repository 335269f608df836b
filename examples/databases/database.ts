import { readFile } from 'node:fs/promises';
import type { Conflicts } from 'db-http-errors';
import type { Answer, IdempotentAnswer, IdempotentRequest, Scope } from 'db-http-errors/idempotency';
import { idempotencyTableSql } from 'db-http-errors/idempotency';
import type { Repositories } from '../repositories/repositories.ts';

/** A value of a statement. */
export type Value = string | number;

/** What the repositories ask of a database. Values are written as `?` in every dialect. */
export interface Queries {
  /** The rows that a statement gives. */
  all<Row>(sql: string, ...values: Value[]): Promise<Row[]>;
  /** The number of rows that a statement changed. */
  change(sql: string, ...values: Value[]): Promise<number>;
  /** The `id` of the row that a statement inserted. */
  insert(sql: string, ...values: Value[]): Promise<number>;
  /** Runs an insert once for each `Idempotency-Key`, in one transaction with the key and the answer. */
  insertOnce(request: IdempotentRequest, scope: Scope, insert: Insert): Promise<IdempotentAnswer>;
}

/** An insert that is answered. */
export interface Insert {
  readonly sql: string;
  readonly values: readonly Value[];
  /** The answer, by the `id` of the new row. */
  answer(id: number): Answer;
}

/** An open database with the tables of the demo in it. */
export interface Database {
  /** Name and version of the server, as it says itself. */
  readonly engine: string;
  /** The words of the demo, with what its driver leaves out. */
  readonly conflicts: Conflicts;
  /** They throw what the driver throws. */
  readonly repositories: Repositories;
  /** Drops the tables of the demo and closes every connection. */
  close(): Promise<void>;
}

/** Loads a driver when it is needed. */
export async function loadDriver<Driver>(name: string, load: () => Promise<Driver>): Promise<Driver> {
  try {
    return await load();
  } catch (cause) {
    const missing = (cause as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND';
    throw new Error(`The driver ${name} cannot be loaded. Try: npm ${missing ? 'install' : 'rebuild'} ${name}`, {
      cause,
    });
  }
}

/** Where the idempotency keys are. */
export const KEYS = 'demo_idempotency_keys';

/** The statements that make the tables. */
export async function readSchema(dialect: 'sqlite' | 'postgresql' | 'mysql'): Promise<string> {
  const schema = await readFile(new URL(`../schema/${dialect}.sql`, import.meta.url), 'utf8');
  return schema + idempotencyTableSql(dialect, KEYS) + MARKS[dialect];
}

/** The mark of the table that the library has written. */
const MARKS = {
  sqlite: '',
  postgresql: `COMMENT ON TABLE ${KEYS} IS 'demo of db-http-errors';\n`,
  mysql: `ALTER TABLE ${KEYS} COMMENT = 'demo of db-http-errors';\n`,
};

/** The tables of the demo; those that refer to others come first. */
export const TABLES: readonly string[] = [
  KEYS,
  'demo_payments',
  'demo_domains',
  'demo_booking_nights',
  'demo_bookings',
  'demo_rooms',
  'demo_orders',
  'demo_customers',
  'demo_users',
  'demo_documents',
];

/** A table that exists, and its comment. */
export interface Found {
  readonly name: string;
  readonly mark: string | null;
}

/** The statements that drop what an earlier run left. A table without the demo's mark is somebody's: it throws. */
export function dropStatements(found: readonly Found[]): string[] {
  const foreign = found.find(({ mark }) => mark !== 'demo of db-http-errors');
  if (foreign !== undefined) {
    throw new Error(`The database has a table ${foreign.name} that is not the demo's. Nothing was changed`);
  }
  return TABLES.filter((table) => found.some(({ name }) => name === table)).map((table) => `DROP TABLE ${table}`);
}
