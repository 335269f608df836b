// #region readme: Drizzle
import { drizzleConflicts } from 'db-http-errors/orms/drizzle';
import { drizzle } from 'drizzle-orm/node-postgres';
import { conflicts } from './conflicts.ts';
import { orgs } from './schema.ts';

export const db = drizzle(process.env.DATABASE_URL ?? '');
const run = drizzleConflicts(conflicts);

export const addOrg = (org: typeof orgs.$inferInsert) => run(db.insert(orgs).values(org).returning());
// #endregion
