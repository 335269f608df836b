import type { Constraint, ReferentialAction } from '../constraints.ts';
import { type Declared, declaredIn } from './sqlite-schema.ts';

/** A database of `better-sqlite3`, or of `node:sqlite`. */
export interface SqliteQueryable {
  prepare(sql: string): { all(...values: never[]): readonly unknown[] };
}

/** The databases of a connection: `main`, `temp` and what is attached. */
const DATABASES = 'SELECT name FROM pragma_database_list';

/**
 * Tables, keys, references and columns of a database in one statement, by SQLite's table-valued pragmas.
 * Source: https://sqlite.org/pragma.html#pragfunc, https://sqlite.org/pragma.html#pragma_table_list (since SQLite 3.37)
 */
function queryFor(database: string): string {
  const schema = `"${database.replaceAll('"', '""')}".sqlite_schema`;
  const name = `'${database.replaceAll("'", "''")}'`;
  // A virtual table declares nothing, and its shadow tables are its own affair: FTS5 has five.
  const own = `m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
   AND m.name NOT IN (SELECT l.name FROM pragma_table_list l WHERE l.schema = ${name} AND l.type IN ('virtual', 'shadow'))`;
  return `
SELECT 'table' AS kind, m.name AS "table", m.sql AS sql, NULL AS name, NULL AS origin, NULL AS position, NULL AS "column",
       NULL AS ref_table, NULL AS ref_column, NULL AS on_delete, NULL AS on_update, NULL AS id
  FROM ${schema} m WHERE ${own}
UNION ALL
SELECT 'key', m.name, s.sql, i.name, i.origin, x.seqno, x.name, NULL, NULL, NULL, NULL, NULL
  FROM ${schema} m
  JOIN pragma_index_list(m.name, ${name}) i ON i."unique"
  JOIN pragma_index_xinfo(i.name, ${name}) x ON x."key"
  LEFT JOIN ${schema} s ON s.type = 'index' AND s.name = i.name
 WHERE ${own}
UNION ALL
SELECT 'foreign_key', m.name, NULL, NULL, NULL, f.seq, f."from", f."table", f."to", f.on_delete, f.on_update, f.id
  FROM ${schema} m JOIN pragma_foreign_key_list(m.name, ${name}) f WHERE m.type = 'table'
UNION ALL
SELECT 'column', m.name, NULL, NULL, c.pk, c."notnull", c.name, NULL, NULL, NULL, NULL, NULL
  FROM ${schema} m JOIN pragma_table_xinfo(m.name, ${name}) c
 WHERE ${own}
ORDER BY 2, 1, 4, 12, 6`;
}

/** A row of {@link queryFor}. */
interface Row {
  readonly kind: 'table' | 'key' | 'foreign_key' | 'column';
  readonly table: string;
  /** Of a table or of an index that was made by a statement of its own. */
  readonly sql: string | null;
  readonly name: string | null;
  /** Of a key: `c` by CREATE INDEX, `u` by UNIQUE, `pk`. Of a column: its place in the primary key, or 0. */
  readonly origin: string | number | bigint | null;
  /** Of a column: 1 where it is NOT NULL. */
  readonly position: number | bigint | null;
  /** `null` for a part that is an expression. */
  readonly column: string | null;
  readonly ref_table: string | null;
  /** `null` for the parent's primary key. */
  readonly ref_column: string | null;
  readonly on_delete: string | null;
  readonly on_update: string | null;
  /** Of a foreign key: the last one that the table declares is 0. */
  readonly id: number | bigint | null;
}

/** The constraints of all databases of a connection: a name of one of them may be that of another, too. */
export function constraintsIn(connection: SqliteQueryable): Constraint[] {
  const databases = connection.prepare(DATABASES).all() as readonly { readonly name: string }[];
  return databases.flatMap(({ name }) => constraintsOf(connection, name));
}

/** The constraints of one of them: `main`. The foreign keys of a table stand in the order of their ids. */
export function constraintsOf(connection: SqliteQueryable, database: string): Constraint[] {
  return read(connection.prepare(queryFor(database)).all() as readonly Row[]);
}

function read(rows: readonly Row[]): Constraint[] {
  const tables = new Map<string, Row[]>();
  for (const row of rows) {
    const group = tables.get(row.table);
    if (group) group.push(row);
    else tables.set(row.table, [row]);
  }
  const byName = new Map(Array.from(tables, (entry) => [lower(entry[0]), entry] as const));
  return Array.from(tables, ([table, own]) => constraintsOfTable(table, own, byName)).flat();
}

function constraintsOfTable(
  table: string,
  rows: readonly Row[],
  tables: ReadonlyMap<string, readonly [table: string, rows: readonly Row[]]>,
): Constraint[] {
  const declared = declaredIn(rows.find(({ kind }) => kind === 'table')?.sql as string);
  const found: Constraint[] = [];
  const named = (kind: Declared['kind'], columns: readonly string[]) => {
    const match = declared.find(
      (other) => other.kind === kind && isSameList(other.columns as readonly string[], columns),
    );
    return match?.name === undefined ? {} : { name: match.name };
  };
  const key = primaryKeyOf(rows);
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
  const references = declared.filter(({ kind }) => kind === 'foreign_key').reverse();
  for (const group of groupBy(rows, 'foreign_key', ({ id }) => id)) {
    const [{ id, ref_table, on_delete, on_update }] = group;
    const columns = group.map(({ column }) => column as string);
    // As REFERENCES wrote it: its case may be another one than the table's.
    const [parent, own] = tables.get(lower(ref_table as string)) ?? [ref_table as string, []];
    const match = references[Number(id)];
    const isMatch =
      match !== undefined &&
      isSameList(match.columns as readonly string[], columns) &&
      isSame(match.referencedTable as string, parent);
    const referenced = group.map(({ ref_column }) => ref_column);
    found.push({
      kind: 'foreign_key',
      ...(isMatch && match?.name !== undefined && { name: match.name }),
      table,
      columns,
      referencedTable: parent,
      referencedColumns: referenced.includes(null)
        ? primaryKeyOf(own)
        : (referenced as string[]).map((name) => columnOf(own, name)),
      onDelete: actionOf(on_delete as string),
      onUpdate: actionOf(on_update as string),
      ...(isMatch && match?.deferrable && { deferrable: true }),
    });
  }
  for (const { kind, name, expression } of declared) {
    if (kind !== 'check') continue;
    found.push({ kind, ...(name !== undefined && { name }), table, ...(expression !== undefined && { expression }) });
  }
  for (const { kind, position, column } of rows) {
    if (kind === 'column' && Number(position) === 1) {
      found.push({ kind: 'not_null', table, columns: [column as string] });
    }
  }
  return found;
}

function primaryKeyOf(rows: readonly Row[]): string[] {
  return rows
    .filter(({ kind, origin }) => kind === 'column' && Number(origin) > 0)
    .sort((a, b) => Number(a.origin) - Number(b.origin))
    .map(({ column }) => column as string);
}

/** The column of that name as its table declares it. */
function columnOf(rows: readonly Row[], name: string): string {
  return rows.find(({ kind, column }) => kind === 'column' && column !== null && isSame(column, name))?.column ?? name;
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

/**
 * SQLite's names are the same in any case, as far as ASCII goes.
 * Source: https://sqlite.org/c3ref/stricmp.html
 */
function isSame(a: string, b: string): boolean {
  return a.length === b.length && lower(a) === lower(b);
}

function lower(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

function isSameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((name, at) => isSame(name, b[at] as string));
}

function actionOf(text: string): ReferentialAction {
  return text.toLowerCase().replaceAll(' ', '_') as ReferentialAction;
}
