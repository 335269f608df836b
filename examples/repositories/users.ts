import type { Queries } from '../databases/database.ts';

export interface User {
  readonly id: number;
  readonly email: string;
  readonly name: string;
}

export class Users {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<User[]> {
    return this.#queries.all('SELECT id, email, name FROM demo_users ORDER BY id');
  }

  /** @throws the driver's error when the email address is taken */
  async create({ email, name }: Omit<User, 'id'>): Promise<User> {
    const id = await this.#queries.insert('INSERT INTO demo_users (email, name) VALUES (?, ?)', email, name);
    return { id, email, name };
  }
}
