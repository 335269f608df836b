import { nextConflicts } from 'db-http-errors/frameworks/next';
import { nextIdempotency } from 'db-http-errors/idempotency/next';
import { conflicts } from '../../../conflicts';
import { idempotency, options } from '../../../payments';

export const POST = nextConflicts(conflicts)(
  nextIdempotency(idempotency, options, async ({ params }, client, { amount }) => {
    const insert = 'INSERT INTO payments (amount) VALUES ($1) RETURNING id, amount';
    const { rows } = await client.query<{ id: number; amount: number }>(insert, [amount]);
    return { status: 201, headers: { Location: `/orders/${params.id}/payments/${rows[0]?.id}` }, body: rows[0] };
  }),
);
