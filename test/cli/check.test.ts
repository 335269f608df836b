import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { type Catalog, type Constraint, loadCatalog } from '../../src/catalog/index.ts';
import { driftOf } from '../../src/cli/check.ts';
import { stubsOf } from '../../src/cli/emit.ts';
import { defineKeys, readingsOf } from '../../src/cli/keys.ts';
import { defineConflicts } from '../../src/index.ts';

// How rules and a schema differ, as `check` finds it.

const NONE: ReadonlySet<string> = new Set();

function unique(table: string, name: string, column: string): Constraint {
  return { kind: 'unique', name, schema: 'shop', table, columns: [column] };
}

/** What is found of the catalog and the rules of many tables, of which the rules know other names; and how long it took. */
function driftOfMany(tables: number, renamed: (at: number) => string) {
  const rules: Record<string, object> = {};
  const constraints: Constraint[] = [];
  for (let at = 0; at < tables; at++) {
    constraints.push(unique(`things_${at}`, `things_${at}_name_key`, `name_${at}`));
    rules[renamed(at)] = { detail: 'Taken.' };
  }
  const started = performance.now();
  const drift = driftOf({ dialect: 'postgresql', constraints }, [], { rules }, NONE);
  return { ...drift, took: performance.now() - started };
}

describe.each([
  ['are found', (at: number) => `things_${at}_name_unique`],
  ['of another database are not', (at: number) => `widget${at.toString(36)}_${'x'.repeat(40)}`],
])('names that %s', (about, renamed) => {
  test('in 9,000 constraints by 9,000 rules, in ten times the time of 900', () => {
    const some = driftOfMany(900, renamed);
    const { gone, missing, took } = driftOfMany(9000, renamed);
    expect([gone.length, missing.length]).toEqual([9000, 9000]);
    const expected =
      about === 'are found' ? gone.map(({ rule }) => rule.replace('unique', 'key')) : gone.map(() => undefined);
    expect(gone.map((each) => each.nearest)).toEqual(expected);
    // Each with each would be a hundred times. The machine may do other things.
    expect(took).toBeLessThan(some.took * 40);
  });
});

test('names with parentheses and commas are found by the keys that are written for them', async () => {
  const database = new Sqlite(':memory:');
  database.exec(`CREATE TABLE "Orders (2024)" ("Order No" text UNIQUE, "a(b" int, b int, UNIQUE ("a(b", b));
    CREATE TABLE "x(y)(z)" (n int UNIQUE)`);
  const catalog = await loadCatalog(database);
  const keys = defineKeys(catalog, []);
  const stubs = [...stubsOf(catalog, keys).keys()];
  expect(stubs.sort()).toEqual(['Orders (2024)(Order No)', 'Orders (2024)(a(b, b)', 'x(y)(z)(n)']);
  const rules = Object.fromEntries(stubs.map((key) => [key, { detail: `About ${key}.` }]));
  expect(driftOf(catalog, [], { rules }, NONE)).toMatchObject({ gone: [], missing: [] });
  expect(driftOf(catalog, [], {}, new Set(readingsOf('Orders (2024)( Order No )'))).missing).toHaveLength(2);

  const { translate } = defineConflicts({ rules });
  for (const [table, values, key] of [
    ['Orders (2024)', '1, NULL, NULL', 'Orders (2024)(Order No)'],
    ['Orders (2024)', 'NULL, 2, 3', 'Orders (2024)(a(b, b)'],
    ['x(y)(z)', '1', 'x(y)(z)(n)'],
  ] as const) {
    const insert = database.prepare(`INSERT OR ABORT INTO "${table}" VALUES (${values})`);
    let thrown: unknown;
    try {
      insert.run();
      insert.run();
    } catch (error) {
      thrown = error;
    }
    expect(translate(thrown)).toMatchObject({ rule: key });
    database.exec(`DELETE FROM "${table}"`);
  }
  database.close();
});

test('what a rule is called now is the key of what has no rule', () => {
  const archive = { ...unique('users', 'users_email_key', 'email'), schema: 'archive' };
  const people: Constraint = { ...unique('people', 'users_email_key', 'email'), schema: 'public' };
  const catalog: Catalog = { dialect: 'postgresql', constraints: [archive, people] };
  const words = { detail: 'Taken.' };
  const rules = { 'users.users_email_key': words, 'public.users.users_email_key': words };
  expect(driftOf(catalog, [], { rules }, NONE)).toMatchObject({
    gone: [{ rule: 'public.users.users_email_key', nearest: 'people.users_email_key' }],
    missing: [{ rule: 'people.users_email_key' }],
  });
  // Rules of columns stay rules of columns.
  const byColumns = { 'users(email)': words, 'public.users(email)': words };
  expect(driftOf(catalog, [], { rules: byColumns }, NONE)).toMatchObject({
    gone: [{ rule: 'public.users(email)', nearest: expect.stringMatching(/people\(email\)$/) }],
  });
});

test('a bare name that another table has got, too, is told', () => {
  const [users, admins] = [unique('users', 'email', 'email'), unique('admins', 'email', 'email')];
  const rules = { email: { detail: 'A user with this email already exists.' } };
  const before: Catalog = { dialect: 'mysql', constraints: [users] };
  expect(driftOf(before, [], { rules }, NONE)).toMatchObject({ gone: [], missing: [], ambiguous: [] });

  const after: Catalog = { dialect: 'mysql', constraints: [users, admins] };
  expect(driftOf(after, [], { rules }, NONE).ambiguous).toEqual([{ rule: 'email', tables: ['users', 'admins'] }]);
  expect(driftOf(after, [], { rules }, new Set(['email'])).ambiguous).toEqual([]);
  const own = { ...rules, 'admins.email': { detail: 'Taken.' } };
  expect(driftOf(after, [], { rules: own }, NONE)).toMatchObject({ gone: [], missing: [], ambiguous: [] });
  expect([...stubsOf(after, defineKeys(after, [])).keys()]).toEqual(['users.email', 'admins.email']);
});

describe('of a partitioned table', () => {
  /** `orders`, with two levels of partitions; their foreign keys keep the name that they were made with. */
  function ordersOf(foreignKey: string): Catalog {
    const of = (table: string, own: string, parent?: string): Constraint[] => [
      {
        kind: 'primary_key',
        name: `${table}_pkey`,
        schema: 'public',
        table,
        columns: ['code'],
        ...(parent !== undefined && { partitionOf: { schema: 'public', table: parent, name: `${parent}_pkey` } }),
      },
      {
        kind: 'foreign_key',
        name: own,
        schema: 'public',
        table,
        columns: ['customer_id'],
        referencedTable: 'customers',
        referencedColumns: ['id'],
        ...(parent !== undefined && {
          partitionOf: {
            schema: 'public',
            table: parent,
            name: parent === 'orders' ? foreignKey : 'orders_customer_id_fkey',
          },
        }),
      },
    ];
    const constraints = [
      ...of('orders', foreignKey),
      ...of('orders_eu', 'orders_customer_id_fkey', 'orders'),
      ...of('orders_eu_1', 'orders_customer_id_fkey', 'orders_eu'),
    ];
    return { dialect: 'postgresql', constraints };
  }
  const both = { reference_missing: { detail: 'No.' }, reference_in_use: { detail: 'No.' } };
  const rules = { orders_pkey: { detail: 'Taken.' }, orders_customer_id_fkey: both };

  test('a rule of a partition is told to whom it belongs', () => {
    const own = { ...rules, orders_eu_1_pkey: { detail: 'No.' }, 'orders_eu( code )': { detail: 'No.' } };
    expect(driftOf(ordersOf('orders_customer_id_fkey'), [], { rules: own }, NONE)).toMatchObject({
      gone: [
        { rule: 'orders_eu_1_pkey', belongsTo: 'orders_pkey' },
        { rule: 'orders_eu( code )', belongsTo: 'orders_pkey' },
      ],
      missing: [],
    });
  });

  test('a foreign key that was renamed is gone, though its partitions keep the name', () => {
    expect(driftOf(ordersOf('orders_buyer_fkey'), [], { rules }, NONE)).toMatchObject({
      gone: [{ rule: 'orders_customer_id_fkey', nearest: 'orders_buyer_fkey' }],
      missing: [{ rule: 'orders_buyer_fkey' }],
    });
    expect(driftOf(ordersOf('orders_customer_id_fkey'), [], { rules }, NONE)).toMatchObject({ gone: [], missing: [] });
  });

  test('a rule of a declared constraint in a schema that was not read fits', () => {
    const { dialect, constraints } = ordersOf('orders_customer_id_fkey');
    const partitions = { dialect, constraints: constraints.slice(2) };
    expect(driftOf(partitions, [], { rules }, NONE).gone).toEqual([]);
  });
});
