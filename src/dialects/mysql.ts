import { byCode, type KindsByCode, markUnread } from '../translator.ts';
import type { Dialect, Violation } from '../violation.ts';
import { conditionOf, type Draft, Facts, textOf } from './facts.ts';

/**
 * MySQL's and MariaDB's error numbers that are a violation. The number decides; the driver's name for it does not
 * (mysql2 names MariaDB's numbers from MySQL's list), and SQLSTATE only tells two meanings of one number apart.
 * Source: https://dev.mysql.com/doc/mysql-errors/9.4/en/server-error-reference.html,
 * https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
 */
export const ERRNOS: KindsByCode = /* @__PURE__ */ byCode({
  unique_violation: [
    1022, // ER_DUP_KEY
    1062, // ER_DUP_ENTRY
    1169, // ER_DUP_UNIQUE
    1557, // ER_FOREIGN_DUPLICATE_KEY: a cascade would duplicate a child's key
    1586, // ER_DUP_ENTRY_WITH_KEY_NAME
    1761, // ER_FOREIGN_DUPLICATE_KEY_WITH_CHILD_INFO
    1762, // ER_FOREIGN_DUPLICATE_KEY_WITHOUT_CHILD_INFO
    1859, // ER_DUP_UNKNOWN_IN_INDEX
  ],
  foreign_key_violation: [
    1216, // ER_NO_REFERENCED_ROW: without names
    1217, // ER_ROW_IS_REFERENCED: without names
    1451, // ER_ROW_IS_REFERENCED_2
    1452, // ER_NO_REFERENCED_ROW_2
  ],
  check_violation: [
    3819, // ER_CHECK_CONSTRAINT_VIOLATED: MySQL
    // A number that means something else on the other server stands with the SQLSTATE of the meaning that counts.
    '4025/23000', // MariaDB: ER_CONSTRAINT_FAILED; MySQL: ER_INNODB_AUTOEXTEND_SIZE_OUT_OF_RANGE
  ],
  not_null_violation: [
    1048, // ER_BAD_NULL_ERROR
    1263, // ER_WARN_NULL_TO_NOTNULL: LOAD DATA
    1364, // ER_NO_DEFAULT_FOR_FIELD: the column was left out
    1423, // ER_NO_DEFAULT_FOR_VIEW_FIELD
  ],
  raise_exception: [
    1644, // ER_SIGNAL_EXCEPTION: SIGNAL without a number of its own
  ],
  serialization_failure: [
    1020, // ER_CHECKREAD: MariaDB, innodb_snapshot_isolation (the default since 11.6.2)
    3101, // ER_TRANSACTION_ROLLBACK_DURING_COMMIT: group replication
    // TiDB: the whole transaction is rolled back and may be run again. Not run live here: the server does not run on a
    // test machine. Source: https://docs.pingcap.com/tidb/stable/error-codes,
    // https://docs.pingcap.com/tidb/stable/dev-guide-transaction-troubleshoot
    8002, // a SELECT FOR UPDATE met a conflict at COMMIT
    8022, // the COMMIT failed
    8028, // the schema was changed meanwhile
    9007, // write conflict
  ],
  deadlock_detected: [
    1213, // ER_LOCK_DEADLOCK: the whole transaction is rolled back; Galera's conflicts at COMMIT too
    1614, // ER_XA_RBDEADLOCK
    3058, // ER_USER_LOCK_DEADLOCK
    3132, // ER_LOCKING_SERVICE_DEADLOCK
  ],
  lock_not_available: [
    1205, // ER_LOCK_WAIT_TIMEOUT: only the statement is rolled back; MariaDB's NOWAIT too
    3572, // ER_LOCK_NOWAIT: MySQL
  ],
  query_canceled: [
    1317, // ER_QUERY_INTERRUPTED
    3024, // ER_QUERY_TIMEOUT: MySQL, max_execution_time
    '1969/70100', // MariaDB: ER_STATEMENT_TIMEOUT
  ],
  too_many_connections: [
    1040, // ER_CON_COUNT_ERROR
    1203, // ER_TOO_MANY_USER_CONNECTIONS
  ],
  string_data_right_truncation: [
    1406, // ER_DATA_TOO_LONG
  ],
  numeric_value_out_of_range: [
    1264, // ER_WARN_DATA_OUT_OF_RANGE
    1690, // ER_DATA_OUT_OF_RANGE
    '167/22003', // MariaDB: AUTO_INCREMENT is exhausted
  ],
  invalid_text_representation: [
    1265, // WARN_DATA_TRUNCATED: a word that its ENUM or number column does not take
    1366, // ER_TRUNCATED_WRONG_VALUE_FOR_FIELD
  ],
  read_only_sql_transaction: [
    1792, // ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION
    1836, // ER_READ_ONLY_MODE
    1874, // ER_INNODB_READ_ONLY
  ],
  connection_failure: [
    1042, // ER_BAD_HOST_ERROR
    1043, // ER_HANDSHAKE_ERROR
    1053, // ER_SERVER_SHUTDOWN
    1152, // ER_ABORTING_CONNECTION
    1153, // ER_NET_PACKET_TOO_LARGE
    1154, // ER_NET_READ_ERROR_FROM_PIPE
    1155, // ER_NET_FCNTL_ERROR
    1156, // ER_NET_PACKETS_OUT_OF_ORDER
    1157, // ER_NET_UNCOMPRESS_ERROR
    1158, // ER_NET_READ_ERROR
    1159, // ER_NET_READ_INTERRUPTED
    1160, // ER_NET_ERROR_ON_WRITE
    1161, // ER_NET_WRITE_INTERRUPTED
    '1927/70100', // MariaDB: ER_CONNECTION_KILLED
  ],
});

/** Numbers that only one of the two servers sends, and so tell which it is. */
const SENDERS: Readonly<Record<string, Dialect | undefined>> = {
  1927: 'mariadb',
  1969: 'mariadb',
  3024: 'mysql',
  3572: 'mysql',
  3819: 'mysql',
  4025: 'mariadb',
};

/** The fields of a server error that carry facts: the names that mysql2, mysql and mariadb share. */
export interface MysqlFields {
  readonly errno: number;
  readonly sqlState?: unknown;
  /** In the server's language; may hold a value of a row, unescaped and cut at about 64 characters. */
  readonly sqlMessage?: unknown;
}

/** The facts of an error of a MySQL or MariaDB server; `undefined` when it is no violation. */
export function mysqlViolation(driver: string, error: MysqlFields, dialect?: Dialect): Violation | undefined {
  const code = String(error.errno);
  const sqlState = textOf(error.sqlState);
  // 45000 is SIGNAL's alone, whatever number comes with it: the schema's own code said so, no constraint did.
  const isSignal = sqlState === '45000';
  const kind = isSignal ? 'raise_exception' : (ERRNOS.get(code) ?? ERRNOS.get(`${code}/${sqlState}`));
  if (kind === undefined) return undefined;

  const violation = new Facts(kind, driver, code);
  const server = (isSignal ? undefined : SENDERS[code]) ?? dialect;
  if (server !== undefined) violation.dialect = server;
  if (sqlState !== undefined) violation.sqlState = sqlState;
  // The servers cut their messages at 512 bytes: what is much longer is not theirs, and not read.
  // Source: MYSQL_ERRMSG_SIZE in https://github.com/mysql/mysql-server/blob/9.4/include/mysql_com.h
  const message = textOf(error.sqlMessage);
  const text = message === undefined || message.length > 2048 ? '' : message;

  switch (kind) {
    case 'unique_violation':
      readUnique(violation, error.errno, text, server);
      break;
    case 'foreign_key_violation':
      violation.direction = code === '1452' || code === '1216' ? 'parent_missing' : 'still_referenced';
      readForeignKey(violation, text, server);
      break;
    case 'check_violation':
      readCheck(violation, text);
      break;
    case 'raise_exception': {
      const condition = conditionOf(text);
      if (condition !== undefined) violation.condition = condition;
      break;
    }
    case 'not_null_violation':
    case 'string_data_right_truncation':
    case 'numeric_value_out_of_range':
    case 'invalid_text_representation':
      readColumn(violation, text);
      break;
    case 'serialization_failure': {
      // TiDB quotes values in its text.
      const table = code === '1020' ? quoted(text) : undefined;
      if (table !== undefined) violation.table = table;
      violation.retryable = true;
      break;
    }
    case 'deadlock_detected':
      violation.retryable = true;
      break;
  }
  return violation as Violation;
}

/**
 * `Duplicate entry 'x' for key 'users.uq_email'`: the key is what stands last in quotes, in every language; the value
 * before it is the user's and may hold the same words. MySQL puts the table before the key since 8.0.19, MariaDB and
 * older servers do not. The columns are never told.
 */
function readUnique(violation: Draft, errno: number, text: string, dialect: Dialect | undefined): void {
  if (errno === 1022 || errno === 1169) {
    const table = quoted(text);
    if (table !== undefined && !table.includes("'")) violation.table = table;
    return;
  }
  // Vitess puts its own words around the server's, the statement with all values among them.
  if (errno === 1557 || errno === 1762 || text.startsWith('target: ')) return;
  // In English what follows the words is the key, even if it has an apostrophe.
  const english = text.startsWith("Duplicate entry '") ? text.lastIndexOf("' for key '") : -1;
  const key =
    english !== -1 && text.endsWith("'")
      ? { name: text.slice(english + 11, -1), start: english + 10 }
      : lastQuoted(text);
  if (key === undefined || key.name === '') return;
  if (text.length - key.start - key.name.length > FURTHEST) return;
  // A key always comes after something else in quotes. Without that, SIGNAL has put its own text to the number.
  if (errno !== 1859 && text.indexOf("'") === key.start) return;
  if (errno === 1761) {
    const table = lastQuoted(text.slice(0, key.start));
    if (table !== undefined) violation.table = table.name;
    violation.constraint = key.name;
    return;
  }
  const dot = key.name.indexOf('.');
  if (dot < 0 || dialect === 'mariadb') {
    violation.constraint = key.name;
  } else if (key.name.includes('.', dot + 1) || (dialect === undefined && !isOrdinary(key.name))) {
    // `a.b.c` is table a with key b.c or table a.b with key c; 'odd.name key' may be a key of MariaDB's.
    markUnread(violation, key.name);
    return;
  } else if (dot > 0 && dot < key.name.length - 1) {
    // Neither of the two has an empty name.
    violation.table = key.name.slice(0, dot);
    violation.constraint = key.name.slice(dot + 1);
  }
  if (violation.constraint === 'PRIMARY') violation.primaryKey = true;
}

/** In no language does more than this follow the key and its two quotes. */
const FURTHEST = 40;

/** False for names that nobody's generator makes: with spaces, quotes, brackets or commas. */
function isOrdinary(name: string): boolean {
  return !/[ '"`(),]/.test(name);
}

/**
 * `… a foreign key constraint fails (`shop`.`orders`, CONSTRAINT `orders_fk` FOREIGN KEY (`a`, `b`) REFERENCES
 * `customers` (`a`, `b`) ON DELETE …)`. Only the part in parentheses is read, and it is the same in every language.
 * It is missing for users without rights on the other table, and cut at about 190 bytes: what is cut is left out.
 */
function readForeignKey(violation: Draft, text: string, dialect: Dialect | undefined): void {
  const narrow = text.indexOf('(');
  // Chinese messages of MariaDB have full-width parentheses; behind another one it is part of a name.
  const wide = text.lastIndexOf('（', narrow);
  const opened = wide === -1 ? narrow : wide;
  if (opened === -1) return;
  const reader = new NameReader(text, opened + 1, dialect);
  const schema = reader.name('.');
  const table = reader.name(', CONSTRAINT ');
  if (schema.end && table.end) {
    if (schema.name !== undefined) violation.schema = schema.name;
    // ALTER TABLE … ADD FOREIGN KEY over bad rows names its temporary copy.
    if (table.name !== undefined && !table.name.startsWith('#sql')) violation.table = table.name;
  }
  const constraint = reader.name(' FOREIGN KEY (');
  if (!constraint.end) return;
  if (constraint.name !== undefined) violation.constraint = constraint.name;
  const columns = reader.names(') REFERENCES ');
  if (!columns.end) return;
  if (columns.names !== undefined) violation.columns = columns.names;
  let parent = reader.name(' (', '.');
  if (parent.end === '.') parent = reader.name(' (');
  if (!parent.end) return;
  if (parent.name !== undefined) violation.referencedTable = parent.name;
  const referenced = reader.names('))', ') ON ', ')）');
  if (referenced.end && referenced.names !== undefined) violation.referencedColumns = referenced.names;
}

/**
 * MySQL: `Check constraint 'quantity_positive' is violated.` MariaDB: `CONSTRAINT `quantity_positive` failed for
 * `shop`.`items``, where a check that belongs to a column is called `table.column`, though its name is the column's.
 */
function readCheck(violation: Draft, text: string): void {
  if (violation.dialect === 'mysql') {
    const constraint = quoted(text);
    if (constraint !== undefined) violation.constraint = constraint;
    return;
  }
  const path = lastPath(text, 2);
  // SIGNAL has put its own text to the number.
  if (path === undefined) return;
  const [schema, table] = path as [string, string];
  violation.schema = schema;
  violation.table = table;
  const { name } = new NameReader(text, text.indexOf('`'), 'mariadb').name(' ');
  if (name !== undefined) violation.constraint = name.startsWith(`${table}.`) ? name.slice(table.length + 1) : name;
}

/**
 * `Column 'email' cannot be null`, `… for column 'n' at row 1`; MariaDB also `… for column `shop`.`items`.`n``. A value
 * may come before the column, never after it.
 */
function readColumn(violation: Draft, text: string): void {
  if (violation.code === '1423' || violation.code === '1690') return; // they name a view, an expression
  const isPath = !text.includes("'", text.lastIndexOf('`'));
  const path = isPath ? lastPath(text, 3) : undefined;
  if (path !== undefined) {
    const [schema, table, column] = path as [string, string, string];
    violation.schema = schema;
    violation.table = table;
    violation.columns = [column];
    return;
  }
  // MariaDB's Chinese has a path that is none, behind the value: `` `shop`items`n` ``.
  const column = violation.code !== '1366' ? quoted(text) : isPath ? undefined : lastQuoted(text)?.name;
  if (column !== undefined) violation.columns = [column];
}

/** The last names of the text in backticks, joined by dots: `` `shop`.`items`.`n` ``. MariaDB doubles one inside. */
function lastPath(text: string, length: number): string[] | undefined {
  const names: string[] = [];
  let end = text.lastIndexOf('`');
  for (;;) {
    let start = text.lastIndexOf('`', end - 1);
    while (text[start - 1] === '`') start = text.lastIndexOf('`', start - 2);
    if (start === -1 || start >= end - 1) return undefined;
    names.unshift(text.slice(start + 1, end).replaceAll('``', '`'));
    if (names.length === length) return names;
    end = start - 2;
    if (!text.startsWith('`.', end)) return undefined;
  }
}

/** What stands between the first and the last apostrophe that is a quotation mark. */
function quoted(text: string): string | undefined {
  let start = text.indexOf("'");
  while (isLetter(text.charCodeAt(start - 1))) start = text.indexOf("'", start + 1);
  const end = lastClosing(text);
  return start !== -1 && start < end - 1 ? text.slice(start + 1, end) : undefined;
}

/** The last name in apostrophes and where its first one is; `undefined` where an apostrophe may be part of the name. */
function lastQuoted(text: string): { name: string; start: number } | undefined {
  const end = lastClosing(text);
  const start = text.lastIndexOf("'", end - 1);
  if (start === -1 || start >= end - 1 || isLetter(text.charCodeAt(start - 1))) return undefined;
  return { name: text.slice(start + 1, end), start };
}

/** The last apostrophe that does not stand before a letter, as the one of `doesn't` does. */
function lastClosing(text: string): number {
  let end = text.lastIndexOf("'");
  while (end > 0 && isLetter(text.charCodeAt(end + 1))) end = text.lastIndexOf("'", end - 1);
  return end;
}

/** Latin letters, digits and `_`; an apostrophe beside another script is a quotation mark. */
function isLetter(code: number): boolean {
  const lower = code | 32;
  return (lower >= 97 && lower <= 122) || (code >= 48 && code <= 57) || code === 95 || (code >= 0xc0 && code <= 0x24f);
}

/** Reads names one after another, each up to the text that must follow it. */
class NameReader {
  private readonly text: string;
  private at: number;
  private readonly dialect: Dialect | undefined;

  constructor(text: string, at: number, dialect: Dialect | undefined) {
    this.text = text;
    this.at = at;
    this.dialect = dialect;
  }

  /**
   * The name here and which of `ends` follows it; no `end` when none does. Names stand in backticks, in double quotes
   * (ANSI_QUOTES) or bare (sql_quote_show_create=0). MariaDB and MySQL 5 double a quote inside, MySQL 9 does not: a
   * doubled one is read only when the server is known to be MariaDB, else the name is left out.
   */
  name(...ends: string[]): { name?: string; end?: string } {
    const { text, at } = this;
    const quote = text[at] === '`' || text[at] === '"' ? (text[at] as string) : '';
    const from = at + quote.length;
    let found: string | undefined;
    let to = text.length;
    for (const end of ends) {
      const place = this.closing(quote, end, from);
      if (place >= from && place < to) {
        to = place;
        found = end;
      }
    }
    if (found === undefined) return {};
    this.at = to + quote.length + found.length;
    let name = text.slice(from, to);
    if (quote !== '' && name.includes(quote + quote)) {
      if (this.dialect !== 'mariadb') return { end: found };
      name = name.replaceAll(quote + quote, quote);
    }
    return name === '' ? { end: found } : { name, end: found };
  }

  /**
   * Where the quote before this end is; the end itself where names have no quotes; less than nothing where it is
   * missing. Without making a text of the two.
   */
  private closing(quote: string, end: string, from: number): number {
    const { text } = this;
    let place = text.indexOf(end, from + quote.length);
    if (quote !== '') while (place !== -1 && text[place - 1] !== quote) place = text.indexOf(end, place + 1);
    return place - quote.length;
  }

  /** A list of names, up to one of `ends`. */
  names(...ends: string[]): { names?: string[]; end: string | undefined } {
    const names: string[] = [];
    let whole = true;
    for (;;) {
      const { name, end } = this.name(', ', ...ends);
      if (name === undefined) whole = false;
      else names.push(name);
      if (end !== ', ') return whole ? { names, end } : { end };
    }
  }
}
