// #region readme: slonik
import { slonikConflicts } from 'db-http-errors/orms/slonik';
import { createPool } from 'slonik';
import { conflicts } from './conflicts.ts';

export const pool = await createPool(process.env.DATABASE_URL ?? '', {
  interceptors: [slonikConflicts(conflicts)],
});
// #endregion
