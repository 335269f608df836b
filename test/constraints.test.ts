import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { defineKeys } from '../src/cli/keys.ts';
import {
  type Catalog,
  type Constraint,
  type Context,
  defineConflicts,
  type ForeignKeyRule,
  type ForeignKeyViolation,
  isConflict,
  type UniqueRule,
  type UniqueViolation,
  type Violation,
} from '../src/index.ts';
import { captured } from './violations.ts';

/** Completes a violation that some translator has read. */
function complete(constraints: readonly Constraint[], violation: Violation, context?: Context): Violation | undefined {
  const translator = { name: 'test', owns: () => true, classify: () => violation };
  const conflicts = defineConflicts({ catalog: { dialect: 'postgresql', constraints }, drivers: [translator] });
  return conflicts.classify(new Error('violation'), context);
}

const UNIQUE = { kind: 'unique_violation', driver: 'test', code: '1062' } as const;
const REFERENCE = { kind: 'foreign_key_violation', driver: 'test', code: '1216' } as const;

const EMAIL = {
  kind: 'unique',
  name: 'users_email_key',
  schema: 'public',
  table: 'users',
  columns: ['email'],
} as const;
const ORDERS: Constraint = {
  ...{ kind: 'foreign_key', name: 'orders_customer_fkey', table: 'orders', columns: ['customer_id'] },
  ...{ referencedTable: 'customers', referencedColumns: ['id'], onDelete: 'no_action' },
};
const ITEMS: Constraint = {
  ...{ kind: 'foreign_key', name: 'items_order_fkey', table: 'items', columns: ['order_id'] },
  ...{ referencedTable: 'orders', referencedColumns: ['id'], onDelete: 'restrict' },
};

describe('a catalog', () => {
  test('gives a key its table and columns by its name', () => {
    expect(complete([EMAIL], { ...UNIQUE, constraint: 'users_email_key' })).toEqual({
      ...{ ...UNIQUE, constraint: 'users_email_key', schema: 'public', table: 'users', columns: ['email'] },
    });
  });

  test('gives a key its name by table and columns', () => {
    expect(complete([EMAIL], { ...UNIQUE, table: 'users', columns: ['email'] })).toEqual({
      ...{ ...UNIQUE, constraint: 'users_email_key', schema: 'public', table: 'users', columns: ['email'] },
    });
  });

  test('knows a key with a dot in its name, which MySQL before 8.0.19 writes alone', () => {
    const translator = {
      ...{ name: 'test', owns: () => true },
      classify: () => ({ ...UNIQUE, table: 'mail', constraint: 'address' }),
    };
    const read = (constraints: Constraint[]) =>
      defineConflicts({ catalog: { dialect: 'mysql', constraints }, drivers: [translator] }).classify(new Error(''));
    const dotted: Constraint = { kind: 'unique', name: 'mail.address', table: 'users', columns: ['email'] };
    const plain: Constraint = { kind: 'unique', name: 'address', table: 'mail', columns: ['text'] };
    expect(read([dotted])).toEqual({ ...UNIQUE, table: 'users', constraint: 'mail.address', columns: ['email'] });
    expect(read([dotted, plain])).toEqual({ ...UNIQUE, table: 'mail', constraint: 'address', columns: ['text'] });
  });

  test('tells a primary key from another one', () => {
    const key: Constraint = { kind: 'primary_key', name: 'users_pkey', table: 'users', columns: ['id'] };
    expect(complete([key], { ...UNIQUE, constraint: 'users_pkey' })).toMatchObject({ primaryKey: true });
    expect(complete([EMAIL], { ...UNIQUE, primaryKey: true, constraint: 'users_email_key' })).toEqual({
      ...{ ...UNIQUE, primaryKey: true, constraint: 'users_email_key' },
    });
  });

  test('gives a reference both of its sides', () => {
    const violation = { ...REFERENCE, constraint: 'orders_customer_fkey', direction: 'still_referenced' } as const;
    expect(complete([ORDERS], violation)).toEqual({
      ...{ ...violation, table: 'orders', columns: ['customer_id'] },
      ...{ referencedTable: 'customers', referencedColumns: ['id'] },
    });
  });

  test.each([
    ['another schema', { schema: 'archive', table: 'users' }],
    ['another table', { schema: 'public', table: 'accounts' }],
    ['other columns', { schema: 'public', table: 'users', columns: ['name'] }],
    ['no table, which PostgreSQL always has', { dialect: 'postgresql' }],
  ] as const)('adds nothing to what contradicts it: %s', (_, facts) => {
    const violation = { ...UNIQUE, ...facts, constraint: 'users_email_key' };
    expect(complete([EMAIL], violation)).toEqual(violation);
  });

  test('adds nothing where the kind is another one', () => {
    const violation = {
      kind: 'check_violation',
      driver: 'test',
      code: '23514',
      constraint: 'users_email_key',
    } as const;
    expect(complete([EMAIL], violation)).toEqual(violation);
  });

  test('adds what all that fit agree on', () => {
    const keys = ['users', 'orders'].map(
      (table): Constraint => ({ kind: 'primary_key', name: 'PRIMARY', schema: 'shop', table, columns: ['id'] }),
    );
    expect(complete(keys, { ...UNIQUE, constraint: 'PRIMARY' })).toEqual({
      ...{ ...UNIQUE, constraint: 'PRIMARY', schema: 'shop', columns: ['id'], primaryKey: true },
    });
    expect(complete(keys, { ...UNIQUE, constraint: 'PRIMARY' }, { table: 'orders' })).toMatchObject({
      table: 'orders',
    });
  });

  test('leads a partition back to what was declared', () => {
    const declared = { ...EMAIL, name: 'users_key' };
    const part: Constraint = {
      ...{ ...EMAIL, name: 'users_eu_key', table: 'users_eu' },
      partitionOf: { schema: 'public', table: 'users', name: 'users_key' },
    };
    const leaf: Constraint = {
      ...{ ...EMAIL, name: 'users_eu_1_key', table: 'users_eu_1' },
      partitionOf: { schema: 'public', table: 'users_eu', name: 'users_eu_key' },
    };
    const violation = { ...UNIQUE, constraint: 'users_eu_1_key', schema: 'public', table: 'users_eu_1' };
    expect(complete([declared, part, leaf], violation)).toEqual({
      ...{ ...UNIQUE, constraint: 'users_key', schema: 'public', table: 'users', columns: ['email'] },
    });
    const cycle = { ...part, partitionOf: { schema: 'public', table: 'users_eu', name: 'users_eu_key' } };
    expect(complete([cycle], { ...UNIQUE, constraint: 'users_eu_key' })).toMatchObject({ table: 'users_eu' });
  });

  test('gives a column that must have a value its table, where no other table has such a column', () => {
    const column: Constraint = { kind: 'not_null', table: 'users', columns: ['email'] };
    const violation = { kind: 'not_null_violation', driver: 'test', code: '1048', columns: ['email'] } as const;
    expect(complete([column], violation)).toEqual({ ...violation, table: 'users' });
    const both = [column, { ...column, table: 'orders' }];
    expect(complete(both, violation)).toEqual(violation);
    expect(complete(both, violation, { table: 'orders' })).toEqual({ ...violation, table: 'orders' });
  });

  test.each([
    // An upsert of an order may have changed the id that its items refer to.
    ['insert', 'orders', {}],
    ['insert', 'items', { constraint: 'items_order_fkey', direction: 'parent_missing' }],
    ['delete', 'orders', { constraint: 'items_order_fkey', direction: 'still_referenced' }],
    ['delete', 'customers', { constraint: 'orders_customer_fkey', direction: 'still_referenced' }],
    ['update', 'customers', { constraint: 'orders_customer_fkey', direction: 'still_referenced' }],
    ['update', 'items', { constraint: 'items_order_fkey', direction: 'parent_missing' }],
    ['update', 'orders', {}],
    ['insert', 'customers', { constraint: 'orders_customer_fkey', direction: 'still_referenced' }],
  ] as const)('tells a reference without a name by the statement: %s %s', (operation, table, facts) => {
    const { constraint, direction } = {
      ...complete([ORDERS, ITEMS], REFERENCE, { operation, table }),
    } as ForeignKeyViolation;
    expect({ constraint, direction }).toEqual({ constraint: undefined, direction: undefined, ...facts });
  });

  test.each([
    'INSERT INTO orders VALUES (1, 1, 8) ON CONFLICT (id) DO UPDATE SET id = 5',
    'REPLACE INTO orders VALUES (2, 1, 7)',
    'INSERT INTO orders VALUES (9, 42, 9)',
  ])('does not take an upsert for an insert: %s', (sql) => {
    const database = new BetterSqlite3(':memory:').exec(`
      CREATE TABLE customers (id INTEGER PRIMARY KEY);
      CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id REFERENCES customers (id), number UNIQUE);
      CREATE TABLE items (order_id REFERENCES orders (id));
      INSERT INTO customers VALUES (1);
      INSERT INTO orders VALUES (1, 1, 7);
      INSERT INTO items VALUES (1)`);
    const { classify } = defineConflicts({ catalog: { dialect: 'sqlite', constraints: [ORDERS, ITEMS] } });
    let violation: Violation | undefined;
    try {
      database.exec(sql);
    } catch (error) {
      violation = classify(error, { operation: 'insert', table: 'orders' });
    } finally {
      database.close();
    }
    expect(violation).toEqual({
      ...{ kind: 'foreign_key_violation', driver: 'better-sqlite3' },
      ...{ dialect: 'sqlite', code: 'SQLITE_CONSTRAINT_FOREIGNKEY', referencedColumns: ['id'] },
    });
  });

  test('follows what goes with a row', () => {
    const cascade = { ...ORDERS, onDelete: 'cascade' } as const;
    const violation = complete([cascade, ITEMS], REFERENCE, { operation: 'delete', table: 'customers' });
    expect(violation).toMatchObject({ constraint: 'items_order_fkey', direction: 'still_referenced' });
    const self: Constraint = { ...ORDERS, table: 'customers', onDelete: 'cascade' };
    expect(complete([self], REFERENCE, { operation: 'delete', table: 'customers' })).toEqual(REFERENCE);
  });

  test('makes one rule work where the database gives a name and where it does not', () => {
    const catalog: Catalog = {
      dialect: 'mysql',
      constraints: [{ kind: 'unique', name: 'uq_users_email', table: 'users', columns: ['email'] }],
    };
    const rules = { 'users(email)': { resource: 'user', fields: ['email'] } };
    const translator = {
      ...{ name: 'test', owns: () => true },
      classify: (): Violation => ({ ...UNIQUE, constraint: 'uq_users_email' }),
    };
    const answer = defineConflicts({ catalog, rules, drivers: [translator] }).translate(new Error('duplicate'));
    expect(isConflict(answer) && answer.rule).toBe('users(email)');
  });

  test('is used when a conflict is answered again', () => {
    const wrapped = defineConflicts().translate(captured('better-sqlite3/sqlite-3/foreign-key-parent-missing'));
    const catalog: Catalog = { dialect: 'sqlite', constraints: [ORDERS] };
    const rules = { orders_customer_fkey: { reference_missing: { fields: ['customer'] } } };
    const answer = defineConflicts({ catalog, rules }).translate(wrapped, { operation: 'insert', table: 'orders' });
    expect(isConflict(answer, 'reference_missing') && answer.rule).toBe('orders_customer_fkey');
  });

  test('keeps the values that the database reported', () => {
    const catalog: Catalog = {
      dialect: 'postgresql',
      constraints: [{ ...EMAIL, kind: 'primary_key' }],
    };
    const error = captured('pg/postgresql-18/unique');
    const completed = defineConflicts({ catalog }).classify(error) as UniqueViolation;
    expect(completed).toMatchObject({ primaryKey: true });
    expect(completed.values).toEqual(['alice@example.com']);
    const again = defineConflicts({ catalog }).classify(defineConflicts().translate(error)) as UniqueViolation;
    expect(again).toMatchObject({ primaryKey: true });
    expect(again.values).toEqual(['alice@example.com']);
  });

  test.each([
    ['another database', { dialect: 'sqlite' } as const],
    ['a column that reads like two', { table: 'users', columns: ['first', 'second'] }],
  ])('adds nothing to a violation of %s', (_, facts) => {
    const key: Constraint = { kind: 'unique', name: 'users_key', table: 'users', columns: ['first,second'] };
    expect(complete([key], { ...UNIQUE, ...facts })).toEqual({ ...UNIQUE, ...facts });
  });

  test('tells MySQL from MariaDB, and no other server', () => {
    const error = captured('mysql2/mysql-9/unique');
    for (const dialect of ['mysql', 'mariadb'] as const) {
      expect(defineConflicts({ catalog: { dialect, constraints: [] } }).classify(error)).toMatchObject({ dialect });
    }
    for (const dialect of ['postgresql', 'sqlite'] as const) {
      expect(defineConflicts({ catalog: { dialect, constraints: [] } }).classify(error)).not.toHaveProperty('dialect');
    }
  });

  test('knows an absent name from one that is called so', () => {
    const key: Constraint = { kind: 'unique', name: 'undefined', table: 'undefined', columns: ['undefined'] };
    const nameless = { kind: 'not_null_violation', driver: 'test', code: '1048' } as const;
    expect(complete([key], { ...UNIQUE, constraint: 'undefined' })).toMatchObject({ table: 'undefined' });
    expect(complete([key, { kind: 'not_null', table: 'undefined', columns: ['undefined'] }], nameless)).toEqual(
      nameless,
    );
  });

  test('follows what an update changes, by the actions of the update', () => {
    const update = { operation: 'update', table: 'customers' } as const;
    const cascade = { ...ORDERS, onUpdate: 'cascade' } as const;
    expect(complete([cascade], REFERENCE, update)).toEqual(REFERENCE);
    const byCustomer: Constraint = { ...ITEMS, referencedColumns: ['customer_id'], onUpdate: 'restrict' };
    expect(complete([cascade, byCustomer, { ...ITEMS, name: 'other' }], REFERENCE, update)).toMatchObject({
      constraint: 'items_order_fkey',
      direction: 'still_referenced',
    });
    const nulls = { ...ORDERS, onDelete: 'set_null' } as const;
    expect(complete([nulls, { ...byCustomer }], REFERENCE, { ...update, operation: 'delete' })).toMatchObject({
      constraint: 'items_order_fkey',
    });
    const defaults = { ...ORDERS, onDelete: 'set_default' } as const;
    expect(complete([defaults], REFERENCE, { ...update, operation: 'delete' })).toMatchObject({
      direction: 'parent_missing',
    });
  });

  test('gives the developer the exact rule to add', () => {
    const lines: string[] = [];
    const hint = (constraints: readonly Constraint[], dialect: Catalog['dialect'], path: string, context?: Context) =>
      defineConflicts({
        catalog: { dialect, constraints },
        onUnregistered: (_, line) => lines.push(line),
      }).translate(captured(path), context);
    hint([{ ...EMAIL, schema: 'db_http_errors' }], 'mysql', 'mysql2/mysql-9/unique');
    hint([ORDERS], 'sqlite', 'better-sqlite3/sqlite-3/foreign-key-parent-missing', { table: 'orders' });
    expect(lines).toEqual([
      '"users_email_key": { resource: \'…\', fields: ["email"], detail: \'…\' },',
      "\"orders(customer_id)\": { reference_missing: { resource: '…', fields: [\"customer_id\"], detail: '…' }, reference_in_use: { resource: '…', detail: '…' } },",
    ]);
  });

  test.each<[string, Violation, Constraint[], string]>([
    [
      'a name that two tables have',
      { ...UNIQUE, dialect: 'mysql', table: 'admins', constraint: 'email' },
      [
        { kind: 'unique', name: 'email', schema: 'shop', table: 'users', columns: ['email'] },
        { kind: 'unique', name: 'email', schema: 'shop', table: 'admins', columns: ['email'] },
      ],
      'admins.email',
    ],
    [
      'a check whose name two tables have',
      {
        ...{ kind: 'check_violation', driver: 'test', code: '3819' },
        dialect: 'mysql',
        table: 'dot3',
        constraint: 'k',
      },
      [
        { kind: 'check', name: 'k', schema: 'shop', table: 'dot2', expression: 'a > 0' },
        { kind: 'check', name: 'k', schema: 'shop', table: 'dot3', expression: 'a > 0' },
      ],
      'dot3.k',
    ],
    [
      'a table that two schemas have',
      { ...UNIQUE, dialect: 'mysql', schema: 'b', table: 'users', constraint: 'mail' },
      [
        { kind: 'unique', name: 'mail', schema: 'a', table: 'users', columns: ['mail'] },
        { kind: 'unique', name: 'mail', schema: 'b', table: 'users', columns: ['mail'] },
      ],
      'b.users.mail',
    ],
    [
      'a constraint that the catalog does not have',
      { ...UNIQUE, dialect: 'mysql', table: 'users', constraint: 'gone' },
      [{ kind: 'unique', name: 'email', schema: 'shop', table: 'users', columns: ['email'] }],
      'gone',
    ],
  ])('hints a key that its own rule is found by: %s', (_, violation, constraints, key) => {
    const catalog: Catalog = { dialect: 'mysql', constraints };
    const drivers = [{ name: 'test', owns: () => true, classify: () => violation }];
    const lines: string[] = [];
    defineConflicts({ catalog, drivers, onUnregistered: (_, line) => lines.push(line) }).translate(new Error('any'));
    expect(lines).toEqual([expect.stringContaining(`"${key}": {`)]);
    const answer = defineConflicts({ catalog, drivers, rules: { [key]: { detail: 'Known.' } } }).translate(new Error());
    expect(isConflict(answer) && answer.rule).toBe(key);
    // The keys that the type of the command's file has.
    if (key !== 'gone') expect([...defineKeys(catalog, []).entries.keys()]).toContain(key);
  });

  test('is refused when it is none', () => {
    expect(() => defineConflicts({ catalog: { constraints: {} } as never })).toThrow(
      new TypeError(
        'Expected the options of defineConflicts() to have a catalog ({ dialect, constraints }) as "catalog", got object',
      ),
    );
  });
});

describe('what a catalog remembers', () => {
  // Against mutants it is too slow.
  test.skipIf(process.env.MUTATION === 'true')('is forgotten when it is too much, and worked out again', () => {
    const translator = (constraint: string) => ({ ...UNIQUE, constraint });
    let name = '';
    const error = new Error('any');
    const drivers = [{ name: 'test', owns: () => true, classify: () => translator(name) }];
    const { classify } = defineConflicts({ catalog: { dialect: 'postgresql', constraints: [EMAIL] }, drivers });
    for (let at = 0; at <= 60_000; at++) {
      name = at % 10_000 === 0 ? 'users_email_key' : `key_${at}`;
      const found = classify(error);
      if (at % 10_000 === 0) expect(found).toMatchObject({ table: 'users', columns: ['email'] });
    }
    expect(classify(error)).toMatchObject({ table: 'users', columns: ['email'] });
  });
});

describe('a catalog of a part', () => {
  test('leads a partition back to a table that it does not have', () => {
    const part: Constraint = {
      ...{ ...EMAIL, name: 'users_eu_key', schema: 'eu', table: 'users_eu' },
      partitionOf: { schema: 'public', table: 'users', name: 'users_key' },
    };
    const violation = { ...UNIQUE, constraint: 'users_eu_key', schema: 'eu', table: 'users_eu' };
    expect(complete([part], violation)).toEqual({
      ...{ ...UNIQUE, constraint: 'users_key', schema: 'public', table: 'users', columns: ['email'] },
    });
  });

  test('takes no primary key for another key that SQLite has reported', () => {
    const violation = { ...UNIQUE, code: 'SQLITE_CONSTRAINT_UNIQUE', table: 'users', columns: ['id'] };
    const key: Constraint = { kind: 'primary_key', name: 'users_pkey', table: 'users', columns: ['id'] };
    expect(complete([key], violation)).toEqual(violation);
    expect(complete([{ ...key, kind: 'unique' }], violation)).toMatchObject({ constraint: 'users_pkey' });
  });

  test('does without a table of the statement that cannot be read', () => {
    const violation = { ...REFERENCE, direction: 'parent_missing' } as const;
    const contexts = [
      { table: 7 },
      {
        get table(): string {
          throw new Error('no');
        },
      },
    ];
    for (const context of contexts) {
      expect(complete([ORDERS, ITEMS], violation, context as Context)).toEqual(complete([ORDERS, ITEMS], violation));
    }
    expect(complete([ORDERS, ITEMS], violation, { table: 'items' })).toMatchObject({ table: 'items' });
  });
});

describe('rules of a typed catalog', () => {
  interface Rules {
    readonly users_email_key?: UniqueRule<'email'>;
    readonly orders_customer_fkey?: ForeignKeyRule<'customer_id'>;
  }
  const catalog: Catalog<Rules> = { dialect: 'postgresql', constraints: [EMAIL, ORDERS] };

  test('know names, kinds and columns', () => {
    defineConflicts({
      catalog,
      rules: {
        users_email_key: { fields: ['email'], detail: 'Taken.' },
        orders_customer_fkey: { reference_missing: { fields: ['/customer'] }, reference_in_use: { detail: 'In use.' } },
      },
    });
    // @ts-expect-error: no such constraint
    defineConflicts({ catalog, rules: { users_emial_key: { fields: ['email'] } } });
    // @ts-expect-error: no such column
    defineConflicts({ catalog, rules: { users_email_key: { fields: ['emial'] } } });
    // @ts-expect-error: one sentence for two directions
    defineConflicts({ catalog, rules: { orders_customer_fkey: { detail: 'No.' } } });
    expect(defineConflicts({ catalog })).toBeDefined();
  });
});
