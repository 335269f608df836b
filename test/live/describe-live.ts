import { beforeEach, describe, expect, inject, test } from 'vitest';
import { type Engine, type Scenario, truthOf } from '../../fixtures/scenarios/scenario.ts';
import { classify } from '../../src/index.ts';
import { type Database, ENGINES } from './databases.ts';

/** Tests of one engine. Skipped, and counted by nobody, where it is missing. */
export function describeLive(engine: Engine, tests: (database: Database) => void): void {
  const database = inject('databases').find(({ server }) => server.engine === engine);
  if (!database) {
    describe.skip(ENGINES[engine].title, () => {
      test('needs a database');
    });
    return;
  }
  describe(ENGINES[engine].title, () => {
    beforeEach(({ task }) => {
      task.meta.engine = engine;
    });
    tests(database);
  });
}

/**
 * One test for each scenario: `classify` gives the truth about what was thrown, no more and no less.
 *
 * @param read for a driver that is not built in: the `classify` of conflicts that have its translator
 */
export function testScenarios<Session>(
  { server }: Database,
  scenarios: readonly Scenario<Session>[],
  provoke: (scenario: Scenario<Session>) => Promise<unknown>,
  read: typeof classify = classify,
): void {
  const [possible, omitted] = partition(scenarios, ({ on }) => on?.(server) ?? true);
  for (const { name, needs } of omitted) test.skip(`'${name}' needs ${needs}`);
  test.each(possible)('$name', async (scenario) => {
    const error = await provoke(scenario);
    expect(read(error) ?? null, String(error)).toEqual(truthOf(scenario, server));
  });
}

function partition<T>(values: readonly T[], isFirst: (value: T) => boolean): [T[], T[]] {
  return [values.filter(isFirst), values.filter((value) => !isFirst(value))];
}
