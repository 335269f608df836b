import { describe, expect, expectTypeOf, test } from 'vitest';
import { thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../src/index.ts';
import kyselyConflicts, { kyselyConflicts as named } from '../../src/orms/kysely.ts';
import { captured } from '../violations.ts';

const conflicts: Conflicts = defineConflicts({ onUnregistered: () => {} });

/** A dialect as a library outside of Kysely may write it: private fields everywhere, connections known by identity. */
class CustomDialect {
  readonly #driver = new CustomDriver();

  createDriver(): CustomDriver {
    return this.#driver;
  }
}

class CustomDriver {
  readonly #connection = new CustomConnection();
  readonly #used = new Set<CustomConnection>();

  async acquireConnection(): Promise<CustomConnection> {
    this.#used.add(this.#connection);
    return this.#connection;
  }

  async commitTransaction(connection: CustomConnection): Promise<void> {
    if (!this.#used.has(connection)) throw new Error('Not mine');
    throw captured('pg/postgresql-18/unique');
  }

  async releaseConnection(connection: CustomConnection): Promise<void> {
    if (!this.#used.delete(connection)) throw new Error('Not mine');
  }
}

class CustomConnection {
  readonly #error = captured('pg/postgresql-18/unique');

  async executeQuery(query: string): Promise<string> {
    if (query === 'refused') throw this.#error;
    return query;
  }

  async *streamQuery(query: string): AsyncGenerator<string> {
    yield query;
    throw this.#error;
  }
}

describe('kyselyConflicts()', () => {
  test('keeps private fields and the identity of connections', async () => {
    const driver = kyselyConflicts(conflicts)(new CustomDialect()).createDriver();
    const connection = await driver.acquireConnection();
    expect(await connection.executeQuery('fine')).toBe('fine');
    expect(isConflict(await thrownBy(() => connection.executeQuery('refused')))).toBe(true);
    expect(isConflict(await thrownBy(() => driver.commitTransaction(connection)))).toBe(true);
    await driver.releaseConnection(connection);
  });

  test('covers a connection that has no streams', async () => {
    const connection = { executeQuery: async () => Promise.reject(captured('pg/postgresql-18/unique')) };
    const driver = { acquireConnection: async () => connection as unknown as CustomConnection };
    const covered = await kyselyConflicts(conflicts)({ createDriver: () => driver })
      .createDriver()
      .acquireConnection();
    expect(isConflict(await thrownBy(() => covered.executeQuery('any')))).toBe(true);
    expect(covered).not.toHaveProperty('streamQuery');
  });

  test('covers a connection once, however often it is acquired', async () => {
    const driver = kyselyConflicts(conflicts)(new CustomDialect()).createDriver();
    const { executeQuery } = await driver.acquireConnection();
    const again = await driver.acquireConnection();
    expect(again.executeQuery).toBe(executeQuery);
  });

  test('hands on what a stream gives before it fails', async () => {
    const driver = kyselyConflicts(conflicts)(new CustomDialect()).createDriver();
    const connection = await driver.acquireConnection();
    const seen: string[] = [];
    const thrown = await thrownBy(async () => {
      for await (const row of connection.streamQuery('row')) seen.push(row);
    });
    expect(seen).toEqual(['row']);
    expect(isConflict(thrown)).toBe(true);
  });

  test('leaves a frozen connection as it is', async () => {
    const dialect = new CustomDialect();
    Object.freeze(await dialect.createDriver().acquireConnection());
    const connection = await kyselyConflicts(conflicts)(dialect).createDriver().acquireConnection();
    expect(await thrownBy(() => connection.executeQuery('refused'))).toBeInstanceOf(Error);
  });

  test('can be applied to its own dialect', async () => {
    const adapt = kyselyConflicts(conflicts);
    const connection = await adapt(adapt(new CustomDialect())).createDriver().acquireConnection();
    expect(isConflict(await thrownBy(() => connection.executeQuery('refused')))).toBe(true);
  });

  test('gives the type of dialect that it was given', () => {
    expectTypeOf(kyselyConflicts()(new CustomDialect())).toEqualTypeOf<CustomDialect>();
    expect(kyselyConflicts()(new CustomDialect())).toBeInstanceOf(CustomDialect);
    expect(named).toBe(kyselyConflicts);
  });
});
