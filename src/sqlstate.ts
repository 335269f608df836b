import { byCode, type KindsByCode } from './translator.ts';

/**
 * PostgreSQL's SQLSTATEs that are a violation, for every server and driver that speaks its protocol.
 * Source: https://www.postgresql.org/docs/current/errcodes-appendix.html (src/backend/utils/errcodes.txt)
 */
export const SQLSTATES: KindsByCode = /* @__PURE__ */ byCode({
  unique_violation: ['23505'],
  foreign_key_violation: [
    '23503',
    // restrict_violation: since PostgreSQL 18 what RESTRICT raises, 23503 before. Always the parent's side.
    // Source: https://github.com/postgres/postgres/commit/086c84b23d99c2ad268f97508cd840efc1fdfd79
    '23001',
  ],
  check_violation: ['23514'], // of a table, a domain, a partition bound; also "no partition for row"
  exclusion_violation: ['23P01'], // also a temporal primary key (WITHOUT OVERLAPS)
  not_null_violation: ['23502'],
  raise_exception: ['P0001'],
  serialization_failure: ['40001'],
  deadlock_detected: ['40P01'],
  lock_not_available: ['55P03'], // NOWAIT and lock_timeout
  query_canceled: ['57014'], // statement_timeout and cancel
  too_many_connections: ['53300'],
  string_data_right_truncation: ['22001'],
  numeric_value_out_of_range: ['22003'],
  invalid_text_representation: ['22P02'], // uuid, enum, integer, json …
  read_only_sql_transaction: ['25006'],
  connection_failure: [
    '08000', // connection_exception
    '08001', // sqlclient_unable_to_establish_sqlconnection
    '08003', // connection_does_not_exist
    '08004', // sqlserver_rejected_establishment_of_sqlconnection
    '08006', // connection_failure
    '25P03', // idle_in_transaction_session_timeout: the server closes the connection
    '57P01', // admin_shutdown: also pg_terminate_backend
    '57P02', // crash_shutdown
    '57P03', // cannot_connect_now
    '57P05', // idle_session_timeout
  ],
  transaction_resolution_unknown: [
    '08007', // transaction_resolution_unknown
    '40003', // statement_completion_unknown: CockroachDB's "result is ambiguous"
  ],
});

/**
 * SQLSTATEs of the same neighbourhood that are no violation, each with its condition name and the reason. No code
 * reads this table to classify: whatever {@link SQLSTATES} does not have is left alone.
 * Source: as above.
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
