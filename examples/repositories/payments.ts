import type { IdempotentAnswer, IdempotentRequest } from 'db-http-errors/idempotency';
import type { Queries } from '../databases/database.ts';

export interface Payment {
  readonly id: number;
  /** The order's `id`. */
  readonly order: number;
  /** In cents. */
  readonly amount: number;
}

interface Row {
  readonly id: number;
  readonly order_id: number;
  readonly amount: number;
}

const INSERT = 'INSERT INTO demo_payments (order_id, amount) VALUES (?, ?)';

export class Payments {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  async list(): Promise<Payment[]> {
    const rows = await this.#queries.all<Row>('SELECT id, order_id, amount FROM demo_payments ORDER BY id');
    return rows.map(({ id, order_id, amount }) => ({ id, order: order_id, amount }));
  }

  /** @throws the driver's error when there is no such order, or when the amount is not positive */
  async create({ order, amount }: Omit<Payment, 'id'>): Promise<Payment> {
    return { id: await this.#queries.insert(INSERT, order, amount), order, amount };
  }

  /** Takes a payment once for each `Idempotency-Key`, and gives the first answer each time. */
  createOnce(request: IdempotentRequest, { order, amount }: Omit<Payment, 'id'>): Promise<IdempotentAnswer> {
    // The demo has no users: a service of your own says here whose key it is.
    const scope = { owner: 'everybody', route: '/payments', payload: { order, amount } };
    return this.#queries.insertOnce(request, scope, {
      sql: INSERT,
      values: [order, amount],
      answer: (id) => ({ status: 201, body: { id, order, amount } }),
    });
  }
}
