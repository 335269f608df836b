import { describe, expect, expectTypeOf, test } from 'vitest';
import { fixtures } from '../../fixtures/load.ts';
import { classify, defineConflicts, isConflict } from '../../src/index.ts';
import mikroOrmDefault, { mikroOrmConflicts } from '../../src/orms/mikro-orm.ts';

/** As MikroORM's: a copy of what the driver threw. */
class DriverException extends Error {
  constructor(previous: Error) {
    super(previous.message);
    Object.assign(this, previous);
    this.name = new.target.name;
  }
}

class Connection {
  async commit(_transaction: object): Promise<void> {
    throw native;
  }

  async execute(sql: string): Promise<unknown> {
    if (sql === 'SELECT') return [this];
    throw sql === 'INSERT' ? native : other;
  }
}

class Driver {
  readonly host: string;
  readonly connection = new Connection();

  constructor(host: string) {
    this.host = host;
    this.getConnection();
  }

  convertException(exception: Error): Error {
    return new DriverException(exception);
  }

  getConnection(): Connection {
    return this.connection;
  }
}

const native = Object.assign(new Error('duplicate key'), {
  code: '23505',
  severity: 'ERROR',
  constraint: 'orgs_slug_key',
});
const other = new Error('other');

const ConflictDriver = mikroOrmConflicts(defineConflicts({ onUnregistered() {} }))(Driver);

describe('the driver', () => {
  test('is a subclass with the same name and constructor', () => {
    const driver = new ConflictDriver('localhost');
    expectTypeOf(ConflictDriver).toEqualTypeOf<typeof Driver>();
    expect(driver).toBeInstanceOf(Driver);
    expect(driver.host).toBe('localhost');
    expect(ConflictDriver.name).toBe('Driver');
    expect(mikroOrmDefault).toBe(mikroOrmConflicts);
  });

  test('converts violations to conflicts, once, and all else as ever', () => {
    const driver = new ConflictDriver('localhost');
    const conflict = driver.convertException(native);
    expect(isConflict(conflict, 'duplicate')).toBe(true);
    expect(conflict.cause).toBe(native);
    expect(driver.convertException(conflict)).toBe(conflict);
    expect(driver.convertException(other)).toBeInstanceOf(DriverException);
  });

  test('throws conflicts at COMMIT and for statements of the application', async () => {
    const connection = new ConflictDriver('localhost').getConnection();
    for (const run of [() => connection.commit({}), () => connection.execute('INSERT')]) {
      const error = await run().catch((error: unknown) => error);
      expect(isConflict(error, 'duplicate')).toBe(true);
    }
    expect(await connection.execute('SELECT')).toEqual([connection]);
    await expect(connection.execute('BROKEN')).rejects.toBe(other);
  });

  test('replaces the methods of a connection once', () => {
    const driver = new ConflictDriver('localhost');
    const { commit } = driver.getConnection();
    expect(driver.getConnection().commit).toBe(commit);
    expect(commit).not.toBe(Connection.prototype.commit);
  });
});

describe('an exception of MikroORM, whose message has more than the message', () => {
  const refused = fixtures('pg');

  test.each(refused)('tells the same facts: $name', ({ error, violation }) => {
    const { detail, hint } = error as { detail?: string; hint?: string };
    const statement = `insert into "orgs" ("slug", "a" - "b") values ('acme') - `;
    for (const prefix of ['', statement]) {
      if (prefix !== '' && violation?.kind === 'raise_exception') continue; // which text is the condition, nobody can say
      const exception = new DriverException(error);
      exception.message = prefix + error.message;
      if (detail) exception.message += `\n - detail: ${detail}`;
      if (hint) exception.message += `\n - hint: ${hint}`;
      expect(classify(exception) ?? null).toEqual(violation);
    }
  });
});
