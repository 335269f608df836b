import type * as Pino from 'pino';
import { expect, test, vi } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { isConflict } from '../../../src/index.ts';
import createUser from './readme/logging.ts';

const lines = vi.hoisted((): string[] => []);

/** The real one, but that it writes here. */
vi.mock('pino', async (original) => {
  const { default: pino } = await original<typeof Pino>();
  const stream = { write: (line: string) => void lines.push(line) };
  return { default: Object.assign((options: Pino.LoggerOptions) => pino(options, stream), pino) };
});

test('the example of Logging writes a line of a duplicate, without its value', async () => {
  const user = { email: 'alice@example.com' };
  await createUser(user);
  expect(lines).toEqual([]);
  const thrown = await thrownBy(() => createUser(user));
  expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 40,
    msg: 'A user with this email address already exists.',
    err: { code: 'duplicate', driver: 'better-sqlite3', table: 'users', columns: ['email'] },
  });
  expect(lines[0]).not.toContain('alice');
});
