import type { IncomingMessage } from 'node:http';
// #region readme: Concurrent edits
import { assertUpdated, entityTag, precondition } from 'db-http-errors/concurrency';
import createError from 'http-errors';
import type { Pool } from 'pg';
import { conflicts } from './conflicts.ts';

/** PUT /posts/:id */
export async function putPost(request: IncomingMessage, pool: Pool, id: number, title: string): Promise<Response> {
  const current = async () => (await pool.query('SELECT version FROM posts WHERE id = $1', [id])).rows[0]?.version;
  const version = await current();
  if (version === undefined) throw createError(404);
  precondition(request, { version }, { resource: 'post', required: true, conflicts }); // 412, or 428 without If-Match
  const update = 'UPDATE posts SET title = $1, version = version + 1 WHERE id = $2 AND version = $3';
  const result = await pool.query(update, [title, id, version]);
  // Somebody was faster in between: 412 with the version that there is now, or 404.
  await assertUpdated(result, { current, expected: version, resource: 'post', context: request, conflicts });
  return Response.json({ id, title }, { headers: { ETag: entityTag(version + 1) } });
}

// #endregion

// #region readme: Retrying transactions
import { withTransactionRetry } from 'db-http-errors/retry';

export function transfer(pool: Pool, from: number, to: number, amount: number): Promise<void> {
  return withTransactionRetry(
    pool,
    async (client) => {
      await client.query('UPDATE wallets SET balance = balance - $1 WHERE id = $2', [amount, from]);
      await client.query('UPDATE wallets SET balance = balance + $1 WHERE id = $2', [amount, to]);
    },
    { isolation: 'serializable', attempts: 5, conflicts },
  );
}
// #endregion
