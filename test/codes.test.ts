import { describe, expect, test } from 'vitest';
import { ERRNOS_LEFT_ALONE, RESULT_CODES_LEFT_ALONE, SQLSTATES_LEFT_ALONE } from '../src/dialects/left-alone.ts';
import { ERRNOS } from '../src/dialects/mysql.ts';
import { RESULT_CODES } from '../src/dialects/sqlite.ts';
import { SQLSTATES } from '../src/sqlstate.ts';

// Constraint codes and their neighbours, as the manuals list them: each has a row, read or left alone.

const TABLES = [
  {
    name: 'SQLSTATE',
    read: SQLSTATES,
    leftAlone: SQLSTATES_LEFT_ALONE,
    shape: /^[0-9A-Z]{5}$/,
    known: `08000 08001 08003 08004 08006 08007 08P01 09000 0A000 0L000 0P000 21000 22001 22003 22004 22007 22008 22012
      22019 22021 22023 22025 22026 22030 22P02 22P03 22P05 23000 23001 23502 23503 23505 23514 23P01 25006 25P02 25P03
      25P04 27000 28000 28P01 2BP01 40000 40001 40002 40003 40P01 42501 42701 42710 42804 42830 42P01 42P07 42P10 44000
      53000 53100 53200 53300 53400 55000 55006 55P03 57014 57P01 57P02 57P03 57P04 57P05 58000 P0001 P0002 P0003 P0004
      XX000`,
  },
  {
    name: 'error number',
    read: ERRNOS,
    leftAlone: ERRNOS_LEFT_ALONE,
    shape: /^\d+(\/[0-9A-Z]{5})?$/,
    known: `1020 1022 1040 1044 1045 1048 1053 1062 1121 1138 1142 1143 1152 1153 1154 1155 1156 1157 1158 1159 1160 1161
      1169 1171 1180 1203 1205 1206 1207 1213 1216 1217 1226 1227 1252 1263 1264 1265 1290 1292 1317 1364 1366 1369 1370
      1406 1411 1423 1451 1452 1526 1557 1566 1569 1586 1591 1613 1614 1644 1689 1690 1698 1701 1748 1761 1762 1792 1836
      1859 1874 3024 3058 3101 3132 3133 3572 3819 4031 1927/70100 1969/70100 4025/23000`,
  },
  {
    name: 'result code',
    read: RESULT_CODES,
    leftAlone: RESULT_CODES_LEFT_ALONE,
    shape: /^SQLITE_[A-Z_]+$/,
    known: `ABORT ABORT_ROLLBACK AUTH BUSY BUSY_RECOVERY BUSY_SNAPSHOT BUSY_TIMEOUT CANTOPEN CONSTRAINT CONSTRAINT_CHECK
      CONSTRAINT_COMMITHOOK CONSTRAINT_DATATYPE CONSTRAINT_FOREIGNKEY CONSTRAINT_FUNCTION CONSTRAINT_NOTNULL
      CONSTRAINT_PINNED CONSTRAINT_PRIMARYKEY CONSTRAINT_ROWID CONSTRAINT_TRIGGER CONSTRAINT_UNIQUE CONSTRAINT_VTAB
      CORRUPT FULL INTERRUPT LOCKED LOCKED_SHAREDCACHE LOCKED_VTAB MISMATCH NOTADB PERM READONLY READONLY_CANTINIT
      READONLY_CANTLOCK READONLY_DBMOVED READONLY_DIRECTORY READONLY_RECOVERY READONLY_ROLLBACK TOOBIG`.replace(
      /[A-Z_]+/g,
      'SQLITE_$&',
    ),
  },
];

describe.each(TABLES)('every $name', ({ read, leftAlone, known, shape }) => {
  test('of the neighbourhood is either read or left alone for a reason', () => {
    for (const code of known.split(/\s+/)) {
      expect([code, read.has(code), Object.hasOwn(leftAlone, code)]).toEqual([code, read.has(code), !read.has(code)]);
    }
  });

  test('has the shape that its server sends', () => {
    for (const code of [...read.keys(), ...Object.keys(leftAlone)]) expect(code).toMatch(shape);
  });

  test('that is left alone has its name and the reason', () => {
    for (const reason of Object.values(leftAlone)) expect(reason).toMatch(/^\S[^:]*: \S/);
  });
});
