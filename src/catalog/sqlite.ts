import type { Constraint, ReferentialAction } from '../constraints.ts';
import { type Declared, declaredIn } from './sqlite-schema.ts';

/**
 * Tables, keys, references and columns in one statement, by SQLite's table-valued pragmas.
 * Source: https://sqlite.org/pragma.html#pragfunc
 */
export const QUERY = `
SELECT 'table' AS kind, m.name AS "table", m.sql AS sql, NULL AS name, NULL AS origin, NULL AS position, NULL AS "column",
       NULL AS ref_table, NULL AS ref_column, NULL AS on_delete, NULL AS on_update, NULL AS id
  FROM sqlite_schema m WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
UNION ALL
SELECT 'key', m.name, s.sql, i.name, i.origin, x.seqno, x.name, NULL, NULL, NULL, NULL, NULL
  FROM sqlite_schema m
  JOIN pragma_index_list(m.name) i ON i."unique"
  JOIN pragma_index_xinfo(i.name) x ON x."key"
  LEFT JOIN sqlite_schema s ON s.type = 'index' AND s.name = i.name
 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
UNION ALL
SELECT 'foreign_key', m.name, NULL, NULL, NULL, f.seq, f."from", f."table", f."to", f.on_delete, f.on_update, f.id
  FROM sqlite_schema m JOIN pragma_foreign_key_list(m.name) f WHERE m.type = 'table'
UNION ALL
SELECT 'column', m.name, NULL, NULL, c.pk, c."notnull", c.name, NULL, NULL, NULL, NULL, NULL
  FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) c
 WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
ORDER BY 2, 1, 4, 12, 6`;

/** A row of {@link QUERY}. */
export interface Row {
  readonly kind: 'table' | 'key' | 'foreign_key' | 'column';
  readonly table: string;
  /** Of a table or of an index that was made by a statement of its own. */
  readonly sql: string | null;
  readonly name: string | null;
  /** Of a key: `c` by CREATE INDEX, `u` by UNIQUE, `pk`. Of a column: its place in the primary key, or 0. */
  readonly origin: string | number | null;
  /** Of a column: 1 where it is NOT NULL. */
  readonly position: number | null;
  /** `null` for a part that is an expression. */
  readonly column: string | null;
  readonly ref_table: string | null;
  /** `null` for the parent's primary key. */
  readonly ref_column: string | null;
  readonly on_delete: string | null;
  readonly on_update: string | null;
  readonly id: number | null;
}

export function constraintsOf(rows: readonly Row[]): Constraint[] {
  const tables = new Map<string, Row[]>();
  for (const row of rows) {
    const group = tables.get(row.table);
    if (group) group.push(row);
    else tables.set(row.table, [row]);
  }
  const primaryKey = (table: string): string[] =>
    (tables.get(table) ?? [...tables].find(([name]) => isSame(name, table))?.[1] ?? [])
      .filter(({ kind, origin }) => kind === 'column' && Number(origin) > 0)
      .sort((a, b) => Number(a.origin) - Number(b.origin))
      .map(({ column }) => column as string);
  return Array.from(tables, ([table, own]) => constraintsOfTable(table, own, primaryKey)).flat();
}

function constraintsOfTable(
  table: string,
  rows: readonly Row[],
  primaryKey: (table: string) => readonly string[],
): Constraint[] {
  const declared = declaredIn(rows.find(({ kind }) => kind === 'table')?.sql ?? '');
  const found: Constraint[] = [];
  const named = (kind: Declared['kind'], columns: readonly string[]) => {
    const match = declared.find((other) => other.kind === kind && isSameList(other.columns ?? [], columns));
    return match?.name === undefined ? {} : { name: match.name };
  };
  const key = primaryKey(table);
  if (key.length > 0) found.push({ kind: 'primary_key', ...named('primary_key', key), table, columns: key });
  for (const group of groupBy(rows, 'key', ({ name }) => name)) {
    const [{ name, origin, sql }] = group;
    if (origin === 'pk') continue;
    const columns = group.map(({ column }) => column);
    const isColumns = columns.every((column) => column !== null);
    const own = origin === 'c' ? { name: name as string } : named('unique', columns as string[]);
    const index = sql === null ? undefined : declaredIn(sql)[0];
    found.push({
      kind: 'unique',
      ...own,
      table,
      ...(isColumns && { columns: columns as string[] }),
      ...(!isColumns && index?.expression !== undefined && { expression: index.expression }),
      ...(index?.predicate !== undefined && { predicate: index.predicate }),
    });
  }
  for (const group of groupBy(rows, 'foreign_key', ({ id }) => id)) {
    const [{ ref_table, on_delete, on_update }] = group;
    const columns = group.map(({ column }) => column as string);
    const parent = ref_table as string;
    const referenced = group.map(({ ref_column }) => ref_column);
    const match = declared.find(
      (other) =>
        other.kind === 'foreign_key' &&
        isSameList(other.columns ?? [], columns) &&
        isSame(other.referencedTable ?? '', parent),
    );
    found.push({
      kind: 'foreign_key',
      ...(match?.name !== undefined && { name: match.name }),
      table,
      columns,
      referencedTable: parent,
      referencedColumns: referenced.includes(null) ? primaryKey(parent) : (referenced as string[]),
      onDelete: actionOf(on_delete),
      onUpdate: actionOf(on_update),
      ...(match?.deferrable && { deferrable: true }),
    });
  }
  for (const { kind, name, expression } of declared) {
    if (kind !== 'check') continue;
    found.push({ kind, ...(name !== undefined && { name }), table, ...(expression !== undefined && { expression }) });
  }
  for (const { kind, position, column } of rows) {
    if (kind === 'column' && position === 1) found.push({ kind: 'not_null', table, columns: [column as string] });
  }
  return found;
}

function groupBy(rows: readonly Row[], kind: Row['kind'], keyOf: (row: Row) => unknown): [Row, ...Row[]][] {
  const groups = new Map<unknown, [Row, ...Row[]]>();
  for (const row of rows) {
    if (row.kind !== kind) continue;
    const group = groups.get(keyOf(row));
    if (group) group.push(row);
    else groups.set(keyOf(row), [row]);
  }
  return [...groups.values()];
}

/** SQLite's names are the same in any case, as far as ASCII goes. */
function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => isSame(name, b[at] as string));
}

function actionOf(text: string | null): ReferentialAction {
  return (text ?? 'no action').toLowerCase().replaceAll(' ', '_') as ReferentialAction;
}
