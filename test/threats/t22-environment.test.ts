import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { defineConflicts } from '../../src/index.ts';
import { captured } from '../violations.ts';
import { serveFailing, withoutIds } from './attack.ts';

// T22: development must not send what production does not. There is no option that sends internals.

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  vi.spyOn(console, 'error').mockImplementation(() => {});
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

const ENVIRONMENTS = ['production', 'development', 'test', 'staging', '', undefined];

test.each([
  ['pg/postgresql-18/unique', 409],
  ['mysql2/mysql-9/unique', 409],
  ['better-sqlite3/sqlite-3/unique', 409],
  ['pg/postgresql-18/deadlock', 409],
  ['pg/postgresql-18/lock-timeout', 503],
  ['better-sqlite3/sqlite-3/syntax-error', 500],
])('%s is answered with the same bytes in every environment', async (name, status) => {
  const error = captured(name);
  const answers = new Set<string>();
  for (const environment of ENVIRONMENTS) {
    vi.stubEnv('NODE_ENV', environment);
    vi.stubEnv('DEBUG', '*');
    const attack = await serveFailing(() => Promise.reject(error), defineConflicts());
    answers.add(withoutIds(await attack()));
  }
  expect([...answers]).toHaveLength(1);
  expect([...answers][0]).toContain(`HTTP/1.1 ${status} `);
  expect([...answers][0]).not.toMatch(/stack|node_modules|\.ts:|users|email/);
});

test.each(['exposeInternals', 'debug', 'exposeStack', 'verbose'])('the option %s does not exist', (option) => {
  expect(() => defineConflicts({ [option]: true } as object)).toThrow(TypeError);
});
