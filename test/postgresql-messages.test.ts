import { describe, expect, test } from 'vitest';
import { type PostgresqlFields, postgresqlValues, postgresqlViolation } from '../src/dialects/postgresql.ts';
import { isRaised } from '../src/translator.ts';
import type { Violation } from '../src/violation.ts';

// Texts of PostgreSQL that no fixture has: its other languages, and what no server writes.

const BASE = { driver: 'pg', dialect: 'postgresql' };

function read(code: string, fields: Omit<PostgresqlFields, 'code'> = {}): Violation | undefined {
  return postgresqlViolation('pg', { code, ...fields });
}

const ORDERS = { schema: 'public', table: 'orders', constraint: 'orders_customer_id_fkey' };
const MISSING = {
  message: 'insert or update on table "orders" violates foreign key constraint "orders_customer_id_fkey"',
  detail: 'Key (customer_id)=(42) is not present in table "customers".',
  ...ORDERS,
};
const REFERENCED = {
  message:
    'update or delete on table "customers" violates foreign key constraint "orders_customer_id_fkey" on table "orders"',
  detail: 'Key (id)=(1) is still referenced from table "orders".',
  ...ORDERS,
};
const FOREIGN_KEY = { ...BASE, kind: 'foreign_key_violation', code: '23503', sqlState: '23503', ...ORDERS };
const PARENT_MISSING = {
  ...FOREIGN_KEY,
  direction: 'parent_missing',
  referencedTable: 'customers',
  columns: ['customer_id'],
};
const STILL_REFERENCED = {
  ...FOREIGN_KEY,
  ...{ direction: 'still_referenced', referencedTable: 'customers', referencedColumns: ['id'] },
};
const UNIQUE = { ...BASE, kind: 'unique_violation', code: '23505', sqlState: '23505' };

// Source: src/backend/po/ of https://github.com/postgres/postgres/tree/REL_15_STABLE
const LANGUAGES = [
  {
    language: 'Korean',
    missing:
      '"orders" 테이블에서 자료 추가, 갱신 작업이 "orders_customer_id_fkey" 참조키(foreign key) 제약 조건을 위배했습니다',
    absent: '(customer_id)=(42) 키가 "customers" 테이블에 없습니다.',
    referenced:
      '"customers" 테이블의 자료 갱신, 삭제 작업이 "orders_customer_id_fkey" 참조키(foreign key) 제약 조건 - "orders" 테이블 - 을 위반했습니다',
    present: '(id)=(1) 키가 "orders" 테이블에서 여전히 참조됩니다.',
    taken: '(email)=(a@x) 키가 이미 있습니다.',
  },
  {
    language: 'Chinese',
    missing: '插入或更新表 "orders" 违反外键约束 "orders_customer_id_fkey"',
    absent: '键值对(customer_id)=(42)没有在表"customers"中出现.',
    referenced: '在 "customers" 上的更新或删除操作违反了在 "orders" 上的外键约束 "orders_customer_id_fkey"',
    present: '键值对(id)=(1)仍然是从表"orders"引用的.',
    taken: '键值"(email)=(a@x)" 已经存在',
  },
  {
    language: 'Spanish',
    missing: 'inserción o actualización en la tabla «orders» viola la llave foránea «orders_customer_id_fkey»',
    absent: 'La llave (customer_id)=(42) no está presente en la tabla «customers».',
    referenced: 'update o delete en «customers» viola la llave foránea «orders_customer_id_fkey» en la tabla «orders»',
    present: 'La llave (id)=(1) todavía es referida desde la tabla «orders».',
    taken: 'Ya existe la llave (email)=(a@x).',
  },
  {
    language: 'Italian',
    missing:
      'la INSERT o l\'UPDATE sulla tabella "orders" viola il vincolo di chiave esterna "orders_customer_id_fkey"',
    absent: 'La chiave (customer_id)=(42) non è presente nella tabella "customers".',
    referenced:
      'l\'istruzione UPDATE o DELETE sulla tabella "customers" viola il vincolo di chiave esterna "orders_customer_id_fkey" sulla tabella "orders"',
    present: 'La chiave (id)=(1) è ancora referenziata dalla tabella "orders".',
    taken: 'La chiave (email)=(a@x) esiste già.',
  },
  {
    language: 'Swedish',
    missing: 'insert eller update på tabell "orders" bryter mot främmande nyckel-villkoret "orders_customer_id_fkey"',
    absent: 'Nyckel (customer_id)=(42) finns inte i tabellen "customers".',
    referenced:
      'update eller delete på tabell "customers" bryter mot främmande nyckel-villkoret "orders_customer_id_fkey" för tabell "orders"',
    present: 'Nyckeln (id)=(1) refereras fortfarande till från tabell "orders".',
    taken: 'Nyckeln (email)=(a@x) existerar redan.',
  },
  {
    language: 'Ukrainian',
    missing: 'insert або update в таблиці "orders" порушує обмеження зовнішнього ключа "orders_customer_id_fkey"',
    absent: 'Ключ (customer_id)=(42) не присутній в таблиці "customers".',
    referenced:
      'update або delete в таблиці "customers" порушує обмеження зовнішнього ключа "orders_customer_id_fkey" таблиці "orders"',
    present: 'На ключ (id)=(1) все ще є посилання в таблиці "orders".',
    taken: 'Ключ (email)=(a@x) вже існує.',
  },
  {
    language: 'French',
    missing:
      'une instruction insert ou update sur la table « orders » viole la contrainte de clé\nétrangère « orders_customer_id_fkey »',
    absent: "La clé (customer_id)=(42) n'est pas présente dans la table « customers ».",
    referenced:
      'UPDATE ou DELETE sur la table « customers » viole la contrainte de clé étrangère « orders_customer_id_fkey » de la table « orders »',
    present: 'La clé (id)=(1) est toujours référencée à partir de la table « orders ».',
    taken: 'La clé « (email)=(a@x) » existe déjà.',
  },
  {
    language: 'Japanese',
    missing: 'テーブル"orders"への挿入、更新は外部キー制約"orders_customer_id_fkey"に違反しています',
    absent: 'テーブル"customers"にキー(customer_id)=(42)がありません',
    referenced:
      'テーブル"customers"の更新または削除は、テーブル"orders"の外部キー制約"orders_customer_id_fkey"に違反します',
    present: 'キー(id)=(1)はまだテーブル"orders"から参照されています',
    taken: 'キー (email)=(a@x) はすでに存在します。',
  },
];

describe.each(LANGUAGES)('a server that speaks $language', ({ missing, absent, referenced, present, taken }) => {
  test('says that a parent is missing', () => {
    expect(read('23503', { message: missing, detail: absent, ...ORDERS })).toStrictEqual(PARENT_MISSING);
  });

  test('says that a row is still referenced', () => {
    expect(read('23503', { message: referenced, detail: present, ...ORDERS })).toStrictEqual(STILL_REFERENCED);
  });

  test('says which columns are taken', () => {
    expect(read('23505', { detail: taken })).toStrictEqual({ ...UNIQUE, columns: ['email'] });
  });
});

const MARKS = ['"orders"', '«orders»', '»orders«', '“orders”', '„orders“', '„orders”', '「orders」', '『orders』'];
const SPACED = ['« orders »', '«\u00a0orders\u00a0»', '«\u202forders\u202f»'];

describe('a name in a message of a foreign key', () => {
  test.each([...MARKS, ...SPACED])('is told by its quotation marks: %s', (shown) => {
    const inMarks = (text: string) =>
      text.replace(/"([a-z_]+)"/g, (_all, name: string) => shown.replace('orders', name));
    const { message, detail } = REFERENCED;
    expect(read('23503', { ...REFERENCED, message: inMarks(message), detail: inMarks(detail) })).toStrictEqual(
      STILL_REFERENCED,
    );
    const parent = { message: inMarks(MISSING.message), detail: inMarks(MISSING.detail) };
    expect(read('23503', { ...MISSING, ...parent })).toStrictEqual(PARENT_MISSING);
  });

  test.each([
    ...['‛orders‟', '《orders》', '】orders【', "'orders'", '`orders`', '#orders#', '!orders!', '¬orders¬', 'ªorders»'],
    ...['¼orders»', '« orders»', '«orders »', '« orders»»', '««orders »', '"orders', 'orders"', ' orders '],
  ])('is none where the marks are none of the server’s: %s', (shown) => {
    const message = MISSING.message.replace('"orders"', shown);
    expect(read('23503', { ...MISSING, message })).toStrictEqual(FOREIGN_KEY);
  });
});

test.each(['customers ', ' customers', ' customers ', ' ', 'a'])('a table called "%s" has all of its name', (name) => {
  const message = REFERENCED.message.replace('customers', name);
  expect(read('23503', { ...REFERENCED, message })).toStrictEqual({ ...STILL_REFERENCED, referencedTable: name });
  const detail = MISSING.detail.replace('customers', name);
  expect(read('23503', { ...MISSING, detail })).toStrictEqual({ ...PARENT_MISSING, referencedTable: name });
});

test.each(['customers ', ' customers'])('a table called "%s" has all of its name between French marks', (name) => {
  const message = REFERENCED.message.replace('"customers"', `«${name}»`);
  expect(read('23503', { ...REFERENCED, message })).toStrictEqual({ ...STILL_REFERENCED, referencedTable: name });
});

describe('the direction of a foreign key', () => {
  const { message } = MISSING;

  test.each([
    ['no message', undefined],
    ['an empty one', ''],
    ['one that is no text', { toString: () => message }],
    ['one without the constraint', 'insert or update on table "orders" violates a foreign key'],
    ['one without the table', 'violates foreign key constraint "orders_customer_id_fkey"'],
    ['one that shares a mark between two names', 'on table "orders"orders_customer_id_fkey"'],
    ['one that shares it in the other order', 'constraint "orders_customer_id_fkey"orders"'],
    ['another error', 'that address is taken'],
  ])('is not told by %s', (_what, text) => {
    expect(read('23503', { ...MISSING, message: text })).toStrictEqual(FOREIGN_KEY);
  });

  test.each([
    { table: undefined, constraint: 'undefined', schema: undefined },
    { table: 'undefined', constraint: undefined, schema: undefined },
    { table: undefined, constraint: undefined, schema: undefined },
    { table: '', constraint: 'undefined', schema: undefined },
  ])('is not told where the server names no table or no constraint: %j', (names) => {
    const text = 'insert or update on table "undefined" violates foreign key constraint "undefined"';
    const { kind, driver, dialect, code, sqlState } = FOREIGN_KEY;
    const told = Object.entries(names).filter(([, name]) => name);
    expect(read('23503', { ...names, message: text, detail: MISSING.detail })).toStrictEqual({
      ...{ kind, driver, dialect, code, sqlState },
      ...Object.fromEntries(told),
    });
  });

  test('is that of the parent where the constraint is called like its table', () => {
    const same = { schema: 'public', table: 'orders', constraint: 'orders' };
    const missing = 'insert or update on table "orders" violates foreign key constraint "orders"';
    const referenced =
      'update or delete on table "customers" violates foreign key constraint "orders" on table "orders"';
    const given = { ...MISSING, ...same };
    expect(read('23503', { ...given, message: missing })).toStrictEqual({ ...PARENT_MISSING, ...same });
    expect(read('23503', { ...given, ...REFERENCED, ...same, message: referenced })).toStrictEqual({
      ...STILL_REFERENCED,
      ...same,
    });
  });

  test('is told by what stands at the end, behind what Knex puts before it', () => {
    const statement = 'insert into "orders" ("customer_id", "a" - "b") values ($1, $2) returning "id"';
    expect(read('23503', { ...MISSING, message: `${statement} - ${message}` })).toStrictEqual(PARENT_MISSING);
    expect(read('23503', { ...REFERENCED, message: `${statement} - ${REFERENCED.message}` })).toStrictEqual(
      STILL_REFERENCED,
    );
    // Further from the end than the server's own message is long.
    const far = `"customers"${' '.repeat(1024)}${message}`;
    expect(read('23503', { ...MISSING, message: far })).toStrictEqual(PARENT_MISSING);
  });

  test('has no place for a single mark', () => {
    expect(read('23503', { ...MISSING, message: `${message} "` })).toStrictEqual(PARENT_MISSING);
    expect(read('23503', { ...MISSING, message: `" ${message}` })).toStrictEqual(PARENT_MISSING);
  });

  test('of RESTRICT is told by the code alone', () => {
    const restricted = { ...FOREIGN_KEY, code: '23001', sqlState: '23001', direction: 'still_referenced' };
    for (const text of [message, 'not now', undefined]) {
      expect(read('23001', { ...ORDERS, message: text })).toStrictEqual(restricted);
    }
  });
});

describe('the other side of a foreign key', () => {
  const { referencedTable, columns, ...missing } = PARENT_MISSING;
  const long = 'n'.repeat(255);

  test.each([
    ['', {}],
    ['Key is not present in table "customers".', { referencedTable }],
    ['Key (customer_id)=(42) is not present.', { columns }],
    ['Key (customer_id)=(42) is not present in table customers".', { columns }],
    ['Key (customer_id)=(42) is not present in table "customers.', { columns }],
    ['"customers" has no key (customer_id)=(42)', { referencedTable, columns }],
    ['"a(b" has no key (customer_id)=(42)', { referencedTable: 'a(b', columns }],
    ['"customers" has no key "customer_id"=(42)', {}],
    // A name that has quotes itself.
    ['Key (customer_id)=(42) is not present in table "a"b".', { columns }],
    // A value that has the words.
    ['Key (customer_id)=(in table "x".) is not present in table "customers".', { referencedTable, columns }],
    ['テーブル"customers"にキー(customer_id)=("x")がありません', { referencedTable, columns }],
    ['Key (customer_id)=()=(42) is not present in table "customers".', { referencedTable }],
    [`Key (customer_id)=(42) is not present in table "${long}".`, { referencedTable: long, columns }],
    [`Key (customer_id)=(42) is not present in table "${long}n".`, { columns }],
    [`Key (customer_id)=(42) is not present in table "customers".${' '.repeat(254)}`, { referencedTable, columns }],
    [`Key (customer_id)=(42) is not present in table "customers".${' '.repeat(255)}`, { columns }],
  ])('is read where the server has written it: %s', (detail, facts) => {
    expect(read('23503', { ...MISSING, detail })).toStrictEqual({ ...missing, ...facts });
  });

  test.each([
    ['(a, b)=(1, 2)', ['a', 'b']],
    ['(a, b)=(1)', ['a, b']],
    ['(a, b)=(1, 2, 3)', undefined],
    ['(a, b)=(1, 2, 3, 4)', undefined],
    ['(a, b, c)=(1, 2)', undefined],
    ['(a, b)=()', ['a, b']],
    ['(a, , b)=(1, 2, 3)', undefined],
    ['(, )=(1, 2)', undefined],
    ['(a,b)=(1, 2)', ['a,b']],
    ['(a"b(c)=(1)', ['a"b(c']],
    ['()=(1)', undefined],
    ['a)=(1)', undefined],
    ['(a)=1', undefined],
    ['(a, b)=(1, 2), not there', ['a', 'b']],
  ])('has as many columns as values, or one: Key %s', (key, found) => {
    expect(read('23503', { ...REFERENCED, detail: `Key ${key}` })).toStrictEqual({
      ...{ ...FOREIGN_KEY, direction: 'still_referenced', referencedTable },
      ...(found && { referencedColumns: found }),
    });
  });

  // The texts are too long for a title.
  test.each([
    [`(${'a'.repeat(4091)})=(1)`, ['a'.repeat(4091)]],
    [`(${'a'.repeat(4092)})=(1)`, undefined],
    [`(a)=(${'1'.repeat(65_526)})`, ['a']],
    [`(a)=(${'1'.repeat(65_527)})`, undefined],
  ])('is read as long as a key can be: %#', (key, found) => {
    expect(read('23503', { ...REFERENCED, detail: `Key ${key}` })).toStrictEqual({
      ...{ ...FOREIGN_KEY, direction: 'still_referenced', referencedTable },
      ...(found && { referencedColumns: found }),
    });
  });
});

describe('the columns of a key', () => {
  const thirtyTwo = Array.from({ length: 32 }, (_each, at) => `c${at}`);

  test.each([
    ['Key (email)=(x) already exists.', ['email']],
    ['(email)=(x)', ['email']],
    ['Key (az_09)=(x)', ['az_09']],
    ['Key (org_id, "Full Name")=(1, x)', ['org_id', 'Full Name']],
    ['Key ("a""b", "c")=(1, 2)', ['a"b', 'c']],
    ['Key ("""")=(1)', ['"']],
    [`Key (${thirtyTwo.join(', ')})=(1)`, thirtyTwo],
    [`Key (${'n'.repeat(256)})=(1)`, ['n'.repeat(256)]],
    [`Key ("${'n'.repeat(255)}")=(1)`, ['n'.repeat(255)]],
  ])('are read: %s', (detail, columns) => {
    expect(read('23505', { detail })).toStrictEqual({ ...UNIQUE, columns });
  });

  test.each([
    ...[
      '',
      'Key',
      'email)=(x)',
      'Key ()=(x)',
      'Key ("")=(x)',
      'Key ("email)=(x)',
      ')=("abc',
      'Key (email)',
      'Key (email',
    ],
    ...[
      'Key (email, )=(x)',
      'Key (email,name)=(x)',
      'Key (email; name)=(x)',
      'Key ("a"b)=(x)',
      'Key (lower(email))=(x)',
    ],
    ...['`', '{', '/', ':', '^', '@', 'A', 'Z', '[', 'é', ' ', '-'].map((other) => `Key (a${other}b)=(x)`),
    `Key (${[...thirtyTwo, 'c32'].join(', ')})=(1)`,
    `Key (${'n'.repeat(257)})=(1)`,
    `Key ("${'n'.repeat(256)}")=(1)`,
  ])('are not read where one is no name: %s', (detail) => {
    expect(read('23505', { detail })).toStrictEqual(UNIQUE);
  });
});

describe('what RAISE says', () => {
  const raised = { routine: 'exec_stmt_raise' };
  const facts = { ...BASE, kind: 'raise_exception', code: 'P0001', sqlState: 'P0001' };

  test.each([
    ['order_shipped', {}, 'order_shipped'],
    ['is_undefined', {}, 'is_undefined'],
    ['order_shipped\n - detail: a b', { detail: 'a b' }, 'order_shipped'],
    ['order_shipped\n - hint: a b', { hint: 'a b' }, 'order_shipped'],
    ['order_shipped\n - detail: a b\n - hint: c', { detail: 'a b', hint: 'c' }, 'order_shipped'],
    ['order_shipped\n - detail: a b', { detail: 'c d' }, undefined],
    ['order_shipped\n - detail: a b', {}, undefined],
    ['order_shipped\n - detail: a b', { hint: 'a b' }, undefined],
    ['detail: order_shipped', { detail: 'order_shipped' }, undefined],
    ['order_shipped', { detail: 'order_shipped' }, 'order_shipped'],
    ['\n - hint: a b', { hint: 'a b' }, undefined],
    ['', {}, undefined],
    [undefined, {}, undefined],
  ])('is a condition where it is a name: %j %j', (message, more, condition) => {
    expect(read('P0001', { ...raised, message, ...more })).toStrictEqual({ ...facts, ...(condition && { condition }) });
  });

  test('is known to be its own, whatever code it has taken', () => {
    for (const code of ['23505', '23503', 'P0001', 'OWN01']) {
      expect(isRaised(read(code, raised) as Violation), code).toBe(true);
    }
    expect(isRaised(read('23505', { routine: '_bt_check_unique' }) as Violation)).toBe(false);
    expect(isRaised(read('23505') as Violation)).toBe(false);
    expect(read('OWN01')).toBeUndefined();
  });

  test('fills fields, but no detail of its is read', () => {
    const given = { ...raised, table: 'users', column: 'email', detail: 'Key (password)=(x) already exists.' };
    expect(read('23505', given)).toStrictEqual({ ...UNIQUE, table: 'users', columns: ['email'] });
  });
});

describe('the values of a violation', () => {
  const detail = 'Key (email)=(a@x) already exists.';

  test.each([
    ['23505', detail, ['a@x']],
    ['23505', 'Key (a, b)=(1, 2) already exists.', ['1', '2']],
    ['23505', 'Key (a, b)=(1, 2, 3) already exists.', undefined],
    ['23505', 'Key ("a)=(b")=(x) already exists.', ['x']],
    ['23505', 'Key (c, "a)=(b")=(1, 2) already exists.', ['1', '2']],
    ['23505', 'Key (a)=(x', undefined],
    ['23505', 'Key (lower(a))=(x) already exists.', undefined],
    ['23505', undefined, undefined],
    ['23503', MISSING.detail, ['42']],
    ['23P01', 'Key (room)=(1) conflicts with existing key (room)=(1).', undefined],
    ['23502', 'Failing row contains (1, null, Key (a)=(b)).', undefined],
    ['00000', detail, undefined],
  ])('are told of a duplicate and of a missing parent only: %s %s', (code, text, values) => {
    expect(postgresqlValues({ code, ...MISSING, detail: text })).toEqual(values);
  });

  test('are told as long as a key can be', () => {
    const long = 'x'.repeat(65_533);
    const valuesOf = (key: string) => postgresqlValues({ code: '23505', detail: `Key ${key} already exists.` });
    expect(valuesOf(`(a, b)=(${long}, 2)`)).toEqual([long, '2']);
    expect(valuesOf(`(a, b)=(${long}x, 2)`)).toBeUndefined();
    expect(valuesOf(`(a)=(${long}xxxx)`)).toEqual([`${long}xxxx`]);
    expect(valuesOf(`(lower(a))=(${long}xxxx)`)).toBeUndefined();
  });

  test.each(['23505', '23503', '23502'])('are absent where a field has the column and no detail a key: %s', (code) => {
    const told = { code, column: 'email', detail: 'Somebody (x) is there.' };
    expect(postgresqlViolation('pg', told)).toMatchObject({ columns: ['email'] });
    expect(postgresqlValues(told)).toBeUndefined();
  });

  test('are absent of what RAISE has made up', () => {
    expect(postgresqlValues({ code: '23505', column: 'email', detail, routine: 'exec_stmt_raise' })).toBeUndefined();
    expect(postgresqlValues({ code: '23505', detail })).toEqual(['a@x']);
  });

  test('are not those of the other side', () => {
    const german = 'Auf Schlüssel (id)=(1) wird noch aus Tabelle »orders« verwiesen.';
    expect(postgresqlValues({ code: '23503', ...REFERENCED })).toBeUndefined();
    expect(postgresqlValues({ code: '23503', ...REFERENCED, detail: german })).toBeUndefined();
  });
});
