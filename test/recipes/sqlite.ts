import type { Database } from 'better-sqlite3';
import { assertUpdated } from 'db-http-errors/concurrency';
import { withTransactionRetry } from 'db-http-errors/retry';
import { conflicts } from './conflicts.ts';

interface Account {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

// #region recipe: An upsert on SQLite
export function saveAccount(database: Database, account: Account): void {
  database
    .prepare(
      `INSERT INTO accounts (id, email, name) VALUES (:id, :email, :name)
       ON CONFLICT (id) DO UPDATE SET email = excluded.email, name = excluded.name`,
    )
    .run(account);
}
// #endregion

// #region recipe: A locked row on SQLite
export function buy(database: Database, product: number, quantity: number): Promise<void> {
  // The transaction begins with the only lock that there is.
  return withTransactionRetry(
    database,
    (tx) => {
      const stock = tx.prepare<[number], number>('SELECT stock FROM products WHERE id = ?').pluck().get(product) ?? 0;
      if (stock < quantity) {
        throw conflicts.conflict('invalid_state', { resource: 'product', current_status: 'sold_out' });
      }
      tx.prepare('UPDATE products SET stock = stock - ? WHERE id = ?').run(quantity, product);
    },
    { conflicts },
  );
}
// #endregion

// #region recipe: A version column on SQLite
export function rename(database: Database, id: number, title: string, expected: number): void {
  const result = database
    .prepare('UPDATE posts SET title = ?, version = version + 1 WHERE id = ? AND version = ?')
    .run(title, id, expected);
  const current = () => database.prepare<[number], number>('SELECT version FROM posts WHERE id = ?').pluck().get(id);
  assertUpdated(result, { current, expected, resource: 'post', conflicts });
}
// #endregion
