import { defineConflicts } from '../../dist/index.js';
import { fromRoot } from '../from-root.js';
import { QUICK, row } from '../measure.js';
import { mysqlError, pgError, pgFields } from '../natives.js';

const { SqliteError } = fromRoot('better-sqlite3');

/** P17: texts that want to be read for ever, through every reader. */
export default function () {
  const dialects = [undefined, 'mysql', 'mariadb'].map((dialect) => defineConflicts({ dialect }).classify);
  const readers = [];
  for (const [reader, make] of Object.entries(READERS)) {
    let slowest = { time: 0, exponent: 0, what: reader };
    for (const attack of ATTACKS) {
      for (const classify of reader.startsWith('mysql2') ? dialects : dialects.slice(0, 1)) {
        const times = timesOf((size) => make(attack.repeat(Math.ceil(size / attack.length))), classify);
        const time = times.at(-1);
        if (time <= slowest.time) continue;
        // Over one step and over two: a single one may be the step out of a cache.
        const growth = [2, 3].map((back) => Math.log(time / times.at(-back)) / Math.log(STEP ** (back - 1)));
        // What is over at once has no growth to measure.
        const exponent = time < LIMIT / 2 ? 0 : Math.min(...growth);
        slowest = { time, exponent, what: `${reader}: ${JSON.stringify(attack)}` };
      }
    }
    readers.push(slowest);
  }
  readers.sort((a, b) => b.time - a.time);
  const [first, ...others] = readers;
  const steepest = readers.reduce((worst, reader) => (reader.exponent > worst.exponent ? reader : worst));
  return [
    row('P17', `slowest call at 1 MiB or before, ${first.what}`, first.time, 'ms', { atMost: LIMIT }),
    row('P17', `exponent of growth, ${steepest.what}`, steepest.exponent, '', { atMost: MOST }),
    // For whoever looks for the reason: the next ones.
    ...others.slice(0, 5).map(({ what, time }) => row('P17', `next, ${what}`, time, 'ms')),
    row('P17', `readers of ${readers.length} that took longer than ${LIMIT} ms`, readers.filter(isSlow).length, ''),
  ];
}

/** Milliseconds of one call. */
const LIMIT = 1;

function isSlow({ time }) {
  return time > LIMIT;
}

/** A little above 1, for the steps out of the processor's caches. */
const MOST = 1.25;

const STEP = 8;
const SIZES = QUICK ? [2 ** 11, 2 ** 14, 2 ** 17] : [2 ** 11, 2 ** 14, 2 ** 17, 2 ** 20];

/** Milliseconds by size, the best of some calls; ends early when it has been shown. */
function timesOf(make, classify) {
  const times = [];
  for (const size of [10, ...SIZES]) {
    const error = make(size);
    let best = Number.POSITIVE_INFINITY;
    for (let again = 0; again < 3; again++) {
      const start = process.hrtime.bigint();
      classify(error)?.values?.length;
      best = Math.min(best, Number(process.hrtime.bigint() - start) / 1e6);
    }
    times.push(best);
    if (best > 100) break;
  }
  return times;
}

const ATTACKS = [
  'x',
  ' ',
  '\n',
  'é',
  '(',
  ')',
  ')=(',
  'Key (a)=(',
  'Key (',
  '), (',
  ', ',
  'a, ',
  '"',
  '""',
  'a"',
  '", "',
  '"a" - ',
  ' - ',
  '«',
  '« ',
  "'",
  "''",
  "a'",
  "', '",
  "Duplicate entry '",
  "' for key '",
  '`',
  '``',
  '`a`.',
  '`.`',
  '`, `',
  '` (',
  'CONSTRAINT `',
  ') REFERENCES ',
  '.',
  'a.',
  'a.b, ',
  ' column ',
  'UNIQUE constraint failed: ',
  '\n    at ',
];

const UNIQUE = pgFields('unique');
const PARENT_MISSING = pgFields('foreign-key-parent-missing');
const NAME = 'a'.repeat(63);

const READERS = {
  'pg unique, value': (x) => pgError({ ...UNIQUE, detail: `Key (email)=(${x}) already exists.` }),
  'pg unique, two values': (x) => pgError({ ...UNIQUE, detail: `Key (a, b)=(${x}, ${x}) already exists.` }),
  'pg unique, columns': (x) => pgError({ ...UNIQUE, detail: `Key (${x})=(1) already exists.` }),
  'pg unique, quoted column': (x) => pgError({ ...UNIQUE, detail: `Key ("${x}` }),
  'pg unique, detail': (x) => pgError({ ...UNIQUE, detail: x }),
  'pg exclusion, detail': (x) => pgError({ ...UNIQUE, code: '23P01', detail: x }),
  'pg foreign key, value': (x) =>
    pgError({ ...PARENT_MISSING, detail: `Key (customer_id)=(${x}) is not present in table "customers".` }),
  'pg foreign key, columns': (x) =>
    pgError({ ...PARENT_MISSING, detail: `Key (${x})=(1) is not present in table "customers".` }),
  'pg foreign key, detail': (x) => pgError({ ...PARENT_MISSING, detail: x }),
  'pg foreign key, message': (x) => pgError({ ...PARENT_MISSING, message: x }),
  'pg foreign key, before the message': (x) =>
    pgError({ ...PARENT_MISSING, message: `${x} - ${PARENT_MISSING.message}` }),
  'pg foreign key, message of names': (x) =>
    pgError({ ...PARENT_MISSING, message: NAME + x + 'a'.repeat(x.length), constraint: NAME, table: NAME }),
  'pg RESTRICT, detail': (x) => pgError({ ...PARENT_MISSING, code: '23001', message: x, detail: x }),
  'pg RAISE, message': (x) => pgError({ ...UNIQUE, code: 'P0001', message: x, routine: 'exec_stmt_raise' }),
  'mysql2 1062, value': (x) => mysqlError(1062, '23000', `Duplicate entry '${x}' for key 'users.email'`),
  'mysql2 1062, key': (x) => mysqlError(1062, '23000', `Duplicate entry 'x' for key '${x}'`),
  'mysql2 1452, names': (x) => mysqlError(1452, '23000', `a foreign key constraint fails (${x}`),
  'mysql2 1452, columns': (x) => mysqlError(1452, '23000', `fails (\`a\`.\`b\`, CONSTRAINT \`c\` FOREIGN KEY (\`${x}`),
  'mysql2 1452, referenced columns': (x) =>
    mysqlError(1452, '23000', `fails (\`a\`.\`b\`, CONSTRAINT \`c\` FOREIGN KEY (\`d\`) REFERENCES \`e\` (\`${x}`),
  'mysql2 4025, names': (x) => mysqlError(4025, '23000', `CONSTRAINT \`${x}\` failed for \`shop\`.\`items\``),
  'mysql2 4025, table': (x) => mysqlError(4025, '23000', `CONSTRAINT \`a\` failed for \`shop\`.\`${x}\``),
  'mysql2 1366, value': (x) =>
    mysqlError(1366, 'HY000', `Incorrect integer value: '${x}' for column \`shop\`.\`items\`.\`n\` at row 1`),
  ...Object.fromEntries(
    [1020, 1022, 1048, 1062, 1264, 1366, 1406, 1452, 1644, 1761, 1859, 3819, 4025].map((errno) => [
      `mysql2 ${errno}, text`,
      (x) => mysqlError(errno, errno === 1644 ? '45000' : '23000', x),
    ]),
  ),
  'sqlite unique, columns': (x) => sqliteError('SQLITE_CONSTRAINT_UNIQUE', `UNIQUE constraint failed: ${x}`),
  'sqlite unique, more columns': (x) => sqliteError('SQLITE_CONSTRAINT_UNIQUE', `UNIQUE constraint failed: a.b, ${x}`),
  'sqlite unique, index': (x) => sqliteError('SQLITE_CONSTRAINT_UNIQUE', `UNIQUE constraint failed: index '${x}'`),
  'sqlite unique, long table': (x) =>
    sqliteError('SQLITE_CONSTRAINT_UNIQUE', `UNIQUE constraint failed: ${'a'.repeat(x.length)}.b, ${x}`),
  'sqlite check, name': (x) => sqliteError('SQLITE_CONSTRAINT_CHECK', `CHECK constraint failed: ${x}`),
  'sqlite NOT NULL, column': (x) => sqliteError('SQLITE_CONSTRAINT_NOTNULL', `NOT NULL constraint failed: ${x}`),
  'sqlite STRICT, column': (x) =>
    sqliteError('SQLITE_CONSTRAINT_DATATYPE', `cannot store TEXT value in INT column ${x}`),
  'sqlite RAISE, message': (x) => sqliteError('SQLITE_CONSTRAINT_TRIGGER', x),
};

function sqliteError(code, message) {
  return new SqliteError(message, code);
}
