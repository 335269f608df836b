import type { Queries } from '../databases/database.ts';

export type DocumentStatus = 'draft' | 'published';

export interface Document {
  readonly id: number;
  readonly text: string;
  readonly status: DocumentStatus;
  /** One more with every change. */
  readonly version: number;
}

const SELECT = 'SELECT id, text, status, version FROM demo_documents';

export class Documents {
  readonly #queries: Queries;

  constructor(queries: Queries) {
    this.#queries = queries;
  }

  list(): Promise<Document[]> {
    return this.#queries.all(`${SELECT} ORDER BY id`);
  }

  async find(id: number): Promise<Document | undefined> {
    return (await this.#queries.all<Document>(`${SELECT} WHERE id = ?`, id))[0];
  }

  async create({ text }: Pick<Document, 'text'>): Promise<Document> {
    const id = await this.#queries.insert('INSERT INTO demo_documents (text) VALUES (?)', text);
    return { id, text, status: 'draft', version: 1 };
  }

  /** Replaces the text of this very version: of two requests at once, one changes 0 rows. */
  update({ id, text, version }: Omit<Document, 'status'>): Promise<number> {
    const sql = 'UPDATE demo_documents SET text = ?, version = version + 1 WHERE id = ? AND version = ?';
    return this.#queries.change(sql, text, id, version);
  }

  /** Looks and writes in one statement: of two requests at once, one changes 0 rows. */
  move(id: number, from: readonly DocumentStatus[], to: DocumentStatus): Promise<number> {
    const statuses = from.map(() => '?').join();
    const sql = `UPDATE demo_documents SET status = ?, version = version + 1 WHERE id = ? AND status IN (${statuses})`;
    return this.#queries.change(sql, to, id, ...from);
  }
}
