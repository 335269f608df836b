// #region readme: Knex
import { knexConflicts } from 'db-http-errors/orms/knex';
import Knex from 'knex';
import { conflicts } from './conflicts.ts';

export const knex = Knex({ client: 'pg', connection: process.env.DATABASE_URL ?? '' });
knex.on('query-error', knexConflicts(conflicts));
// #endregion
