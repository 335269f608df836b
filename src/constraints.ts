import { type Context, operationOf } from './context.ts';
import type { Dialect, Violation } from './violation.ts';

/** What the schema declares, and what follows from it for a violation. */

/** One constraint of a schema, as plain JSON. A member is absent when the database does not know it. */
export interface Constraint {
  readonly kind: 'primary_key' | 'unique' | 'foreign_key' | 'check' | 'exclusion' | 'not_null';
  /** Absent where the schema gives none: NOT NULL, and what is written without a name on SQLite. */
  readonly name?: string;
  /** MySQL and MariaDB: the database. Absent on SQLite. */
  readonly schema?: string;
  /** The table that owns the constraint; absent for a check of a domain. */
  readonly table?: string;
  /** In order; absent for a check, and where a part of the key is an expression. */
  readonly columns?: readonly string[];
  /** The domain that a check belongs to (PostgreSQL). */
  readonly domain?: string;
  /** Text of a check, or of the parts of a key of which one is an expression. */
  readonly expression?: string;
  /** The condition of a partial index. */
  readonly predicate?: string;
  readonly referencedSchema?: string;
  readonly referencedTable?: string;
  readonly referencedColumns?: readonly string[];
  /** What happens to the child when its parent goes. */
  readonly onDelete?: ReferentialAction;
  readonly onUpdate?: ReferentialAction;
  /** True where the check may be put off until COMMIT. */
  readonly deferrable?: true;
  /** The declared constraint of which this one is a partition's own (PostgreSQL); NOT NULL has no name. */
  readonly partitionOf?: { readonly schema?: string; readonly table: string; readonly name?: string };
}

export type ReferentialAction = 'no_action' | 'restrict' | 'cascade' | 'set_null' | 'set_default';

/**
 * All constraints of a database, read once by `loadCatalog()` or the command `db-http-errors catalog`. Plain JSON: it
 * can be saved, imported and compared.
 *
 * @typeParam Rules what the command writes, for rules that are checked by the compiler
 */
export interface Catalog<Rules extends object = object> {
  readonly dialect: Dialect;
  readonly constraints: readonly Constraint[];
  /** Never present: it carries the type. */
  readonly rules?: Rules;
}

/** Adds to a violation what follows from the schema. What the error said itself is never changed. */
export type Completion = (violation: Violation, context?: Context) => Violation;

/** Which constraints can raise a kind. */
const RAISED_BY: { readonly [Kind in Violation['kind']]?: readonly Constraint['kind'][] } = {
  unique_violation: ['unique', 'primary_key'],
  foreign_key_violation: ['foreign_key'],
  check_violation: ['check'],
  // A temporal key (WITHOUT OVERLAPS) is one, too.
  exclusion_violation: ['exclusion', 'unique', 'primary_key'],
  not_null_violation: ['not_null'],
};

/** The facts of a constraint that a violation can have. */
const FACTS = [
  'schema',
  'table',
  'columns',
  'constraint',
  'primaryKey',
  'referencedTable',
  'referencedColumns',
] as const;

type Declared = NonNullable<Constraint['partitionOf']>;

type Facts = { -readonly [Name in (typeof FACTS)[number]]?: unknown } & { direction?: unknown };

/**
 * Where several constraints fit, only what they agree on follows. Where none fits, nothing does: the catalog is out of
 * date, or somebody raised the error by hand.
 */
export function defineCompletion({ constraints }: Catalog): Completion {
  const byName = groupBy(constraints, ({ name }) => name);
  const byColumns = groupBy(constraints, ({ table, columns }) => table && columns && `${table}(${columns.join()})`);
  const notNull = groupBy(constraints, ({ kind, columns }) => (kind === 'not_null' ? columns?.join() : undefined));
  const foreignKeys = constraints.filter(({ kind }) => kind === 'foreign_key');
  const byChild = groupBy(foreignKeys, ({ table }) => table);
  const byParent = groupBy(foreignKeys, ({ referencedTable }) => referencedTable);

  /** The constraints that may have raised the error. */
  function candidatesOf(violation: Violation): readonly Constraint[] {
    const { columns } = violation;
    const name = 'constraint' in violation ? violation.constraint : undefined;
    if (name !== undefined) return byName.get(name) ?? [];
    if (violation.table !== undefined && columns) return byColumns.get(`${violation.table}(${columns.join()})`) ?? [];
    if (violation.kind === 'not_null_violation') return notNull.get(columns?.join() ?? '') ?? [];
    return violation.kind === 'foreign_key_violation' ? foreignKeys : [];
  }

  /** The references that break when rows of a table go, those of the tables that go with them included. */
  function restricting(table: string, seen: Set<string> = new Set([table])): Constraint[] {
    return (byParent.get(table) ?? []).flatMap((reference) => {
      if (reference.onDelete !== 'cascade') return reference.onDelete === 'set_null' ? [] : [reference];
      const child = reference.table as string;
      if (seen.has(child)) return [];
      seen.add(child);
      return restricting(child, seen);
    });
  }

  /** What a nameless reference may be, from the statement that broke it. */
  function referencesOf(violation: Violation, context: Context | undefined, table: string): Facts[] {
    const { direction } = violation as { direction?: string };
    const operation = operationOf(context);
    const own = (byChild.get(table) ?? []).map((constraint) => factsOf(constraint, 'parent_missing'));
    const others = restricting(table).map((constraint) => factsOf(constraint, 'still_referenced'));
    if (direction !== undefined) return direction === 'parent_missing' ? own : others;
    return [...(operation === 'delete' ? [] : own), ...(operation === 'insert' ? [] : others)];
  }

  return (violation, context) => {
    const kinds = RAISED_BY[violation.kind];
    if (kinds === undefined) return violation;
    const table = tableOf(context);
    const isNamed = violation.table !== undefined || ('constraint' in violation && violation.constraint !== undefined);
    if (violation.kind === 'foreign_key_violation' && !isNamed && table !== undefined) {
      return add(violation, referencesOf(violation, context, table));
    }
    const found = candidatesOf(violation).filter(
      (constraint) => kinds.includes(constraint.kind) && fits(constraint, violation, table),
    );
    const completed = add(
      violation,
      found.map((constraint) => factsOf(constraint)),
    );
    const [only] = found.length === 1 ? found : [];
    if (only?.partitionOf === undefined) return completed;
    const { schema, table: parent, name } = rootOf(only.partitionOf, only.columns);
    const declared = {
      ...(schema !== undefined && { schema }),
      table: parent,
      ...(name !== undefined && { constraint: name }),
    };
    return { ...completed, ...declared } as Violation;
  };

  /** What was declared: a partition's constraint is its deputy, through any number of levels. */
  function rootOf(declared: Declared, columns: readonly string[] = []): Declared {
    let root = declared;
    for (let level = 0; level < MOST_LEVELS; level++) {
      const { schema, table, name } = root;
      const others = name === undefined ? notNull.get(columns.join()) : byName.get(name);
      const parent = others?.find((other) => other.table === table && agrees(other.schema, schema));
      if (parent?.partitionOf === undefined) break;
      root = parent.partitionOf;
    }
    return root;
  }
}

/** Partitions of partitions; a catalog that was written by hand may have a cycle. */
const MOST_LEVELS = 32;

/** False where the error and the schema contradict each other. */
function fits(constraint: Constraint, violation: Violation, table: string | undefined): boolean {
  const { schema, columns } = violation;
  if (violation.table === undefined) {
    // PostgreSQL names the table of every constraint but a domain's: an error without it was raised by hand.
    if (violation.dialect === 'postgresql' && constraint.domain === undefined) return false;
    if (table !== undefined && constraint.table !== undefined && constraint.table !== table) return false;
  }
  if ('primaryKey' in violation && constraint.kind !== 'primary_key') return false;
  return (
    agrees(constraint.schema, schema) &&
    agrees(constraint.table, violation.table) &&
    (columns === undefined || constraint.columns === undefined || columns.join() === constraint.columns.join()) &&
    (!('referencedTable' in violation) || agrees(constraint.referencedTable, violation.referencedTable))
  );
}

function agrees(declared: string | undefined, reported: string | undefined): boolean {
  return declared === undefined || reported === undefined || declared === reported;
}

function factsOf(constraint: Constraint, direction?: 'parent_missing' | 'still_referenced'): Facts {
  const { schema, table, columns, name, referencedTable, referencedColumns } = constraint;
  const primaryKey = constraint.kind === 'primary_key' ? true : undefined;
  return { schema, table, columns, constraint: name, primaryKey, referencedTable, referencedColumns, direction };
}

/** The violation with the facts on which all agree. */
function add(violation: Violation, all: readonly Facts[]): Violation {
  const [first, ...others] = all;
  if (first === undefined) return violation;
  const added: Record<string, unknown> = {};
  for (const name of [...FACTS, 'direction'] as const) {
    const value = first[name];
    if (value === undefined || others.some((other) => String(other[name]) !== String(value))) continue;
    if (!(name in violation)) added[name] = value;
  }
  return Object.keys(added).length === 0 ? violation : ({ ...violation, ...added } as Violation);
}

function tableOf(context: Context | undefined): string | undefined {
  try {
    return typeof context?.table === 'string' ? context.table : undefined;
  } catch {
    return undefined;
  }
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string | undefined): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = keyOf(value);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
