import type { Constraint, ReferentialAction } from '../constraints.ts';

/** What a server can be asked for. */
export interface Abilities {
  readonly isMariadb: boolean;
  /** `information_schema.STATISTICS` has EXPRESSION: MySQL since 8.0.13. */
  readonly hasExpressions: boolean;
  /** There is `information_schema.CHECK_CONSTRAINTS`: MySQL since 8.0.16, MariaDB since 10.2.22. */
  readonly hasChecks: boolean;
}

/** @param version as `SELECT VERSION()` gives it: `9.7.4`, `10.11.19-MariaDB-0+deb12u1` */
export function abilitiesOf(version: string): Abilities {
  const isMariadb = version.includes('MariaDB');
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const number = major * 1e6 + minor * 1e3 + patch;
  return {
    isMariadb,
    hasExpressions: !isMariadb && number >= 8_000_013,
    hasChecks: number >= (isMariadb ? 10_002_022 : 8_000_016),
  };
}

/**
 * Every constraint of the given databases (without: of the connection's own), one row for each of its columns. A user
 * sees those of the tables on which there are rights.
 * Source: https://dev.mysql.com/doc/refman/9.4/en/information-schema.html,
 * https://mariadb.com/docs/server/reference/system-tables/information-schema
 */
export function queryFor({ isMariadb, hasExpressions, hasChecks }: Abilities, databases: number): string {
  const within = (column: string) =>
    databases === 0 ? `${column} = DATABASE()` : `${column} IN (${Array(databases).fill('?').join(', ')})`;
  const text = (column: string) => `CAST(${column} AS CHAR)`;
  const none = 'CAST(NULL AS CHAR)';
  const check = isMariadb
    ? `SELECT 'check', CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME, 1, ${none}, ${text('CHECK_CLAUSE')},
              ${none}, ${none}, ${none}, ${none}
         FROM information_schema.CHECK_CONSTRAINTS WHERE ${within('CONSTRAINT_SCHEMA')}`
    : `SELECT /*+ NO_MERGE(t, c) */ 'check', t.CONSTRAINT_SCHEMA, t.TABLE_NAME, t.CONSTRAINT_NAME, 1, ${none}, ${text('c.CHECK_CLAUSE')},
              ${none}, ${none}, ${none}, ${none}
         FROM (SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CONSTRAINT_NAME FROM information_schema.TABLE_CONSTRAINTS
                WHERE CONSTRAINT_TYPE = 'CHECK' AND ${within('CONSTRAINT_SCHEMA')}) t
         JOIN (SELECT CONSTRAINT_SCHEMA, CONSTRAINT_NAME, CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS) c
           ON c.CONSTRAINT_SCHEMA = t.CONSTRAINT_SCHEMA AND c.CONSTRAINT_NAME = t.CONSTRAINT_NAME`;
  return `
SELECT 'key' AS kind, TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS \`table\`, INDEX_NAME AS name, SEQ_IN_INDEX AS position,
       COLUMN_NAME AS \`column\`, ${hasExpressions ? text('EXPRESSION') : none} AS expression,
       ${none} AS ref_schema, ${none} AS ref_table, ${none} AS ref_column, ${none} AS actions
  FROM information_schema.STATISTICS WHERE NON_UNIQUE = 0 AND ${within('TABLE_SCHEMA')}
UNION ALL
SELECT 'foreign_key', k.CONSTRAINT_SCHEMA, k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION, k.COLUMN_NAME, ${none},
       k.REFERENCED_TABLE_SCHEMA, k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME,
       CONCAT(r.DELETE_RULE, ',', r.UPDATE_RULE)
  FROM information_schema.KEY_COLUMN_USAGE k
  JOIN information_schema.REFERENTIAL_CONSTRAINTS r
    ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME
 WHERE k.REFERENCED_TABLE_NAME IS NOT NULL AND ${within('k.CONSTRAINT_SCHEMA')}
UNION ALL
SELECT 'not_null', c.TABLE_SCHEMA, c.TABLE_NAME, ${none}, 1, c.COLUMN_NAME, ${none}, ${none}, ${none}, ${none}, ${none}
  FROM information_schema.COLUMNS c
  JOIN information_schema.TABLES t ON t.TABLE_SCHEMA = c.TABLE_SCHEMA AND t.TABLE_NAME = c.TABLE_NAME
 WHERE c.IS_NULLABLE = 'NO' AND t.TABLE_TYPE = 'BASE TABLE' AND ${within('c.TABLE_SCHEMA')}
${hasChecks ? `UNION ALL\n${check}` : ''}
ORDER BY 2, 3, 1, 4, 5, 6`;
}

/** How often {@link queryFor} takes the names of the databases. */
export function partsOf({ hasChecks }: Abilities): number {
  return hasChecks ? 4 : 3;
}

/** A row of {@link queryFor}: one column of one constraint. */
export interface Row {
  readonly kind: 'key' | 'foreign_key' | 'not_null' | 'check';
  readonly schema: string;
  readonly table: string;
  readonly name: string | null;
  /** `null` for a part that is an expression. */
  readonly column: string | null;
  readonly expression: string | null;
  readonly ref_schema: string | null;
  readonly ref_table: string | null;
  readonly ref_column: string | null;
  /** Of a foreign key: those of DELETE and of UPDATE. */
  readonly actions: string | null;
}

export function constraintsOf(rows: readonly Row[]): Constraint[] {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.kind, row.schema, row.table, row.name ?? row.column]);
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  return Array.from(groups.values(), (group) => constraintOf(group as [Row, ...Row[]]));
}

function constraintOf(rows: readonly [Row, ...Row[]]): Constraint {
  const [{ kind, schema, table, name, expression, ref_schema, ref_table, actions }] = rows;
  const columns = rows.map(({ column }) => column);
  const owner = { schema, table };
  const isColumns = columns.every((column) => column !== null);
  switch (kind) {
    case 'key':
      return {
        kind: name === 'PRIMARY' ? 'primary_key' : 'unique',
        name: name as string,
        ...owner,
        ...(isColumns
          ? { columns: columns as string[] }
          : { expression: rows.map((row) => row.column ?? (row.expression as string)).join(', ') }),
      };
    case 'foreign_key': {
      const [onDelete, onUpdate] = (actions as string).split(',').map(actionOf) as [
        ReferentialAction,
        ReferentialAction,
      ];
      return {
        kind,
        name: name as string,
        ...owner,
        columns: columns as string[],
        ...(ref_schema !== null && { referencedSchema: ref_schema }),
        ...(ref_table !== null && { referencedTable: ref_table }),
        referencedColumns: rows.map(({ ref_column }) => ref_column as string),
        onDelete,
        onUpdate,
      };
    }
    case 'not_null':
      return { kind, ...owner, columns: columns as string[] };
    case 'check':
      return {
        kind,
        name: name as string,
        ...owner,
        ...(expression !== null && { expression }),
      };
  }
}

function actionOf(rule: string): ReferentialAction {
  return rule.toLowerCase().replaceAll(' ', '_') as ReferentialAction;
}
