// #region readme: Sequelize
import { sequelizeConflicts } from 'db-http-errors/orms/sequelize';
import { conflicts } from './conflicts.ts';
import { Org, sequelize } from './models.ts';

const run = sequelizeConflicts(conflicts);

export function createOrg(org: { id: number; slug: string }) {
  return run(() => sequelize.transaction((transaction) => Org.create(org, { transaction })));
}
// #endregion
