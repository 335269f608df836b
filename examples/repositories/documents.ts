import type { Queries } from '../databases/database.ts';

export interface Document {
  readonly id: number;
  readonly text: string;
  /** One more with every change. */
  readonly version: number;
}

export class Documents {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<Document[]> {
    return this.#queries.all('SELECT id, text, version FROM demo_documents ORDER BY id');
  }

  async find(id: number): Promise<Document | undefined> {
    return (await this.#queries.all<Document>('SELECT id, text, version FROM demo_documents WHERE id = ?', id))[0];
  }

  async create({ text }: Pick<Document, 'text'>): Promise<Document> {
    const id = await this.#queries.insert('INSERT INTO demo_documents (text) VALUES (?)', text);
    return { id, text, version: 1 };
  }

  /** Replaces the text of this very version: of two requests at once, one gets false. */
  async update({ id, text, version }: Document): Promise<boolean> {
    const sql = 'UPDATE demo_documents SET text = ?, version = version + 1 WHERE id = ? AND version = ?';
    return (await this.#queries.change(sql, text, id, version)) === 1;
  }
}
