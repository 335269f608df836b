import type { Catalog, Constraint, ReferentialAction } from '../catalog/index.ts';
import { columnKey, columnKeysOf } from '../policy.ts';
import type { ProblemCode } from '../problem.ts';

/** What one key of `rules` is about. */
export interface Entry {
  readonly key: string;
  /** Constraints that share their columns share a portable key. None: a condition that the schema raises. */
  readonly constraints: readonly Constraint[];
}

/** The keys that rules can have for a schema. */
export interface Keys {
  /** By key: each name, each `table(column, …)`, each condition. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** The key to use for a constraint; `undefined` where a rule cannot name it. */
  keyOf(constraint: Constraint): string | undefined;
  /** Every form of key that a constraint answers to. */
  formsOf(constraint: Constraint): readonly string[];
  /** The same, with a table and its columns as `readingsOf` gives them. */
  matchesOf(constraint: Constraint): readonly string[];
}

export function defineKeys({ dialect, constraints }: Catalog, conditions: readonly string[]): Keys {
  // A partition's own constraint is answered as the declared one.
  const declared = constraints.filter(({ partitionOf }) => partitionOf === undefined);
  const named = countBy(declared, ({ name }) => name);
  const namedInTable = countBy(declared, ({ table, name }) => join(table, name));
  const schemas = new Map<string, Set<string | undefined>>();
  for (const { table, schema } of declared) {
    if (table === undefined) continue;
    const found = schemas.get(table);
    if (found) found.add(schema);
    else schemas.set(table, new Set([schema]));
  }

  /** The shortest name that is of no other constraint. */
  function nameOf({ schema, table, name }: Constraint): string | undefined {
    if (name === undefined) return undefined;
    // Every primary key of MySQL is called PRIMARY: a rule that says no more would be about all of them.
    if (named.get(name) === 1 && name !== 'PRIMARY' && !isInherited(name)) return name;
    const inTable = join(table, name);
    return inTable !== undefined && namedInTable.get(inTable) === 1 ? inTable : join(schema, inTable ?? name);
  }

  function portableOf(constraint: Constraint): string | undefined {
    const { schema, table, columns } = constraint;
    if (table === undefined || columns === undefined || !isWritable(table, columns)) return undefined;
    const isAmbiguous = (schemas.get(table)?.size ?? 0) > 1;
    return `${isAmbiguous && schema !== undefined ? `${schema}.` : ''}${table}(${columns.join(', ')})`;
  }

  function keyOf(constraint: Constraint): string | undefined {
    const name = nameOf(constraint);
    const portable = portableOf(constraint);
    // SQLite reports columns; a name comes from the catalog alone. And PRIMARY is none.
    return dialect === 'sqlite' || constraint.name === 'PRIMARY' ? (portable ?? name) : (name ?? portable);
  }

  function formsOf(constraint: Constraint): string[] {
    const { schema, table, name, columns } = constraint;
    const inTable = join(table, name);
    const portable = table === undefined || columns === undefined ? undefined : `${table}(${columns.join(', ')})`;
    const forms = [name, inTable, join(schema, name), join(schema, inTable), portable, join(schema, portable)];
    return [...new Set(forms.filter((form) => form !== undefined && form !== 'PRIMARY'))] as string[];
  }

  function matchesOf(constraint: Constraint): string[] {
    const { schema, table, columns } = constraint;
    const portable = table === undefined || columns === undefined ? undefined : columnKey(table, columns);
    const matches = [...formsOf(constraint), portable, join(schema, portable)];
    return matches.filter((match) => match !== undefined) as string[];
  }

  const entries = new Map<string, Entry & { constraints: Constraint[] }>();
  // Of two keys that are as near, the compiler suggests the first: names, and first of all those that rules are for.
  const references = referencesOf(declared);
  const ranked = [true, false].flatMap((is) => declared.filter((each) => isUserFacing(each, references) === is));
  for (const form of [nameOf, portableOf]) {
    for (const constraint of ranked) {
      const key = form(constraint);
      if (key === undefined) continue;
      const entry = entries.get(key);
      if (entry === undefined) entries.set(key, { key, constraints: [constraint] });
      else if (!entry.constraints.includes(constraint)) entry.constraints.push(constraint);
    }
  }
  for (const key of conditions) if (!entries.has(key) && !isInherited(key)) entries.set(key, { key, constraints: [] });
  return { entries, keyOf, formsOf, matchesOf };
}

/** A key as it is, and as the look-up of rules may read it. */
export function readingsOf(key: string): readonly string[] {
  return [key, ...columnKeysOf(key)];
}

/** False where a key of these names would be read as other names. */
function isWritable(table: string, columns: readonly string[]): boolean {
  return (
    table !== '' &&
    table.trim() === table &&
    columns.length > 0 &&
    columns.every((column) => !column.includes(',') && column.trim() === column)
  );
}

/** True for what every object has: a type that has it as a member refuses objects that leave it out. */
function isInherited(name: string): boolean {
  return Object.hasOwn(Object.prototype, name);
}

function join(owner: string | undefined, name: string | undefined): string | undefined {
  return owner === undefined || name === undefined ? undefined : `${owner}.${name}`;
}

function countBy(constraints: readonly Constraint[], keyOf: (constraint: Constraint) => string | undefined) {
  const counts = new Map<string, number>();
  for (const constraint of constraints) {
    const key = keyOf(constraint);
    if (key !== undefined) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

/**
 * The answers that a constraint can give to a request, as far as its declaration tells.
 *
 * @param dialect MariaDB's RESTRICT is what it calls no action at all, so there it tells nothing
 */
export function codesOf(
  { kind, onDelete, onUpdate, referencedColumns }: Constraint,
  dialect?: Catalog['dialect'],
): readonly ProblemCode[] {
  switch (kind) {
    case 'primary_key':
    case 'unique':
      return ['duplicate'];
    case 'foreign_key':
      // Where the children go with their parent, or lose it, nobody is told that they are there, unless it is the
      // parent's key that changes. That of a number does not.
      return isRefused(onDelete) ||
        (onUpdate !== undefined && isRefused(onUpdate) && !referencedColumns?.every(isNumber)) ||
        (onUpdate === 'restrict' && dialect !== 'mariadb')
        ? ['reference_missing', 'reference_in_use']
        : ['reference_missing'];
    case 'check':
      return ['check_failed'];
    case 'exclusion':
      return ['overlap'];
    case 'not_null':
      return ['required'];
  }
}

/** The parent's row stays as long as it has children. */
function isRefused(action: ReferentialAction | undefined): boolean {
  return action === undefined || action === 'no_action' || action === 'restrict';
}

/** True for a column that is just a number of the row, by its name. */
function isNumber(column: string): boolean {
  return /^(?:id|uuid|guid|rowid|.*(?:_id|Id|_uuid|_no|_number))$/.test(column);
}

/**
 * True for a constraint that a user of the application can run into by what he asks for. NOT NULL is not: that is
 * passed through. A primary key of one column that is just a number of the row is not, either.
 */
export function isUserFacing({ kind, table, columns, partitionOf }: Constraint, references: References): boolean {
  if (partitionOf !== undefined || kind === 'not_null') return false;
  if (kind !== 'primary_key' || columns?.length !== 1) return true;
  const [column = ''] = columns;
  return !isNumber(column) || references.has(`${table}(${column})`);
}

/** The foreign keys of one column, as `table(column)`. */
export type References = ReadonlySet<string>;

export function referencesOf(constraints: readonly Constraint[]): References {
  const references = constraints.filter(({ kind, columns }) => kind === 'foreign_key' && columns?.length === 1);
  return new Set(references.map(({ table, columns }) => `${table}(${columns})`));
}

const KINDS: Readonly<Record<Constraint['kind'], string>> = {
  primary_key: 'PRIMARY KEY',
  unique: 'UNIQUE',
  foreign_key: 'FOREIGN KEY',
  check: 'CHECK',
  exclusion: 'EXCLUDE',
  not_null: 'NOT NULL',
};

/** A constraint as its declaration reads. */
export function declarationOf(constraint: Constraint): string {
  const { kind, domain, table, columns, expression, predicate, referencedTable, referencedColumns } = constraint;
  const owner = table ?? (domain === undefined ? undefined : `domain ${domain}`);
  const parts = columns?.join(', ') ?? expression;
  const what = expression?.startsWith('EXCLUDE') && columns === undefined ? expression : KINDS[kind];
  return [
    ...(owner === undefined ? [] : [owner]),
    what,
    ...(parts === undefined || what === expression ? [] : [`(${parts})`]),
    ...(predicate === undefined ? [] : [`WHERE ${predicate}`]),
    ...(referencedTable === undefined ? [] : [`REFERENCES ${referencedTable} (${referencedColumns?.join(', ')})`]),
  ].join(' ');
}
