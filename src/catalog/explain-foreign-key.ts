import type { Constraint } from '../constraints.ts';
import { betterSqlite3 } from '../drivers/better-sqlite3.ts';
import { nodeSqlite } from '../drivers/node-sqlite.ts';
import type { Translator } from '../translator.ts';
import { shown } from '../validate.ts';
import type { ForeignKeyViolation, Violation } from '../violation.ts';
import { constraintsOf, type SqliteQueryable } from './sqlite.ts';
import { isOneStatement } from './sqlite-schema.ts';

/**
 * A database of `better-sqlite3` or `node:sqlite`: both are synchronous, so that nobody else can be in its savepoint.
 * Source: https://github.com/WiseLibs/better-sqlite3/blob/master/docs/api.md, https://nodejs.org/api/sqlite.html
 */
export interface SqliteConnection extends SqliteQueryable {
  exec(sql: string): unknown;
  /** better-sqlite3: whether a transaction is open. */
  readonly inTransaction?: boolean;
  /** node:sqlite: the same, since Node 22.16. */
  readonly isTransaction?: boolean;
}

/** The name of the translator that {@link explainForeignKeys} makes. */
export const EXPLAINED = 'explained foreign keys';

/** What SQLite does not say of a foreign key. Where a statement broke several, what they have in common. */
export type ForeignKeyExplanation = Pick<
  ForeignKeyViolation,
  'table' | 'columns' | 'constraint' | 'referencedTable' | 'referencedColumns' | 'direction'
>;

/**
 * Names the foreign key that SQLite's `FOREIGN KEY constraint failed` hides, and its direction: runs the statement once
 * more, in a savepoint that is always rolled back and with the check put off, and looks which of the rows that it
 * changed break a reference. Costs what the statement costs, and its triggers; no table is read as a whole unless the
 * statement itself would. A transaction that is open stays open, as it was, unless `run` ends it: what it runs must
 * not roll back, nor a trigger by RAISE(ROLLBACK), nor a key by ON CONFLICT ROLLBACK. {@link explainForeignKeys} looks
 * for these before it runs anything.
 *
 * A foreign key that fails at COMMIT is looked for in all tables, and its direction is unknown.
 *
 * @param run what failed, without what must not happen twice outside of the database. A transaction that it begins
 *   itself has to be one of `database.transaction()`
 * @returns `undefined` where the second run breaks nothing or fails in another way
 * @throws {TypeError} for a function that is not synchronous
 * @throws {Error} where `run` has ended a transaction that was open before: its work is lost
 */
export function explainForeignKey(database: SqliteConnection, run: () => unknown): ForeignKeyExplanation | undefined {
  return explained(database, run);
}

/** The one statement that fails, with its values. */
interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/**
 * @param statement what `run` runs, where it is known: it is run only if it cannot end the transaction, and other
 *   tables than those that it writes need no triggers
 */
function explained(
  database: SqliteConnection,
  run: () => unknown,
  statement?: Statement,
): ForeignKeyExplanation | undefined {
  const kind = Object.prototype.toString.call(run);
  if (kind !== '[object Function]') {
    throw new TypeError(expected(kind === '[object AsyncFunction]' ? 'an async function' : shown(run)));
  }
  const schema = schemaOf(database);
  const settings = ['defer_foreign_keys', 'recursive_triggers'].map((name) => [name, pragma(database, name)] as const);
  const { inTransaction = database.isTransaction } = database;
  let result: unknown;
  let broken: Broken[] = [];
  let isEnded = false;
  database.exec('SAVEPOINT db_http_errors');
  try {
    // RESTRICT is put off, too. Rows that REPLACE deletes fire triggers only with the second.
    for (const [name] of settings) database.exec(`PRAGMA ${name} = ON`);
    // Not before: both settings change what the statement does.
    const program = statement && programOf(database, statement);
    if (program?.some(({ opcode }) => opcode === 'AutoCommit' || opcode === 'Savepoint')) {
      broken = brokenAnywhere(database, schema, []);
    } else if (!program?.some(rollsBack)) {
      const tables = program && writtenBy(database, program);
      for (const statement of recorder(schema, tables)) database.exec(statement);
      try {
        result = run();
      } catch {}
      const noted = database.prepare(`SELECT DISTINCT reference, direction FROM temp.${LOG}`).all() as readonly Noted[];
      broken = brokenBy(database, schema, noted);
      if (broken.length === 0) broken = brokenAnywhere(database, schema, noted);
    }
  } catch {
    // The statement ended the transaction, or cannot be looked into.
  } finally {
    // Settings first: defer_foreign_keys = OFF forgets what a COMMIT has to check, and the savepoint knows it.
    const settled = settings.map(([name, value]) => `PRAGMA ${name} = ${value}`);
    for (const statement of [...settled, 'ROLLBACK TO db_http_errors', 'RELEASE db_http_errors']) {
      try {
        database.exec(statement);
      } catch {
        isEnded = true;
      }
    }
  }
  if (result instanceof Promise) {
    result.catch(() => undefined);
    throw new TypeError(expected('a function that returns a promise'));
  }
  if (isEnded && inTransaction) throw new Error('What explainForeignKey() ran has ended the transaction that was open');
  return isEnded ? undefined : inCommon(broken);
}

const expected = (got: string): string =>
  `Expected what explainForeignKey() runs to be a synchronous function, got ${got}`;

/**
 * Explains each foreign key that a statement of this database breaks from now on, at once and in the place where it
 * failed: `run()`, `get()`, `all()` and `iterate()` of what is prepared, and `exec()`. Whatever works with the database (repositories,
 * query builders, adapters) stays as it is, for the error is the same; the translator that comes back knows the rest.
 *
 *     const database = new Database('shop.db');
 *     const conflicts = defineConflicts({ drivers: [explainForeignKeys(database)], rules });
 *
 * The price is that of {@link explainForeignKey}, and only a statement that failed pays it.
 */
export function explainForeignKeys(database: SqliteConnection): Translator {
  const violations = new WeakMap<object, Violation>();
  const original: SqliteConnection = {
    exec: database.exec.bind(database),
    prepare: database.prepare.bind(database),
  };

  /** Runs it; where it fails, `again` finds out why. */
  function attempt<T>(run: () => T, again: () => unknown, statement: () => Statement): T {
    try {
      return run();
    } catch (error) {
      explain(error, again, statement());
      throw error;
    }
  }

  function explain(error: unknown, run: () => unknown, statement: Statement): void {
    try {
      const violation = betterSqlite3.classify(error) ?? nodeSqlite.classify(error);
      if (violation?.kind !== 'foreign_key_violation') return;
      const explanation = explained(original, run, statement);
      if (explanation) violations.set(error as object, { ...violation, ...explanation });
    } catch {}
  }

  /** Of several statements the first run may have done some, and never come to others. */
  function exec(sql: string): unknown {
    try {
      return original.exec(sql);
    } catch (error) {
      // Prepared, it is one statement, whatever the text is.
      if (isOneStatement(sql)) explain(error, () => runOnce(original.prepare(sql)), { sql, values: [] });
      throw error;
    }
  }

  const prepare = original.prepare as (sql: string, ...options: unknown[]) => object;
  (database as { prepare: unknown }).prepare = (sql: string, ...options: unknown[]): object => {
    const statement = prepare(sql, ...options);
    const methods = statement as { [name: string]: ((...values: unknown[]) => unknown) | undefined };
    const { bind, iterate, all } = methods;
    let bound: readonly unknown[] = [];
    if (bind) {
      methods.bind = (...values) => {
        bound = values;
        return bind.apply(statement, values);
      };
    }
    const statementOf = (values: readonly unknown[]) => () => ({ sql, values: [...bound, ...values] });
    for (const name of ['run', 'get', 'all']) {
      const method = methods[name] as (...values: unknown[]) => unknown;
      methods[name] = (...values) => {
        const run = () => method.apply(statement, values);
        return attempt(run, run, statementOf(values));
      };
    }
    if (iterate) {
      methods.iterate = (...values) => {
        const rows = iterate.apply(statement, values) as Iterator<unknown>;
        // A statement runs no sooner than its first row is asked for.
        const next = rows.next.bind(rows);
        const again = () => {
          rows.return?.(); // node:sqlite repeats the error otherwise
          return all?.apply(statement, values);
        };
        rows.next = () => attempt(next, again, statementOf(values));
        return rows;
      };
    }
    return statement;
  };
  database.exec = exec;
  return {
    name: EXPLAINED,
    owns: (error) => violations.has(error as object),
    classify: (error) => violations.get(error as object),
  };
}

type Direction = NonNullable<ForeignKeyViolation['direction']>;

/** A reference, by its place, that the second run has touched from one of its sides. */
interface Noted {
  readonly reference: number | bigint;
  readonly direction: Direction;
}

interface Broken {
  readonly reference: Constraint;
  readonly direction?: Direction;
}

/** What a database has declared. */
interface Schema {
  readonly version: number;
  readonly references: readonly Constraint[];
  /** The tables that are there: a reference may be to another. */
  readonly tables: ReadonlySet<string>;
  /** What the rowid of a table is called: its columns may have one or all of the names. WITHOUT ROWID has none. */
  readonly rowids: ReadonlyMap<string, string>;
}

/** As long as a database declares the same. */
const known = new WeakMap<SqliteConnection, Schema>();

function schemaOf(database: SqliteConnection): Schema {
  const version = pragma(database, 'schema_version');
  const found = known.get(database);
  if (found?.version === version) return found;
  const references = constraintsOf(database, 'main').filter(({ kind }) => kind === 'foreign_key');
  const schema = { version, references, tables: tablesOf(database), rowids: rowidsOf(database) };
  known.set(database, schema);
  return schema;
}

/** Source: https://sqlite.org/pragma.html#pragma_table_list */
function tablesOf(database: SqliteConnection): ReadonlySet<string> {
  const rows = database.prepare(`SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'`).all();
  return new Set((rows as { name: string }[]).map(({ name }) => name));
}

/** Source: https://sqlite.org/rowidtable.html, https://sqlite.org/pragma.html#pragma_table_list (wr) */
function rowidsOf(database: SqliteConnection): ReadonlyMap<string, string> {
  const rows = database
    .prepare(
      `SELECT l.name AS "table", lower(c.name) AS "column" FROM pragma_table_list l, pragma_table_xinfo(l.name, 'main') c
        WHERE l.schema = 'main' AND l.type = 'table' AND NOT l.wr`,
    )
    .all() as readonly { readonly table: string; readonly column: string }[];
  const free = new Map<string, Set<string>>();
  for (const { table, column } of rows) {
    const names = free.get(table) ?? new Set(['rowid', 'oid', '_rowid_']);
    names.delete(column);
    free.set(table, names);
  }
  return new Map(Array.from(free, ([table, [name]]) => [table, name] as const).filter(hasName));
}

function hasName(entry: readonly [string, string | undefined]): entry is [string, string] {
  return entry[1] !== undefined;
}

/** An instruction of a compiled statement. Source: https://sqlite.org/opcode.html */
interface Instruction {
  readonly opcode: string;
  readonly p1: number | bigint;
  readonly p2: number | bigint;
  readonly p5: number | bigint;
}

/**
 * What a statement is compiled to, with its triggers and its cascades.
 * Source: https://sqlite.org/lang_explain.html
 *
 * @throws where it cannot be told
 */
function programOf(database: SqliteConnection, { sql, values }: Statement): readonly Instruction[] {
  return database.prepare(`EXPLAIN ${sql}`).all(...(values as never[])) as readonly Instruction[];
}

/** The number of ROLLBACK among the ways to resolve a conflict. Source: https://sqlite.org/c3ref/c_fail.html */
const ROLLBACK = 1;

/**
 * True where a conflict rolls the whole transaction back: RAISE(ROLLBACK), OR ROLLBACK and ON CONFLICT ROLLBACK.
 * Source: https://sqlite.org/opcode.html (Halt, HaltIfNull, VUpdate)
 */
function rollsBack({ opcode, p2, p5 }: Instruction): boolean {
  if (opcode === 'VUpdate') return Number(p5) === ROLLBACK;
  return (opcode === 'Halt' || opcode === 'HaltIfNull') && Number(p2) === ROLLBACK;
}

/**
 * The tables that a program writes.
 * Source: https://sqlite.org/opcode.html (OpenWrite, Clear)
 */
function writtenBy(database: SqliteConnection, program: readonly Instruction[]): ReadonlySet<string> {
  const pages = new Set<number>();
  for (const { opcode, p1, p2 } of program) {
    if (opcode === 'OpenWrite') pages.add(Number(p2));
    if (opcode === 'Clear') pages.add(Number(p1));
  }
  const tables = database.prepare('SELECT tbl_name, rootpage FROM main.sqlite_schema').all() as readonly {
    readonly tbl_name: string;
    readonly rootpage: number | bigint | null;
  }[];
  return new Set(tables.filter(({ rootpage }) => pages.has(Number(rootpage))).map(({ tbl_name }) => tbl_name));
}

/** What returns rows is read in better-sqlite3, where `run()` refuses it; a statement of node:sqlite runs anything. */
function runOnce(prepared: object): unknown {
  const statement = prepared as { readonly reader?: boolean; run(): unknown; all(): unknown };
  return statement.reader ? statement.all() : statement.run();
}

const LOG = 'db_http_errors_log';
const GUARD = 'db_http_errors_guard';
const name = (text: string): string => `"${text.replaceAll('"', '""')}"`;

/**
 * Temporary triggers that note the keys which each changed row refers to, or was referred to by. A row that breaks a
 * reference of its own keeps the second run from being committed, whatever it does.
 * Source: https://sqlite.org/lang_createtrigger.html
 */
function* recorder({ references, rowids, tables }: Schema, written = tables): Generator<string> {
  const keys = Math.max(1, ...references.map(({ columns = [] }) => columns.length));
  yield `CREATE TEMP TABLE ${LOG} (reference, direction, place, ${list(keys, (at) => `key${at}`)})`;
  yield `CREATE TEMP TABLE ${GUARD} (id INTEGER PRIMARY KEY, other REFERENCES ${GUARD} (id) DEFERRABLE INITIALLY DEFERRED)`;
  yield `INSERT INTO temp.${GUARD} VALUES (1, 2)`;
  const notes = new Map<string, string[]>();
  const note = (table: string | undefined, event: string, text: string): void => {
    if (!tables.has(table as string) || !written.has(table as string)) return;
    const key = `${event} ON main.${name(table as string)}`;
    notes.set(key, [...(notes.get(key) ?? []), text]);
  };
  for (const [at, { table, columns = [], referencedTable, referencedColumns = [] }] of references.entries()) {
    const rowid = rowids.get(table as string);
    const insert = (direction: string, row: string, of: readonly string[], where: string): string => {
      const place = row === 'new' && rowid !== undefined ? `new.${rowid}` : 'NULL';
      const values = list(keys, (key) => (key < of.length ? `${row}.${name(of[key] as string)}` : 'NULL'));
      return `INSERT INTO ${LOG} SELECT ${at}, '${direction}', ${place}, ${values} WHERE ${where};`;
    };
    const isWhole = columns.map((column) => `new.${name(column)} IS NOT NULL`).join(' AND ');
    note(table, 'INSERT', insert('parent_missing', 'new', columns, isWhole));
    // A row that goes to another place is to be found there.
    const isMoved = rowid === undefined ? '' : ` OR old.${rowid} IS NOT new.${rowid}`;
    note(table, 'UPDATE', insert('parent_missing', 'new', columns, `${isWhole} AND (${differs(columns)}${isMoved})`));
    note(referencedTable, 'UPDATE', insert('still_referenced', 'old', referencedColumns, differs(referencedColumns)));
    note(referencedTable, 'DELETE', insert('still_referenced', 'old', referencedColumns, 'true'));
  }
  let count = 0;
  for (const [event, statements] of notes) {
    yield `CREATE TEMP TRIGGER db_http_errors_${count++} AFTER ${event} BEGIN ${statements.join(' ')} END`;
  }
}

/** True where an UPDATE has changed one of these columns. */
function differs(columns: readonly string[]): string {
  return (
    columns.map((column) => `old.${name(column)} IS NOT new.${name(column)} COLLATE BINARY`).join(' OR ') || 'true'
  );
}

function list(length: number, each: (at: number) => string): string {
  return Array.from({ length }, (_, at) => each(at)).join(', ');
}

/**
 * The references of which a noted key has a child and no parent. The child whose parent is missing is looked for in its
 * place: nothing says that its columns have an index. For the children of a parent the statement has looked, too.
 */
function brokenBy(database: SqliteConnection, schema: Schema, noted: readonly Noted[]): Broken[] {
  return noted.flatMap(({ reference: at, direction }) => {
    const reference = schema.references[Number(at)] as Constraint;
    const { table = '', columns = [], referencedTable = '', referencedColumns = [] } = reference;
    const equal = (alias: string, of: readonly string[]) =>
      of.map((column, key) => `${alias}.${name(column)} = l.key${key}`).join(' AND ');
    const orphaned = `temp.${LOG} l WHERE l.reference = ${at} AND l.direction = '${direction}'
      AND NOT EXISTS (SELECT 1 FROM main.${name(referencedTable)} p WHERE ${equal('p', referencedColumns)})`;
    const rowid = direction === 'parent_missing' ? schema.rowids.get(table) : undefined;
    const own = list(columns.length, (key) => `c.${name(columns[key] as string)}`);
    const found = database.prepare(
      rowid === undefined
        ? // Not EXISTS: without an index SQLite would make one of all children.
          `SELECT 1 FROM main.${name(table)} c
            WHERE (${own}) IN (SELECT ${list(columns.length, (key) => `l.key${key}`)} FROM ${orphaned}) LIMIT 1`
        : `SELECT 1 FROM ${orphaned}
            AND EXISTS (SELECT 1 FROM main.${name(table)} c WHERE c.${rowid} = l.place AND ${equal('c', columns)}) LIMIT 1`,
    );
    return found.all().length > 0 ? [{ reference, direction }] : [];
  });
}

/**
 * The references that are broken in any row: those of a COMMIT, and of keys that only the parent's collation finds
 * equal. Rows that were there before, written without checks, may be among them.
 * Source: https://sqlite.org/pragma.html#pragma_foreign_key_check
 */
function brokenAnywhere(database: SqliteConnection, { references }: Schema, noted: readonly Noted[]): Broken[] {
  const rows = database.prepare('SELECT DISTINCT "table", fkid FROM pragma_foreign_key_check').all();
  return (rows as { table: string; fkid: number | bigint }[]).flatMap(({ table, fkid }) => {
    // The references of a table stand in the order of their ids.
    const reference = references.filter((other) => other.table === table)[Number(fkid)] as Constraint;
    const sides = noted.filter((other) => references[Number(other.reference)] === reference);
    const [only] = sides.length === 1 ? sides : [];
    return [{ reference, ...(only && { direction: only.direction }) }];
  });
}

function inCommon(broken: readonly Broken[]): ForeignKeyExplanation | undefined {
  const all = broken.map(({ reference, direction }) => {
    const { table, columns, name: constraint, referencedTable, referencedColumns } = reference;
    return { table, columns, constraint, referencedTable, referencedColumns, direction };
  });
  const [first, ...others] = all;
  const facts = Object.entries(first ?? {}).filter(
    ([fact, value]) =>
      value !== undefined &&
      others.every((other) => JSON.stringify(other[fact as keyof typeof other]) === JSON.stringify(value)),
  );
  return facts.length === 0 ? undefined : Object.fromEntries(facts);
}

function pragma(database: SqliteConnection, setting: string): number {
  const [row] = database.prepare(`PRAGMA ${setting}`).all() as readonly Record<string, number | bigint>[];
  return Number(row?.[setting]);
}
