import { runInThisContext } from 'node:vm';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { ConflictError, defineConflicts, isConflict, translate, wrap } from '../src/index.ts';

let database: Database.Database;

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  database = new Database(':memory:');
  database.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL CONSTRAINT users_email_key UNIQUE);
    INSERT INTO users (email) VALUES ('alice@example.com')`);
});

afterEach(() => {
  vi.restoreAllMocks();
  database.close();
});

/** Violates the unique key of `users`. */
function duplicate(): never {
  database.prepare("INSERT INTO users (email) VALUES ('alice@example.com')").run();
  throw new Error('The insert was expected to fail');
}

/** What a call throws, or rejects with. */
async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error('The call was expected to throw');
}

/** What a synchronous call throws. */
function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('The call was expected to throw');
}

const CONFLICT = { code: 'duplicate', status: 409, violation: { kind: 'unique_violation', columns: ['email'] } };

describe('a wrapped function', () => {
  test('keeps its type, name and length', () => {
    function create(email: string, _age: number): { email: string } {
      return { email };
    }
    const wrapped = wrap(create);
    expectTypeOf(wrapped).toEqualTypeOf(create);
    expect({ name: wrapped.name, length: wrapped.length }).toEqual({ name: 'create', length: 2 });
    expect(wrapped('a', 1)).toEqual({ email: 'a' });
  });

  test('throws a ConflictError at once when it is synchronous', () => {
    const wrapped = wrap(() => duplicate());
    expect(caught(wrapped)).toMatchObject(CONFLICT);
  });

  test('rejects with a ConflictError when it is asynchronous', async () => {
    const wrapped = wrap(async () => duplicate());
    const promise = wrapped();
    expectTypeOf(promise).toEqualTypeOf<Promise<never>>();
    expect(promise).toBeInstanceOf(Promise);
    await expect(promise).rejects.toMatchObject(CONFLICT);
  });

  test('runs with the `this` and the arguments of its call', () => {
    const wrapped = wrap(function (this: unknown, ...args: unknown[]) {
      return [this, args];
    });
    const caller = { wrapped };
    expect(caller.wrapped(1, undefined, 3)).toEqual([caller, [1, undefined, 3]]);
  });

  test('takes the rules of the conflicts that wrapped it', () => {
    const conflicts = defineConflicts({ rules: { 'users(email)': { resource: 'user', fields: ['email'] } } });
    expect(caught(conflicts.wrap(() => duplicate()))).toMatchObject({
      rule: 'users(email)',
      problem: {
        resource: 'user',
        errors: [{ pointer: '#/email', code: 'taken' }],
      },
    });
  });

  test('keeps its own members', () => {
    const target = Object.assign(() => 'called', { version: 3, again: () => duplicate(), [Symbol.for('tag')]: 'tag' });
    const wrapped = wrap(target);
    expect(wrapped()).toBe('called');
    expect([wrapped.version, wrapped[Symbol.for('tag') as never]]).toEqual([3, 'tag']);
    expect(wrapped.again).toThrow(ConflictError);
    wrapped.version = 4;
    expect(target.version).toBe(4);
  });

  test('keeps the members that it inherits', () => {
    const target = Object.setPrototypeOf(() => 'called', {
      __proto__: Function.prototype,
      version: () => 3,
      fail: () => duplicate(),
    });
    const wrapped = wrap(target);
    expect(wrapped.version()).toBe(3);
    expect(wrapped.fail).toThrow(ConflictError);
  });

  test('may be frozen', () => {
    function declared(): never {
      return duplicate();
    }
    expect(wrap(Object.freeze(() => duplicate()))).toThrow(ConflictError);
    expect(wrap(Object.freeze(declared))).toThrow(ConflictError);
    function outspoken(): string {
      return '[native code] } is no class';
    }
    expect(wrap(Object.freeze(outspoken))()).toBe('[native code] } is no class');
  });

  test('is an instance of what the function is', () => {
    const asynchronous = async (): Promise<never> => duplicate();
    expect(wrap(asynchronous)).toBeInstanceOf(asynchronous.constructor);
    expect(wrap(() => 1)).not.toBeInstanceOf(asynchronous.constructor);
  });
});

describe('a wrapped transaction of better-sqlite3', () => {
  const VARIANTS = ['default', 'deferred', 'immediate', 'exclusive'] as const;

  test('is a transaction with the same properties', () => {
    const transaction = database.transaction((email: string) => `created ${email}`);
    const wrapped = wrap(transaction);
    expectTypeOf(wrapped).toEqualTypeOf(transaction);
    expect(wrapped('bob')).toBe('created bob');
    expect((wrapped as unknown as { database: unknown }).database).toBe(database);
    expect(Object.keys(wrapped)).toEqual(Object.keys(transaction));
    for (const variant of VARIANTS) expect(wrapped[variant]('bob')).toBe('created bob');
    expect(wrapped.default).toBe(wrapped);
    expect((wrapped.immediate as typeof wrapped).exclusive).toBe(wrapped.exclusive);
  });

  test.each(['the transaction', ...VARIANTS])('translates what %s throws, and rolls back', (name) => {
    const wrapped = wrap(
      database.transaction(() => {
        database.exec("INSERT INTO users (email) VALUES ('bob@example.com')");
        duplicate();
      }),
    );
    const call = name === 'the transaction' ? wrapped : wrapped[name as 'default'];
    expect(caught(call)).toMatchObject(CONFLICT);
    expect(database.prepare('SELECT count(*) FROM users').pluck().get()).toBe(1);
    expect(database.inTransaction).toBe(false);
  });

  test('translates what COMMIT throws', () => {
    database.exec(`
      PRAGMA foreign_keys = ON;
      CREATE TABLE orders (user_id INTEGER REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED)`);
    const wrapped = wrap(database.transaction(() => database.exec('INSERT INTO orders VALUES (99)')));
    expect(caught(wrapped)).toMatchObject({ code: 'reference_conflict', status: 409 });
  });

  test('translates the errors of a statement, whose brand the driver checks', () => {
    const insert = wrap(database.prepare('INSERT INTO users (email) VALUES (?)'));
    expect(insert.run('bob@example.com').changes).toBe(1);
    expect(caught(() => insert.run('bob@example.com'))).toMatchObject(CONFLICT);
    expect(wrap(database.prepare('SELECT email FROM users')).pluck().all()).toEqual([
      'alice@example.com',
      'bob@example.com',
    ]);
  });
});

class Base {
  inherited(): string {
    return `inherited by ${this.name()}`;
  }

  name(): string {
    return 'base';
  }

  failBelow(): never {
    return duplicate();
  }
}

const TAG = Symbol('tag');
const reads = vi.fn();

class Users extends Base {
  readonly #secret = 'private';
  table = 'users';
  count = 0;
  onCreate = (): string => this.table;
  static opened = 0;

  override name(): string {
    return this.#secret;
  }

  create(): never {
    return duplicate();
  }

  async createLater(): Promise<never> {
    await undefined;
    return duplicate();
  }

  #privately(): never {
    return this.create();
  }

  createPrivately(): never {
    return this.#privately();
  }

  chain(): this {
    this.count++;
    return this;
  }

  async chainLater(): Promise<this> {
    return this;
  }

  get last(): string {
    reads();
    return `${this.#secret} ${this.count}`;
  }

  set last(value: string) {
    if (value === 'alice') duplicate();
    this.count = value.length;
  }

  get broken(): never {
    return duplicate();
  }

  get self(): this {
    return this;
  }

  [TAG](): never {
    return duplicate();
  }

  *numbers(): Generator<number> {
    yield 1;
    duplicate();
  }

  async *stream(): AsyncGenerator<number, string> {
    try {
      yield 1;
      yield 2;
    } finally {
      this.count = 100;
    }
    return duplicate();
  }

  toJSON(): unknown {
    return { table: this.table };
  }
}

describe('a wrapped class instance', () => {
  test('keeps its type and its class', () => {
    const users = new Users();
    const wrapped = wrap(users);
    expectTypeOf(wrapped).toEqualTypeOf<Users>();
    expect(wrapped).toBeInstanceOf(Users);
    expect(wrapped).toBeInstanceOf(Base);
    expect(wrapped.constructor).toBe(Users);
    expect(wrapped).not.toBe(users);
  });

  test('runs own, overridden and inherited methods with the instance as `this`', () => {
    const wrapped = wrap(new Users());
    expect([wrapped.name(), wrapped.inherited(), wrapped.onCreate()]).toEqual([
      'private',
      'inherited by private',
      'users',
    ]);
    const { name } = wrapped;
    expect(name()).toBe('private');
  });

  test.each(['create', 'createPrivately', 'failBelow', TAG] as const)('translates what %s throws', (method) => {
    expect(caught(() => wrap(new Users())[method]())).toMatchObject(CONFLICT);
  });

  test('translates what a method rejects with', async () => {
    await expect(wrap(new Users()).createLater()).rejects.toMatchObject(CONFLICT);
  });

  test('translates what accessors throw, and leaves them accessors', () => {
    const users = new Users();
    const wrapped = wrap(users);
    expect(caught(() => wrapped.broken)).toMatchObject(CONFLICT);
    expect(
      caught(() => {
        wrapped.last = 'alice';
      }),
    ).toMatchObject(CONFLICT);
    wrapped.last = 'bob';
    expect([users.count, wrapped.last]).toEqual([3, 'private 3']);
  });

  test('translates what an accessor throws that cannot be read', () => {
    const target = {
      set email(_value: string) {
        duplicate();
      },
    };
    const wrapped = wrap(target);
    expect(
      caught(() => {
        wrapped.email = 'alice@example.com';
      }),
    ).toMatchObject(CONFLICT);
  });

  test('invokes no getter before it is read', () => {
    reads.mockClear();
    const wrapped = wrap(new Users());
    expect(reads).not.toHaveBeenCalled();
    expect(wrapped.last).toBe('private 0');
    expect(reads).toHaveBeenCalledTimes(1);
  });

  test('shares its data with the instance, both ways', () => {
    const users = new Users();
    const wrapped = wrap(users);
    wrapped.table = 'people';
    users.count = 7;
    expect([users.table, wrapped.count, users.onCreate()]).toEqual(['people', 7, 'people']);
    expect([Object.keys(wrapped), JSON.stringify(wrapped)]).toEqual([Object.keys(users), JSON.stringify(users)]);
  });

  test('hands out the wrapper where it hands out `this`', async () => {
    const users = new Users();
    const wrapped = wrap(users);
    expect(wrapped.chain().chain()).toBe(wrapped);
    expect(wrapped.self).toBe(wrapped);
    expect(users.count).toBe(2);
    expect(() => wrapped.chain().create()).toThrow(ConflictError);
  });

  test('hands out the wrapper where it resolves to `this`', async () => {
    const wrapped = wrap(new Users());
    expect(await wrapped.chainLater()).toBe(wrapped);
  });

  test('translates what its iterators throw, after what they yield', () => {
    const wrapped = wrap(new Users());
    const seen: number[] = [];
    expect(
      caught(() => {
        for (const number of wrapped.numbers()) seen.push(number);
      }),
    ).toMatchObject(CONFLICT);
    expect(seen).toEqual([1]);
  });

  test('translates what its async iterators reject with, after what they yield', async () => {
    const wrapped = wrap(new Users());
    const seen: number[] = [];
    const error = await thrownBy(async () => {
      for await (const number of wrapped.stream()) seen.push(number);
    });
    expect(error).toMatchObject(CONFLICT);
    expect(seen).toEqual([1, 2]);
  });

  test('closes an iterator that is left early', async () => {
    const users = new Users();
    for await (const number of wrap(users).stream()) if (number === 1) break;
    expect(users.count).toBe(100);
  });

  test('lets errors into an iterator', async () => {
    const iterator = wrap(new Users()).stream();
    await iterator.next();
    const error = new Error('from outside');
    expect(await thrownBy(() => iterator.throw(error))).toBe(error);
  });

  test('may be frozen', () => {
    const users = new Users();
    Object.freeze(users);
    const wrapped = wrap(users);
    expect(wrapped.name()).toBe('private');
    expect(wrapped.table).toBe('users');
    expect(() => wrapped.create()).toThrow(ConflictError);
    expect(() => {
      wrapped.table = 'people';
    }).toThrow(TypeError);
  });

  test('may be a built-in class with internal slots', () => {
    const wrapped = wrap(new Map([['a', 1]]));
    expect([wrapped.get('a'), wrapped.size, [...wrapped]]).toEqual([1, 1, [['a', 1]]]);
    expect(wrapped.set('b', 2)).toBe(wrapped);
  });
});

describe('a wrapped object', () => {
  test('translates what its methods throw', async () => {
    const repository = {
      create: () => duplicate(),
      async createLater() {
        return duplicate();
      },
      find: (id: number) => ({ id }),
    };
    const wrapped = wrap(repository);
    expectTypeOf(wrapped).toEqualTypeOf(repository);
    expect(caught(wrapped.create)).toMatchObject(CONFLICT);
    await expect(wrapped.createLater()).rejects.toMatchObject(CONFLICT);
    expect(wrapped.find(3)).toEqual({ id: 3 });
  });

  test('has members of its own only for those of the target, not for those of every object', () => {
    expect(Object.getOwnPropertyNames(wrap({ table: 'users', create: () => 1 }))).toEqual(['table', 'create']);
    const names = Object.getOwnPropertyNames(wrap(() => 1));
    expect(names.filter((name) => Object.hasOwn(Function.prototype, name)).sort()).toEqual(['length', 'name']);
  });

  test('has none of what a function of sloppy mode has', () => {
    const sloppy = runInThisContext('(function create() { return 1; })');
    expect(Object.getOwnPropertyNames(sloppy)).toEqual(expect.arrayContaining(['arguments', 'caller']));
    expect(Object.getOwnPropertyNames(wrap(sloppy)).sort()).toEqual(['length', 'name', 'prototype']);
  });

  test('has the constructor of its target, whatever that is', () => {
    function Repository(this: object): void {}
    const target = Object.create(Repository.prototype) as object;
    expect(wrap(target).constructor).toBe(Repository);
  });

  test('has what its target gets later', () => {
    const target: { create: () => number; find?: () => number } = { create: () => 1 };
    const wrapped = wrap(target);
    target.find = () => 2;
    expect(wrapped.find?.()).toBe(2);
  });

  test('may have no prototype', () => {
    const wrapped = wrap(Object.assign(Object.create(null) as object, { create: () => duplicate() }));
    expect(wrapped.create).toThrow(ConflictError);
  });

  test('keeps classes among its members as they are', () => {
    const wrapped = wrap({ Users, Promise, create: () => new Users() });
    expect([wrapped.Users === Users, wrapped.Promise === Promise]).toEqual([true, true]);
    expect(new wrapped.Users()).toBeInstanceOf(Users);
  });

  test('may be replaced in parts, as a mock does', () => {
    const wrapped = wrap({ create: (): string => duplicate() });
    vi.spyOn(wrapped, 'create').mockReturnValue('mocked');
    expect(wrapped.create()).toBe('mocked');
    wrapped.create = () => 'assigned';
    expect(wrapped.create()).toBe('assigned');
    const users = wrap(new Users());
    vi.spyOn(users, 'last', 'get').mockReturnValue('mocked');
    vi.spyOn(users, 'table', 'get').mockReturnValue('mocked');
    expect([users.last, users.table]).toEqual(['mocked', 'mocked']);
  });
});

describe('wrapping', () => {
  test('twice is wrapping once', () => {
    for (const target of [new Users(), () => 1, { create: () => 1 }]) {
      const wrapped = wrap(target);
      expect(wrap(wrapped)).toBe(wrapped);
      expect(wrap(target)).toBe(wrapped);
    }
  });

  test('with rules what is wrapped without gives the words of the rules', () => {
    const conflicts = defineConflicts({ rules: { 'users(email)': { resource: 'user' } } });
    for (const wrapped of [conflicts.wrap(wrap(() => duplicate())), wrap(conflicts.wrap(() => duplicate()))]) {
      expect(caught(wrapped)).toMatchObject({ rule: 'users(email)', problem: { resource: 'user' } });
    }
  });

  test('composes with translate: the same error comes through every layer', async () => {
    const inner = wrap(async () => duplicate());
    let seen: unknown;
    const outer = wrap(async () => {
      try {
        return await inner();
      } catch (error) {
        seen = error;
        throw translate(error);
      }
    });
    expect(await thrownBy(outer)).toBe(seen);
    expect(isConflict(seen, 'duplicate')).toBe(true);
  });

  test('passes on whatever is no violation as the same value', async () => {
    const values = [new TypeError('a bug'), Object.assign(new Error('no file'), { code: 'ENOENT' }), 'text', null, 0];
    for (const value of values) {
      const fail = (): never => {
        throw value;
      };
      const repository = wrap({ fail, failLater: async () => fail() });
      expect(await thrownBy(wrap(fail))).toBe(value);
      expect(await thrownBy(() => repository.fail())).toBe(value);
      expect(await thrownBy(() => repository.failLater())).toBe(value);
      expect(await thrownBy(wrap(() => Promise.reject(value)))).toBe(value);
    }
  });

  test('passes on whatever is returned as the same value', () => {
    const proxy = Proxy.revocable({}, {});
    proxy.revoke();
    const hostile = Object.defineProperty({}, 'next', {
      get() {
        throw new Error('touched');
      },
    });
    const list = { next: () => 1 };
    const iterable = Object.assign(() => 1, { ...list, [Symbol.iterator]: () => [][Symbol.iterator]() });
    const objects = [{}, [], list, new Response(), hostile, proxy.proxy];
    for (const value of [undefined, null, 0, 'text', () => 1, iterable, Users, ...objects]) {
      expect(Object.is(wrap(() => value)(), value)).toBe(true);
      expect(Object.is(wrap({ get: () => value }).get(), value)).toBe(true);
    }
  });

  test.each([
    ['undefined', undefined],
    ['null', null],
    ['string', 'users'],
    ['number', 7],
    ['bigint', 7n],
    ['boolean', true],
    ['symbol', Symbol('users')],
    ['class Users', Users],
    ['class Map', Map],
  ])('refuses %s', (got, target) => {
    expect(() => wrap(target as object)).toThrow(
      new TypeError(`Expected the target of wrap() to be a function or an object, got ${got}`),
    );
  });
});

describe('what wrapping costs', () => {
  /** How many microtasks pass until a promise is settled. */
  async function turns(promise: Promise<unknown>): Promise<number> {
    let settled = false;
    const settle = (): void => {
      settled = true;
    };
    promise.then(settle, settle);
    for (let turn = 0; turn < 100; turn++) {
      if (settled) return turn;
      await undefined;
    }
    throw new Error('The promise was expected to settle');
  }

  test('is one microtask for a promise that is fulfilled', async () => {
    const find = async (): Promise<number> => 1;
    const plain = await turns(find());
    expect((await turns(wrap(find)())) - plain).toBe(1);
    expect((await turns(wrap({ find }).find())) - plain).toBe(1);
  });

  test('is one microtask for a promise that is rejected', async () => {
    const fail = async (): Promise<never> => {
      throw new Error('a bug');
    };
    expect((await turns(wrap(fail)())) - (await turns(fail()))).toBe(1);
  });

  test('is no promise for what is synchronous', () => {
    expect(wrap(() => 1)()).toBe(1);
    expect(wrap(database.prepare('SELECT 1')).pluck().get()).toBe(1);
  });

  test('is no captured stack for a call that succeeds', async () => {
    const wrapped = wrap(new Users());
    const find = wrap(async () => 1);
    const capture = vi.spyOn(Error, 'captureStackTrace');
    const limit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit') as PropertyDescriptor;
    // V8 reads the limit whenever it captures a stack.
    const limitRead = vi.fn(() => 0);
    Object.defineProperty(Error, 'stackTraceLimit', { get: limitRead, configurable: true });
    try {
      wrapped.name();
      wrapped.chain();
      await find();
      for await (const number of wrapped.stream()) if (number === 1) break;
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', limit);
    }
    expect(capture).not.toHaveBeenCalled();
    expect(limitRead).not.toHaveBeenCalled();
  });

  test('leaves no rejection unhandled that the caller handles', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    try {
      await thrownBy(wrap(async () => duplicate()));
      await thrownBy(() => wrap(new Users()).createLater());
      await new Promise((resolve) => setImmediate(resolve));
    } finally {
      process.off('unhandledRejection', unhandled);
    }
    expect(unhandled).not.toHaveBeenCalled();
  });
});

describe('a lazy query', () => {
  /** A query builder as Knex and Drizzle make them: `then` runs it. */
  class Builder {
    executed = 0;

    where(): this {
      return this;
    }

    // biome-ignore lint/suspicious/noThenProperty: this is what a query builder is
    then<T>(resolve: (rows: string[]) => T): Promise<T> {
      this.executed++;
      return Promise.resolve(['row']).then(resolve);
    }
  }

  /** A query as postgres.js makes it: a promise that begins when `then` is called. */
  class Query extends Promise<string[]> {
    executed = 0;

    static override get [Symbol.species](): PromiseConstructor {
      return Promise;
    }

    // biome-ignore lint/suspicious/noThenProperty: this is what a query of postgres.js is
    override then<A, B>(
      resolve?: ((rows: string[]) => A | PromiseLike<A>) | null,
      reject?: ((reason: unknown) => B | PromiseLike<B>) | null,
    ): Promise<A | B> {
      this.executed++;
      return super.then(resolve, reject);
    }
  }

  test.each([
    ['a builder', () => new Builder()],
    ['a promise with its own then', () => new Query((resolve) => resolve(['row']))],
    [
      'a promise with its own then on the object',
      () => {
        const query = Object.assign(Promise.resolve(['row']), { executed: 0 });
        const then = query.then.bind(query);
        return Object.assign(query, {
          // biome-ignore lint/suspicious/noThenProperty: as above
          then(...args: Parameters<typeof then>) {
            query.executed++;
            return then(...args);
          },
        });
      },
    ],
  ])('comes out of a wrapped method as it is, not begun: %s', async (_name, make) => {
    const query = make();
    const bare = wrap(() => query);
    const repository = wrap({
      find: () => query,
      get query() {
        return query;
      },
    });
    for (const found of [bare(), repository.find(), repository.query]) expect(found === (query as unknown)).toBe(true);
    await new Promise((resolve) => setImmediate(resolve));
    expect(query.executed).toBe(0);
    expect(await new Promise((resolve) => void (query as PromiseLike<string[]>).then(resolve))).toEqual(['row']);
    expect(query.executed).toBe(1);
  });

  test('is covered by an async method, which runs it once', async () => {
    const builder = new Builder();
    const repository = wrap({ find: async () => builder.where() });
    expect(await repository.find()).toEqual(['row']);
    expect(builder.executed).toBe(1);
  });

  test('is a target as well, and wrapping it does not begin it', async () => {
    const builder = new Builder();
    const wrapped = wrap(builder);
    await new Promise((resolve) => setImmediate(resolve));
    expect(builder.executed).toBe(0);
    expect(await wrapped.where()).toEqual(['row']);
    expect(builder.executed).toBe(1);
  });

  test('of a subclass of Promise that adds nothing is an ordinary promise', async () => {
    class Plain extends Promise<never> {}
    await expect(
      wrap(
        () =>
          new Plain((_resolve, reject) => {
            try {
              duplicate();
            } catch (error) {
              reject(error as Error);
            }
          }),
      )(),
    ).rejects.toMatchObject(CONFLICT);
  });
});
