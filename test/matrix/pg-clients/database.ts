// #region readme: pg-promise
import { pgPromiseConflicts } from 'db-http-errors/orms/pg-promise';
import pgPromise from 'pg-promise';
import { conflicts } from './conflicts.ts';

const pgp = pgPromise({ extend: pgPromiseConflicts(conflicts) });
export const db = pgp(process.env.DATABASE_URL ?? '');
// #endregion
