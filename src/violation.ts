/**
 * What a database said when it refused a statement: the vocabulary of this library. Facts only, no HTTP.
 *
 * Kinds are PostgreSQL's condition names.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */

/** The SQL family that reported the error, where the native object can tell it or the application said it. */
export type Dialect = 'postgresql' | 'mysql' | 'mariadb' | 'sqlite';

/** What every violation carries. A field is absent when the database did not say it: never `null`, `''` or a guess. */
interface Facts {
  /** Name of the translator that read the error: the driver's npm name, such as `'pg'`. */
  readonly driver: string;
  /** Absent where the native object cannot tell (mysql2 without the `dialect` option). */
  readonly dialect?: Dialect;
  /**
   * The native code that decided the kind, always a string: SQLSTATE `'23505'`, MySQL's errno `'1062'`,
   * SQLite's extended result code `'SQLITE_CONSTRAINT_UNIQUE'`.
   */
  readonly code: string;
  /** Five characters, as sent. Absent on SQLite, which has none, and where the driver did not pass it on. */
  readonly sqlState?: string;
  /** The schema (MySQL and MariaDB: the database) of the table, or of the domain that a check belongs to. */
  readonly schema?: string;
  /** The table that owns the constraint; for a foreign key always the child. A partition is named as reported. */
  readonly table?: string;
  /** The constraint's columns on that table, in order. An expression is never a column. */
  readonly columns?: readonly string[];
  /**
   * True when the whole transaction may be run again from its start: a deadlock, a serialization failure, a busy
   * SQLite file. Absent otherwise.
   */
  readonly retryable?: true;
}

/** What a violation of a named constraint carries. */
interface ConstraintFacts extends Facts {
  /** Name of the constraint or of the unique index that raised the error. */
  readonly constraint?: string;
  /**
   * The reported values of {@link Facts.columns} as text, in the same order. Row data: it is a lazy, non-enumerable
   * getter, for the server only. Only PostgreSQL tells values that can be read without doubt.
   */
  readonly values?: readonly string[];
}

export interface UniqueViolation extends ConstraintFacts {
  readonly kind: 'unique_violation';
  /** True where the database says that the constraint is the primary key (MySQL, SQLite). Absent otherwise. */
  readonly primaryKey?: true;
}

export interface ForeignKeyViolation extends ConstraintFacts {
  readonly kind: 'foreign_key_violation';
  /**
   * `parent_missing`: the row refers to a row that does not exist. `still_referenced`: the row cannot go, others
   * refer to it. Absent where the database cannot tell (SQLite, but for RESTRICT).
   */
  readonly direction?: 'parent_missing' | 'still_referenced';
  /** The parent table. */
  readonly referencedTable?: string;
  /** The referenced columns on the parent table, in order. */
  readonly referencedColumns?: readonly string[];
}

export interface CheckViolation extends ConstraintFacts {
  readonly kind: 'check_violation';
  /** The domain that the check belongs to, where a catalog tells (PostgreSQL): then there is no table. */
  readonly domain?: string;
}

export interface ExclusionViolation extends ConstraintFacts {
  readonly kind: 'exclusion_violation';
}

export interface NotNullViolation extends ConstraintFacts {
  readonly kind: 'not_null_violation';
}

/** An error that the schema's own code raised: RAISE (PostgreSQL, SQLite) or SIGNAL (MySQL, MariaDB). */
export interface RaiseException extends ConstraintFacts {
  readonly kind: 'raise_exception';
  /**
   * The raised message where it is a bare identifier (`RAISE(ABORT, 'order_already_shipped')`): the name of a
   * user-defined condition, by which a rule can be registered. Absent for any other message.
   */
  readonly condition?: string;
}

/** Kinds that no constraint raises. */
export interface OtherViolation extends Facts {
  readonly kind:
    | 'serialization_failure'
    | 'deadlock_detected'
    | 'lock_not_available'
    | 'query_canceled'
    | 'too_many_connections'
    | 'string_data_right_truncation'
    | 'numeric_value_out_of_range'
    | 'invalid_text_representation'
    | 'read_only_sql_transaction'
    | 'connection_failure'
    /** The connection was lost at COMMIT: nobody knows whether it took effect. Never retried, never a 409. */
    | 'transaction_resolution_unknown';
}

/** What a database said when it refused a statement, as plain data. A union on `kind`. */
export type Violation =
  | UniqueViolation
  | ForeignKeyViolation
  | CheckViolation
  | ExclusionViolation
  | NotNullViolation
  | RaiseException
  | OtherViolation;

/** One of PostgreSQL's condition names, for every database. */
export type ViolationKind = Violation['kind'];
