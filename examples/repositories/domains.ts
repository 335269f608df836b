import type { Queries } from '../databases/database.ts';

export interface Domain {
  readonly id: number;
  readonly name: string;
}

export class Domains {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<Domain[]> {
    return this.#queries.all('SELECT id, name FROM demo_domains ORDER BY id');
  }

  /** @throws the driver's error when somebody has claimed the name */
  async claim({ name }: Omit<Domain, 'id'>): Promise<Domain> {
    const id = await this.#queries.insert('INSERT INTO demo_domains (name) VALUES (?)', name);
    return { id, name };
  }
}
