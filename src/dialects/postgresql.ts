import { SQLSTATES } from '../sqlstate.ts';
import { markRaised } from '../translator.ts';
import type { Violation } from '../violation.ts';
import { conditionOf, Facts, ownText, textOf } from './facts.ts';

/**
 * The error fields of PostgreSQL's protocol that carry facts, under pg's names.
 * Source: https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
export interface PostgresqlFields {
  readonly code: string;
  /** In the server's language. Names in it are quoted but not escaped; it never holds a value of a row. */
  readonly message?: unknown;
  /** In the server's language; holds values. Left out for roles without SELECT and under row-level security. */
  readonly detail?: unknown;
  /** In the server's language. */
  readonly hint?: unknown;
  readonly schema?: unknown;
  readonly table?: unknown;
  /** Only NOT NULL fills it, and RAISE. */
  readonly column?: unknown;
  readonly constraint?: unknown;
  /** The C function that reported the error; `exec_stmt_raise` for PL/pgSQL's RAISE. */
  readonly routine?: unknown;
}

/** What reports the errors that PL/pgSQL's RAISE makes. */
const RAISE = 'exec_stmt_raise';

/** The facts of an error of a server that speaks PostgreSQL's protocol; `undefined` when it is no violation. */
export function postgresqlViolation(driver: string, error: PostgresqlFields): Violation | undefined {
  const { code } = error;
  // RAISE may use any SQLSTATE and fill any field: the fields are facts of the schema's own code, the texts are free.
  const raised = error.routine === RAISE;
  const kind = SQLSTATES.get(code) ?? (raised ? 'raise_exception' : undefined);
  if (kind === undefined) return undefined;

  const violation = new Facts(kind, driver, code);
  violation.dialect = 'postgresql';
  violation.sqlState = code;
  const schema = textOf(error.schema);
  if (schema !== undefined) violation.schema = schema;
  const table = textOf(error.table);
  if (table !== undefined) violation.table = table;
  const column = textOf(error.column);
  if (column !== undefined) violation.columns = [column];
  const constraint = textOf(error.constraint);
  if (constraint !== undefined) violation.constraint = constraint;
  const detail = raised ? undefined : textOf(error.detail);

  switch (kind) {
    case 'unique_violation':
    case 'exclusion_violation': {
      const columns = detail && keyColumns(detail);
      if (columns) violation.columns = columns;
      break;
    }
    case 'foreign_key_violation': {
      // The message is the server's own and short, but Knex may have put a long statement before it.
      const message = messageOf(error)?.slice(-1024);
      const other = message && table && constraint && otherName(message, table, constraint);
      if (code === '23001' || other) {
        violation.direction = 'still_referenced';
        if (other) violation.referencedTable = other;
        const columns = detail && foreignKeyColumns(detail);
        if (columns) violation.referencedColumns = columns;
      } else if (other === '') {
        violation.direction = 'parent_missing';
        const parent = detail && parentOf(detail);
        if (parent) violation.referencedTable = parent;
        const columns = detail && foreignKeyColumns(detail);
        if (columns) violation.columns = columns;
      }
      break;
    }
    case 'raise_exception': {
      const message = messageOf(error);
      const condition = message && conditionOf(ownText(message));
      if (condition) violation.condition = condition;
      break;
    }
    case 'serialization_failure':
    case 'deadlock_detected':
      violation.retryable = true;
      break;
  }
  if (raised) markRaised(violation as Violation);
  return violation as Violation;
}

/**
 * The message without the detail and the hint that MikroORM puts behind it.
 * Source: https://github.com/mikro-orm/mikro-orm/blob/v7.2.1/packages/sql/src/dialects/postgresql/PostgreSqlExceptionConverter.ts
 */
function messageOf({ message, detail, hint }: PostgresqlFields): string | undefined {
  const text = textOf(message);
  return text && without(without(text, '\n - hint: ', hint), '\n - detail: ', detail);
}

/** A text without a label and another text at its end. */
function without(text: string, label: string, end: unknown): string {
  if (typeof end !== 'string' || !text.endsWith(end)) return text;
  const rest = text.slice(0, text.length - end.length);
  return rest.endsWith(label) ? rest.slice(0, -label.length) : text;
}

/**
 * The columns of `Key (email, "Full Name")=(…) already exists.`, in any language: the descriptor survives every
 * translation. `undefined` when a part is an expression. Names that need quotes have them, doubled inside.
 * Source: https://github.com/postgres/postgres/blob/REL_18_0/src/backend/access/index/genam.c (BuildIndexValueDescription)
 */
function keyColumns(detail: string): readonly string[] | undefined {
  const columns: string[] = [];
  let at = detail.indexOf('(');
  // An index has 32 columns at most.
  while (columns.length < 32) {
    const start = at + 1;
    if (detail[start] === '"') {
      at = start;
      do {
        at = detail.indexOf('"', at + 1);
        if (at === -1 || at > start + LONGEST_NAME) return undefined;
      } while (detail[at + 1] === '"' && ++at);
      if (at === start + 1) return undefined;
      columns.push(detail.slice(start + 1, at).replaceAll('""', '"'));
      at++;
    } else {
      at = start;
      while (isPlain(detail.charCodeAt(at)) && at < start + LONGEST_NAME) at++;
      if (at === start) return undefined;
      columns.push(detail.slice(start, at));
    }
    // A copy has no room to grow, which this one has for sixteen.
    if (detail.startsWith(')=(', at)) return columns.slice();
    if (!detail.startsWith(', ', at)) return undefined;
    at++;
  }
  return undefined;
}

/** What PostgreSQL's quote_identifier() leaves without quotes. */
function isPlain(code: number): boolean {
  return (code >= 97 && code <= 122) || code === 95 || (code >= 48 && code <= 57);
}

/**
 * The columns of `Key (customer_id)=(42) is not present in table "customers".` Foreign-key details do not quote
 * names: `(a, b)` is one column or two. It is two when there are as many values, one when there is one value, and
 * otherwise left out, as is a descriptor that ends in two places.
 * Source: https://github.com/postgres/postgres/blob/REL_18_0/src/backend/utils/adt/ri_triggers.c (ri_ReportViolation)
 */
function foreignKeyColumns(detail: string): string[] | undefined {
  // A key of an index has 2.7 kB; what is much longer is not worth the time that reading it takes.
  if (detail.length > LONGEST_DETAIL) return undefined;
  const end = detail.indexOf(')=(');
  if (end === -1 || end > LONGEST_KEY || detail.includes(')=(', end + 1)) return undefined;
  // Japanese puts the table, in quotes, before the key.
  const first = detail.indexOf('(');
  const start = quoteBefore(detail, first) < 0 ? first : detail.indexOf('(', quoteBefore(detail, end));
  const names = detail.slice(start + 1, end);
  if (names === '') return undefined;
  if (!names.includes(', ')) return [names];
  const columns = names.split(', ');
  if (columns.includes('')) return undefined;
  const values = separators(detail, end + 3, detail.lastIndexOf(')')) + 1;
  return columns.length === values ? columns : values === 1 ? [names] : undefined;
}

/** More than 63 characters, each doubled, in quotes. */
const LONGEST_NAME = 256;
/** More than 32 names and what stands before them. */
const LONGEST_KEY = 4096;
const LONGEST_DETAIL = 65_536;

/** How often `, ` stands between two places. */
function separators(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf(', ', from); at !== -1 && at < to; at = text.indexOf(', ', at + 2)) count++;
  return count;
}

/**
 * The parent in `Key (…)=(…) is not present in table "customers".`: the last name in quotes, if the values end before
 * it, or, in languages that put it first, the first one. A name that has quotes itself is left out.
 */
function parentOf(detail: string): string | undefined {
  let end = quoteBefore(detail, detail.length);
  let start = quoteBefore(detail, end);
  if (detail.includes(')', end)) {
    end = quoteBefore(detail, detail.slice(0, LONGEST_KEY).indexOf(')=('));
    start = quoteBefore(detail, end);
  }
  return start < 0 || /\w/.test(detail.charAt(start - 1)) ? undefined : unquoted(detail, start, end);
}

/**
 * Which name a foreign-key message has besides the table and the constraint that the fields give: none (`''`) when
 * the parent is missing, the parent's when the row is still referenced. This holds in every language of the server;
 * the words do not. `undefined` when the message is not the server's own.
 */
function otherName(message: string, table: string, constraint: string): string | undefined {
  // Knex puts the statement, full of quoted names, and ' - ' before the message.
  const prefix = Math.max(message.lastIndexOf(' - ', message.lastIndexOf(constraint)), 0);
  return nameBeside(message.slice(prefix), table, constraint) ?? nameBeside(message, table, constraint);
}

function nameBeside(text: string, table: string, constraint: string): string | undefined {
  const first = placeOf(text, constraint);
  if (first === undefined) return undefined;
  const second = placeOf(text, table, first);
  if (second === undefined) return undefined;
  let start = -1;
  let end = -1;
  for (let at = 0; at < text.length; at++) {
    if (at === first.start) at = first.end;
    else if (at === second.start) at = second.end;
    else if (isQuote(text, at)) {
      if (start < 0) start = at;
      end = at;
    }
  }
  return start < end ? unquoted(text, start, end) : '';
}

/** From one quotation mark to the other. */
interface Place {
  readonly start: number;
  readonly end: number;
}

/** The first place where a text has this name in quotes, outside of another place. */
function placeOf(text: string, name: string, taken?: Place): Place | undefined {
  for (let at = text.indexOf(name); at !== -1; at = text.indexOf(name, at + 1)) {
    let start = at - 1;
    let end = at + name.length;
    if (isSpace(text, start) && isSpace(text, end)) {
      start--; // French: « name »
      end++;
    }
    const free = taken === undefined || end < taken.start || start > taken.end;
    if (free && isQuote(text, start) && isQuote(text, end)) return { start, end };
  }
  return undefined;
}

/** What stands between two quotation marks, and in French between two spaces, too. */
function unquoted(text: string, start: number, end: number): string {
  const french = text.charAt(start) === '«' && isSpace(text, start + 1) && isSpace(text, end - 1) ? 1 : 0;
  return text.slice(start + 1 + french, end - french);
}

/** The last quotation mark before a place, no further away than a name is long; -1 when there is none. */
function quoteBefore(text: string, from: number): number {
  const furthest = Math.max(from - LONGEST_NAME, 0);
  let at = from - 1;
  while (at >= furthest && !isQuote(text, at)) at--;
  return at < furthest ? -1 : at;
}

/** The quotation marks of the server's translations: " « » “ ” „ 「 」 『 』. The apostrophe is none of them. */
function isQuote(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  // Most characters are none of them, and below all but the first.
  if (code < 0xab) return code === 0x22;
  return code === 0xab || code === 0xbb || (code >= 0x201c && code <= 0x201e) || (code >= 0x300c && code <= 0x300f);
}

/** A space, also one that does not break. */
function isSpace(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0xa0 || code === 0x202f;
}

/**
 * The values behind the columns of a violation: with one column all that there is, with more only when they can be told
 * apart.
 */
export function postgresqlValues(error: PostgresqlFields): readonly string[] | undefined {
  const violation = postgresqlViolation('', error);
  const detail = textOf(error.detail);
  if (detail === undefined || error.routine === RAISE) return undefined;
  if (violation?.kind !== 'unique_violation' && violation?.kind !== 'foreign_key_violation') return undefined;
  const { columns = [] } = violation;
  // What ends the key may stand in the name of a column: it is looked for behind them.
  let at = 0;
  for (const column of columns) at = Math.max(detail.indexOf(column, at), at) + column.length;
  const key = detail.indexOf(')=(', at);
  const end = detail.lastIndexOf(')');
  if (key === -1 || key === end) return undefined;
  const values = detail.slice(key + 3, end);
  if (columns.length === 1) return [values];
  if (values.length > LONGEST_DETAIL) return undefined;
  const parts = values.split(', ');
  return parts.length === columns.length ? parts : undefined;
}
