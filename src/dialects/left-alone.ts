/**
 * Codes of the neighbourhood that are no violation, each with its name and the reason. No code reads these tables to
 * classify: whatever the tables of the dialects do not have is left alone.
 */

/**
 * PostgreSQL’s SQLSTATEs.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const SQLSTATES_LEFT_ALONE: Readonly<Record<string, string>> = {
  '08P01': 'protocol_violation: a bug of the client or the pooler',
  '09000': 'triggered_action_exception: no constraint and no state of the data is named',
  '0A000': 'feature_not_supported: TRUNCATE of a referenced table among others, a statement that can never work',
  '0L000': 'invalid_grantor: permissions',
  '0P000': 'invalid_role_specification: permissions',
  '21000': 'cardinality_violation: ON CONFLICT DO UPDATE met one row twice in one statement, a bug of the statement',
  '22004': 'null_value_not_allowed: an argument of a function, not a column',
  '22007': 'invalid_datetime_format: a condition of its own; validate dates before the database does',
  '22008': 'datetime_field_overflow: as 22007',
  '22012': 'division_by_zero: a bug of the statement',
  '22019': 'invalid_escape_character: a bug of the statement',
  '22021': 'character_not_in_repertoire: bytes that are no text in the database encoding',
  '22023': 'invalid_parameter_value: an argument of a function or a setting',
  '22025': 'invalid_escape_sequence: a bug of the statement',
  '22026': 'string_data_length_mismatch: bit strings',
  '22030': 'duplicate_json_object_key_value: not a row, a key in a JSON value',
  '22P03': 'invalid_binary_representation: a bug of the driver',
  '22P05': 'untranslatable_character: bytes that are no text in the client encoding',
  '23000': 'integrity_constraint_violation: never raised by the server itself; from RAISE it is a raise_exception',
  '25P02': 'in_failed_sql_transaction: an earlier error of the transaction was swallowed, that one has the facts',
  '25P04': 'transaction_timeout: the connection is closed, the transaction was too long',
  '27000': 'triggered_data_change_violation: two triggers change one row, a bug of the schema',
  '28000': 'invalid_authorization_specification: permissions',
  '28P01': 'invalid_password: permissions',
  '2BP01': 'dependent_objects_still_exist: DROP, not a row',
  '40000': 'transaction_rollback: no reason is given',
  '40002': 'transaction_integrity_constraint_violation: not raised by PostgreSQL',
  '42501': 'insufficient_privilege: permissions, row-level security among them',
  '42601': 'syntax_error: a bug of the statement',
  '42701': 'duplicate_column: an object, not a row',
  '42710': 'duplicate_object: an object, not a row',
  '42804': 'datatype_mismatch: a bug of the statement',
  '42830': 'invalid_foreign_key: the declaration of a key, not a row',
  '42P01': 'undefined_table: a bug of the statement or a missing migration',
  '42P07': 'duplicate_table: an object, not a row',
  '42P10': 'invalid_column_reference: no unique constraint fits ON CONFLICT, a bug of the statement',
  '44000': 'with_check_option_violation: the row does not fit a view; a condition of its own, no constraint is named',
  '53000': 'insufficient_resources: the operator',
  '53100': 'disk_full: the operator',
  '53200': 'out_of_memory: the operator',
  '53400': 'configuration_limit_exceeded: the operator',
  '55000': 'object_not_in_prerequisite_state: the statement does not fit the object',
  '55006': 'object_in_use: DROP DATABASE and the like, not a row',
  '57P04': 'database_dropped: the operator',
  '58000': 'system_error: the operator',
  P0002: 'no_data_found: SELECT INTO STRICT in the application’s own functions',
  P0003: 'too_many_rows: SELECT INTO STRICT in the application’s own functions',
  P0004: 'assert_failure: a bug of the application’s own functions',
  XX000: 'internal_error: a bug of the server',
};

/**
 * Error numbers of MySQL and MariaDB.
 * Source: https://dev.mysql.com/doc/mysql-errors/9.4/en/server-error-reference.html,
 * https://mariadb.com/docs/server/reference/error-codes/mariadb-error-code-reference
 */
export const ERRNOS_LEFT_ALONE: Readonly<Record<string, string>> = {
  1044: 'ER_DBACCESS_DENIED_ERROR: permissions',
  1045: 'ER_ACCESS_DENIED_ERROR: permissions',
  1064: 'ER_PARSE_ERROR: a bug of the statement',
  1121: 'ER_NULL_COLUMN_IN_INDEX: a declaration, not a row',
  1138: 'ER_INVALID_USE_OF_NULL: ALTER TABLE over rows that have NULL',
  1142: 'ER_TABLEACCESS_DENIED_ERROR: permissions',
  1143: 'ER_COLUMNACCESS_DENIED_ERROR: permissions',
  1146: 'ER_NO_SUCH_TABLE: a bug of the statement or a missing migration',
  1171: 'ER_PRIMARY_CANT_HAVE_NULL: a declaration, not a row',
  1180: 'ER_ERROR_DURING_COMMIT: an engine’s number without a meaning of its own',
  1206: 'ER_LOCK_TABLE_FULL: the operator',
  1207: 'ER_READ_ONLY_TRANSACTION: locks under READ UNCOMMITTED, a bug of the statement',
  1226: 'ER_USER_LIMIT_REACHED: connections or queries of an hour, the text alone says which',
  1227: 'ER_SPECIFIC_ACCESS_DENIED_ERROR: permissions',
  1252: 'ER_SPATIAL_CANT_HAVE_NULL: a declaration, not a row',
  1290: 'ER_OPTION_PREVENTS_STATEMENT: --read-only or any other option, the text alone says which',
  1292: 'ER_TRUNCATED_WRONG_VALUE: SQLSTATE 22007, a condition of its own; validate dates before the database does',
  1365: 'ER_DIVISION_BY_ZERO: a bug of the statement',
  1369: 'ER_VIEW_CHECK_FAILED: the row does not fit a view; a condition of its own, no constraint is named',
  1370: 'ER_PROCACCESS_DENIED_ERROR: permissions',
  1411: 'ER_WRONG_VALUE_FOR_TYPE: an argument of a function',
  1526: 'ER_NO_PARTITION_FOR_GIVEN_VALUE: the operator forgot a partition',
  1566: 'ER_NULL_IN_VALUES_LESS_THAN: a declaration, not a row',
  1569: 'ER_DUP_ENTRY_AUTOINCREMENT_CASE: ALTER TABLE, not a row',
  1591: 'ER_NO_PARTITION_FOR_GIVEN_VALUE_SILENT: as 1526',
  1613: 'ER_XA_RBTIMEOUT: a transaction branch took too long',
  1689: 'ER_LOCK_ABORTED: a lock was taken away by a statement of the operator',
  1698: 'ER_ACCESS_DENIED_NO_PASSWORD_ERROR: permissions',
  1701: 'ER_TRUNCATE_ILLEGAL_FK: TRUNCATE of a referenced table, a statement that can never work',
  1748: 'ER_ROW_DOES_NOT_MATCH_GIVEN_PARTITION_SET: a bug of the statement',
  3133: 'ER_LOCKING_SERVICE_TIMEOUT: a lock of the application’s own',
  3730: 'ER_FK_CANNOT_DROP_PARENT: DROP TABLE, not a row',
  4030: 'ER_INVALID_JSON… on MySQL, a trigger’s declaration on MariaDB: neither is a violation',
  4031: 'ER_CLIENT_INTERACTION_TIMEOUT on MySQL, a missing trigger on MariaDB, both HY000: the object cannot say which',
};

/**
 * SQLite’s extended result codes.
 * Source: https://sqlite.org/rescode.html
 */
export const RESULT_CODES_LEFT_ALONE: Readonly<Record<string, string>> = {
  SQLITE_ABORT: '4: the statement was aborted, another error says why',
  SQLITE_ABORT_ROLLBACK: '516: the transaction was rolled back under the statement',
  SQLITE_AUTH: '23: permissions',
  SQLITE_CANTOPEN: '14: the operator',
  SQLITE_CONSTRAINT: '19: a virtual table, or a driver that hides which constraint',
  SQLITE_CONSTRAINT_COMMITHOOK: '531: a hook of the application',
  SQLITE_CONSTRAINT_FUNCTION: '1043: an extension’s own function',
  SQLITE_CONSTRAINT_PINNED: '2835: a trigger deleted the row that the statement updates',
  SQLITE_CONSTRAINT_VTAB: '2323: a virtual table’s own rule',
  SQLITE_CORRUPT: '11: the operator',
  SQLITE_ERROR: '1: a bug of the statement',
  SQLITE_FULL: '13: the operator',
  SQLITE_NOTADB: '26: the operator',
  SQLITE_PERM: '3: permissions',
};
