// #region readme: Idempotency keys
import { defineIdempotency } from 'db-http-errors/idempotency';
import express from 'express';
import { conflicts } from './conflicts.ts';
import { bank, pool, userOf } from './payments.ts';

const idempotency = defineIdempotency(pool, { conflicts });
const app = express();

app.post('/payments', express.json(), async (request, response) => {
  const scope = { owner: userOf(request), route: '/payments' };
  const answer = await idempotency.inTransaction(request, scope, async (client) => {
    const insert = 'INSERT INTO payments (amount) VALUES ($1) RETURNING id, amount';
    const { rows } = await client.query(insert, [request.body.amount]);
    return { status: 201, headers: { Location: `/payments/${rows[0].id}` }, body: rows[0] };
  });
  response.status(answer.status).set(answer.headers).send(answer.body);
});
// #endregion

// #region readme: Idempotency keys with a lease
app.post('/charges', express.json(), async (request, response) => {
  const scope = { owner: userOf(request), route: '/charges' };
  const answer = await idempotency.withLease(request, scope, async ({ effectKey }) => {
    return { status: 201, body: await bank.charge(request.body.amount, effectKey) };
  });
  response.status(answer.status).set(answer.headers).send(answer.body);
});
// #endregion

export default app;
