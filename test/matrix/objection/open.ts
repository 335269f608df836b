import Knex, { type Knex as KnexInstance } from 'knex';
import type { Engine } from '../../../fixtures/scenarios/scenario.ts';
import type { Conflicts } from '../../../src/index.ts';
import knexConflicts from '../../../src/orms/knex.ts';
import type { OrmDatabase } from '../orm-database.ts';

const CLIENTS = { postgresql: 'pg', mysql: 'mysql2', mariadb: 'mysql2', sqlite: 'better-sqlite3' } as const;

export const ENGINES: readonly Engine[] = ['postgresql', 'mysql', 'mariadb', 'sqlite'];

export function open({ engine, url }: OrmDatabase, conflicts: Conflicts | undefined): KnexInstance {
  const knex = Knex({
    client: CLIENTS[engine],
    connection: engine === 'sqlite' ? { filename: url } : url,
    useNullAsDefault: engine === 'sqlite',
    pool: { min: 0, max: engine === 'sqlite' ? 1 : 2 },
  });
  if (conflicts) knex.on('query-error', knexConflicts(conflicts));
  return knex;
}
