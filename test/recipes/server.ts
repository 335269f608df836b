import type { Database } from 'better-sqlite3';
import { type Conflicts, defineConflicts } from 'db-http-errors';
import { type CatalogOptions, explainForeignKeys, loadCatalog } from 'db-http-errors/catalog';
import createError from 'http-errors';
import type mysql from 'mysql2/promise';
import type pg from 'pg';

// #region recipe: The words of a duplicate
const EMAIL_TAKEN = {
  resource: 'member',
  fields: ['email'],
  detail: 'A member with this e-mail address already exists.',
};

export const memberConflicts: Conflicts = defineConflicts({
  rules: {
    members_email_key: EMAIL_TAKEN,
    'members(email)': EMAIL_TAKEN, // SQLite tells the columns of a key, not its name
  },
});
// #endregion

// #region recipe: The words of the shop
const rules = {
  purchases_customer_id_fkey: {
    reference_missing: { resource: 'purchase', fields: ['customer'], detail: 'This customer does not exist.' },
    reference_in_use: { resource: 'customer', detail: 'The customer still has purchases.' },
  },
  purchases_quantity_check: {
    resource: 'purchase',
    fields: ['quantity'],
    status: 422,
    detail: 'The quantity must be positive.',
  },
};
// #endregion

// #region recipe: The words with a catalog
export async function openShop(pool: pg.Pool | mysql.Pool, options?: CatalogOptions): Promise<Conflicts> {
  return defineConflicts({ catalog: await loadCatalog(pool, options), rules });
}
// #endregion

// #region recipe: The words on SQLite
export function openShopFile(database: Database): Conflicts {
  return defineConflicts({ drivers: [explainForeignKeys(database)], rules });
}
// #endregion

// #region recipe: The words of a running deployment
const RUNNING = {
  code: 'invalid_state',
  resource: 'environment',
  detail: 'A deployment of this environment is running. Wait until it has finished.',
} as const;

export const deploymentConflicts: Conflicts = defineConflicts({
  rules: {
    deployments_running: RUNNING,
    'deployments(environment)': RUNNING, // SQLite
  },
});
// #endregion

interface Deployment {
  readonly base: string;
  readonly revision: string;
}

// #region recipe: A deployment that was made from what is live
export async function deploy(pool: pg.Pool, environment: string, { base, revision }: Deployment): Promise<void> {
  const update = 'UPDATE environments SET revision = $1 WHERE name = $2 AND revision = $3';
  const { rowCount } = await pool.query(update, [revision, environment, base]);
  if (rowCount === 1) return;
  const { rows } = await pool.query('SELECT revision FROM environments WHERE name = $1', [environment]);
  if (rows[0] === undefined) throw createError(404);
  throw deploymentConflicts.conflict('merge_conflict', {
    resource: 'environment',
    detail: 'Something else has been deployed since. Rebase on it, and deploy again.',
    current_version: rows[0].revision,
    expected_version: base,
  });
}
// #endregion
