import { notFound } from '../conflict-error.ts';
import type { Context } from '../context.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';
import { shown } from '../validate.ts';
import { type Version, versionText } from './entity-tags.ts';

type Awaitable<T> = T | Promise<T>;

/** Options of {@link assertUpdated}. */
export interface UpdatedOptions<Found extends Awaitable<Version | null | undefined>> {
  /**
   * Loads the row's version as it is now; `undefined` or `null` where there is no such row. In a transaction of MySQL or
   * MariaDB read it with FOR UPDATE, or outside of the transaction: its snapshot may have the old one.
   * Source: https://dev.mysql.com/doc/refman/9.4/en/innodb-consistent-read.html
   */
  readonly current: () => Found;
  /** The version that the WHERE clause asked for. */
  readonly expected?: Version;
  /** The application's own name of what the request is about. */
  readonly resource?: string;
  /** The request: where the expectation came in its headers, the answer is a 412. */
  readonly context?: Context;
  /** What to throw where the row is gone. @default an http-errors 404 */
  readonly gone?: () => unknown;
  /** What answers. @default the functions of the package root */
  readonly conflicts?: Pick<Conflicts, 'conflict'>;
}

/**
 * For `UPDATE … WHERE id = ? AND version = ?`: returns where a row was changed, and else finds out why none was. It is
 * synchronous where `current` is; else await it.
 *
 * @param result what the driver or ORM gave for the statement: see {@link affectedRows}
 * @throws {ConflictError} `version_mismatch` with the current version, where the row has another one
 * @throws what `gone` gives, where there is no such row
 * @throws {TypeError} for a result that does not say how many rows it changed
 */
export function assertUpdated<Found extends Awaitable<Version | null | undefined>>(
  result: unknown,
  options: UpdatedOptions<Found>,
): Found extends Promise<unknown> ? Promise<void> | undefined : void;
export function assertUpdated(
  result: unknown,
  options: UpdatedOptions<Awaitable<Version | null | undefined>>,
): Awaitable<void> {
  return decide(result, options.current, (current) => {
    const { expected, resource, context, gone = notFound, conflicts = unbound } = options;
    if (current === undefined || current === null) throw gone();
    const [now, before] = [versionText(current), expected === undefined ? undefined : versionText(expected)];
    const members = {
      ...(resource !== undefined && { resource }),
      // A row that has the expected version was read from an old snapshot: what it has now is not known.
      ...(now !== before && { current_version: now }),
      ...(before !== undefined && { expected_version: before }),
    };
    throw conflicts.conflict('version_mismatch', members, context === undefined ? {} : { context });
  });
}

/** Looks at the row, now or later, where the statement changed none. */
export function decide<T>(result: unknown, load: () => Awaitable<T>, refuse: (found: T) => never): Awaitable<void> {
  if (affectedRows(result) > 0) return;
  const found = load();
  return isThenable(found) ? Promise.resolve(found).then(refuse) : refuse(found);
}

/** Also the promises of other libraries: what is loaded is wanted. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}

/** Where drivers and ORMs say how many rows a statement changed. */
interface Counted {
  /** `pg`, `pglite` up to 0.2, slonik, pg-promise's `result()`, Drizzle on PostgreSQL. */
  readonly rowCount?: unknown;
  /** `mysql2`, `mysql`, `mariadb`, `@electric-sql/pglite`. */
  readonly affectedRows?: unknown;
  /** `better-sqlite3`, `node:sqlite`, `sqlite3`'s `this`. */
  readonly changes?: unknown;
  /** `@libsql/client`. */
  readonly rowsAffected?: unknown;
  /** TypeORM. */
  readonly affected?: unknown;
  /** Prisma's `updateMany()`; postgres.js, on its array. */
  readonly count?: unknown;
  /** Kysely. */
  readonly numUpdatedRows?: unknown;
  readonly numDeletedRows?: unknown;
}

/**
 * How many rows a statement changed, by the result of any driver or ORM: a count itself (Knex, Objection, MikroORM), an
 * object that has it, `[header, fields]` of mysql2, `[count]` of Sequelize, or the rows of a RETURNING clause.
 *
 * On MySQL and MariaDB it counts the rows that were *found*, as the drivers are set up by default; with
 * `flags: '-FOUND_ROWS'` a row that already has the new values is not counted. `SET version = version + 1` changes
 * every row that it finds.
 *
 * TypeORM's `query()` on SQLite gives a number that is no count, but the id of the row that was inserted last: have it
 * say RETURNING, or use its repositories.
 *
 * One row (of Prisma's `update()`, of Kysely's `executeTakeFirst()` after RETURNING) is no result: give the list of rows.
 *
 * @throws {TypeError} for a result that does not say it, such as a promise or one row
 */
export function affectedRows(result: unknown): number {
  const count = countOf(result);
  if (count !== undefined) return count;
  throw new TypeError(
    `Expected the result of an UPDATE or DELETE to say how many rows it changed, got ${
      isThenable(result) ? 'a promise: await it first' : shown(result)
    }`,
  );
}

function countOf(result: unknown): number | undefined {
  if (typeof result === 'number' || typeof result === 'bigint') return Number(result);
  if (typeof result !== 'object' || result === null || isThenable(result)) return undefined;
  const counted = result as Counted;
  const counts = [counted.rowCount, counted.affectedRows, counted.rowsAffected];
  counts.push(counted.numUpdatedRows, counted.numDeletedRows);
  if (!isRow(result)) counts.push(counted.changes, counted.affected, counted.count);
  const count = counts.find((value) => typeof value === 'number' || typeof value === 'bigint');
  if (count !== undefined) return Number(count);
  if (!Array.isArray(result)) return undefined;
  return countOfList(result);
}

/** What stands beside `changes` of SQLite's drivers, and `affected` of TypeORM. */
const BESIDE = ['lastInsertRowid', 'lastInsertRowId', 'lastID', 'lastId', 'last_row_id', 'raw'];

/** A row may have a column `count`, `changes` or `affected`, and says nothing by it. */
function isRow(result: object): boolean {
  return !Array.isArray(result) && Object.keys(result).length > 1 && !BESIDE.some((name) => name in result);
}

/**
 * Sequelize's count, mysql2's header and Kysely's result come first in a list. Behind a list of rows comes the count of
 * TypeORM's and Sequelize's `query()`, or mysql2's columns. Anything else is rows. The results of several statements
 * say nothing about one of them.
 */
function countOfList(list: readonly unknown[]): number | undefined {
  const [first, second] = list;
  if (typeof first === 'number' || typeof first === 'bigint') return Number(first);
  // Sequelize's `query()` of an UPDATE has no rows on MySQL and SQLite, and the count behind.
  if (list.length > 0 && (first === undefined || first === null)) return countOf(second);
  if (Array.isArray(first)) {
    if (first.some(isResult)) return undefined;
    return second === undefined || Array.isArray(second) ? first.length : countOf(second);
  }
  if (!isResult(first)) return list.length;
  return list.slice(1).some((other) => other !== first && isResult(other)) ? undefined : countOf(first);
}

/** What says how many rows a statement changed, and is no row. */
function isResult(value: unknown): boolean {
  const { affectedRows, numUpdatedRows, numDeletedRows, rowCount, rows } = (value ?? {}) as Counted & {
    rows?: unknown;
  };
  const count = affectedRows ?? numUpdatedRows ?? numDeletedRows ?? (Array.isArray(rows) ? rowCount : undefined);
  return typeof count === 'number' || typeof count === 'bigint';
}
