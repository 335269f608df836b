import { type Context, operationOf } from './context.ts';
import { isRaised, unreadOf } from './translator.ts';
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

/** What a statement did, as far as the application said it. */
interface Statement {
  readonly table: string | undefined;
  readonly operation: Context['operation'];
}

/** The facts that a catalog can add. */
interface Facts {
  readonly schema?: string | undefined;
  readonly table?: string | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly constraint?: string | undefined;
  readonly domain?: string | undefined;
  readonly primaryKey?: true | undefined;
  readonly referencedTable?: string | undefined;
  readonly referencedColumns?: readonly string[] | undefined;
  readonly direction?: 'parent_missing' | 'still_referenced' | undefined;
}

/** A reference that a statement can break. */
interface Breakable {
  readonly constraint: Constraint;
  readonly direction: NonNullable<Facts['direction']>;
  /** What the reference does when its parent goes. SQLite reports RESTRICT by a code of its own. */
  readonly action?: ReferentialAction | undefined;
}

const NOTHING: Facts = {};

/** How many different violations are remembered: a few for each constraint of a large schema. */
const MOST_REMEMBERED = 50_000;

/**
 * Where several constraints fit, only what they agree on follows. Where none fits, nothing does: the catalog is out of
 * date or of another database, or somebody raised the error by hand. What follows is worked out once for each
 * violation, so that the size of the catalog does not matter.
 */
export function defineCompletion({ dialect, constraints }: Catalog): Completion {
  const byName = groupBy(constraints, ({ name }) => name);
  const byColumns = groupBy(constraints, ({ table, columns }) => table && columns && join(table, ...columns));
  const notNull = groupBy(constraints, ({ kind, columns }) => (kind === 'not_null' ? columns?.[0] : undefined));
  const foreignKeys = constraints.filter(({ kind }) => kind === 'foreign_key');
  const byChild = groupBy(foreignKeys, ({ table }) => table);
  const byParent = groupBy(foreignKeys, ({ referencedTable }) => referencedTable);
  let texts: typeof byName | undefined;
  const byText = () => (texts ??= groupBy(constraints, (constraint) => textOf(constraint, dialect)));
  const remembered = new Map<string, Facts>();

  /** The constraints that the error may be about, of other kinds, too. */
  function candidatesOf(violation: Violation): readonly Constraint[] | undefined {
    const { kind, table, columns } = violation;
    const name = constraintOf(violation);
    const text = unreadOf(violation);
    if (text !== undefined) return byText().get(text);
    if (name !== undefined) return byName.get(name);
    if (table !== undefined && columns) return byColumns.get(join(table, ...columns));
    return kind === 'not_null_violation' ? notNull.get(columns?.[0]) : foreignKeys;
  }

  /** The references that a statement on this table can break, those of the tables that change with it included. */
  function breakable({ table, operation }: Statement): Breakable[] {
    const found: Breakable[] = [];
    const seen = new Set<string>();
    /** A row got new values in these columns, or in any; `by` is the reference that gave them. */
    function written(name: string | undefined, columns?: readonly string[], by?: Constraint): void {
      for (const constraint of byChild.get(name) ?? []) {
        if (constraint === by || !share(columns, constraint.columns)) continue;
        found.push({ constraint, direction: 'parent_missing' });
      }
    }
    /** A row went, or its values in these columns. */
    function gone(name: string | undefined, how: 'onUpdate' | 'onDelete', columns?: readonly string[]): void {
      const key = JSON.stringify([name, how, columns]);
      if (seen.has(key)) return;
      seen.add(key);
      for (const constraint of byParent.get(name) ?? []) {
        const { table: child, columns: own, referencedColumns } = constraint;
        if (!share(columns, referencedColumns)) continue;
        const action = constraint[how];
        if (action === 'cascade' && how === 'onDelete') gone(child, 'onDelete');
        else if (action === 'cascade' || action === 'set_null' || action === 'set_default') {
          // NULL refers to nothing, and the parent's new key is there.
          if (action !== 'set_null') written(child, own, action === 'cascade' ? constraint : undefined);
          gone(child, 'onUpdate', own);
        } else found.push({ constraint, direction: 'still_referenced', action });
      }
    }
    // An INSERT may be an upsert, which updates, or a REPLACE, which deletes: the error does not tell.
    if (operation !== 'delete') {
      written(table);
      gone(table, 'onUpdate');
    }
    if (operation !== 'update') gone(table, 'onDelete');
    return found;
  }

  /** What was declared: a partition's constraint is its deputy, through any number of levels. */
  function declared(constraint: Constraint): Facts {
    let known = constraint;
    // A catalog that was written by hand may have a cycle.
    const seen = new Set<Constraint>();
    while (known.partitionOf !== undefined && !seen.has(known)) {
      seen.add(known);
      const { schema, table, name } = known.partitionOf;
      const others = name === undefined ? notNull.get(constraint.columns?.[0]) : byName.get(name);
      const parent = others?.find((other) => other.table === table && agrees(other.schema, schema));
      // The parent's own schema may not have been read.
      known = parent ?? { kind: constraint.kind, ...known.partitionOf };
    }
    const { schema, table, name, referencedTable, referencedColumns } = known;
    const facts = { schema, table, constraint: name, referencedTable, referencedColumns };
    return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  }

  function follows(violation: Violation, kinds: readonly Constraint['kind'][], statement: Statement): Facts {
    if (
      violation.kind === 'foreign_key_violation' &&
      statement.table !== undefined &&
      violation.constraint === undefined
    ) {
      const { direction, code } = violation;
      const isRestrict = code === 'SQLITE_CONSTRAINT_TRIGGER';
      const all = breakable(statement).filter(
        (each) =>
          (direction === undefined || each.direction === direction) && (!isRestrict || each.action === 'restrict'),
      );
      return added(
        violation,
        all.map(({ constraint, direction }) => ({ ...factsOf(constraint), direction })),
      );
    }
    const candidates = candidatesOf(violation);
    if (candidates === undefined) return NOTHING;
    const found = candidates.filter(
      (candidate) => kinds.includes(candidate.kind) && fits(candidate, violation, statement.table),
    );
    const facts = added(violation, found.map(factsOf));
    const [only, other] = found;
    return only?.partitionOf === undefined || other !== undefined ? facts : { ...facts, ...declared(only) };
  }

  /** True when the schema's own code raised it in a name that no constraint has which could break like that. */
  function isForged(violation: Violation, kinds: readonly Constraint['kind'][]): boolean {
    const name = constraintOf(violation);
    if (name === undefined || !isRaised(violation)) return false;
    const { schema, table } = violation;
    return !byName
      .get(name)
      ?.some((other) => kinds.includes(other.kind) && agrees(other.schema, schema) && agrees(other.table, table));
  }

  /** MySQL before 8.0.19 writes the key alone, whose name may have a dot: it was no table if the schema says so. */
  function reread(violation: Violation): Violation {
    const name = constraintOf(violation);
    if (dialect !== 'mysql' || violation.kind !== 'unique_violation' || !violation.table || !name) return violation;
    const whole = `${violation.table}.${name}`;
    if (!byName.has(whole) || byText().has(whole)) return violation;
    const { table: _key, ...rest } = violation;
    return { ...rest, constraint: whole };
  }

  return (reported, context) => {
    const violation = reread(reported);
    const kinds = RAISED_BY[violation.kind];
    if (kinds === undefined || !agrees(violation.dialect, dialect)) return violation;
    if (isForged(violation, kinds)) return { ...violation, kind: 'raise_exception' } as Violation;
    const statement = statementOf(violation, context);
    const key = keyOf(violation, statement);
    let facts = remembered.get(key);
    if (facts === undefined) {
      facts = follows(violation, kinds, statement);
      if (remembered.size >= MOST_REMEMBERED) remembered.clear();
      remembered.set(key, facts);
    }
    // Ten times as fast as a spread of what a translator has made.
    return facts === NOTHING ? violation : (Object.assign({}, violation, facts) as Violation);
  };
}

/** What the error says of its table is better than what the application says of its statement. */
function statementOf(violation: Violation, context: Context | undefined): Statement {
  const table = violation.table === undefined ? tableOf(context) : undefined;
  const isReference = table !== undefined && violation.kind === 'foreign_key_violation';
  return { table, operation: isReference ? operationOf(context) : undefined };
}

/** Names as one key: no database allows this character in one. */
function join(...names: readonly (string | undefined)[]): string {
  return names.join('\0');
}

/** What a server writes for a constraint: names without quotes, so that two constraints may have the same. */
function textOf({ kind, name, table, columns, expression }: Constraint, dialect: Dialect): string | undefined {
  if (dialect !== 'sqlite') return table && name && `${table}.${name}`;
  return kind === 'check' ? (name ?? expression) : columns?.map((column) => `${table}.${column}`).join(', ');
}

/** All that decides what follows. An absent fact is as empty as no name is. */
function keyOf(violation: Violation, { table, operation }: Statement): string {
  const { kind, code, dialect, schema, columns } = violation;
  const { primaryKey, direction, referencedTable, referencedColumns } = violation as Facts;
  return [
    kind,
    code,
    dialect,
    schema,
    violation.table,
    constraintOf(violation),
    primaryKey,
    direction,
    referencedTable,
    table,
    operation,
    columns?.length,
    columns?.join('\0'),
    referencedColumns?.join('\0'),
    unreadOf(violation),
  ].join('\0');
}

/** The name that the error has of a constraint; kinds that no constraint raises have none. */
export function constraintOf(violation: Violation): string | undefined {
  return (violation as Facts).constraint;
}

/** False where the error and the schema contradict each other. */
function fits(constraint: Constraint, violation: Violation, table: string | undefined): boolean {
  const { schema, columns, dialect, code } = violation;
  const { referencedTable, referencedColumns, primaryKey } = violation as Facts;
  const isDomains = constraint.domain !== undefined;
  // PostgreSQL names the table of every constraint but a domain's, and the schema always: an error without them was
  // raised by hand.
  if (dialect === 'postgresql' && (schema === undefined || isDomains !== (violation.table === undefined))) return false;
  if (primaryKey && constraint.kind !== 'primary_key') return false;
  if (code === 'SQLITE_CONSTRAINT_UNIQUE' && constraint.kind === 'primary_key') return false;
  return (
    agrees(constraint.schema, schema) &&
    agrees(constraint.table, violation.table ?? table) &&
    isSame(constraint.columns ?? columns, columns ?? constraint.columns) &&
    agrees(constraint.referencedTable, referencedTable) &&
    isSame(constraint.referencedColumns, referencedColumns ?? constraint.referencedColumns)
  );
}

function agrees(declared: string | undefined, reported: string | undefined): boolean {
  return declared === undefined || reported === undefined || declared === reported;
}

function isSame(a: unknown, b: unknown): boolean {
  if (!Array.isArray(a) || !Array.isArray(b)) return a === b;
  return a.length === b.length && a.every((name, at) => name === b[at]);
}

function share(some: readonly string[] | undefined, others: readonly string[] | undefined): boolean {
  return some === undefined || others === undefined || some.some((column) => others.includes(column));
}

function factsOf(constraint: Constraint): Facts {
  const { kind, schema, table, columns, name, domain, referencedTable, referencedColumns } = constraint;
  const primaryKey = kind === 'primary_key' ? true : undefined;
  return { schema, table, columns, constraint: name, domain, primaryKey, referencedTable, referencedColumns };
}

/** The facts on which all agree and which the violation lacks. */
function added(violation: Violation, all: readonly Facts[]): Facts {
  const [first = NOTHING, ...others] = all;
  const facts = Object.entries(first).filter(
    ([name, value]) =>
      value !== undefined &&
      !(name in violation) &&
      (name !== 'primaryKey' || violation.kind === 'unique_violation') &&
      others.every((other) => isSame(other[name as keyof Facts], value)),
  );
  return facts.length === 0 ? NOTHING : Object.fromEntries(facts);
}

function tableOf(context: Context | undefined): string | undefined {
  try {
    const table: unknown = context?.table;
    if (typeof table === 'string') return table;
  } catch {}
  return undefined;
}

/** What has no key is in no group. */
function groupBy<T>(
  values: readonly T[],
  keyOf: (value: T) => string | undefined,
): ReadonlyMap<string | undefined, readonly T[]> {
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
