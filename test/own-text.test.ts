import { describe, expect, test } from 'vitest';
import { conditionOf, isIdentifier, ownText } from '../src/dialects/facts.ts';

describe('a name that needs no quotes', () => {
  test.each(['a', 'z', 'A', 'Z', '_', '\u0080', 'ÿ', 'ж', '名前', '😀', '_0', 'a9', 'a$', 'a0$_Zé'])(
    'is %s',
    (name) => {
      expect([isIdentifier(name), conditionOf(name)]).toEqual([true, name]);
    },
  );

  test.each([
    '',
    ' ',
    '0',
    '9a',
    '$',
    '$a',
    'a b',
    'a-b',
    'a.b',
    'a#',
    'a%',
    'a/',
    'a:',
    'a@',
    'a[',
    'a^',
    'a`',
    'a{',
    'a\x7f',
    'a\n',
  ])('is not %j', (text) => {
    expect([isIdentifier(text), conditionOf(text)]).toEqual([false, undefined]);
  });

  test('serves as a condition up to 64 characters', () => {
    expect(conditionOf('a'.repeat(64))).toBe('a'.repeat(64));
    expect(conditionOf('a'.repeat(65))).toBeUndefined();
  });
});

describe('what the database said', () => {
  test.each([
    'insert into t values (1)',
    'insert or ignore into t values (1)',
    'INSERT\n\tINTO t VALUES (1)',
    'replace into t values (1)',
    'REPLACE  INTO t values (1)',
    'merge into t using p',
    'merge  into t using p',
    'delete from t',
    'delete  from t',
    'update t set n = 1',
    'update  t  set  n = 1',
    'update t set n=1',
    'update t set "n n" = 1',
    'update t set [n, n] = 1',
    'update t set (n, m) = (1, 2)',
    'update t set(n, m) = (1, 2)',
    'update or ignore t set n = 1',
    'update  or  rollback  t set n = 1',
    'update only t set n = 1',
    'update  only  t set n = 1',
    'update t as x set n = 1',
    'update t  as  x  set n = 1',
    'update t x set n = 1',
    'update t not indexed set n = 1',
    'update t  not  indexed  set n = 1',
    'update t indexed by i set n = 1',
    'update t  indexed  by  i  set n = 1',
    'update "two words" set n = 1',
    'update "two ""big"" words" set n = 1',
    'update `two words` as `t w` set `n n` = 1',
    'update [two words] indexed by [i j] set n = 1',
    'update shop.t set n = 1',
    'update "shop"."my t" set n = 1',
    'update `shop`.`my t` set n = 1',
    'update [shop].[my t] set n = 1',
    'update tt"s"t set n = 1',
    'with t as (select 1) delete from p',
    'with  t  as  (select 1) delete from p',
    'with t(a) as (select 1) delete from p',
    'with t  (a) as (select 1) delete from p',
    'with recursive t as (select 1) delete from p',
    'with  recursive  "t u" as (select 1) delete from p',
    '  \n delete from t',
    '-- a\n-- b\ndelete from t',
    '/* a */ /* b */ delete from t',
    '/*/ delete */ delete from t',
    '/***/delete from t',
    `${' '.repeat(4000)}delete from t`,
  ])('stands behind a statement and a dash: %s', (statement) => {
    expect(ownText(`${statement} - It is closed - for_good`)).toBe('It is closed - for_good');
  });

  test.each([
    'It is closed',
    'insert t values (1)',
    'insertinto t',
    'insert intox t',
    'insert orders now',
    'to insert into t',
    'replace t with p',
    'replace intox t',
    'merge t with p',
    'merge intox t',
    'delete t',
    'delete fromt',
    'update t',
    'update t set',
    'update t set n',
    'update t setn = 1',
    'update t set n to 1',
    'update t set n m = 1',
    'update t and p set n = 1',
    'update t as x y set n = 1',
    'update t indexed i set n = 1',
    'update t indexedby i set n = 1',
    'update set n = 1',
    'update (t) set n = 1',
    'update t, p set n = 1',
    'update t; set n = 1',
    'update t=p set n = 1',
    'update "t set n = 1',
    'update `t set n = 1',
    'update [t set n = 1',
    'with t',
    'with a plan as such',
    'with t assumed',
    'with recursion in plans as such',
    'select a from t',
    '/* a',
    '-- a',
    '/ * a */ delete from t',
    '- - a\ndelete from t',
    '/*/ delete from t',
    `${' '.repeat(4096)}delete from t`,
  ])('is all of what begins like no statement: %s', (text) => {
    for (const message of [text, `${text} - for_good`]) expect(ownText(message)).toBe(message);
  });

  test.each([
    'delete from t where n = 1',
    'update t set n = 1',
    'delete from t -',
    'delete from t-x',
    ' ',
    '',
    '/*',
    '--',
  ])('is all of what has no dash between spaces: %j', (message) => {
    expect(ownText(message)).toBe(message);
  });

  test.each([
    // Not a dash of the statement's own.
    ["delete from t where a = 'x - y'", 'closed'],
    ["delete from t where a = 'it''s - y'", 'closed'],
    ["delete from t where a = 'it\\'s - y'", 'closed'],
    ["delete from t where a = '\\\\'", 'closed'],
    ['delete from t where a = "x - y"', 'closed'],
    ['delete from `x - y`', 'closed'],
    ['delete from [x - y]', 'closed'],
    ['delete from t where (a - b) > ((c) - d)', 'closed'],
    ['delete from t where a[(1)] = b[c - d]', 'closed'],
    ['delete from t /* x - y */', 'closed'],
    ['delete from t /*/ - y */', 'closed'],
    ['delete from t -- x - y\n', 'closed'],
    ['delete from t where a = 1 - 1', 'closed'],
    ['delete from t where a = 1 - $1', 'closed'],
    ['delete from t where a = 1 - "b"', 'closed'],
    ['delete from t where a = 4 / 2', 'closed'],
    ['delete from t where a = 4-2', 'closed'],
    // The first of the dashes that are not.
    ["delete from t where a = ''", 'Bad - closed'],
    ['delete from t /* x */', 'Bad - closed'],
    ['delete from t where (a)', 'Bad - closed'],
    ['delete from t where a[1]', 'Bad - closed'],
    ['delete from t where a = (b - c) ', 'Bad - closed'],
    ['delete from t', 'Bad - closed'],
    ['delete from t', "it's - closed"],
  ])('is what follows the first dash that the statement has not: %s', (statement, text) => {
    expect(ownText(`${statement} - ${text}`)).toBe(text);
  });

  test.each([
    "delete from t where a = 'x - Bad - closed",
    'delete from t where (a = 1 - Bad - closed',
    'delete from t where a) = 1 - Bad - closed',
    'delete from t where a[1 - Bad - closed',
    'delete from t where a] - Bad - closed',
    'delete from t /* x - Bad - closed',
    'delete from t -- x - Bad - closed',
    'update ["] set n = 1 - Bad - closed',
    "delete from t where a = 'x\\ - Bad - closed",
  ])('is what stands last where something of the statement does not pair: %s', (message) => {
    expect(ownText(message)).toBe('closed');
  });

  test('is nothing where nothing follows the dash', () => {
    expect([ownText('delete from t - '), ownText('delete from t where a = 1 - 1 - ')]).toEqual(['', '']);
  });
});
