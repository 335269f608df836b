// #region readme: Idempotency keys
import { defineIdempotency } from 'db-http-errors/idempotency';
import { expressIdempotency } from 'db-http-errors/idempotency/express';
import express, { type Request } from 'express';
import { conflicts } from './conflicts.ts';
import { bank, pool, userOf } from './payments.ts';

const idempotency = defineIdempotency(pool, { conflicts });
const app = express();
app.use(express.json());

const scope = (request: Request) => ({ owner: userOf(request), route: '/payments' });
app.post(
  '/payments',
  expressIdempotency(idempotency, { scope }, async (request, client) => {
    const insert = 'INSERT INTO payments (amount) VALUES ($1) RETURNING id, amount';
    const { rows } = await client.query(insert, [request.body.amount]);
    return { status: 201, headers: { Location: `/payments/${rows[0].id}` }, body: rows[0] };
  }),
);
// #endregion

// #region readme: Idempotency keys with a lease
app.post(
  '/charges',
  expressIdempotency(
    idempotency,
    { mode: 'lease', scope: (request: Request) => ({ owner: userOf(request), route: '/charges' }) },
    async (request, { effectKey }) => {
      return { status: 201, body: await bank.charge(request.body.amount, effectKey) };
    },
  ),
);
// #endregion

// #region readme: Idempotency keys by hand
app.post('/transfers', async (request, response) => {
  const scope = { owner: userOf(request), route: '/transfers' };
  const answer = await idempotency.inTransaction(request, scope, async (client) => {
    const insert = 'INSERT INTO payments (amount) VALUES ($1) RETURNING id, amount';
    return { status: 201, body: (await client.query(insert, [request.body.amount])).rows[0] };
  });
  response.status(answer.status).set(answer.headers).send(answer.body);
});
// #endregion

export default app;
