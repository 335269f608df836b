// #region readme: Objection
import { knexConflicts } from 'db-http-errors/orms/knex';
import Knex from 'knex';
import { Model } from 'objection';
import { conflicts } from './conflicts.ts';

export const knex = Knex({ client: 'pg', connection: process.env.DATABASE_URL ?? '' });
knex.on('query-error', knexConflicts(conflicts));
Model.knex(knex);
// #endregion
