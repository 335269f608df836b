import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { defineKeys } from '../src/cli/keys.ts';
import { defineCompletion } from '../src/constraints.ts';
import {
  type Catalog,
  type Constraint,
  type Context,
  type Dialect,
  defineConflicts,
  type ForeignKeyRule,
  type ForeignKeyViolation,
  isConflict,
  type UniqueRule,
  type UniqueViolation,
  type Violation,
} from '../src/index.ts';
import { markRaised, markUnread } from '../src/translator.ts';
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

/** What follows from constraints for a violation that some translator has read. */
function completed(
  constraints: readonly Constraint[],
  violation: Violation,
  { dialect = 'postgresql', ...context }: Context & { readonly dialect?: Dialect } = {},
): Violation {
  return defineCompletion({ dialect, constraints })(violation, context);
}

/** A violation whose text can be read in two ways. */
function unread<V extends Violation>(violation: V, text: string): V {
  markUnread(violation, text);
  return violation;
}

/** A violation that a trigger or a function has raised. */
function raised<V extends Violation>(violation: V): V {
  markRaised(violation);
  return violation;
}

const CHECK = { kind: 'check_violation', driver: 'test', code: '23514' } as const;
const NOT_NULL = { kind: 'not_null_violation', driver: 'test', code: '1048' } as const;

describe('what follows from a catalog', () => {
  test.each([
    ['unique_violation', ['primary_key', 'unique']],
    ['foreign_key_violation', ['foreign_key']],
    ['check_violation', ['check']],
    ['exclusion_violation', ['primary_key', 'unique', 'exclusion']],
    ['not_null_violation', ['not_null']],
    ['deadlock_detected', []],
  ] as const)('is from constraints that can raise it: %s', (kind, raisers) => {
    const all = ['primary_key', 'unique', 'foreign_key', 'check', 'exclusion', 'not_null'] as const;
    const violation = { kind, driver: 'test', code: '1', constraint: 'key' } as Violation;
    const found = all.filter(
      (each) => completed([{ kind: each, name: 'key', table: 'users' }], violation) !== violation,
    );
    expect(found).toEqual(raisers);
  });

  test('is nothing where all is known: the violation stays the same object', () => {
    const violation = {
      ...UNIQUE,
      constraint: 'users_email_key',
      schema: 'public',
      table: 'users',
      columns: ['email'],
    };
    expect(completed([EMAIL], violation)).toBe(violation);
    const other = { ...UNIQUE, constraint: 'gone' };
    expect(completed([EMAIL], other)).toBe(other);
  });

  const DOMAIN: Constraint = { kind: 'check', name: 'email_check', schema: 'public', domain: 'email' };
  const AT: Constraint = { ...EMAIL, name: 'email_pkey', kind: 'primary_key' };
  const SAID = { ...UNIQUE, columns: ['email'] };

  test.each<[string, Constraint[], Violation, object]>([
    ['a check of a domain', [DOMAIN], { ...CHECK, constraint: 'email_check', schema: 'public' }, { domain: 'email' }],
    [
      'no check of a domain for one of a table',
      [DOMAIN],
      { ...CHECK, constraint: 'email_check', dialect: 'postgresql', schema: 'public', table: 'users' },
      {},
    ],
    [
      'no check of a table for one of a domain',
      [{ ...EMAIL, kind: 'check' }],
      { ...CHECK, constraint: 'users_email_key', dialect: 'postgresql', schema: 'public' },
      {},
    ],
    [
      'nothing without a schema, which PostgreSQL always has',
      [EMAIL],
      { ...UNIQUE, constraint: 'users_email_key', dialect: 'postgresql', table: 'users' },
      {},
    ],
    [
      'a key of PostgreSQL',
      [EMAIL],
      { ...UNIQUE, constraint: 'users_email_key', dialect: 'postgresql', schema: 'public', table: 'users' },
      { columns: ['email'] },
    ],
    [
      'nothing from another database',
      [EMAIL],
      { ...UNIQUE, constraint: 'users_email_key', dialect: 'mysql', schema: 'public', table: 'users' },
      {},
    ],
    [
      'the primary key, where the error says that it is',
      [EMAIL, AT],
      { ...UNIQUE, primaryKey: true, table: 'users', columns: ['email'] },
      { constraint: 'email_pkey', schema: 'public' },
    ],
    [
      'no mark of a primary key for what overlaps',
      [AT],
      { kind: 'exclusion_violation', driver: 'test', code: '23P01', constraint: 'email_pkey' },
      { schema: 'public', table: 'users', columns: ['email'] },
    ],
    ['nothing for columns alone', [EMAIL], SAID, {}],
    ['nothing for a table alone', [EMAIL], { ...UNIQUE, table: 'users' }, {}],
    [
      'no columns, where one of two has more of them',
      [
        { kind: 'unique', name: 'key', table: 'one', columns: ['a', 'b'] },
        { kind: 'unique', name: 'key', table: 'two', columns: ['a'] },
      ],
      { ...UNIQUE, constraint: 'key' },
      {},
    ],
    [
      'no columns, where one of two has fewer of them',
      [
        { kind: 'unique', name: 'key', table: 'one', columns: ['a'] },
        { kind: 'unique', name: 'key', table: 'two', columns: ['a', 'b'] },
      ],
      { ...UNIQUE, constraint: 'key' },
      {},
    ],
    [
      'no columns, where two share some of them',
      [
        { kind: 'unique', name: 'key', table: 'one', columns: ['a', 'b'] },
        { kind: 'unique', name: 'key', table: 'two', columns: ['a', 'c'] },
      ],
      { ...UNIQUE, constraint: 'key' },
      {},
    ],
    [
      'no columns, where the key of one has an expression',
      [
        { kind: 'unique', name: 'key', table: 'one', columns: ['a'] },
        { kind: 'unique', name: 'key', table: 'two', expression: 'lower(a)' },
      ],
      { ...UNIQUE, constraint: 'key' },
      {},
    ],
    [
      'the only reference that there is, without its direction',
      [EMAIL, ORDERS],
      REFERENCE,
      {
        ...{ constraint: 'orders_customer_fkey', table: 'orders', columns: ['customer_id'] },
        ...{ referencedTable: 'customers', referencedColumns: ['id'] },
      },
    ],
    [
      'the reference to the parent that the error names',
      [ORDERS, ITEMS],
      { ...REFERENCE, referencedTable: 'orders' },
      { constraint: 'items_order_fkey', table: 'items', columns: ['order_id'], referencedColumns: ['id'] },
    ],
    [
      'the reference to the parent columns that the error names',
      [ORDERS, { ...ITEMS, referencedColumns: ['number'] }],
      { ...REFERENCE, referencedColumns: ['number'] },
      { constraint: 'items_order_fkey', table: 'items', columns: ['order_id'], referencedTable: 'orders' },
    ],
    [
      'the column that must have a value, and no key of it',
      [EMAIL, { kind: 'not_null', table: 'users', columns: ['email'] }],
      { ...NOT_NULL, columns: ['email'] },
      { table: 'users' },
    ],
    ['nothing for a column that nobody has', [EMAIL], { ...NOT_NULL, columns: ['email'] }, {}],
  ])('is %s', (_, constraints, violation, facts) => {
    expect(completed(constraints, violation)).toStrictEqual({ ...violation, ...facts });
  });

  test('is a check of a domain, whatever table the statement is about', () => {
    const violation = { ...CHECK, constraint: 'email_check', dialect: 'postgresql', schema: 'public' } as const;
    expect(completed([DOMAIN], violation, { table: 'users' })).toStrictEqual({ ...violation, domain: 'email' });
  });

  test('is of the table that the error names, not of that of the statement', () => {
    const violation = { ...REFERENCE, table: 'orders', columns: ['customer_id'] };
    expect(completed([ORDERS, ITEMS], violation, { table: 'items', operation: 'insert' })).toStrictEqual({
      ...{ ...violation, constraint: 'orders_customer_fkey' },
      ...{ referencedTable: 'customers', referencedColumns: ['id'] },
    });
    const named = { ...REFERENCE, constraint: 'orders_customer_fkey' };
    expect(completed([ORDERS, ITEMS], named, { table: 'orders', operation: 'delete' })).toStrictEqual({
      ...{ ...named, table: 'orders', columns: ['customer_id'] },
      ...{ referencedTable: 'customers', referencedColumns: ['id'] },
    });
  });
});

describe('a reference that has no name', () => {
  const RESTRICT = {
    ...REFERENCE,
    dialect: 'sqlite',
    code: 'SQLITE_CONSTRAINT_TRIGGER',
    direction: 'still_referenced',
  } as const;
  const INVOICES: Constraint = {
    ...{ ...ORDERS, name: 'invoices_customer_fkey', table: 'invoices', columns: ['payer_id'] },
    ...{ onDelete: 'restrict', onUpdate: 'restrict' },
  };
  const KEYS: Constraint[] = [
    { kind: 'primary_key', table: 'customers', columns: ['id'] },
    { kind: 'unique', table: 'orders', columns: ['number'] },
    { kind: 'check', table: 'orders', expression: 'number > 0' },
  ];
  /** What changes with a city: its districts, by their own two columns. */
  const DISTRICTS: Constraint = {
    ...{ kind: 'foreign_key', name: 'districts_city_fkey', table: 'districts', columns: ['country', 'city'] },
    ...{ referencedTable: 'cities', referencedColumns: ['country', 'name'], onUpdate: 'cascade', onDelete: 'cascade' },
  };
  const STREETS: Constraint = {
    ...{ kind: 'foreign_key', name: 'streets_district_fkey', table: 'streets', columns: ['city', 'district'] },
    ...{ referencedTable: 'districts', referencedColumns: ['city', 'name'], onUpdate: 'no_action' },
  };
  const MAYORS: Constraint = {
    ...{ kind: 'foreign_key', name: 'mayors_district_fkey', table: 'mayors', columns: ['district_id'] },
    ...{ referencedTable: 'districts', referencedColumns: ['id'], onUpdate: 'no_action' },
  };
  const { referencedColumns: _, ...UNRESOLVED } = MAYORS;

  test.each<[string, Constraint[], Violation, Context, string | undefined, string | undefined]>([
    // Constraints, what the error says, the statement, then the name and the direction that follow.
    [
      'of an insert',
      [...KEYS, ORDERS],
      REFERENCE,
      { operation: 'insert', table: 'orders' },
      ORDERS.name,
      'parent_missing',
    ],
    [
      'of the only direction that fits',
      [...KEYS, ORDERS, ITEMS],
      { ...REFERENCE, direction: 'parent_missing' },
      { operation: 'update', table: 'orders' },
      ORDERS.name,
      'parent_missing',
    ],
    [
      'of the other direction',
      [...KEYS, ORDERS, ITEMS],
      { ...REFERENCE, direction: 'still_referenced' },
      { operation: 'update', table: 'orders' },
      ITEMS.name,
      'still_referenced',
    ],
    [
      'of the one that restricts, by a DELETE',
      [ORDERS, INVOICES],
      RESTRICT,
      { operation: 'delete', table: 'customers' },
      INVOICES.name,
      'still_referenced',
    ],
    [
      'of the one that restricts, by an UPDATE',
      [ORDERS, INVOICES],
      RESTRICT,
      { operation: 'update', table: 'customers' },
      INVOICES.name,
      'still_referenced',
    ],
    [
      'of either of the two, by another code',
      [ORDERS, INVOICES],
      { ...RESTRICT, code: 'SQLITE_CONSTRAINT_FOREIGNKEY' },
      { operation: 'delete', table: 'customers' },
      undefined,
      'still_referenced',
    ],
    [
      'of what refers to a part of what changes',
      [DISTRICTS, STREETS],
      REFERENCE,
      { operation: 'update', table: 'cities' },
      STREETS.name,
      'still_referenced',
    ],
    [
      'of nothing where all that changes with it follows',
      [DISTRICTS, { ...STREETS, onUpdate: 'cascade' }],
      REFERENCE,
      { operation: 'update', table: 'cities' },
      undefined,
      undefined,
    ],
    [
      'of nothing that refers to other columns',
      [DISTRICTS, MAYORS],
      REFERENCE,
      { operation: 'update', table: 'cities' },
      undefined,
      undefined,
    ],
    [
      'of what refers to columns that nobody knows',
      [DISTRICTS, UNRESOLVED],
      REFERENCE,
      { operation: 'update', table: 'cities' },
      MAYORS.name,
      'still_referenced',
    ],
    [
      'of what goes with what goes',
      [DISTRICTS, MAYORS],
      REFERENCE,
      { operation: 'delete', table: 'cities' },
      MAYORS.name,
      'still_referenced',
    ],
    [
      'of a table that nothing refers to',
      [DISTRICTS, MAYORS],
      REFERENCE,
      { operation: 'delete', table: 'mayors' },
      undefined,
      undefined,
    ],
  ])('is %s', (_, constraints, violation, context, constraint, direction) => {
    const dialect = 'sqlite';
    expect({
      constraint: undefined,
      direction: undefined,
      ...completed(constraints, violation, { ...context, dialect }),
    }).toMatchObject({ constraint, direction });
  });
});

describe('a text that can be read in two ways', () => {
  const key = (table: string, ...columns: string[]): Constraint => ({ kind: 'unique', table, columns });
  const positive: Constraint = { kind: 'check', table: 'items', expression: 'count > 0' };

  test.each<[string, Dialect, Constraint[], Violation, object]>([
    ['a.b.c', 'sqlite', [key('a.b', 'c')], UNIQUE, { table: 'a.b', columns: ['c'] }],
    ['a.b.c', 'sqlite', [key('a', 'b.c')], UNIQUE, { table: 'a', columns: ['b.c'] }],
    ['a.b.c', 'sqlite', [key('a', 'b.c'), key('a.b', 'c')], UNIQUE, {}],
    ['a.b.c, a.b.d', 'sqlite', [key('a.b', 'c', 'd'), key('a.b', 'c')], UNIQUE, { table: 'a.b', columns: ['c', 'd'] }],
    ['a.b.c', 'sqlite', [{ kind: 'unique', table: 'a', expression: 'lower(b)' }], UNIQUE, {}],
    ['a.b.c', 'sqlite', [], { ...UNIQUE, constraint: 'known' }, {}],
    ['count > 0', 'sqlite', [positive, { ...positive, expression: 'count > 1' }], CHECK, { table: 'items' }],
    ['count', 'sqlite', [{ ...positive, name: 'count' }], CHECK, { table: 'items', constraint: 'count' }],
    ['count > 0', 'sqlite', [{ ...positive, name: 'count' }], CHECK, {}],
    ['a.b.c', 'mysql', [{ ...key('a.b', 'd'), name: 'c' }], UNIQUE, { table: 'a.b', constraint: 'c', columns: ['d'] }],
    ['a.b.c', 'mysql', [{ ...key('a', 'd'), name: 'b.c' }], UNIQUE, { table: 'a', constraint: 'b.c', columns: ['d'] }],
    ['a.b.c', 'mysql', [key('a.b', 'c')], UNIQUE, {}],
  ])('is what the schema has: %s on %s', (text, dialect, constraints, violation, facts) => {
    const read = unread({ ...violation }, text);
    expect(completed(constraints, read, { dialect })).toStrictEqual({ ...violation, ...facts });
  });

  const SPLIT = { ...UNIQUE, table: 'mail', constraint: 'address' };
  const dotted: Constraint = { kind: 'unique', name: 'mail.address', table: 'users', columns: ['email'] };

  test.each<[string, Dialect, Constraint[], Violation, object | undefined]>([
    [
      'of MySQL',
      'mysql',
      [dotted],
      SPLIT,
      { ...UNIQUE, constraint: 'mail.address', table: 'users', columns: ['email'] },
    ],
    [
      'of a table that is there, too',
      'mysql',
      [dotted, { ...key('mail', 'text'), name: 'address' }],
      SPLIT,
      { ...SPLIT, columns: ['text'] },
    ],
    ['of no other server', 'mariadb', [dotted], SPLIT, undefined],
    [
      'of no check',
      'mysql',
      [{ ...dotted, kind: 'check' }],
      { ...CHECK, table: 'mail', constraint: 'address' },
      undefined,
    ],
    [
      'of no key that has no table',
      'mysql',
      [{ ...dotted, name: 'undefined.address' }],
      { ...UNIQUE, constraint: 'address' },
      undefined,
    ],
    [
      'of no key that has no name',
      'mysql',
      [{ ...dotted, name: 'mail.undefined' }],
      { ...UNIQUE, table: 'mail' },
      undefined,
    ],
    [
      'that no other constraint is without a name',
      'mysql',
      [
        { ...dotted, name: 'mail.undefined' },
        { kind: 'not_null', table: 'mail', columns: ['text'] },
      ],
      { ...UNIQUE, table: 'mail', constraint: 'undefined' },
      { ...UNIQUE, constraint: 'mail.undefined', table: 'users', columns: ['email'] },
    ],
  ])('is a key with a dot in its name %s', (_, dialect, constraints, violation, expected = violation) => {
    expect(completed(constraints, violation, { dialect })).toStrictEqual(expected);
  });
});

describe("what the schema's own code has raised", () => {
  const own = { ...UNIQUE, schema: 'public', table: 'users', constraint: 'users_email_key' };

  test.each<[string, Violation, Constraint[], boolean]>([
    ['in the name of a constraint', own, [EMAIL], true],
    ['in the name of one of several', own, [{ ...EMAIL, table: 'admins' }, EMAIL], true],
    ['in the name of a constraint, without its table', { ...UNIQUE, constraint: 'users_email_key' }, [EMAIL], true],
    ['in no name', UNIQUE, [EMAIL], true],
    ['in a name that nothing has', own, [], false],
    ['in the name of another kind', own, [{ ...EMAIL, kind: 'check' }], false],
    ['in a name that another schema has', own, [{ ...EMAIL, schema: 'archive' }], false],
    ['in a name that another table has', own, [{ ...EMAIL, table: 'admins' }], false],
  ])('is a violation only where a constraint could have raised it: %s', (_, violation, constraints, could) => {
    const kind = could ? 'unique_violation' : 'raise_exception';
    expect(completed(constraints, raised({ ...violation }))).toMatchObject({ ...violation, kind });
  });
});

describe('a partition', () => {
  const NULLS: Constraint = { kind: 'not_null', schema: 'public', table: 'users', columns: ['email'] };
  const part = (table: string, parent: string, constraint: Constraint): Constraint => ({
    ...constraint,
    table,
    partitionOf: { schema: 'public', table: parent, ...(constraint.name && { name: constraint.name }) },
  });

  test.each<[string, Constraint[], Violation, object]>([
    [
      'its parent for NOT NULL, which has no name, through two levels',
      [{ ...EMAIL, name: 'other' }, part('users_eu_1', 'users_eu', NULLS), part('users_eu', 'users', NULLS), NULLS],
      { ...NOT_NULL, schema: 'public', table: 'users_eu_1', columns: ['email'] },
      { table: 'users' },
    ],
    [
      'the parent of that name, not a table or a schema that has the name, too',
      [
        part('users_eu', 'users', EMAIL),
        { ...EMAIL, table: 'a' },
        { ...part('users', 'b', EMAIL), schema: 'archive' },
        EMAIL,
      ],
      { ...UNIQUE, schema: 'public', table: 'users_eu', constraint: 'users_email_key' },
      { table: 'users', columns: ['email'] },
    ],
    [
      'its table where the declared constraint has no name',
      [EMAIL, { kind: 'check', name: 'check', table: 'users_eu', partitionOf: { table: 'users' } }],
      { ...CHECK, constraint: 'check' },
      { table: 'users' },
    ],
    [
      'nothing where it may be one of two',
      [part('users_eu', 'users', EMAIL), part('users_us', 'users', EMAIL)],
      { ...UNIQUE, constraint: 'users_email_key' },
      { schema: 'public', columns: ['email'] },
    ],
    [
      'the parent that its own reference has',
      [part('orders_eu', 'orders', ORDERS), { ...ORDERS, referencedTable: 'people', referencedColumns: ['number'] }],
      { ...REFERENCE, table: 'orders_eu', constraint: 'orders_customer_fkey' },
      { table: 'orders', columns: ['customer_id'], referencedTable: 'people', referencedColumns: ['number'] },
    ],
  ])('is led back to %s', (_, constraints, violation, facts) => {
    expect(completed(constraints, violation)).toStrictEqual({ ...violation, ...facts });
  });
});

describe('what a catalog remembers', () => {
  const key = (name: string, schema: string, table: string, ...columns: string[]): Constraint => ({
    ...{ kind: 'unique', name, schema, table, columns },
  });
  const reference = (table: string, referencedTable: string, ...referencedColumns: string[]): Constraint => ({
    ...{ kind: 'foreign_key', name: 'fkey', table, columns: ['id'], referencedTable, referencedColumns },
  });
  const NAMED = { ...UNIQUE, constraint: 'key' };
  const FKEY = { ...REFERENCE, constraint: 'fkey' };

  test.each<[string, Constraint[], [Violation, Context?][]]>([
    ['kind', [key('key', 's', 't')], [[NAMED], [{ ...NAMED, kind: 'check_violation' }]]],
    [
      'code',
      [{ ...key('key', 's', 't'), kind: 'primary_key' }],
      [[NAMED], [{ ...NAMED, code: 'SQLITE_CONSTRAINT_UNIQUE' }]],
    ],
    ['dialect', [key('key', 's', 't')], [[NAMED], [{ ...NAMED, dialect: 'postgresql' }]]],
    [
      'schema',
      [key('key', 'a', 't'), key('key', 'b', 'u')],
      [[NAMED], [{ ...NAMED, schema: 'a' }], [{ ...NAMED, schema: 'b' }]],
    ],
    ['table', [key('key', 'a', 't'), key('key', 'b', 'u')], [[{ ...NAMED, table: 't' }], [{ ...NAMED, table: 'u' }]]],
    ['constraint', [key('key', 's', 't'), key('other', 's', 'u')], [[NAMED], [{ ...NAMED, constraint: 'other' }]]],
    ['primary key', [key('key', 's', 't')], [[NAMED], [{ ...NAMED, primaryKey: true }]]],
    [
      'direction',
      [ORDERS, ITEMS],
      [
        [{ ...REFERENCE, direction: 'parent_missing' }, { table: 'orders' }],
        [{ ...REFERENCE, direction: 'still_referenced' }, { table: 'orders' }],
      ],
    ],
    [
      'parent',
      [reference('t', 'a', 'x'), reference('u', 'b', 'y')],
      [[{ ...FKEY, referencedTable: 'a' }], [{ ...FKEY, referencedTable: 'b' }]],
    ],
    [
      "parent's columns",
      [reference('t', 'a', 'x', 'yz'), reference('u', 'a', 'xy', 'z')],
      [[{ ...FKEY, referencedColumns: ['x', 'yz'] }], [{ ...FKEY, referencedColumns: ['xy', 'z'] }]],
    ],
    [
      'columns',
      [key('key', 's', 't', 'x', 'yz'), key('key', 's', 'u', 'xy', 'z')],
      [[{ ...NAMED, columns: ['x', 'yz'] }], [{ ...NAMED, columns: ['xy', 'z'] }]],
    ],
    [
      'statement',
      [ORDERS, ITEMS],
      [
        [REFERENCE, { table: 'orders', operation: 'delete' }],
        [REFERENCE, { table: 'customers', operation: 'delete' }],
        [REFERENCE, { table: 'items', operation: 'delete' }],
        [REFERENCE, { table: 'items', operation: 'insert' }],
      ],
    ],
    [
      'text',
      [key('c', 's', 'a.b'), key('b.d', 's', 'a')],
      [[unread({ ...UNIQUE }, 'a.b.c')], [unread({ ...UNIQUE }, 'a.b.d')]],
    ],
    [
      'name and another that read alike in a row',
      [key('c', 'r', 'ab'), key('bc', 's', 'a')],
      [[{ ...UNIQUE, table: 'ab', constraint: 'c' }], [{ ...UNIQUE, table: 'a', constraint: 'bc' }]],
    ],
  ])('it tells apart by every fact: one %s and another', (_, constraints, cases) => {
    const afresh = cases.map((args) => defineCompletion({ dialect: 'postgresql', constraints })(...args));
    expect(new Set(afresh.map((each) => JSON.stringify(each))).size).toBe(cases.length);
    for (const order of [cases.keys(), [...cases.keys()].reverse()]) {
      const complete = defineCompletion({ dialect: 'postgresql', constraints });
      for (const at of order) expect(complete(...(cases[at] as [Violation]))).toStrictEqual(afresh[at]);
    }
  });

  /** Constraints, and how often somebody has looked at them. */
  function watched(...constraints: Constraint[]) {
    let looks = 0;
    const seen = constraints.map((constraint) =>
      Object.defineProperty({ ...constraint }, 'domain', { get: () => void looks++ }),
    );
    const complete = defineCompletion({ dialect: 'postgresql', constraints: seen });
    return (violation: Violation, context?: Context): boolean => {
      looks = 0;
      complete(violation, context);
      return looks > 0;
    };
  }

  test('it does not work out again, for no request that makes no difference', () => {
    const looksAt = watched(EMAIL, ORDERS);
    const named = { ...UNIQUE, constraint: 'users_email_key' };
    expect(looksAt(named)).toBe(true);
    expect(looksAt({ ...named })).toBe(false);
    expect(looksAt(named, { method: 'POST' })).toBe(false);
    expect(looksAt(named, { method: 'POST', table: 'users' })).toBe(true);
    expect(looksAt(named, { method: 'PUT', table: 'users' })).toBe(false);
    expect(looksAt(REFERENCE, { method: 'POST' })).toBe(true);
    expect(looksAt(REFERENCE, { method: 'DELETE' })).toBe(false);
    expect(looksAt(REFERENCE, { method: 'POST', table: 'orders' })).toBe(true);
    expect(looksAt({ ...REFERENCE, table: 'orders', columns: ['customer_id'] }, { table: 'items' })).toBe(true);
    expect(looksAt({ ...REFERENCE, table: 'orders', columns: ['customer_id'] }, { table: 'orders' })).toBe(false);
  });

  test('is 50 000 violations, and then it begins anew', () => {
    const looksAt = watched(EMAIL);
    const named = { ...UNIQUE, constraint: 'users_email_key' };
    expect(looksAt(named)).toBe(true);
    for (let at = 1; at < 50_000; at++) looksAt({ ...UNIQUE, constraint: `key_${at}` });
    expect(looksAt(named)).toBe(false);
    looksAt({ ...UNIQUE, constraint: 'one too many' });
    expect(looksAt(named)).toBe(true);
    expect(looksAt(named)).toBe(false);
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
