import { beforeEach, expect, test, vi } from 'vitest';
import { ConflictError, defineConflicts } from '../../src/index.ts';
import { everyFixture, serveFailing, withoutIds } from './attack.ts';

// T2: names of tables, constraints, columns and drivers must not reach a client, unless the application mapped them.

const fixtures = await everyFixture();

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

test('answers every constraint, table, column, engine and driver with the same bytes', async () => {
  const answers = new Map<string, Set<string>>();
  let count = 0;
  for (const { error, translator } of fixtures) {
    const conflicts = defineConflicts({ drivers: [translator], status: { required: 422, invalid_value: 422 } });
    const answer = conflicts.translate(error);
    if (!(answer instanceof ConflictError)) continue;
    const { status, code, headers, message } = answer;
    const bytes = JSON.stringify([status, headers, message, withoutIds(JSON.stringify(answer))]);
    answers.set(code, (answers.get(code) ?? new Set()).add(bytes));
    count++;
  }
  expect(count).toBeGreaterThan(300);
  expect(answers.size).toBeGreaterThan(7);
  for (const [code, different] of answers) expect([...different], code).toHaveLength(1);
});

test('sends the same bytes for two tables over a socket', async () => {
  const [first, second] = ['users_email_key', 'cns_c4n4ry'].map((constraint) =>
    Object.assign(new Error(`duplicate key value violates unique constraint "${constraint}"`), {
      ...{ code: '23505', severity: 'ERROR', length: 1, constraint, table: `tbl_${constraint}` },
      detail: `Key (col_${constraint})=(x) already exists.`,
    }),
  );
  const attack = async (error: unknown) => withoutIds(await (await serveFailing(() => Promise.reject(error)))());
  const answer = await attack(first);
  expect(answer).toMatch(/^HTTP\/1\.1 409 Conflict\r\n/);
  expect(await attack(second)).toBe(answer);
});

test('sends a name that the application has mapped, and only that', async () => {
  const rules = { users_email_key: { resource: 'account', fields: ['mail'], detail: 'Taken.' } };
  const unique = fixtures.find(
    ({ violation }) => violation && 'constraint' in violation && violation.constraint === 'users_email_key',
  );
  const answer = await (await serveFailing(() => Promise.reject(unique?.error), defineConflicts({ rules })))();
  expect(answer).toContain('"resource":"account"');
  expect(answer).toContain('"pointer":"#/mail"');
  expect(answer).not.toMatch(/users|email|_key|\bpg\b|postgres/i);
});
