import { expect, test, vi } from 'vitest';
import { isConflict } from '../../src/index.ts';
import typeormDefault, { typeormConflicts } from '../../src/orms/typeorm.ts';

const native = Object.assign(new Error('duplicate key'), {
  code: '23505',
  severity: 'ERROR',
  constraint: 'orgs_slug_key',
});

interface Runner {
  query(sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown>;
}

/** Gives out its runners in turn. */
function dataSource(query: Runner['query'], runners = 1) {
  const made = Array.from({ length: runners }, () => ({ query: vi.fn(query) }));
  const queries = made.map((runner) => runner.query);
  let next = 0;
  return { queries, createQueryRunner: (_mode?: 'slave'): Runner => made[next++ % runners] as Runner };
}

test('is the same data source, which throws conflicts', async () => {
  const plain = dataSource(() => Promise.reject(native));
  const replaced = typeormConflicts()(plain);
  expect(replaced).toBe(plain);
  const error = await replaced
    .createQueryRunner()
    ?.query('INSERT')
    .catch((error: unknown) => error);
  expect(isConflict(error, 'duplicate')).toBe(true);
  expect((error as Error).cause).toBe(native);
});

test('hands arguments, results and all other errors on', async () => {
  const result = { affected: 1 };
  const other = new Error('other');
  const source = typeormConflicts()(dataSource(async (sql) => (sql === 'SELECT' ? result : Promise.reject(other))));
  const runner = source.createQueryRunner('slave');
  expect(await runner.query('SELECT', [1], true)).toBe(result);
  expect(source.queries[0]).toHaveBeenCalledWith('SELECT', [1], true);
  expect(source.queries[0]?.mock.contexts[0]).toBe(runner);
  await expect(runner.query('BROKEN')).rejects.toBe(other);
});

test('replaces the query of each runner once, however often it is given out', () => {
  const source = typeormConflicts()(dataSource(async () => undefined, 2));
  const [first, second] = [source.createQueryRunner().query, source.createQueryRunner().query];
  for (const query of [first, second]) expect(source.createQueryRunner().query).toBe(query);
  expect(first).not.toBe(source.queries[0]);
});

test('is exported under its name and as the default', () => {
  expect(typeormDefault).toBe(typeormConflicts);
});
