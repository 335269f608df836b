// #region readme: Kysely
import { kyselyConflicts } from 'db-http-errors/orms/kysely';
import { Kysely, PostgresDialect } from 'kysely';
import { Pool } from 'pg';
import { conflicts } from './conflicts.ts';
import type { Tables } from './tables.ts';

const dialect = new PostgresDialect({ pool: new Pool({ connectionString: process.env.DATABASE_URL }) });
export const db = new Kysely<Tables>({ dialect: kyselyConflicts(conflicts)(dialect) });
// #endregion
