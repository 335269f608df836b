import { expect, test } from 'vitest';
import { declaredIn } from '../../src/catalog/sqlite-schema.ts';

test('reads no reference where there is none', () => {
  expect(declaredIn('CREATE TABLE a (b INT, CONSTRAINT c FOREIGN KEY (b))')).toEqual([]);
});

test('reads constraints with their names', () => {
  const sql = `CREATE TABLE "a ""b""" ( -- CONSTRAINT no CHECK (1)
    id INTEGER CONSTRAINT pk PRIMARY KEY,
    email TEXT CONSTRAINT "e, mail" UNIQUE CHECK (email <> ')'),
    c INT REFERENCES parents DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT two UNIQUE (email COLLATE NOCASE, [c d])
  )`;
  expect(declaredIn(sql)).toEqual([
    { kind: 'primary_key', name: 'pk', columns: ['id'] },
    { kind: 'unique', name: 'e, mail', columns: ['email'] },
    { kind: 'check', expression: "email <> ')'" },
    { kind: 'foreign_key', columns: ['c'], referencedTable: 'parents', deferrable: true },
    { kind: 'unique', name: 'two', columns: ['email', 'c d'] },
  ]);
});

test.each<[string, unknown[]]>([
  ['', []],
  ['CREATE VIRTUAL TABLE notes USING fts5', []],
  ['SELECT (1)', []],
  ['CREATE TABLE a (b INT UNIQUE, )', [{ kind: 'unique', columns: ['b'] }]],
  ['CREATE TABLE a (b INT, UNIQUE (b, ))', [{ kind: 'unique', columns: ['b', ''] }]],
  ['CREATE TABLE a (b INT UNIQUE', [{ kind: 'unique', columns: ['b'] }]],
  ['CREATE TABLE a (b INT UNIQUE) /* the end', [{ kind: 'unique', columns: ['b'] }]],
])('what is no whole declaration gives what can be read: %s', (sql, expected) => {
  expect(declaredIn(sql)).toEqual(expected);
});

test('a column that refers to two tables may put off one of the two', () => {
  const sql = 'CREATE TABLE a (b INT REFERENCES c (d) REFERENCES e (f) DEFERRABLE INITIALLY DEFERRED)';
  expect(declaredIn(sql).map(({ deferrable = false }) => deferrable)).toEqual([false, true]);
});
