import { randomBytes } from 'node:crypto';
import { idempotencyTableSql } from 'db-http-errors/idempotency';
import pg from 'pg';
import { inject } from 'vitest';
import type {} from '../../../live/setup.ts';

// What the examples of idempotency keys take for granted: a database with two tables, and who a request is from.

const schema = `idem_${randomBytes(4).toString('hex')}`;
const url = inject('databases').find(({ server }) => server.engine === 'postgresql')?.url;

export const pool: pg.Pool = new pg.Pool({ connectionString: url, options: `-c search_path=${schema}` });

export async function create(): Promise<void> {
  await pool.query(`CREATE SCHEMA ${schema}`);
  await pool.query(idempotencyTableSql('postgresql'));
  await pool.query('CREATE TABLE payments (id SERIAL PRIMARY KEY, amount INTEGER NOT NULL)');
}

export async function drop(): Promise<void> {
  await pool.query(`DROP SCHEMA ${schema} CASCADE`);
  await pool.end();
}

/** The user whom a request is authenticated as. */
export function userOf(request: { readonly headers: { readonly authorization?: string | undefined } }): string {
  return request.headers.authorization ?? 'nobody';
}

/** A bank, which knows the keys of its own requests. */
export const bank = {
  charges: new Map<string, number>(),
  async charge(amount: number, key: string): Promise<{ charged: number }> {
    this.charges.set(key, amount);
    return { charged: amount };
  },
};
