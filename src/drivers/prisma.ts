import { type Draft, textOf } from '../dialects/facts.ts';
import { mysqlViolation } from '../dialects/mysql.ts';
import { type PostgresqlFields, postgresqlViolation } from '../dialects/postgresql.ts';
import { resultCodeOf, sqliteViolation } from '../dialects/sqlite.ts';
import { isError, safe, type Translator } from '../translator.ts';
import type { Dialect, Violation } from '../violation.ts';

// Codes: src/sqlstate.ts and src/dialects/, those of the databases. Prisma's own (P2002) are not read: they say less.

/**
 * What Prisma 6 and 7 keep of a driver's error, which itself is gone: a plain object. The adapters choose what is in
 * it, by the code alone; which of them made it, it does not say. A row's values may stand in any of its texts.
 * Source: https://github.com/prisma/prisma/blob/7.10.0/packages/driver-adapter-utils/src/types.ts (MappedError),
 * `convertDriverError` in packages/adapter-<driver>/src/errors.ts
 */
interface MappedError {
  /** `'UniqueConstraintViolation'`; for what Prisma has no word for, the database: `'postgres'`, `'mysql'`, `'sqlite'`. */
  readonly kind: string;
  /** SQLSTATE, MySQL's number or SQLite's code, the last by name or number. Absent for sockets and D1. */
  readonly originalCode?: unknown;
  /** In the server's language. */
  readonly originalMessage?: unknown;
  /** PostgreSQL fills one of the two, by the adapter's version. Those of MySQL are cut out of an English text by position. */
  readonly constraint?: { readonly index?: unknown; readonly fields?: unknown } | undefined;
  readonly table?: unknown;
  /** Only with the kind `postgres`, as the next one. */
  readonly detail?: unknown;
  readonly column?: unknown;
  /** SQLSTATE, only with the kind `mysql`. */
  readonly state?: unknown;
}

/** What wraps it: a `PrismaClientKnownRequestError`, or for COMMIT the adapter's own error. */
interface PrismaError {
  readonly name?: unknown;
  readonly meta?: { readonly driverAdapterError?: { readonly cause?: unknown } };
  readonly cause?: unknown;
}

const NAME = 'prisma';

/** Errors of Prisma 6 and 7 with driver adapters, which keep a mapped copy of the driver's error and not the error. */
export const prisma: Translator = /* @__PURE__ */ safe({
  name: NAME,
  owns: (error) => mappedOf(error) !== undefined,
  classify(error, dialect) {
    const mapped = mappedOf(error);
    return mapped && read(mapped, dialect);
  },
});

export default prisma;

/** The mapped object counts only where Prisma puts it: behind an error. Parsed JSON is none. */
function mappedOf(error: unknown): MappedError | undefined {
  const { meta, name, cause } = error as PrismaError;
  const mapped = meta ? meta.driverAdapterError?.cause : name === 'DriverAdapterError' ? cause : undefined;
  const kind = (mapped as Partial<MappedError> | null | undefined)?.kind;
  // With GenericJs the adapter hands on an error that is none of the database's.
  if (typeof kind !== 'string' || kind === 'GenericJs' || !isError(error as object)) return undefined;
  return mapped as MappedError;
}

function read(mapped: MappedError, dialect: Dialect | undefined): Violation | undefined {
  const { kind, state } = mapped;
  const code = textOf(mapped.originalCode);
  const message = textOf(mapped.originalMessage) ?? '';
  if (code === undefined) return undefined;
  if (code.startsWith('SQLITE_')) return sqliteViolation(NAME, code, message);
  // SIGNAL may give MySQL a number of five digits, too.
  if (code.length === 5 && kind !== 'mysql') return readPostgresql(code, mapped, message);
  const number = Number(code);
  // libSQL tells the number. MySQL has some of these for something else: 1032, 1288.
  const name = kind === 'mysql' ? undefined : resultCodeOf(number);
  if (name !== undefined) return sqliteViolation(NAME, name, message);
  if (kind === 'sqlite' || !Number.isInteger(number)) return undefined;
  return mysqlViolation(NAME, { errno: number, sqlState: state, sqlMessage: message }, dialect);
}

/** PostgreSQL's fields are lost but for one or two: names that the mapped object does not have are read in the text. */
function readPostgresql(code: string, mapped: MappedError, message: string): Violation | undefined {
  const { detail, table, column, constraint } = mapped;
  const fields = { code, message, detail, table, column, constraint: constraint?.index };
  const { columns, ...names } = namesIn(fields, constraint?.fields);
  const violation = postgresqlViolation(NAME, { ...fields, ...names });
  // Columns are read of codes alone that are a violation.
  if (columns !== undefined) (violation as Draft).columns ??= columns;
  return violation;
}

/** What a text names. */
interface Names {
  readonly table?: string | undefined;
  readonly constraint?: unknown;
  readonly columns?: readonly string[] | undefined;
}

/**
 * The names in PostgreSQL's text, by the order that they have in every language of the server. RAISE may use any
 * SQLSTATE with any text, and Prisma does not tell that it was RAISE: without the English words there has to be another
 * sign that the text is the server's own.
 * Source: src/backend/po/ of https://github.com/postgres/postgres/tree/REL_15_STABLE
 */
function namesIn({ code, message, detail, constraint }: PostgresqlFields & { message: string }, key: unknown): Names {
  const { names, words } = quotedIn(message);
  const [first, second] = names;
  switch (code) {
    case '23505': // duplicate key value violates unique constraint "users_email_key"
      // The fields are read in an English detail, and with it goes an English text.
      if (names.length !== 1 || !/^(?:duplicate key value violates|could not create) /.test(words)) return {};
      return { constraint: constraint ?? first, columns: columnsOf(key) };
    case '23P01': // conflicting key value violates exclusion constraint "bookings_excl"
      return names.length === 1 && has(detail, ')=(') ? { constraint: first } : {};
    case '23503':
    case '23001': {
      // insert or update on table "orders" violates foreign key constraint "orders_fkey"
      // update or delete on table "customers" violates foreign key constraint "orders_fkey" on table "orders"
      // Prisma 6 does not know RESTRICT's code, and so has no constraint.
      if (constraint === undefined && RESTRICTED.test(words)) return { constraint: second, table: names[2] };
      const at = names.indexOf(constraint as string);
      const tables = names.filter((_name, place) => place !== at);
      return at >= 0 && (tables.length === 1 || tables.length === 2) ? { table: tables.at(-1) } : {};
    }
    case '23514':
      // value for domain positive violates check constraint "positive_check"
      if (words.startsWith('value for domain ')) return names.length < 3 ? { constraint: names.at(-1) } : {};
      // new row for relation "items" violates check constraint "items_quantity_check", … violates partition constraint
      // no partition of relation "items" found for row
      if (!words.startsWith('new row for ') && !words.startsWith('no partition of ') && !has(detail, '(')) return {};
      return names.length === 2 ? { table: first, constraint: second } : names.length === 1 ? { table: first } : {};
    case '23502': {
      // null value in column "email" of relation "users" violates not-null constraint
      // Servers before 13 name the column alone, as does nobody else: a domain has no quotes, or its own name in them.
      if (first === undefined || names.length > 2) return {};
      if (second === undefined) return words.startsWith('null value in column ') ? { columns: [first] } : {};
      if (!/nul/i.test(words)) return {};
      // Japanese has the table before the column.
      return /[\u3040-\u30ff]/.test(words) ? { table: first, columns: [second] } : { table: second, columns: [first] };
    }
    default:
      return {};
  }
}

/** PostgreSQL 18's words around three names. Source: ri_ReportViolation in src/backend/utils/adt/ri_triggers.c */
const RESTRICTED =
  /^update or delete on table {2}violates (?:RESTRICT setting of )?foreign key constraint {2}on table $/;

function has(text: unknown, part: string): boolean {
  return typeof text === 'string' && text.includes(part);
}

/** The server's own texts with two names of 63 characters are shorter. */
const LONGEST = 1024;

/** What stands in quotation marks and what stands outside of them; nothing where the marks make no pairs. */
function quotedIn(text: string): { readonly names: readonly string[]; readonly words: string } {
  const parts = text.length > LONGEST ? [] : text.split(/["\u00ab\u00bb\u201c-\u201e\u300c-\u300f]/);
  if (parts.length % 2 === 0) return { names: [], words: '' };
  const names = parts.filter((_part, at) => at % 2 === 1);
  // French puts a space inside of its marks.
  const spaced = text.includes('\u00ab') && names.every((name) => /^[ \u00a0\u202f].+[ \u00a0\u202f]$/s.test(name));
  return {
    names: spaced ? names.map((name) => name.slice(1, -1)) : names,
    words: parts.filter((_part, at) => at % 2 === 0).join(''),
  };
}

/**
 * Columns that an adapter cut out of `Key (org_id, "Full Name")=…`, at the first `)` and at every comma. A part of an
 * expression or of a name is neither a plain name nor a quoted one: then no part is trusted.
 */
function columnsOf(fields: unknown): readonly string[] | undefined {
  if (!Array.isArray(fields) || fields.length === 0 || fields.length > 32) return undefined;
  const columns: string[] = [];
  for (const field of fields) {
    if (typeof field !== 'string' || field.length > 256) return undefined;
    if (/^[a-z0-9_]+$/.test(field)) columns.push(field);
    else if (/^"(?:[^"]|"")+"$/.test(field)) columns.push(field.slice(1, -1).replaceAll('""', '"'));
    else return undefined;
  }
  return columns;
}
