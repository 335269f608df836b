import createError from 'http-errors';
import { type Conflicts, conflict, defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';

/** What every adapter is given: one rule, for the constraint of `conflict`, `native` and `wrapped`. */
export const conflicts: Conflicts = defineConflicts({
  rules: {
    users_email_key: {
      resource: 'user',
      fields: ['email'],
      detail: 'A user with this email address already exists.',
    },
  },
  onUnregistered: () => {},
});

/** What a route throws, by its name; made anew each time. */
export const THROWN: Readonly<Record<string, () => unknown>> = {
  // Answered with words.
  conflict: () => conflicts.translate(unique()),
  native: unique,
  wrapped: () => drizzle(unique()),
  version: () => conflict('version_mismatch', { current_version: 'v4' }),
  busy: () => conflict('busy', { retry_after: 5 }),
  frozen: () => Object.freeze(conflicts.translate(unique())),
  // Errors of a database, or about one, that no client can do anything about.
  required: () => native('not-null'),
  syntax: () => native('syntax-error'),
  refused: () => drizzle(native('connection-refused')),
  // Not ours.
  bug: () => new TypeError('Cannot read properties of undefined (s3cr3t)'),
  missing: () => createError(404, 'There is no such order.'),
  string: () => 'a thrown string',
};

/** Texts of the errors above that no client may see: values, SQL, names of the schema, the driver's words. */
export const CANARIES: readonly string[] = [
  's3cr3t',
  'c4n4ry',
  'alice@example.com',
  'users_email_key',
  'duplicate key',
  'insert into',
  'Failing row',
  'products',
  'SELEKT',
  'ECONNREFUSED',
];

function unique(): Error {
  return native('unique');
}

const first = new Map<string, Error>();

/** An error as `pg` threw it, as a new object. Its fixture is read once: that takes longer than a request. */
function native(name: string): Error {
  const error = first.get(name) ?? captured(`pg/postgresql-18/${name}`);
  first.set(name, error);
  return Object.assign(new (error.constructor as ErrorConstructor)(error.message), error);
}

/**
 * As Drizzle throws: SQL and values in the message.
 * Source: https://github.com/drizzle-team/drizzle-orm/blob/0.45.1/drizzle-orm/src/errors.ts
 */
function drizzle(cause: Error): Error {
  const query = 'insert into "tbl_c4n4ry" ("col_c4n4ry") values ($1)';
  const params = ['s3cr3t'];
  return Object.assign(new Error(`Failed query: ${query}\nparams: ${params}`, { cause }), { query, params });
}
