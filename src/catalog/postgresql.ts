import type { Constraint, ReferentialAction } from '../constraints.ts';

/**
 * Every constraint, every unique index without one, and every NOT NULL, in one round trip. Any role may read
 * `pg_catalog`. Run on PostgreSQL 15 and 18; the columns exist since 12.
 * Source: https://www.postgresql.org/docs/current/catalog-pg-constraint.html, …/catalog-pg-index.html
 */
export const QUERY = `
WITH schemas AS (
  SELECT oid, nspname FROM pg_namespace
   WHERE CASE WHEN $1::text[] IS NULL THEN nspname <> 'information_schema' AND nspname !~ '^pg_' ELSE nspname = ANY ($1) END
)
SELECT c.contype::text AS type, c.conname::text AS name, s.nspname::text AS schema, t.relname::text AS "table",
       (SELECT array_agg(n.attname::text ORDER BY k.at) FROM unnest(c.conkey) WITH ORDINALITY k(num, at)
          LEFT JOIN pg_attribute n ON n.attrelid = c.conrelid AND n.attnum = k.num) AS columns,
       d.typname::text AS domain,
       CASE c.contype WHEN 'c' THEN pg_get_expr(c.conbin, c.conrelid, true) WHEN 'x' THEN pg_get_constraintdef(c.oid) END AS expression,
       NULL::text AS predicate,
       fs.nspname::text AS ref_schema, ft.relname::text AS ref_table,
       (SELECT array_agg(n.attname::text ORDER BY k.at) FROM unnest(c.confkey) WITH ORDINALITY k(num, at)
          LEFT JOIN pg_attribute n ON n.attrelid = c.confrelid AND n.attnum = k.num) AS ref_columns,
       c.confdeltype::text AS on_delete, c.confupdtype::text AS on_update, c.condeferrable AS deferrable,
       ps.nspname::text AS parent_schema, pt.relname::text AS parent_table, coalesce(p.conname, c.conname)::text AS parent_name
  FROM pg_constraint c
  JOIN schemas s ON s.oid = c.connamespace
  LEFT JOIN pg_class t ON t.oid = c.conrelid
  LEFT JOIN pg_type d ON d.oid = c.contypid
  LEFT JOIN pg_class ft ON ft.oid = c.confrelid
  LEFT JOIN pg_namespace fs ON fs.oid = ft.relnamespace
  LEFT JOIN pg_constraint p ON p.oid = c.conparentid
  -- A check is inherited by its name.
  LEFT JOIN pg_inherits h ON c.contype = 'c' AND h.inhrelid = c.conrelid AND t.relispartition AND c.coninhcount > 0
  LEFT JOIN pg_class pt ON pt.oid = coalesce(p.conrelid, h.inhparent)
  LEFT JOIN pg_namespace ps ON ps.oid = pt.relnamespace
 WHERE c.contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT 'u', i.relname, s.nspname, t.relname,
       (SELECT array_agg(n.attname::text ORDER BY k.at) FROM unnest(x.indkey::int2[]) WITH ORDINALITY k(num, at)
          LEFT JOIN pg_attribute n ON n.attrelid = x.indrelid AND n.attnum = k.num WHERE k.at <= x.indnkeyatts),
       NULL, CASE WHEN 0 = ANY (x.indkey::int2[]) THEN
         (SELECT string_agg(pg_get_indexdef(x.indexrelid, g, true), ', ' ORDER BY g) FROM generate_series(1, x.indnkeyatts) g) END,
       pg_get_expr(x.indpred, x.indrelid), NULL, NULL, NULL, NULL, NULL, false,
       ps.nspname, pt.relname, pi.relname
  FROM pg_index x
  JOIN pg_class i ON i.oid = x.indexrelid
  JOIN pg_class t ON t.oid = x.indrelid
  JOIN schemas s ON s.oid = t.relnamespace
  LEFT JOIN pg_inherits h ON h.inhrelid = x.indexrelid
  LEFT JOIN pg_class pi ON pi.oid = h.inhparent
  LEFT JOIN pg_index px ON px.indexrelid = h.inhparent
  LEFT JOIN pg_class pt ON pt.oid = px.indrelid
  LEFT JOIN pg_namespace ps ON ps.oid = pt.relnamespace
 WHERE x.indisunique AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = x.indexrelid AND c.contype IN ('p', 'u', 'x'))
UNION ALL
SELECT 'n', NULL, s.nspname, t.relname, ARRAY[a.attname::text], NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, false,
       ps.nspname, pt.relname, NULL
  FROM pg_attribute a
  JOIN pg_class t ON t.oid = a.attrelid
  JOIN schemas s ON s.oid = t.relnamespace
  -- A partition may forbid NULL where its parent does not.
  LEFT JOIN pg_inherits h ON h.inhrelid = t.oid AND t.relispartition AND EXISTS (
    SELECT FROM pg_attribute pa WHERE pa.attrelid = h.inhparent AND pa.attname = a.attname AND pa.attnotnull)
  LEFT JOIN pg_class pt ON pt.oid = h.inhparent
  LEFT JOIN pg_namespace ps ON ps.oid = pt.relnamespace
 WHERE a.attnotnull AND a.attnum > 0 AND NOT a.attisdropped AND t.relkind IN ('r', 'p', 'f')
 ORDER BY 3, 4, 1, 2, 5`;

/** A row of {@link QUERY}. */
export interface Row {
  readonly type: 'p' | 'u' | 'f' | 'c' | 'x' | 'n';
  readonly name: string | null;
  readonly schema: string;
  readonly table: string | null;
  /** A part that is no column is `null`. */
  readonly columns: readonly (string | null)[] | null;
  readonly domain: string | null;
  readonly expression: string | null;
  readonly predicate: string | null;
  readonly ref_schema: string | null;
  readonly ref_table: string | null;
  readonly ref_columns: readonly string[] | null;
  readonly on_delete: string | null;
  readonly on_update: string | null;
  readonly deferrable: boolean;
  readonly parent_schema: string | null;
  readonly parent_table: string | null;
  readonly parent_name: string | null;
}

const KINDS: Readonly<Record<Row['type'], Constraint['kind']>> = {
  p: 'primary_key',
  u: 'unique',
  f: 'foreign_key',
  c: 'check',
  x: 'exclusion',
  n: 'not_null',
};

const ACTIONS: Readonly<Record<string, ReferentialAction>> = {
  a: 'no_action',
  r: 'restrict',
  c: 'cascade',
  n: 'set_null',
  d: 'set_default',
};

export function constraintOf(row: Row): Constraint {
  const kind = KINDS[row.type];
  const { columns, on_delete: onDelete, on_update: onUpdate, parent_table: parent } = row;
  const isColumns = kind !== 'check' && columns?.every((column) => column !== null);
  return {
    kind,
    ...(row.name !== null && { name: row.name }),
    schema: row.schema,
    ...(row.table !== null && { table: row.table }),
    ...(isColumns && { columns: columns as readonly string[] }),
    ...(row.domain !== null && { domain: row.domain }),
    ...(row.expression !== null && { expression: row.expression }),
    ...(row.predicate !== null && { predicate: row.predicate }),
    ...(kind === 'foreign_key' && {
      ...(row.ref_schema !== null && { referencedSchema: row.ref_schema }),
      ...(row.ref_table !== null && { referencedTable: row.ref_table }),
      ...(row.ref_columns !== null && { referencedColumns: row.ref_columns }),
      ...(onDelete !== null && { onDelete: ACTIONS[onDelete] as ReferentialAction }),
      ...(onUpdate !== null && { onUpdate: ACTIONS[onUpdate] as ReferentialAction }),
    }),
    ...(row.deferrable && { deferrable: true }),
    ...(parent !== null && {
      partitionOf: {
        ...(row.parent_schema !== null && { schema: row.parent_schema }),
        table: parent,
        ...(row.name !== null && row.parent_name !== null && { name: row.parent_name }),
      },
    }),
  };
}
