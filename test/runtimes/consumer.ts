import {
  ConflictError,
  type Conflicts,
  classify,
  conflict,
  defineConflicts,
  isConflict,
  type Problem,
  type Translator,
  translate,
  type Violation,
  wrap,
} from 'db-http-errors';
import { type Conflict, parseConflict } from 'db-http-errors/client';
import { expectVersion } from 'db-http-errors/concurrency';
import { pg } from 'db-http-errors/drivers/pg';
import { expressConflicts } from 'db-http-errors/frameworks/express';
import { honoConflicts } from 'db-http-errors/frameworks/hono';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { conflictLogFields } from 'db-http-errors/logging';
import { kyselyConflicts } from 'db-http-errors/orms/kysely';
import { withTransactionRetry } from 'db-http-errors/retry';

const driver: Translator = pg;
export const conflicts: Conflicts = defineConflicts({
  drivers: [driver],
  rules: {
    users_email_key: { resource: 'user', fields: ['email'], detail: 'Taken.' },
    orders_customer_id_fkey: { reference_missing: { resource: 'order' }, reference_in_use: { resource: 'customer' } },
  },
  status: { check_failed: 422 },
});

export function kindOf(error: unknown): Violation['kind'] | undefined {
  return classify(error)?.kind;
}

export function problemOf(error: unknown): Problem | undefined {
  if (isConflict(error, 'version_mismatch')) {
    const version: string | undefined = error.problem.current_version;
    return version === undefined ? undefined : error.problem;
  }
  return error instanceof ConflictError ? error.problem : undefined;
}

export class Users {
  async create(name: string): Promise<string> {
    if (name === '') throw conflict('duplicate', { fields: ['name'] });
    return name;
  }
}

export const users: Users = wrap(new Users());
export const translated: Error | ConflictError = translate(new Error('text'));
export const parsed: Promise<Conflict | undefined> = parseConflict({ status: 409 });
export const adapters: unknown[] = [
  expressConflicts(conflicts),
  honoConflicts(conflicts),
  nodeHttpConflicts(conflicts),
];
export const others: unknown[] = [expectVersion, conflictLogFields, kyselyConflicts, withTransactionRetry];
// @ts-expect-error: a member that does not exist
defineConflicts({ rules: { users_email_key: { feilds: ['email'] } } });
