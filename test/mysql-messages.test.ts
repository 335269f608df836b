import { describe, expect, test } from 'vitest';
import { mysql2 } from '../src/drivers/mysql2.ts';
import { unreadOf } from '../src/translator.ts';
import type { Dialect, Violation } from '../src/violation.ts';

// What the servers write where no captured error shows it: other languages, odd names, texts that SIGNAL has put to a
// number. The templates are the servers' own. Source: errmsg-utf8.txt of MariaDB 11, errmsg.sys of MySQL 9

interface Told {
  readonly sqlState?: string;
  /** What the application says of its server. */
  readonly dialect?: Dialect;
}

function classify(errno: number, sqlMessage: unknown, { sqlState = '23000', dialect }: Told = {}) {
  return mysql2.classify(Object.assign(new Error('any'), { errno, sqlState, sqlMessage }), dialect);
}

/** The names in a text, without what the number tells. */
function namesIn(errno: number, sqlMessage: unknown, told?: Told): object {
  const { kind, driver, dialect, code, sqlState, direction, retryable, ...names } = classify(
    errno,
    sqlMessage,
    told,
  ) as Violation & { readonly direction?: string; readonly retryable?: true };
  return names;
}

describe('a number of MySQL or MariaDB', () => {
  test.each([
    [1022, '23000', 'unique_violation'],
    [1169, '23000', 'unique_violation'],
    [3819, 'HY000', 'check_violation', 'mysql'],
    [4025, '23000', 'check_violation', 'mariadb'],
    [1263, '22004', 'not_null_violation'],
    [1644, '22012', 'raise_exception'],
    [3572, 'HY000', 'lock_not_available', 'mysql'],
    [3024, 'HY000', 'query_canceled', 'mysql'],
    [1969, '70100', 'query_canceled', 'mariadb'],
    [1203, '42000', 'too_many_connections'],
    [1406, '22001', 'string_data_right_truncation'],
    [167, '22003', 'numeric_value_out_of_range'],
    [1265, '01000', 'invalid_text_representation'],
    [1836, 'HY000', 'read_only_sql_transaction'],
    [1053, '08S01', 'connection_failure'],
    [1927, '70100', 'connection_failure', 'mariadb'],
  ])('%i with the state %s is a %s', (errno, sqlState, kind, dialect?: string) => {
    const facts = { kind, driver: 'mysql2', code: String(errno), sqlState };
    expect(classify(errno, undefined, { sqlState })).toStrictEqual({ ...facts, ...(dialect && { dialect }) });
  });

  test.each([4025, 1969, 1927, 167])(
    '%i with another state is what the other server means by it, and none',
    (errno) => {
      for (const sqlState of ['HY000', '']) expect(classify(errno, undefined, { sqlState })).toBeUndefined();
    },
  );

  test.each([
    [1216, 'parent_missing'],
    [1217, 'still_referenced'],
    [1451, 'still_referenced'],
    [1452, 'parent_missing'],
  ])('%i tells the direction of a foreign key: %s', (errno, direction) => {
    expect(classify(errno, 'a foreign key constraint fails')).toStrictEqual({
      ...{ kind: 'foreign_key_violation', driver: 'mysql2', code: String(errno), sqlState: '23000', direction },
    });
  });

  test.each([1213, 1614, 3058, 3132, 3101, 8002, 8022, 8028, 9007])(
    '%i ends a transaction that may be run again',
    (errno) => {
      const text = "Write conflict, txnStartTS=1, key={tableID=1, key=[{'s3cret'}]} [try again later]";
      expect(classify(errno, text)).toStrictEqual({
        kind: [1213, 1614, 3058, 3132].includes(errno) ? 'deadlock_detected' : 'serialization_failure',
        ...{ driver: 'mysql2', code: String(errno), sqlState: '23000', retryable: true },
      });
    },
  );

  test.each([
    "这个表自上次读后数据有变化'counters';尝试重新启动事务",
    "Record has changed since last read in table 'counters'; try restarting transaction",
    "Il record e` cambiato dall'ultima lettura della tabella 'counters'; Provare a far ripartire la transazione",
    "테이블 'counters'에서 마지막으로 읽은 후 Record가 변경되었습니다.",
  ])('1020 has the table that was changed meanwhile: %s', (text) => {
    expect(classify(1020, text, { sqlState: 'HY000' })).toStrictEqual({
      ...{ kind: 'serialization_failure', driver: 'mysql2', code: '1020', sqlState: 'HY000' },
      ...{ table: 'counters', retryable: true },
    });
  });

  test('that only one of the two servers has says more than the application does', () => {
    expect(classify(3819, "Check constraint 'q' is violated.", { dialect: 'mariadb' })).toStrictEqual({
      ...{
        kind: 'check_violation',
        driver: 'mysql2',
        code: '3819',
        dialect: 'mysql',
        sqlState: '23000',
        constraint: 'q',
      },
    });
    expect(classify(4025, 'CONSTRAINT `q` failed for `shop`.`items`', { dialect: 'mysql' })).toStrictEqual({
      ...{ kind: 'check_violation', driver: 'mysql2', code: '4025', dialect: 'mariadb', sqlState: '23000' },
      ...{ schema: 'shop', table: 'items', constraint: 'q' },
    });
  });

  test('that SIGNAL has chosen says nothing of the server, the application does', () => {
    const signal = { kind: 'raise_exception', driver: 'mysql2', code: '3819', sqlState: '45000' };
    expect(classify(3819, 'any text', { sqlState: '45000' })).toStrictEqual(signal);
    expect(classify(3819, 'too_many', { sqlState: '45000', dialect: 'mariadb' })).toStrictEqual({
      ...{ ...signal, dialect: 'mariadb', condition: 'too_many' },
    });
  });

  test('needs no state', () => {
    expect(classify(1062, "Duplicate entry 'a' for key 'uq'", { sqlState: '' })).toStrictEqual({
      ...{ kind: 'unique_violation', driver: 'mysql2', code: '1062', constraint: 'uq' },
    });
  });

  test.each([1022, 1062, 1169, 1761, 1859, 1452, 3819, 4025, 1048, 1366, 1020, 1644])(
    '%i has no name of its own, nor one out of a text without names',
    (errno) => {
      for (const text of ['No name here.', '', undefined, ["'a'"]]) expect(namesIn(errno, text)).toStrictEqual({});
    },
  );

  test('has a text of at most 2048 characters, for what is longer no server has written', () => {
    const ofLength = (length: number) => `Duplicate entry '${'a'.repeat(length - 31)}' for key 'uq'`;
    expect(ofLength(2048)).toHaveLength(2048);
    expect(namesIn(1062, ofLength(2048))).toStrictEqual({ constraint: 'uq' });
    expect(namesIn(1062, ofLength(2049))).toStrictEqual({});
  });
});

describe('the key of a duplicate', () => {
  test.each([
    "重复条目'a'键'uq'",
    "Zvojený klíč 'a' (číslo klíče 'uq')",
    "Duplicate entry 'a' for key 'uq'",
    "Duplicate entry 'nine char' for key 'uq'",
    "Duplicata du champ 'a' pour la clef 'uq'",
    "დუბლირებული ჩანაწერი 'a' გასაღებისთვის 'uq'",
    "Duplikalt bejegyzes 'a' a 'uq' kulcs szerint",
    "'a' は索引 'uq' で重複しています。",
    "중복된 입력 값 'a': key 'uq'",
    "Дублирующаяся запись 'a' по ключу 'uq'",
    // Values that end in a key, too.
    "Doppelter Eintrag 'x' for key 'users.PRIMARY' für Schlüssel 'uq'",
    "'x' for key 'users.PRIMARY' は索引 'uq' で重複しています。",
    "Duplicate entry 'x' for key 'users.PRIMARY'' for key 'uq'",
    `Duplicate entry 'a' for key 'uq'${' '.repeat(37)}.`,
  ])('stands last in quotes: %s', (text) => {
    expect(namesIn(1062, text)).toStrictEqual({ constraint: 'uq' });
  });

  test.each([
    'Duplicate entry',
    "Duplicate entry 'a' for key ''",
    "Duplicate entry 'a' for key 'uq",
    "Duplicate entry 'a'b' for key 'uq",
    // Nothing else in quotes stands before what SIGNAL has said.
    "It is 'taken'",
    "'taken'",
    "for key 'uq'",
    "'taken",
    "not' taken",
    // More text behind it than in any language.
    `Duplicate entry 'a' for key 'uq'${' '.repeat(38)}.`,
    // The dot belongs to no name.
    "Duplicate entry 'a' for key '.uq'",
    "Duplicate entry 'a' for key 'users.'",
    "target: ks.-.primary: Duplicate entry 'a' for key 'uq'",
  ])('is not in a text that no server writes: %s', (text) => {
    expect(namesIn(1062, text)).toStrictEqual({});
    expect(namesIn(1062, text, { dialect: 'mysql' })).toStrictEqual({});
  });

  test.each(["its name'", "o'clock", "it's 'so'", "key 'a'b'"])('has an apostrophe in English: %s', (name) => {
    expect(namesIn(1062, `Duplicate entry 'a' for key '${name}'`)).toStrictEqual({ constraint: name });
  });

  test.each(["b'uq'", "is b'uq' in it", "no'"])(
    'is left out in other words where its quotes cannot be told: %s',
    (end) => {
      expect(namesIn(1062, `Дублирующаяся запись 'a' по ключу ${end}`)).toStrictEqual({});
    },
  );

  test.each(["索引的重复条目'uq'", "Duplicate entry for key 'uq'", "は索引 'uq' で重複しています。"])(
    'of 1859 has no value before it: %s',
    (text) => {
      expect(namesIn(1859, text)).toStrictEqual({ constraint: 'uq' });
      expect(namesIn(1586, text)).toStrictEqual({});
    },
  );

  test.each([
    { key: 'uq', names: { constraint: 'uq' } },
    { key: 'PRIMARY', names: { constraint: 'PRIMARY', primaryKey: true } },
    { key: 'users.PRIMARY', names: { table: 'users', constraint: 'PRIMARY', primaryKey: true } },
    { key: 'users.uq', names: { table: 'users', constraint: 'uq' } },
    { key: 'odd table.uq', names: { table: 'odd table', constraint: 'uq' }, isUnread: true },
    { key: 'a.b,c', names: { table: 'a', constraint: 'b,c' }, isUnread: true },
    { key: '(a).b', names: { table: '(a)', constraint: 'b' }, isUnread: true },
  ])('$key is read with its table, on MariaDB without', ({ key, names, isUnread }) => {
    const text = `Duplicate entry 'a' for key '${key}'`;
    const read = (dialect?: Dialect) => {
      const violation = classify(1062, text, dialect && { dialect }) as Violation;
      return [namesIn(1062, text, dialect && { dialect }), unreadOf(violation)];
    };
    expect(read('mysql')).toStrictEqual([names, undefined]);
    expect(read()).toStrictEqual(isUnread ? [{}, key] : [names, undefined]);
    expect(read('mariadb')).toStrictEqual([
      { constraint: key, ...(key === 'PRIMARY' && { primaryKey: true }) },
      undefined,
    ]);
  });

  test('with two dots is kept for the catalog, and read by nobody else', () => {
    const text = "Duplicate entry 'a' for key 'a.b.c'";
    expect(namesIn(1062, text, { dialect: 'mysql' })).toStrictEqual({});
    expect(unreadOf(classify(1062, text) as Violation)).toBe('a.b.c');
    expect(namesIn(1062, text, { dialect: 'mariadb' })).toStrictEqual({ constraint: 'a.b.c' });
  });

  test.each([
    "不能写;表'users'中有重复索引",
    "Can't write; duplicate key in table 'users'",
    "Nu pot sa scriu (can't write), cheie duplicata in tabela 'users'",
    "Écriture impossible à cause d'un index UNIQUE sur la table 'users'",
    "테이블 'users'에서 중복 키",
    "Impossibile scrivere nella tabella 'users' per limitazione di unicita`",
  ])('is not told by 1022 and 1169, the table is: %s', (text) => {
    expect([namesIn(1022, text), namesIn(1169, text)]).toStrictEqual([{ table: 'users' }, { table: 'users' }]);
  });

  test.each([
    "表'p'的外键约束，记录'r'会导致表'users'中的重复条目，键'uq'",
    "Foreign key constraint for table 'p', record 'r' would lead to a duplicate entry in table 'users', key 'uq'",
    "Fremdschlüssel-Beschränkung für Tabelle 'p', Datensatz 'r' würde zu einem doppelten Eintrag in Tabelle 'users', Schlüssel 'uq' führen",
    "FOREIGN KEY constraint för tabell 'p', posten 'it's' kan inte uppdatera barntabell 'users' på grund av nyckel 'uq'",
  ])('of a cascade stands behind its table: %s', (text) => {
    expect(namesIn(1761, text)).toStrictEqual({ table: 'users', constraint: 'uq' });
  });

  test('of a cascade is read where its table cannot be', () => {
    expect(namesIn(1761, "record 'r' in table it's, key 'uq.x'")).toStrictEqual({ table: 'r', constraint: 'uq.x' });
    expect(namesIn(1761, "in table b'users', key 'uq'")).toStrictEqual({ constraint: 'uq' });
  });

  test.each([
    [1557, "Upholding foreign key constraints for table 'p', entry 'r-1', key 2 would lead to a duplicate entry"],
    // Cut, as no server does it.
    [1557, "Upholding foreign key constraints for table 'p', entry 'r-1'"],
    [1762, "表'p'的外键约束，记录'r'会导致子表中的重复条目"],
    [1762, "Foreign key constraint for table 'p', record 'r' would lead to a duplicate entry in a child table"],
  ])('of a cascade is not told by %i', (errno, text) => {
    expect(namesIn(errno, text)).toStrictEqual({});
  });
});

describe('the part of a foreign key', () => {
  const KNOWN = { schema: 'shop', table: 'orders', constraint: 'fk', columns: ['a', 'b'] };
  const WHOLE = { ...KNOWN, referencedTable: 'seats', referencedColumns: ['x', 'y'] };

  test.each([
    ['（`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`)）', WHOLE],
    ['(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`))', WHOLE],
    [
      '(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`) ON UPDATE CASCADE)',
      WHOLE,
    ],
    ['(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `s`.`seats` (`x`, `y`))', WHOLE],
    ['("shop"."orders", CONSTRAINT "fk" FOREIGN KEY ("a", "b") REFERENCES "seats" ("x", "y"))', WHOLE],
    ['(shop.orders, CONSTRAINT fk FOREIGN KEY (a, b) REFERENCES seats (x, y))', WHOLE],
    // A wide parenthesis in a name is none that begins the part.
    [
      '(`shop`.`orders`, CONSTRAINT `（a.b, CONSTRAINT ` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`))',
      { ...WHOLE, constraint: '（a.b, CONSTRAINT ' },
    ],
    // Each of the words between the names may be another, or cut: what comes after them is left out, or wrong.
    ['`shop`.`orders`, CONSTRAINT `fk`', {}],
    ['shop.orders, CONSTRAINT fk', {}],
    ['(`shop`.`orders`', {}],
    ['(`shop`, `orders`, CONSTRAINT `fk` FOREIGN', {}],
    ['(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY', { schema: 'shop', table: 'orders' }],
    [
      '(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY `i` (`a`) REFERENCES `seats` (`x`))',
      { schema: 'shop', table: 'orders' },
    ],
    ['(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b', { schema: 'shop', table: 'orders', constraint: 'fk' }],
    [
      '(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`) REFERS TO `seats` (`x`))',
      { schema: 'shop', table: 'orders', constraint: 'fk' },
    ],
    ['(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats`(`x`))', KNOWN],
    [
      '(`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y',
      { ...KNOWN, referencedTable: 'seats' },
    ],
    // Names that no server leaves empty, names that begin with what follows a name, and temporary ones.
    [
      '(``.`orders`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`))',
      { ...WHOLE, schema: undefined },
    ],
    [
      '(`shop`.``, CONSTRAINT `` FOREIGN KEY (`a`, `b`) REFERENCES `` (`x`, `y`))',
      { ...WHOLE, table: undefined, constraint: undefined, referencedTable: undefined },
    ],
    [
      '(`.shop`.`, CONSTRAINT x`, CONSTRAINT ` FOREIGN KEY (` FOREIGN KEY (`, a`, `) REFERENCES b`) REFERENCES ` (s` (`))`))',
      {
        ...{
          schema: '.shop',
          table: ', CONSTRAINT x',
          constraint: ' FOREIGN KEY (',
          columns: [', a', ') REFERENCES b'],
        },
        ...{ referencedTable: ' (s', referencedColumns: ['))'] },
      },
    ],
    [
      '(`shop`.`#sql-1_2`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`))',
      { ...WHOLE, table: undefined },
    ],
    [
      '(`shop`.`no#sql`, CONSTRAINT `fk` FOREIGN KEY (`a`, `b`) REFERENCES `seats` (`x`, `y`))',
      { ...WHOLE, table: 'no#sql' },
    ],
  ])('is read as far as it is known: %s', (part, names) => {
    const expected = JSON.parse(JSON.stringify(names)) as object;
    expect(namesIn(1452, `a foreign key constraint fails ${part}`)).toStrictEqual(expected);
    expect(namesIn(1451, `a foreign key constraint fails ${part}`, { dialect: 'mariadb' })).toStrictEqual(expected);
  });

  test('has doubled quotes that only MariaDB is known to undouble', () => {
    const text =
      'fails (`s``h`.`o``s`, CONSTRAINT `f``k` FOREIGN KEY (`a`, `b``c`) REFERENCES `se``ats` (`x``y`, `z`))';
    for (const dialect of [undefined, 'mysql'] as const) {
      expect(namesIn(1452, text, dialect && { dialect })).toStrictEqual({});
    }
    expect(namesIn(1452, text, { dialect: 'mariadb' })).toStrictEqual({
      ...{ schema: 's`h', table: 'o`s', constraint: 'f`k', columns: ['a', 'b`c'] },
      ...{ referencedTable: 'se`ats', referencedColumns: ['x`y', 'z'] },
    });
    const columns = 'fails (`s`.`o`, CONSTRAINT `fk` FOREIGN KEY (`a``b`, `c`) REFERENCES `p` (`x`, `y`))';
    expect(namesIn(1452, columns)).toStrictEqual({
      ...{ schema: 's', table: 'o', constraint: 'fk', referencedTable: 'p', referencedColumns: ['x', 'y'] },
    });
    const quoted = 'fails ("s""h"."o", CONSTRAINT "fk" FOREIGN KEY ("a``b") REFERENCES "s" ("""z"))';
    expect(namesIn(1452, quoted)).toStrictEqual({
      ...{ table: 'o', constraint: 'fk', columns: ['a``b'], referencedTable: 's' },
    });
    expect(namesIn(1452, quoted, { dialect: 'mariadb' })).toStrictEqual({
      ...{
        schema: 's"h',
        table: 'o',
        constraint: 'fk',
        columns: ['a``b'],
        referencedTable: 's',
        referencedColumns: ['"z'],
      },
    });
  });
});

describe('the name of a check', () => {
  test.each([
    ['CONSTRAINT `q` failed for `shop`.`items`', 'q'],
    ['CONSTRAINT `q` fehlgeschlagen: `shop`.`items`', 'q'],
    ['проверка CONSTRAINT `q` для `shop`.`items` провалилась', 'q'],
    ['CONSTRAINT `items.stock` failed for `shop`.`items`', 'stock'],
    ['CONSTRAINT `items2.stock` failed for `shop`.`items`', 'items2.stock'],
    ['CONSTRAINT `itemsxstock` failed for `shop`.`items`', 'itemsxstock'],
    ['CONSTRAINT `q``r s` failed for `shop`.`items`', 'q`r s'],
  ])('stands in backticks before those of its table on MariaDB: %s', (text, constraint) => {
    expect(namesIn(4025, text)).toStrictEqual({ schema: 'shop', table: 'items', constraint });
  });

  test.each([
    ['CONSTRAINT `q`失败的`shop`。`items`', {}],
    ['CONSTRAINT `q` failed', {}],
    ['`q` failed for `shop`.`items`', { schema: 'shop', table: 'items', constraint: 'q' }],
    ['CONSTRAINT `q`失败的`shop`.`items`', { schema: 'shop', table: 'items' }],
    ['CONSTRAINT `` failed for `shop`.`items`', { schema: 'shop', table: 'items' }],
    ['the constraint q has failed ', {}],
    ['`q', {}],
  ])('is read as far as it is known on MariaDB: %s', (text, names) => {
    expect(namesIn(4025, text)).toStrictEqual(names);
  });

  test.each([
    ["Check constraint 'q' is violated.", 'q'],
    ["Check constraint 'it's `q`' is violated.", "it's `q`"],
    ["Check constraint 'a' or 'b' is violated.", "a' or 'b"],
    ["'q' is violated.", 'q'],
  ])('stands in apostrophes on MySQL: %s', (text, constraint) => {
    expect(namesIn(3819, text)).toStrictEqual({ constraint });
  });
});

describe('a column', () => {
  test.each([
    "Column '' cannot be null",
    "Column' cannot be null",
    "Column ' cannot be null",
    "'Column cannot be null",
    "It's not a column's",
  ])('is not what has no quotes around it: %s', (text) => {
    expect([namesIn(1048, text), namesIn(1366, text)]).toStrictEqual([{}, {}]);
  });

  test.each([
    [1048, "列'n'不能为NULL"],
    [1048, "Le champ 'n' ne peut être vide (null)"],
    [1048, "La colonna 'n' non puo` essere nulla"],
    [1048, "칼럼 'n'는 널(Null)이 되면 안됩니다. "],
    [1048, "सका 'n' NULL"],
    [1364, "Field 'n' doesn't have a default value"],
    [1263, "Column set to default value; NULL supplied to NOT NULL column 'n' at row 1"],
    [1264, "列'n'行1的值超出范围"],
    [1265, "სვეტისთვის 'n' მწკრივში '1 მონაცემები წაკვეთილია"],
    [1406, "Data too long for column 'n' at row 1"],
    [1366, "Incorrect integer value: 'x' for column 'n' at row 1"],
    [1366, "Incorrect integer value: '`s`.`t`.`c`' for column 'n' at row 1"],
    [1366, "Incorrect integer value: ''for column 'x' at row 1' for column 'n' at row 1"],
    [1366, "Falscher integer-Wert: 'it's' für Feld 'n' in Zeile 1"],
  ])('is named by %i: %s', (errno, text) => {
    expect(namesIn(errno, text)).toStrictEqual({ columns: ['n'] });
  });

  test.each([
    [1366, "Incorrect integer value: 'x' for column `shop`.`items`.`n` at row 1"],
    [1366, "Falscher integer-Wert: 'x' für Feld '`shop`.`items`.`n` in Zeile 1"],
    [1366, "Incorrect integer value: '`a`.`b`.`c`' for column `shop`.`items`.`n` at row 1"],
    [1264, 'Out of range value for column `shop`.`items`.`n`'],
    [1264, '`shop`.`items`.`n`'],
  ])('is named by %i with its table: %s', (errno, text) => {
    expect(namesIn(errno, text)).toStrictEqual({ schema: 'shop', table: 'items', columns: ['n'] });
  });

  test.each([
    ['`s``h`.`i``tems`.`n```', { schema: 's`h', table: 'i`tems', columns: ['n`'] }],
    ['x```s`.```t`.```n` x', { schema: '`s', table: '`t', columns: ['`n'] }],
    ['````.`t`.`n`', { schema: '`', table: 't', columns: ['n'] }],
    ['``.`t`.`n`', {}],
    ['`s`.``.`n`', {}],
    ['`s`.`t`.``', {}],
    ['s`.`t`.`n`', {}],
    ['`s`.t.`n`', {}],
    ['`t`.`n`', {}],
    ['`n`', {}],
    ['`', {}],
    ['`s`a`.`t`.`n`', { schema: 'a', table: 't', columns: ['n'] }],
    ['`s`.`t`b`.`n`', {}],
    ['`s`.`t`.`n`c`', {}],
  ])('has a path in backticks: %s', (path, names) => {
    expect(namesIn(1264, `Out of range value for column ${path}`)).toStrictEqual(names);
    expect(namesIn(1264, path)).toStrictEqual(names);
  });

  test('is never a value of the row, in the Chinese of MariaDB either', () => {
    const text = "不正确的integer值：'s3cret'用于列`shop`items`n`在1行";
    expect(namesIn(1366, text)).toStrictEqual({});
  });

  test.each([
    [1423, "Field of view 'shop.v' underlying table doesn't have a default value"],
    [1690, "BIGINT value is out of range in '(9223372036854775807 + `shop`.`users`.`id`)'"],
    [1690, 'BIGINT value is out of range in `shop`.`users`.`id`'],
  ])('is not named by %i: %s', (errno, text) => {
    expect(namesIn(errno, text)).toStrictEqual({});
  });
});

describe('an apostrophe', () => {
  const LETTERS = 'a z A Z m 0 9 5 _ À ɏ é ÿ'.split(' ');
  const OTHERS = ['`', '{', '@', '[', '^', '/', ':', '¿', 'ɐ', 'の', 'п', '한', ' ', '.', "'", ''];

  test.each(LETTERS)('before %s is part of a word, and no quotation mark', (letter) => {
    expect(namesIn(3819, `Check 'q' doesn'${letter}`)).toStrictEqual({ constraint: 'q' });
    expect(namesIn(3819, `Don${letter}'t 'q' `)).toStrictEqual({ constraint: 'q' });
    expect(namesIn(1062, `Запись 'a' ключ 'uq' doesn'${letter}`)).toStrictEqual({ constraint: 'uq' });
    expect(namesIn(1062, `Запись 'a' ключ ${letter}'uq' `)).toStrictEqual({});
  });

  test.each(OTHERS)('before %j is a quotation mark', (other) => {
    expect(namesIn(3819, `Check 'q' and'${other}`)).toStrictEqual({ constraint: `q' and${other === "'" ? "'" : ''}` });
    expect(namesIn(3819, `Check ${other}'q' `)).toStrictEqual({ constraint: other === "'" ? "'q" : 'q' });
  });
});
