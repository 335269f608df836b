import { readFile } from 'node:fs/promises';

/** A piece of a file of the demo, as the page shows it. */
export interface Excerpt {
  /** Path from the root of the repository. */
  readonly file: string;
  readonly code: string;
}

/** Where a piece begins: the first line with this text, after the first line with the one in `after`. */
interface Place {
  readonly file: string;
  readonly start: string;
  readonly after?: string;
}

type Dialect = 'sqlite' | 'postgresql' | 'mysql';

/** What the page shows beside each situation, by its id. */
function placesOf(dialect: Dialect): Readonly<Record<string, readonly Place[]>> {
  const overlap = {
    postgresql: 'CONSTRAINT demo_bookings_overlap EXCLUDE',
    mysql: 'CREATE TABLE demo_booking_nights',
    sqlite: 'CREATE TRIGGER demo_bookings_overlap',
  };
  const schema = `schema/${dialect}.sql`;
  return {
    'sign-up': [
      { file: 'conflicts.ts', start: 'const EMAIL_TAKEN' },
      { file: 'service.ts', start: 'const wrapped' },
      { file: 'http/answer-error.ts', start: 'export function answerError' },
      { file: 'web/fields.js', start: 'export function showFieldErrors' },
    ],
    documents: [
      { file: 'routes/documents.ts', start: 'async answer(', after: "method: 'PUT'" },
      { file: 'web/documents.js', start: 'async function save(' },
      { file: 'web/merge.js', start: 'export function merge' },
    ],
    orders: [
      { file: 'repositories/orders.ts', start: 'export const TRANSITIONS' },
      { file: 'routes/order-transitions.ts', start: 'async answer(' },
    ],
    bookings: [
      { file: schema, start: overlap[dialect] },
      { file: 'conflicts.ts', start: 'demo_bookings_overlap: {' },
    ],
    customers: [
      { file: schema, start: 'CONSTRAINT demo_orders_customer_id_fkey' },
      { file: 'conflicts.ts', start: 'demo_orders_customer_id_fkey: {' },
      ...(dialect === 'sqlite' ? [{ file: 'databases/sqlite.ts', start: 'const conflicts = conflictsBy' }] : []),
    ],
    payments: [
      { file: 'repositories/payments.ts', start: 'createOnce(' },
      { file: `databases/${dialect}.ts`, start: 'insertOnce(' },
      { file: 'web/payments.js', start: 'async function pay(' },
    ],
  };
}

/**
 * Reads the code that the page shows from the files that run. A piece that is not found is left out.
 *
 * @param engine name and version of the database
 */
export async function readExcerpts(engine: string): Promise<Record<string, Excerpt[]>> {
  const dialect = engine.startsWith('SQLite') ? 'sqlite' : engine.startsWith('PostgreSQL') ? 'postgresql' : 'mysql';
  const excerpts: Record<string, Excerpt[]> = {};
  for (const [id, places] of Object.entries(placesOf(dialect))) {
    const found = await Promise.all(places.map(readExcerpt));
    excerpts[id] = found.filter((excerpt) => excerpt !== undefined);
  }
  return excerpts;
}

async function readExcerpt({ file, start, after }: Place): Promise<Excerpt | undefined> {
  const text = await readFile(new URL(`../${file}`, import.meta.url), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const from = after === undefined ? 0 : lines.findIndex((line) => line.includes(after));
  const first = lines.findIndex((line, index) => index >= from && line.includes(start));
  if (from < 0 || first < 0) return undefined;
  return {
    file: `examples/${file}`,
    code: lines
      .slice(first, lastOf(lines, first) + 1)
      .map(dedent)
      .join('\n'),
  };

  function dedent(line: string): string {
    return line.slice(Math.min(indentOf(lines[first]), indentOf(line)));
  }
}

/** The last line of the statement that begins in this one: the next that closes it, at the same depth. */
function lastOf(lines: readonly string[], first: number): number {
  if (!/[({[]$|^CREATE TRIGGER/.test(lines[first] ?? '')) return first;
  const depth = indentOf(lines[first]);
  return lines.findIndex((line, index) => {
    return index > first && indentOf(line) === depth && /^\s*(?:[)}\]]|END;)/.test(line);
  });
}

function indentOf(line = ''): number {
  return line.length - line.trimStart().length;
}
