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
