import { assertUpdated, precheck } from 'db-http-errors/concurrency';
import { withTransactionRetry } from 'db-http-errors/retry';
import type { Pool, RowDataPacket } from 'mysql2/promise';
import { conflicts } from './conflicts.ts';

interface Account {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

// #region recipe: An upsert on MySQL and MariaDB
export function saveAccount(pool: Pool, { id, email, name }: Account): Promise<void> {
  return withTransactionRetry(
    pool,
    async (connection) => {
      // Any unique key brings it to the update: it must not change the account that has the address.
      await connection.execute(
        `INSERT INTO accounts (id, email, name) VALUES (?, ?, ?)
         ON DUPLICATE KEY UPDATE
           email = IF(id = VALUES(id), VALUES(email), email), name = IF(id = VALUES(id), VALUES(name), name)`,
        [id, email, name],
      );
      // What was not written, somebody else's account has kept.
      await precheck(conflicts, { kind: 'unique_violation', constraint: 'accounts_email_key' }, async () => {
        const [rows] = await connection.execute<RowDataPacket[]>('SELECT 1 FROM accounts WHERE id = ? AND email = ?', [
          id,
          email,
        ]);
        return rows.length === 0;
      });
    },
    { conflicts },
  );
}
// #endregion

// #region recipe: SELECT FOR UPDATE on MySQL and MariaDB
export function buy(pool: Pool, product: number, quantity: number): Promise<void> {
  return withTransactionRetry(
    pool,
    async (connection) => {
      const [rows] = await connection.execute<RowDataPacket[]>('SELECT stock FROM products WHERE id = ? FOR UPDATE', [
        product,
      ]);
      if (rows[0]?.stock < quantity) {
        throw conflicts.conflict('invalid_state', { resource: 'product', current_status: 'sold_out' });
      }
      await connection.execute('UPDATE products SET stock = stock - ? WHERE id = ?', [quantity, product]);
    },
    { conflicts },
  );
}
// #endregion

// #region recipe: updated_at on MySQL and MariaDB
export async function renameByTime(pool: Pool, id: number, title: string, expected: string): Promise<void> {
  const [result] = await pool.execute(
    'UPDATE notes SET title = ?, updated_at = NOW(6) WHERE id = ? AND CAST(updated_at AS CHAR) = ?',
    [title, id, expected],
  );
  const current = async () => {
    const [rows] = await pool.execute<RowDataPacket[]>(
      'SELECT CAST(updated_at AS CHAR) AS version FROM notes WHERE id = ?',
      [id],
    );
    return rows[0]?.version;
  };
  await assertUpdated(result, { current, expected, resource: 'note', conflicts });
}
// #endregion
