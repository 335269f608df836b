import { describe, expect, expectTypeOf, test } from 'vitest';
import { thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../src/index.ts';
import objectionConflicts, { objectionConflicts as named } from '../../src/orms/objection.ts';
import { captured } from '../violations.ts';

const conflicts: Conflicts = defineConflicts({ onUnregistered: () => {} });
const native: Error = captured('pg/postgresql-18/unique');

type Callback = (transaction: string) => unknown;

/** As Objection has it: what a query throws goes through its handlers, COMMIT does not. */
class Model {
  readonly id: number = 1;
  static readonly own = 1;
  static commit: () => void = () => {};

  static query(error: unknown) {
    const handlers: ((error: unknown) => unknown)[] = [];
    const builder = {
      // biome-ignore lint/complexity/noThisInStatic: the class that was asked
      model: this as typeof Model,
      onError(handler: (error: unknown) => unknown) {
        handlers.push(handler);
        return builder;
      },
      execute: () =>
        handlers.reduce((result, handler) => result.catch(handler), Promise.reject(error) as Promise<unknown>),
    };
    return builder;
  }

  static async transaction(first: unknown, second?: Callback): Promise<unknown> {
    const result = await ((second ?? first) as Callback)(second === undefined ? 'its own' : String(first));
    Model.commit();
    return result;
  }
}

describe('objectionConflicts()', () => {
  class Org extends objectionConflicts(conflicts)(Model) {}

  test('throws the conflict of a query', async () => {
    const thrown = await thrownBy(() => Org.query(native).execute());
    expect(isConflict(thrown, 'duplicate')).toBe(true);
    expect((thrown as Error).cause).toBe(native);
    expect(Org.query(native).model).toBe(Org);
  });

  test('throws the conflict of COMMIT', async () => {
    Model.commit = () => {
      throw native;
    };
    const thrown = await thrownBy(() => Org.transaction(async () => 'done'));
    Model.commit = () => {};
    expect(isConflict(thrown, 'duplicate')).toBe(true);
  });

  test('hands on what a transaction is given and gives', async () => {
    expect(await Org.transaction(async (transaction: string) => transaction)).toBe('its own');
    expect(await Org.transaction('given', async (transaction: string) => transaction)).toBe('given');
    expect(await Org.transaction((transaction: string) => transaction)).toBe('its own');
  });

  test('leaves the complaint about a missing callback to Objection', async () => {
    expect(await thrownBy(() => Org.transaction('no callback' as never))).toBeInstanceOf(TypeError);
  });

  test('leaves the errors of a callback and all others as they are', async () => {
    const wrapper = new Error('Could not save', { cause: native });
    const bug = new TypeError('a bug');
    expect(await thrownBy(() => Org.transaction(() => Promise.reject(wrapper)))).toBe(wrapper);
    expect(await thrownBy(() => Org.transaction(() => Promise.reject(undefined)))).toBeUndefined();
    expect(await thrownBy(() => Org.query(bug).execute())).toBe(bug);
  });

  test('gives the class that it was given', () => {
    const Adapted = objectionConflicts()(Model);
    expectTypeOf(Adapted).toEqualTypeOf<typeof Model>();
    expect([Adapted.name, Adapted.own]).toEqual(['Model', 1]);
    expect(new Adapted()).toBeInstanceOf(Model);
    expect(named).toBe(objectionConflicts);
  });
});
