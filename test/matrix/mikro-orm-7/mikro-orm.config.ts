// #region readme: MikroORM
import { defineConfig, PostgreSqlDriver } from '@mikro-orm/postgresql';
import { mikroOrmConflicts } from 'db-http-errors/orms/mikro-orm';
import { conflicts } from './conflicts.ts';
import { Org } from './org.ts';

export default defineConfig({
  driver: mikroOrmConflicts(conflicts)(PostgreSqlDriver),
  clientUrl: process.env.DATABASE_URL,
  entities: [Org],
});
// #endregion
