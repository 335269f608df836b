// #region readme: TypeORM
import { typeormConflicts } from 'db-http-errors/orms/typeorm';
import { DataSource } from 'typeorm';
import { conflicts } from './conflicts.ts';
import { Orgs } from './orgs.ts';

export const dataSource = typeormConflicts(conflicts)(
  new DataSource({ type: 'postgres', url: process.env.DATABASE_URL, entities: [Orgs] }),
);
// #endregion
