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
  serialization_failure: [
    '40001', // also CockroachDB, YugabyteDB and Aurora DSQL
    // Not run live here: the servers do not run on a test machine.
    'CR000', // CockroachDB before 2.0: retry transaction. Source: https://github.com/cockroachdb/cockroach-go/blob/master/crdb/common.go
    'OC000', // Aurora DSQL: conflict on data. Source: https://docs.aws.amazon.com/aurora-dsql/latest/userguide/working-with-concurrency-control.html
    'OC001', // Aurora DSQL: conflict on the schema
  ],
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
