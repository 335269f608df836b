import type { Dialect } from '../violation.ts';
import type { StoredAnswer } from './answers.ts';
import type { Subject } from './request.ts';

/** One statement, with a question mark for each value. */
export interface Statement {
  readonly sql: string;
  readonly values: readonly unknown[];
}

/** What a statement gave. */
export interface Result {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** Rows that were written. */
  readonly changes: number;
}

/** The databases that the statements are written for. CockroachDB and YugabyteDB are the first, MariaDB and TiDB the second. */
export type StoreDialect = 'postgresql' | 'mysql' | 'sqlite';

/** What the dialects write differently. Milliseconds everywhere; the time is the database's. */
interface Words {
  /** Of the statement's or transaction's begin, in a form that no session's time zone changes. */
  readonly now: string;
  /** `now` and a number of milliseconds: one value. */
  readonly later: string;
  /** Milliseconds until the lease is over. */
  readonly left: string;
  /** What makes an INSERT of a row that is there do nothing but wait for whoever writes it. */
  readonly orNothing: string;
  readonly forUpdate: string;
  /** True where the number of written rows tells whether a row was there. */
  readonly tellsInserted: boolean;
  text(value: string): unknown;
  /** Lets statements wait for a lock no longer than this, and gives the statement that undoes it. */
  bound(milliseconds: number): readonly [before: Statement, after: (result: Result) => Statement] | undefined;
  /** Deletes up to this many expired rows: one statement, or one that says which and one that does it. */
  sweep(table: string, batch: number): readonly [Statement, ((result: Result) => Statement)?];
}

const POSTGRESQL: Words = {
  now: 'now()',
  later: "now() + CAST(? AS double precision) * interval '1 millisecond'",
  left: 'extract(epoch from lease_until - now()) * 1000',
  orNothing: 'ON CONFLICT (scope, idempotency_key) DO NOTHING',
  forUpdate: '',
  tellsInserted: true,
  text: (value) => value,
  bound: (milliseconds) => [
    {
      sql: "SELECT current_setting('lock_timeout') AS before, set_config('lock_timeout', ?, true)",
      values: [String(Math.max(1, Math.ceil(milliseconds)))], // 0 is no limit
    },
    ({ rows }) => ({ sql: "SELECT set_config('lock_timeout', ?, true)", values: [rows[0]?.before] }),
  ],
  // Two plain statements, which Citus sends to its shards: no subquery, no ctid.
  sweep: (table, batch) => [
    {
      sql: `SELECT CAST(expires_at AS text) AS last FROM ${table} WHERE expires_at < now() ORDER BY expires_at LIMIT 1 OFFSET ${batch - 1}`,
      values: [],
    },
    ({ rows: [row] }) => ({
      sql: `DELETE FROM ${table} WHERE expires_at < now()${row ? ' AND expires_at <= CAST(? AS timestamptz)' : ''}`,
      values: row ? [row.last] : [],
    }),
  ],
};

const MYSQL: Words = {
  now: 'UTC_TIMESTAMP(6)',
  later: 'UTC_TIMESTAMP(6) + INTERVAL (? * 1000) MICROSECOND',
  left: 'TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), lease_until) / 1000',
  // INSERT IGNORE would also swallow what is no duplicate. It locks the row exclusively, as the reading after it does:
  // two that had it shared would deadlock. Source: https://dev.mysql.com/doc/refman/8.4/en/innodb-locks-set.html
  orNothing: 'ON DUPLICATE KEY UPDATE token = token',
  // TiDB reads what there was at the begin of the transaction, unless it locks what it reads.
  // Source: https://docs.pingcap.com/tidb/stable/pessimistic-transaction (not run here)
  forUpdate: ' FOR UPDATE',
  // mysql2 asks for the rows found (CLIENT_FOUND_ROWS), which a row that stays as it is counts among.
  tellsInserted: false,
  // As bytes: escapes in texts depend on the mode of the session (NO_BACKSLASH_ESCAPES).
  text: (value) => Buffer.from(value),
  bound: (milliseconds) => [
    {
      sql: `SET @db_http_errors_wait = @@SESSION.innodb_lock_wait_timeout, SESSION innodb_lock_wait_timeout = ${Math.max(1, Math.ceil(milliseconds / 1000))}`,
      values: [],
    },
    () => ({ sql: 'SET SESSION innodb_lock_wait_timeout = @db_http_errors_wait', values: [] }),
  ],
  sweep: (table, batch) => [
    { sql: `DELETE FROM ${table} WHERE expires_at < UTC_TIMESTAMP(6) ORDER BY expires_at LIMIT ${batch}`, values: [] },
  ],
};

/** Milliseconds since 1970, as an integer. `unixepoch('subsec')` is of SQLite 3.42. */
const SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000.0 AS INTEGER)";

const SQLITE: Words = {
  now: SQLITE_NOW,
  later: `${SQLITE_NOW} + CAST(? AS INTEGER)`,
  left: `lease_until - ${SQLITE_NOW}`,
  orNothing: 'ON CONFLICT (scope, idempotency_key) DO NOTHING',
  forUpdate: '',
  tellsInserted: true,
  text: (value) => value,
  bound: () => undefined,
  sweep: (table, batch) => [
    {
      sql: `DELETE FROM ${table} WHERE (scope, idempotency_key) IN (SELECT scope, idempotency_key FROM ${table} WHERE expires_at < ${SQLITE_NOW} ORDER BY expires_at LIMIT ${batch})`,
      values: [],
    },
  ],
};

const DIALECTS: Readonly<Record<StoreDialect, Words>> = { postgresql: POSTGRESQL, mysql: MYSQL, sqlite: SQLITE };

/** A row is in progress until it has its answer. */
const DONE = 1;

/** What is read of a key that is there. */
export interface Row {
  readonly token: string;
  readonly isDone: boolean;
  readonly isExpired: boolean;
  /** Milliseconds of the lease. */
  readonly left: number;
  readonly isSame: boolean;
  readonly answer: StoredAnswer;
}

/** The statements about keys, for one dialect and table. */
export interface Statements extends Pick<Words, 'tellsInserted' | 'bound'> {
  sweep(batch: number): ReturnType<Words['sweep']>;
  insert(subject: Subject, token: string, lease: number, expiry: number): Statement;
  select(subject: Subject): Statement;
  /** Of a row that nobody else has taken meanwhile. */
  takeOver(subject: Subject, token: string, lease: number, expiry: number, before: string): Statement;
  extend(subject: Subject, token: string, lease: number, expiry: number): Statement;
  complete(subject: Subject, token: string, answer: StoredAnswer, expiry: number): Statement;
  release(subject: Subject, token: string): Statement;
}

export function defineStatements(dialect: StoreDialect, table: string): Statements {
  const words = DIALECTS[dialect];
  const { now, later, text } = words;
  const WHERE = 'WHERE scope = ? AND idempotency_key = ?';
  const where = ({ scope, key }: Subject): unknown[] => [text(scope), text(key)];

  return {
    tellsInserted: words.tellsInserted,
    bound: words.bound,
    sweep: (batch) => words.sweep(table, batch),

    insert: (subject, token, lease, expiry) => ({
      sql: `INSERT INTO ${table} (scope, idempotency_key, fingerprint, token, status, lease_until, expires_at, created_at) VALUES (?, ?, ?, ?, 0, ${later}, ${later}, ${now}) ${words.orNothing}`,
      values: [...where(subject), subject.fingerprint, text(token), lease, expiry],
    }),

    select: (subject) => ({
      sql: `SELECT fingerprint, token, status, CASE WHEN expires_at <= ${now} THEN 1 ELSE 0 END AS is_expired, ${words.left} AS lease_left, response_status, response_headers, response_body FROM ${table} ${WHERE}${words.forUpdate}`,
      values: where(subject),
    }),

    takeOver: (subject, token, lease, expiry, before) => ({
      sql: `UPDATE ${table} SET fingerprint = ?, token = ?, status = 0, lease_until = ${later}, expires_at = ${later}, created_at = ${now}, response_status = NULL, response_headers = NULL, response_body = NULL ${WHERE} AND token = ?`,
      values: [subject.fingerprint, text(token), lease, expiry, ...where(subject), text(before)],
    }),

    extend: (subject, token, lease, expiry) => ({
      sql: `UPDATE ${table} SET lease_until = ${later}, expires_at = ${later} ${WHERE} AND token = ? AND status = 0`,
      values: [lease, expiry, ...where(subject), text(token)],
    }),

    complete: (subject, token, answer, expiry) => ({
      sql: `UPDATE ${table} SET status = ${DONE}, response_status = ?, response_headers = ?, response_body = ?, expires_at = ${later} ${WHERE} AND token = ?`,
      values: [answer.status, text(answer.headers), answer.body ?? null, expiry, ...where(subject), text(token)],
    }),

    release: (subject, token) => ({
      sql: `DELETE FROM ${table} ${WHERE} AND token = ? AND status = 0`,
      values: [...where(subject), text(token)],
    }),
  };
}

/** The row that {@link Statements.select} found; `undefined` where there is none. */
export function rowOf({ rows: [row] }: Result, { fingerprint }: Subject): Row | undefined {
  if (row === undefined) return undefined;
  return {
    token: String(row.token),
    isDone: Number(row.status) === DONE,
    isExpired: Number(row.is_expired) === 1,
    left: Number(row.lease_left),
    isSame: fingerprint.equals(row.fingerprint as Buffer),
    answer: {
      status: Number(row.response_status),
      headers: String(row.response_headers ?? '{}'),
      body: (row.response_body as Buffer | null) ?? undefined,
    },
  };
}

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,62}(\.[A-Za-z_][A-Za-z0-9_]{0,62})?$/;

/** @throws {TypeError} for anything but a name, with its schema or without: it becomes a part of statements */
export function checkTable(table: unknown): asserts table is string {
  if (typeof table === 'string' && NAME.test(table)) return;
  throw new TypeError(`Expected the table to be a name like "idempotency_keys", got ${JSON.stringify(table)}`);
}

/**
 * The DDL of the table that keeps the keys. MariaDB and TiDB take MySQL's, CockroachDB, YugabyteDB and Citus
 * PostgreSQL's. Keys and scopes are compared byte by byte.
 *
 * @param table with its schema or without. @default 'idempotency_keys'
 * @throws {TypeError} for another dialect, and for what is no name
 */
export function idempotencyTableSql(dialect: Dialect, table = 'idempotency_keys'): string {
  checkTable(table);
  const [name = '', schema] = table.split('.').reverse();
  const index = `${name}_expires_at`;
  if (dialect === 'mysql' || dialect === 'mariadb') {
    return `CREATE TABLE IF NOT EXISTS ${table} (
  scope VARBINARY(255) NOT NULL,
  idempotency_key VARBINARY(255) NOT NULL,
  fingerprint BINARY(32) NOT NULL,
  token VARBINARY(36) NOT NULL,
  status SMALLINT NOT NULL,
  lease_until DATETIME(6) NOT NULL,
  expires_at DATETIME(6) NOT NULL,
  created_at DATETIME(6) NOT NULL,
  response_status SMALLINT,
  response_headers BLOB,
  response_body LONGBLOB,
  PRIMARY KEY (scope, idempotency_key),
  KEY ${index} (expires_at)
) ENGINE = InnoDB;
`;
  }
  if (dialect === 'postgresql') {
    return `CREATE TABLE IF NOT EXISTS ${table} (
  scope varchar(255) NOT NULL,
  idempotency_key varchar(255) NOT NULL,
  fingerprint bytea NOT NULL,
  token varchar(36) NOT NULL,
  status smallint NOT NULL,
  lease_until timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL,
  response_status smallint,
  response_headers text,
  response_body bytea,
  PRIMARY KEY (scope, idempotency_key)
);
CREATE INDEX IF NOT EXISTS ${index} ON ${table} (expires_at);
`;
  }
  if (dialect === 'sqlite') {
    return `CREATE TABLE IF NOT EXISTS ${table} (
  scope TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint BLOB NOT NULL,
  token TEXT NOT NULL,
  status INTEGER NOT NULL,
  lease_until INTEGER NOT NULL,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  response_status INTEGER,
  response_headers TEXT,
  response_body BLOB,
  PRIMARY KEY (scope, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ${schema === undefined ? index : `${schema}.${index}`} ON ${name} (expires_at);
`;
  }
  throw new TypeError(
    `Expected the dialect to be "postgresql", "mysql", "mariadb" or "sqlite", got ${JSON.stringify(dialect)}`,
  );
}
