import { describe, expect, test } from 'vitest';
import { prisma } from '../src/drivers/prisma.ts';

// Texts behind Prisma's errors that no fixture has: PostgreSQL's other languages, and what no server writes.

const naked = (cause: unknown) => Object.assign(new Error('mapped'), { name: 'DriverAdapterError', cause });
const known = (cause: unknown) => Object.assign(new Error('known'), { meta: { driverAdapterError: naked(cause) } });

const KINDS = {
  23505: 'unique_violation',
  '23P01': 'exclusion_violation',
  23503: 'foreign_key_violation',
  23001: 'foreign_key_violation',
  23514: 'check_violation',
  23502: 'not_null_violation',
} as const;

interface Given {
  readonly detail?: string;
  readonly constraint?: { readonly index?: unknown; readonly fields?: unknown };
  readonly column?: string;
}

/** What is read besides the kind and the code. */
function factsOf(code: keyof typeof KINDS, originalMessage: unknown, given: Given = {}): unknown {
  const found = prisma.classify(naked({ kind: 'postgres', originalCode: String(code), originalMessage, ...given }));
  const { kind, driver, dialect, code: said, sqlState, ...facts } = { ...found } as Record<string, unknown>;
  expect([kind, driver, dialect, said, sqlState]).toEqual([
    KINDS[code],
    'prisma',
    'postgresql',
    String(code),
    String(code),
  ]);
  return facts;
}

describe('the mapped object of Prisma', () => {
  const mapped = { kind: 'UniqueConstraintViolation', originalCode: '23505' };

  test('counts behind an error only, and where Prisma puts it', () => {
    for (const error of [naked(mapped), known(mapped)]) expect(prisma.owns(error)).toBe(true);
    const others = [
      naked(undefined),
      naked(null),
      naked('23505'),
      naked({ ...mapped, kind: 7 }),
      naked({ ...mapped, kind: 'GenericJs' }),
      new Error('any', { cause: mapped }),
      Object.assign(new Error('any'), { meta: { target: ['email'] } }),
      Object.assign(naked(mapped), { meta: {} }),
      { name: 'DriverAdapterError', cause: mapped },
      { meta: { driverAdapterError: { cause: mapped } } },
    ];
    for (const other of others) expect([prisma.owns(other), prisma.classify(other)]).toEqual([false, undefined]);
  });

  test.each([
    { kind: 'mysql', originalCode: '1032' },
    { kind: 'mysql', originalCode: '1288' },
    { kind: 'sqlite', originalCode: '1062' },
    { kind: 'sqlite', originalCode: '1205' },
    { kind: 'mysql', originalCode: 'x', state: '45000' },
    { kind: 'mysql', originalCode: '1.5', state: '45000' },
    { kind: 'postgres', originalCode: '42P01' },
    { kind: 'sqlite', originalCode: 'SQLITE_FULL' },
    { kind: 'DatabaseNotReachable' },
  ])('is of the database and no violation: %j', (cause) => {
    expect([prisma.owns(naked(cause)), prisma.classify(naked(cause))]).toEqual([true, undefined]);
  });

  test.each([
    [{ kind: 'x', originalCode: '8' }, 'read_only_sql_transaction', 'SQLITE_READONLY', 'sqlite'],
    [{ kind: 'x', originalCode: 'SQLITE_BUSY_TIMEOUT' }, 'lock_not_available', 'SQLITE_BUSY_TIMEOUT', 'sqlite'],
    [{ kind: 'mysql', originalCode: '1062' }, 'unique_violation', '1062', undefined],
    [{ kind: 'UniqueConstraintViolation', originalCode: '1062' }, 'unique_violation', '1062', undefined],
    [{ kind: 'mysql', originalCode: '12345', state: '45000' }, 'raise_exception', '12345', undefined],
    [{ kind: 'postgres', originalCode: '57014' }, 'query_canceled', '57014', 'postgresql'],
  ])('has the code of the database: %j', (cause, kind, code, dialect) => {
    const { retryable, sqlState, ...found } = { ...prisma.classify(naked(cause)) } as Record<string, unknown>;
    expect(found).toStrictEqual({ kind, driver: 'prisma', code, ...(dialect && { dialect }) });
  });

  test('names the server of MySQL that the application has said', () => {
    const duplicate = naked({ kind: 'mysql', originalCode: '1062' });
    expect(prisma.classify(duplicate, 'mariadb')).toHaveProperty('dialect', 'mariadb');
  });
});

describe('a duplicate of PostgreSQL behind Prisma', () => {
  const message = 'duplicate key value violates unique constraint "users_email_key"';
  const key = { constraint: { fields: ['email'] } };
  const both = { constraint: 'users_email_key', columns: ['email'] };

  test.each([
    [message, both],
    ['could not create unique index "users_email_key"', both],
    [`Not now: ${message}`, {}],
    ['Not now: could not create unique index "users_email_key"', {}],
    ['llave duplicada viola restricción de unicidad «users_email_key»', {}],
    [`${message} and "more"`, {}],
    [message.replaceAll('"', ''), {}],
    [`${message}"`, {}],
    [message.padEnd(1024), both],
    [message.padEnd(1025), {}],
    [undefined, {}],
    [7, {}],
  ])('is read where the text is the server’s own: %j', (text, facts) => {
    expect(factsOf(23505, text, key)).toStrictEqual(facts);
  });

  test('has the name that the adapter tells', () => {
    expect(factsOf(23505, message, { constraint: { index: 'other' } })).toStrictEqual({ constraint: 'other' });
    expect(factsOf(23505, undefined, { constraint: { index: 'other' } })).toStrictEqual({ constraint: 'other' });
  });

  test('has the columns of the detail first', () => {
    const detail = 'Key (name)=(x) already exists.';
    expect(factsOf(23505, message, { ...key, detail })).toStrictEqual({ ...both, columns: ['name'] });
  });

  const thirtyTwo = Array.from({ length: 32 }, (_each, at) => `c_${at}`);

  test.each([
    [
      ['org_id', '"Full Name"'],
      ['org_id', 'Full Name'],
    ],
    [['"a""b"'], ['a"b']],
    [['""""'], ['"']],
    [thirtyTwo, thirtyTwo],
    [['n'.repeat(256)], ['n'.repeat(256)]],
  ])('has the columns that the adapter tells: %j', (fields, columns) => {
    expect(factsOf(23505, message, { constraint: { fields } })).toStrictEqual({ ...both, columns });
  });

  test.each(
    [
      ...['email', undefined, [], [7], ['email', 7], [''], ['a"b"'], ['"a"b'], ['"'], ['""'], ['"a"b"'], ['"a', 'b"']],
      ...[['lower(email'], ['Email'], ['é'], ['email '], [' email'], ['-'], ['email', 'lower(x']],
      ...[[...thirtyTwo, 'c'], ['n'.repeat(257)]],
    ].map((fields) => ({ fields })),
  )('has no columns where a part is no name: %j', ({ fields }) => {
    expect(factsOf(23505, message, { constraint: { fields } })).toStrictEqual({ constraint: 'users_email_key' });
  });
});

test.each([
  ['conflicting key value violates exclusion constraint "bookings_excl"', 'Key (room)=(1) conflicts …', true],
  [
    'llave en conflicto viola la restricción de exclusión «bookings_excl»',
    'La llave (room)=(1) está en conflicto …',
    true,
  ],
  ['"bookings_excl" exclusion 제약 조건에 따라 키 값 충돌이 발생했습니다.', '(room)=(1) …', true],
  ['conflicting key value violates exclusion constraint "bookings_excl"', 'No two (of them).', false],
  ['conflicting key value violates exclusion constraint "bookings_excl"', undefined, false],
  ['Not "bookings_excl" in "bookings"', 'Key (lower(x))=(1) conflicts …', false],
  ['Not now', 'Key (lower(x))=(1) conflicts …', false],
])('an exclusion has its name where a key is beside it: %s %s', (text, detail, isNamed) => {
  const facts = factsOf('23P01', text, detail === undefined ? {} : { detail }) as { columns?: unknown };
  const { columns, ...names } = facts;
  expect(names).toStrictEqual(isNamed ? { constraint: 'bookings_excl' } : {});
});

describe('a foreign key of PostgreSQL behind Prisma', () => {
  const constraint = { index: 'orders_fkey' };
  const missing = { direction: 'parent_missing', table: 'orders' };
  const referenced = { direction: 'still_referenced', table: 'orders', referencedTable: 'customers' };

  test.each([
    ['insert or update on table "orders" violates foreign key constraint "orders_fkey"', missing],
    [
      'update or delete on table "customers" violates foreign key constraint "orders_fkey" on table "orders"',
      referenced,
    ],
    ['在 "customers" 上的更新或删除操作违反了在 "orders" 上的外键约束 "orders_fkey"', referenced],
    [
      '"customers" 테이블의 자료 갱신, 삭제 작업이 "orders_fkey" 참조키(foreign key) 제약 조건 - "orders" 테이블 - 을 위반했습니다',
      referenced,
    ],
    [
      'une instruction insert ou update sur la table « orders » viole la contrainte de clé\nétrangère « orders_fkey »',
      missing,
    ],
    ['update o delete en «customers» viola la llave foránea «orders_fkey» en la tabla «orders»', referenced],
    ['"orders_fkey" is broken in "orders"', missing],
    ['foreign key constraint "orders_fkey" is broken', {}],
    ['"a" and "b" and "c" break "orders_fkey"', {}],
    ['insert or update on table "orders" violates foreign key constraint "other"', {}],
    ['Not now', {}],
  ])('has the table beside its name: %s', (text, facts) => {
    expect(factsOf(23503, text, { constraint })).toStrictEqual({ constraint: 'orders_fkey', ...facts });
  });

  const restricted =
    'update or delete on table "customers" violates RESTRICT setting of foreign key constraint "orders_fkey" on table "orders"';

  test.each([restricted, restricted.replace('RESTRICT setting of ', '')])('has all names in: %s', (text) => {
    expect(factsOf(23001, text)).toStrictEqual({ ...referenced, constraint: 'orders_fkey' });
    expect(factsOf(23001, text, { constraint })).toStrictEqual({ ...referenced, constraint: 'orders_fkey' });
    expect(factsOf(23001, text, { constraint: { index: 'other' } })).toStrictEqual({
      ...{ direction: 'still_referenced', constraint: 'other' },
    });
  });

  test.each([
    `Not now: ${restricted}`,
    `${restricted} and more`,
    restricted.replace(' "orders"', ''),
    restricted.replace('setting', 'settings'),
    'Not while "customers" has "orders_fkey" or "orders"',
  ])('has none in what nobody but RAISE has said: %s', (text) => {
    expect(factsOf(23001, text)).toStrictEqual({ direction: 'still_referenced' });
  });
});

describe('a check of PostgreSQL behind Prisma', () => {
  const detail = 'Failing row contains (1, -1).';
  const names = { table: 'items', constraint: 'quantity_check' };
  const table = { table: 'items' };

  test.each([
    ['new row for relation "items" violates check constraint "quantity_check"', names],
    ['new row for relation "items" violates partition constraint', table],
    ['no partition of relation "items" found for row', table],
    ['value for domain positive violates check constraint "quantity_check"', { constraint: 'quantity_check' }],
    ['value for domain "Positive" violates check constraint "quantity_check"', { constraint: 'quantity_check' }],
    ['value for domain "Positive" violates "a" and "b"', {}],
    ['value for domain positive violates a check constraint', {}],
    ['new row for nothing', {}],
    ['no partition of "a" or "b" or "c"', {}],
  ])('names what it names, with a row and without: %s', (text, facts) => {
    expect(factsOf(23514, text)).toStrictEqual(facts);
    expect(factsOf(23514, text, { detail })).toStrictEqual(facts);
  });

  test.each([
    ['la nuova riga per la relazione "items" viola il vincolo di controllo "quantity_check"', names],
    ['la nuova riga per la partizione "items" viola il vincolo di partizione', table],
    ['새 자료가 "items" 릴레이션의 "quantity_check" 체크 제약 조건을 위반했습니다', names],
    ['el nuevo registro para la relación «items» viola la restricción «check» «quantity_check»', {}],
    ['This is a new row for relation "items"', table],
    ['This is no partition of "items"', table],
    ['of "items" new row for ', table],
    ['of "items" no partition of ', table],
    ['la nuova riga "items', {}],
    [`la nuova riga "items"${'.'.repeat(1024)}`, {}],
    ['Not now', {}],
  ])('has in other languages the names that stand beside a row: %s', (text, facts) => {
    expect(factsOf(23514, text, { detail })).toStrictEqual(facts);
    expect(factsOf(23514, text, { detail: 'No row.' })).toStrictEqual({});
    expect(factsOf(23514, text)).toStrictEqual({});
  });
});

test.each([
  ['null value in column "email" of relation "users" violates not-null constraint', 'email', 'users'],
  ['null value in column "email" violates not-null constraint', 'email', undefined],
  ['el valor nulo en la columna «email» de la relación «users» viola la restricción de no nulo', 'email', 'users'],
  ['NULL-Wert in Spalte »email« von Relation »users« verletzt Not-Null-Constraint', 'email', 'users'],
  ['"email" 칼럼(해당 릴레이션 "users")의 null 값이 not null 제약조건을 위반했습니다.', 'email', 'users'],
  ['リレーション"users"の列"email"のNULL値が非NULL制約に違反しています', 'email', 'users'],
  ['la relación « users » «email» nulo', ' users ', 'email'],
  ['null value in column " email " of relation " users " violates not-null constraint', ' email ', ' users '],
  ['une valeur NULL viole la contrainte NOT NULL de la colonne « email » dans la relation « users »', 'email', 'users'],
  ['une valeur NULL viole la colonne «\u00a0email\u00a0» dans la relation «\u202fusers\u202f»', 'email', 'users'],
  ['el valor nulo en la columna «a b » de la relación «c d »', 'a b ', 'c d '],
  ['el valor nulo en la columna « a b» de la relación « c d»', ' a b', ' c d'],
  ['null “email” „users”', 'email', 'users'],
  ['null 「email」 『users』', 'email', 'users'],
])('a missing value has its column and its table: %s', (text, column, table) => {
  expect(factsOf(23502, text)).toStrictEqual({ columns: [column], ...(table && { table }) });
});

test.each([
  'column "email" of relation "users" is empty',
  'column "email" is null',
  'not a null value in column "email"',
  'null value in column email',
  'null value in column "email',
  'null "email" "users" "more"',
  'domain positive does not allow null values',
  'null ‛email‟ ‛users‟',
  'null 《email》 《users》',
  '',
  undefined,
])('a missing value has no name where the text is not the server’s own: %s', (text) => {
  expect(factsOf(23502, text)).toStrictEqual({});
  expect(factsOf(23502, text, { column: 'name' })).toStrictEqual({ columns: ['name'] });
});

test('a condition of RAISE is read, and names of no other code', () => {
  const raised = naked({ kind: 'postgres', originalCode: 'P0001', originalMessage: 'order_shipped' });
  const facts = { kind: 'raise_exception', driver: 'prisma', dialect: 'postgresql', code: 'P0001', sqlState: 'P0001' };
  expect(prisma.classify(raised)).toStrictEqual({ ...facts, condition: 'order_shipped' });
  const quoted = naked({ kind: 'postgres', originalCode: 'P0001', originalMessage: 'null value in column "a" of "b"' });
  expect(prisma.classify(quoted)).toStrictEqual(facts);
});
