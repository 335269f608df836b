import type { Queries } from '../databases/database.ts';

export interface Customer {
  readonly id: number;
  readonly name: string;
}

export class Customers {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<Customer[]> {
    return this.#queries.all('SELECT id, name FROM demo_customers ORDER BY id');
  }

  async create({ name }: Omit<Customer, 'id'>): Promise<Customer> {
    const id = await this.#queries.insert('INSERT INTO demo_customers (name) VALUES (?)', name);
    return { id, name };
  }

  /**
   * False when there is no such customer.
   *
   * @throws the driver's error when the customer still has orders
   */
  async remove(id: number): Promise<boolean> {
    return (await this.#queries.change('DELETE FROM demo_customers WHERE id = ?', id)) === 1;
  }
}
