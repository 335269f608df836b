// #region readme: @databases/pg
import databases from '@databases/pg';
import { conflicts } from './conflicts.ts';

export const db = conflicts.wrap(databases.default({ connectionString: process.env.DATABASE_URL ?? '' }));
// #endregion
