import { describe, expect, expectTypeOf, test } from 'vitest';
import { thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../src/index.ts';
import pgPromiseConflicts, { pgPromiseConflicts as named } from '../../src/orms/pg-promise.ts';
import { captured } from '../violations.ts';

const conflicts: Conflicts = defineConflicts({ onUnregistered: () => {} });

/** As pg-promise makes its protocol: methods that call `query` of the object. */
function protocol(error: unknown) {
  const object = {
    async query(this: unknown, text: string): Promise<unknown> {
      if (error !== undefined) throw error;
      return [this === object, text];
    },
    none(text: string): Promise<unknown> {
      return object.query.call(this, text);
    },
  };
  pgPromiseConflicts(conflicts)(object);
  return object;
}

describe('pgPromiseConflicts()', () => {
  test('throws the conflict of every method', async () => {
    const native = captured('pg/postgresql-18/unique');
    const thrown = await thrownBy(() => protocol(native).none('INSERT'));
    expect(isConflict(thrown, 'duplicate')).toBe(true);
    expect((thrown as Error).cause).toBe(native);
  });

  test('keeps `this`, what is given and what is returned', async () => {
    expect(await protocol(undefined).none('SELECT')).toEqual([true, 'SELECT']);
    expectTypeOf(pgPromiseConflicts()).toBeCallableWith(protocol(undefined));
    expect(named).toBe(pgPromiseConflicts);
  });

  test('leaves every other error as it is', async () => {
    const bug = new TypeError('a bug');
    expect(await thrownBy(() => protocol(bug).none('SELECT'))).toBe(bug);
  });
});
