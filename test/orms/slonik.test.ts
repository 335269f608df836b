import { describe, expect, test } from 'vitest';
import { thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../src/index.ts';
import slonikConflicts, { slonikConflicts as named } from '../../src/orms/slonik.ts';
import { nonErrors } from '../hostile.ts';
import { captured } from '../violations.ts';

const conflicts: Conflicts = defineConflicts({ onUnregistered: () => {} });

describe('slonikConflicts()', () => {
  const { queryExecutionError } = slonikConflicts(conflicts);
  const inside = { transactionId: '1' };
  const outside = { transactionId: null };

  test.each([inside, outside])('throws the conflict (%j)', async (context) => {
    const cause = captured('pg/postgresql-18/unique');
    const error = Object.assign(new Error('Query violates a unique integrity constraint.'), { cause });
    const thrown = await thrownBy(() => queryExecutionError(context, {}, error));
    expect(isConflict(thrown, 'duplicate')).toBe(true);
    expect((thrown as Error).cause).toBe(error);
  });

  test.each(['deadlock', 'serialization-failure'])('leaves what slonik retries to it: %s', async (name) => {
    const error = captured(`pg/postgresql-18/${name}`);
    expect(queryExecutionError(inside, {}, error)).toBeNull();
    expect(isConflict(await thrownBy(() => queryExecutionError(outside, {}, error)), 'contention')).toBe(true);
  });

  test('leaves every other error to slonik', () => {
    for (const error of [...nonErrors(), captured('pg/postgresql-18/syntax-error')]) {
      for (const context of [inside, outside, {}]) expect(queryExecutionError(context, {}, error)).toBeNull();
    }
    expect(named).toBe(slonikConflicts);
  });
});
