import { BetterSqlitePlatform } from '@mikro-orm/better-sqlite';
import { MySqlPlatform } from '@mikro-orm/mysql';
import { PostgreSqlPlatform } from '@mikro-orm/postgresql';
import dbErrors from 'db-errors';
import mysqlQuery from 'sequelize/lib/dialects/mysql/query';
import postgresQuery from 'sequelize/lib/dialects/postgres/query';
import sqliteQuery from 'sequelize/lib/dialects/sqlite/query';
import { fromRoot } from './from-root.js';

/** What people use today, each called as its own project calls it. */

export const createError = fromRoot('http-errors');
const { wrapError } = dbErrors;

export { wrapError };

/** The least that a translator can do: one error of its own. */
export class Bare extends Error {}

export function bare() {
  return new Bare('A resource with this value already exists.');
}

export function httpErrors(error) {
  return createError(409, 'A resource with this value already exists.', { code: 'duplicate', native: error.code });
}

const QUERIES = { pg: postgresQuery, mysql2: mysqlQuery, 'better-sqlite3': sqliteQuery };

/** Sequelize 6 makes an error before every query, for its stack. */
export function sequelize(driver) {
  const { Query = QUERIES[driver] } = QUERIES[driver];
  const query = Object.assign(Object.create(Query.prototype), { options: {}, sequelize: { options: {} } });
  return (error) => {
    const errForStack = new Error();
    return query.formatError(error, errForStack.stack);
  };
}

const PLATFORMS = { pg: PostgreSqlPlatform, mysql2: MySqlPlatform, 'better-sqlite3': BetterSqlitePlatform };

export function mikroOrm(driver) {
  const converter = new PLATFORMS[driver]().getExceptionConverter();
  return (error) => converter.convertException(error);
}

/** The body that a service writes by hand with db-errors and http-errors. */
export function dbErrorsBody(error) {
  const known = wrapError(error);
  const answer =
    known instanceof dbErrors.UniqueViolationError
      ? createError(409, 'A resource with this value already exists.', { code: 'duplicate', type: 'about:blank' })
      : createError(500);
  return JSON.stringify({
    type: answer.type,
    title: 'Conflict',
    status: answer.status,
    detail: answer.message,
    code: answer.code,
    retryable: false,
    recovery: 'change_input',
  });
}
