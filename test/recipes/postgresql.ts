import { assertUpdated, defineTransitions, precheck } from 'db-http-errors/concurrency';
import { withTransactionRetry } from 'db-http-errors/retry';
import type pg from 'pg';
import { conflicts } from './conflicts.ts';

interface Account {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

// #region recipe: A version column
export async function rename(pool: pg.Pool, id: number, title: string, expected: number): Promise<void> {
  const result = await pool.query('UPDATE posts SET title = $1, version = version + 1 WHERE id = $2 AND version = $3', [
    title,
    id,
    expected,
  ]);
  const current = async () => (await pool.query('SELECT version FROM posts WHERE id = $1', [id])).rows[0]?.version;
  await assertUpdated(result, { current, expected, resource: 'post', conflicts });
}
// #endregion

// #region recipe: xmin
export async function loadWithXmin(pool: pg.Pool, id: number): Promise<{ title: string; version: string }> {
  return (await pool.query('SELECT title, xmin::text AS version FROM posts WHERE id = $1', [id])).rows[0];
}

export async function renameByXmin(pool: pg.Pool, id: number, title: string, expected: string): Promise<void> {
  const result = await pool.query('UPDATE posts SET title = $1 WHERE id = $2 AND xmin::text = $3', [
    ...[title, id, expected],
  ]);
  const current = async () => (await loadWithXmin(pool, id))?.version;
  await assertUpdated(result, { current, expected, resource: 'post', conflicts });
}
// #endregion

// #region recipe: updated_at on PostgreSQL
export async function renameByTime(pool: pg.Pool, id: number, title: string, expected: string): Promise<void> {
  const result = await pool.query(
    'UPDATE notes SET title = $1, updated_at = clock_timestamp() WHERE id = $2 AND updated_at::text = $3',
    [title, id, expected],
  );
  const current = async () =>
    (await pool.query('SELECT updated_at::text AS version FROM notes WHERE id = $1', [id])).rows[0]?.version;
  await assertUpdated(result, { current, expected, resource: 'note', conflicts });
}
// #endregion

// #region recipe: An upsert on PostgreSQL
export async function saveAccount(pool: pg.Pool, { id, email, name }: Account): Promise<void> {
  // Only the key in parentheses is updated: a duplicate of another key stays an error, and becomes a 409.
  await pool.query(
    `INSERT INTO accounts (id, email, name) VALUES ($1, $2, $3)
     ON CONFLICT (id) DO UPDATE SET email = EXCLUDED.email, name = EXCLUDED.name`,
    [id, email, name],
  );
}
// #endregion

// #region recipe: SELECT FOR UPDATE on PostgreSQL
export function buy(pool: pg.Pool, product: number, quantity: number): Promise<void> {
  return withTransactionRetry(
    pool,
    async (client) => {
      const { rows } = await client.query('SELECT stock FROM products WHERE id = $1 FOR UPDATE', [product]);
      if (rows[0].stock < quantity) {
        throw conflicts.conflict('invalid_state', { resource: 'product', current_status: 'sold_out' });
      }
      await client.query('UPDATE products SET stock = stock - $1 WHERE id = $2', [quantity, product]);
    },
    { conflicts },
  );
}
// #endregion

// #region recipe: Allowed transitions
const order = defineTransitions({
  pay: { from: ['pending'], to: 'paid' },
  ship: { from: ['paid'], to: 'shipped' },
  cancel: { from: ['pending', 'paid'], to: 'cancelled' },
});

export async function cancel(pool: pg.Pool, id: number): Promise<void> {
  const result = await pool.query('UPDATE orders SET status = $1 WHERE id = $2 AND status = ANY ($3)', [
    ...[order.to('cancel'), id, order.from('cancel')],
  ]);
  const current = async () => (await pool.query('SELECT status FROM orders WHERE id = $1', [id])).rows[0]?.status;
  await order.assertUpdated('cancel', result, { current, resource: 'order', conflicts });
}
// #endregion

// #region recipe: A look before writing
export async function register(pool: pg.Pool, name: string, owner: string): Promise<void> {
  await precheck(conflicts, { kind: 'unique_violation', constraint: 'domains_name_key' }, async () => {
    const { rowCount } = await pool.query('SELECT FROM domains WHERE name = $1', [name]);
    return rowCount !== 0;
  });
  // Somebody may have been faster: then the constraint says the same.
  await pool.query('INSERT INTO domains (name, owner) VALUES ($1, $2)', [name, owner]);
}
// #endregion
