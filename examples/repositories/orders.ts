import type { Queries } from '../databases/database.ts';

export type OrderStatus = 'open' | 'shipped' | 'cancelled' | 'returned';

export interface Order {
  readonly id: number;
  /** The customer's `id`. */
  readonly customer: number;
  readonly quantity: number;
  readonly status: OrderStatus;
}

/** A step in the life of an order. */
export interface Transition {
  readonly from: readonly OrderStatus[];
  readonly to: OrderStatus;
}

/** The steps by name. */
export const TRANSITIONS: Readonly<Record<string, Transition>> = {
  ship: { from: ['open'], to: 'shipped' },
  cancel: { from: ['open'], to: 'cancelled' },
  return: { from: ['shipped'], to: 'returned' },
};

const SELECT = 'SELECT id, customer_id AS customer, quantity, status FROM demo_orders';

export class Orders {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<Order[]> {
    return this.#queries.all(`${SELECT} ORDER BY id`);
  }

  async find(id: number): Promise<Order | undefined> {
    return (await this.#queries.all<Order>(`${SELECT} WHERE id = ?`, id))[0];
  }

  /** @throws the driver's error when there is no such customer, or when the quantity is not positive */
  async create({ customer, quantity }: Pick<Order, 'customer' | 'quantity'>): Promise<Order> {
    const id = await this.#queries.insert(
      'INSERT INTO demo_orders (customer_id, quantity) VALUES (?, ?)',
      customer,
      quantity,
    );
    return { id, customer, quantity, status: 'open' };
  }

  /** Looks and writes in one statement: of two requests at once, one changes 0 rows. */
  move(id: number, { from, to }: Transition): Promise<number> {
    const statuses = from.map(() => '?').join();
    const sql = `UPDATE demo_orders SET status = ? WHERE id = ? AND status IN (${statuses})`;
    return this.#queries.change(sql, to, id, ...from);
  }
}
