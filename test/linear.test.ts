import { describe, expect, test } from 'vitest';
import { classify, defineConflicts } from '../src/index.ts';
import { sample } from './effort.ts';

const KIB = 1024;

/**
 * Readers of text that a user may have written are linear: four times the text takes four times as long, where the
 * square would take sixteen times. The bound lies between. What counts is the time of the processor, not that of the
 * clock, the median of several runs, and the best of several tries: a busy machine fails nobody.
 */
const MOST_GROWTH = 11;
/** Milliseconds for 1 MiB. */
const SLOWEST = 1000;
/** Milliseconds for 128 KiB. What takes less is not measured further: 1 MiB would be quick even if it took the square. */
const QUICK = 6;
const TRIES = 5;

/** What is wrong with the time that a reader takes; `undefined` when nothing is. */
function slowness(prepare: (length: number) => () => void): string | undefined {
  const large = prepare(128 * KIB);
  const first = time(large);
  if (first < QUICK) return undefined;
  if (first > SLOWEST) return `${first.toFixed()} ms for 128 KiB`;
  const small = prepare(32 * KIB);
  let growth = 0;
  let usual = 0;
  for (let attempt = 1; attempt <= TRIES; attempt++) {
    // Both sizes in turn: a busy moment hits both.
    const times = Array.from({ length: 5 }, () => [time(small), time(large)] as const);
    usual = median(times.map(([, largeTime]) => largeTime));
    growth = usual / median(times.map(([smallTime]) => smallTime));
    if (usual < QUICK || growth <= MOST_GROWTH) break;
    if (attempt === TRIES)
      return `${growth.toFixed(1)} times as long for 128 KiB (${usual.toFixed()} ms) as for 32 KiB`;
  }
  if (usual < QUICK) return undefined;
  const whole = time(prepare(KIB * KIB));
  return whole > SLOWEST ? `${whole.toFixed()} ms for 1 MiB` : undefined;
}

/** Milliseconds of the processor. */
function time(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number;
}

/** Pieces that readers look for, again and again, and what may stand before and after them. */
const PIECES: readonly string[] = [
  "' for key '",
  "'",
  "''",
  "a'",
  "'a",
  'Key (',
  ')=(',
  'Key (a)=(',
  ') already exists.',
  '(',
  ')',
  '))',
  '（',
  ', ',
  'a, ',
  '`, `',
  '`',
  '``',
  '`.`',
  '`a`.',
  '"',
  '""',
  '"a", ',
  '.',
  'a.',
  ' - ',
  ' - "a" ',
  ' ',
  '\u00a0',
  '\n',
  'CONSTRAINT ',
  ', CONSTRAINT `a` FOREIGN KEY (',
  ' FOREIGN KEY (',
  ') REFERENCES ',
  ') ON ',
  ' (',
  '«',
  '« a »',
  '„“',
  '「」',
  '『',
  '”',
  'tbl',
  'cns',
  '"tbl"',
  '"cns"',
  '"cns" "tbl" ',
  ' column ',
  'constraint failed: ',
  'UNIQUE constraint failed: ',
  'CHECK constraint failed: ',
  'NOT NULL constraint failed: ',
  "index '",
  'tbl.a, ',
  'a',
  'é',
  '\ud83d',
  '\n    at ',
  '\n    at x',
];

/** What the servers write before and after, so that a reader gets as far as it can. */
const FRAMES: Readonly<Record<string, readonly (readonly [before: string, after: string])[]>> = {
  pg: [
    ['', ''],
    ['Key (', ''],
    ['Key (a', ')=(1) is not present in table "parents".'],
    ['Key (a)=(', ') is not present in table "parents".'],
    ['Key ("', ')=(1) already exists.'],
    ['insert or update on table "tbl" violates foreign key constraint "cns"', ''],
    ['', ' - update or delete on table "par" violates foreign key constraint "cns" on table "tbl"'],
  ],
  mysql2: [
    ['', ''],
    ["Duplicate entry '", "' for key 'tbl.cns'"],
    ["Duplicate entry 'a' for key '", "'"],
    ["Doppelter Eintrag '", "' für Schlüssel 'cns'"],
    ['Cannot add or update a child row (`a`.`b`, CONSTRAINT `c` FOREIGN KEY (`', ''],
    ['Cannot add or update a child row (', '`a`.`b`, CONSTRAINT `c` FOREIGN KEY (`d`) REFERENCES `e` (`f`))'],
    ['Cannot add or update a child row (`a`.`b`, CONSTRAINT `c` FOREIGN KEY (`d`) REFERENCES `e` (`', ''],
    ["Incorrect integer value: '", "' for column `a`.`b`.`c` at row 1"],
    ["Incorrect integer value: '", "' for column 'c' at row 1"],
    ['CONSTRAINT `', '` failed for `a`.`b`'],
  ],
  'better-sqlite3': [
    ['', ''],
    ['UNIQUE constraint failed: tbl.a, ', ''],
    ["UNIQUE constraint failed: index '", "'"],
    ['CHECK constraint failed: ', ''],
    ['cannot store TEXT value in INT column tbl.', ''],
  ],
};

interface Reader {
  readonly driver: string;
  readonly name: string;
  readonly errorWith: (text: string) => Error;
}

/** The server's fields of a foreign key, with a text in place of one or both of its sentences. */
function pgReader(code: string, field: 'detail' | 'message' | 'both'): Reader {
  return {
    driver: 'pg',
    name: `${code} ${field}`,
    errorWith: (text) =>
      withMessage(field === 'detail' ? 'update on table "tbl" violates constraint "cns"' : text, {
        code,
        severity: 'ERROR',
        table: 'tbl',
        constraint: 'cns',
        detail: field === 'message' ? 'Key (a)=(1) already exists.' : text,
        routine: code === 'P0001' ? 'exec_stmt_raise' : 'ri_ReportViolation',
      }),
  };
}

const PG: readonly Reader[] = [
  pgReader('23505', 'detail'),
  pgReader('23P01', 'detail'),
  pgReader('23503', 'detail'),
  pgReader('23503', 'message'),
  pgReader('23503', 'both'),
  pgReader('23001', 'both'),
  pgReader('23502', 'both'),
  pgReader('P0001', 'message'),
];

const MYSQL: readonly Reader[] = [
  1062, 1586, 1859, 1761, 1169, 1451, 1452, 4025, 3819, 1048, 1364, 1366, 1406, 1020, 1644,
].map((errno) => ({
  driver: 'mysql2',
  name: String(errno),
  errorWith: (text) => withMessage(text, { errno, sqlState: errno === 1644 ? '45000' : '23000', sqlMessage: text }),
}));

const SQLITE: readonly Reader[] = [
  'CONSTRAINT_UNIQUE',
  'CONSTRAINT_PRIMARYKEY',
  'CONSTRAINT_ROWID',
  'CONSTRAINT_FOREIGNKEY',
  'CONSTRAINT_CHECK',
  'CONSTRAINT_NOTNULL',
  'CONSTRAINT_TRIGGER',
  'CONSTRAINT_DATATYPE',
  'MISMATCH',
  'BUSY',
].map((code) => ({
  driver: 'better-sqlite3',
  name: code,
  errorWith: (text) => withMessage(text, { code: `SQLITE_${code}` }),
}));

/** An error without the stack, which holds the message and takes long to make. */
function withMessage(message: string, fields: object): Error {
  return Object.assign(new Error(), fields, { message });
}

/** The same with the stack that it would have. */
function withStack(error: Error): Error {
  return Object.assign(error, {
    stack: `Error: ${error.message}\n    at first (first.js:1:1)\n    at second (second.js:1:1)`,
  });
}

/** A text of this length out of the piece, in one part as it comes from a socket. */
function hostile(piece: string, length: number, [before, after]: readonly [string, string]): string {
  const text = before + piece.repeat(Math.ceil(length / piece.length)).slice(0, length) + after;
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/** The texts over which some readers take more than their length. */
function findSlow(
  readers: readonly Reader[],
  run: (error: Error) => void,
  measure: typeof slowness = slowness,
): string[] {
  const slow: string[] = [];
  for (const frame of FRAMES[readers[0]?.driver ?? ''] ?? []) {
    for (const piece of sample(PIECES)) {
      const texts = new Map<number, string>();
      for (const { name, errorWith } of readers) {
        const complaint = measure((length) => {
          const text = texts.get(length) ?? hostile(piece, length, frame);
          texts.set(length, text);
          const error = errorWith(text);
          return () => run(error);
        });
        if (complaint) slow.push(`${name} of ${frame[0]}${JSON.stringify(piece)}…${frame[1]}: ${complaint}`);
        // That is enough to see it, and each of them takes its time.
        if (slow.length >= 5) return slow;
      }
    }
  }
  return slow;
}

describe('the measurement', { timeout: 60_000 }, () => {
  /** As many steps as the length, that often. */
  function steps(length: number, times: number): () => void {
    const text = 'a'.repeat(length);
    return () => {
      let sum = 0;
      for (let run = 0; run < times; run++) for (let at = 0; at < text.length; at++) sum += text.charCodeAt(at);
      if (sum < 0) throw new Error('never');
    };
  }

  test('finds a reader that takes the square of the length', () => {
    expect(slowness((length) => steps(length, length / 1024))).toMatch(/times as long|ms for/);
  });

  test('finds nothing in one that takes the length', () => {
    expect(slowness((length) => steps(length, 40))).toBeUndefined();
  });
});

describe('reading hostile text takes no more than its length', { timeout: 60_000 }, () => {
  test('of pg', () => {
    expect(findSlow(PG, (error) => void classify(error))).toEqual([]);
  });

  test('of mysql2', () => {
    expect(findSlow(MYSQL, (error) => void classify(error))).toEqual([]);
  });

  test.each(['mysql', 'mariadb'] as const)('of mysql2, where the server is known to be %s', (dialect) => {
    const conflicts = defineConflicts({ dialect });
    const readers = MYSQL.filter(({ name }) => ['1062', '1761', '1452'].includes(name));
    expect(findSlow(readers, (error) => void conflicts.classify(error))).toEqual([]);
  });

  test('of better-sqlite3', () => {
    expect(findSlow(SQLITE, (error) => void classify(error))).toEqual([]);
  });

  test.each([1, 2, 4, 8, 16, 32])('of %i KiB, which may be less than a reader gives up at', (size) => {
    for (const readers of [PG, MYSQL, SQLITE]) {
      const slow = findSlow(
        readers,
        (error) => void classify(error),
        (prepare) => {
          const work = prepare(size * KIB);
          const first = time(work);
          if (first < QUICK) return undefined;
          const usual = median(Array.from({ length: 5 }, () => time(work)));
          return usual < QUICK ? undefined : `${usual.toFixed()} ms for ${size} KiB`;
        },
      );
      expect(slow).toEqual([]);
    }
  });

  test('of the values behind a violation', () => {
    const readers = PG.filter(({ name }) => name.endsWith('detail'));
    expect(findSlow(readers, (error) => void (classify(error) as { values?: unknown } | undefined)?.values)).toEqual(
      [],
    );
  });
});

describe('answering hostile text takes no more than its length', { timeout: 60_000 }, () => {
  const answered = ['23503 both', '1062', 'CONSTRAINT_UNIQUE'].flatMap((wanted) =>
    [PG, MYSQL, SQLITE]
      .map((readers) => readers.filter(({ name }) => name === wanted))
      .filter(({ length }) => length > 0),
  );
  const { translate } = defineConflicts({
    exposeColumns: true,
    onUnregistered: () => {},
    status: { required: 422, invalid_value: 422 },
  });
  const stackOf = (error: Error): void => void (translate(error) as Error).stack?.length;

  test('with its columns exposed', () => {
    for (const readers of [...answered, MYSQL.filter(({ name }) => name === '1366')]) {
      expect(findSlow(readers, (error) => void JSON.stringify(translate(error)))).toEqual([]);
    }
  });

  // Every driver's stack is read alike.
  const one = SQLITE.filter(({ name }) => name === 'CONSTRAINT_UNIQUE');

  test('with its stack read', () => {
    const stacked = one.map((reader) => ({
      ...reader,
      errorWith: (text: string) => withStack(reader.errorWith(text)),
    }));
    expect(findSlow(stacked, stackOf)).toEqual([]);
  });

  test('with its stack read after the message was changed, as Knex does', () => {
    const changed = one.map((reader) => ({
      ...reader,
      errorWith: (text: string) => {
        const error = withStack(reader.errorWith(text));
        error.message = `insert into "tbl" - ${error.message}`;
        return error;
      },
    }));
    expect(findSlow(changed, stackOf)).toEqual([]);
  });
});
