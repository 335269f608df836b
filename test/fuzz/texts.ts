import type { Random } from './random.ts';

/** What readers look for, and what servers of other languages write in its place. */
const PIECES: readonly string[] = [
  ...[
    "' for key '",
    "'",
    "''",
    '"',
    '""',
    '`',
    '``',
    '`.`',
    '.',
    ', ',
    ',',
    '(',
    ')',
    ')=(',
    'Key (',
    ') already exists.',
  ],
  ...['Duplicate entry ', 'CONSTRAINT `', ' FOREIGN KEY (`', '`) REFERENCES `', '` (`', '`) ON DELETE CASCADE'],
  ...[
    'UNIQUE constraint failed: ',
    'CHECK constraint failed: ',
    'NOT NULL constraint failed: ',
    "index '",
    'FOREIGN KEY constraint failed',
  ],
  ...[
    'violates unique constraint "',
    'violates foreign key constraint "',
    'on table "',
    'is still referenced from table "',
  ],
  ...['« ', ' »', '«', '»', '„', '“', '”', '「', '」', '『', '』', '（', '）', '‘', '’'],
  ...['\n', '\r\n', '\n    at x (y:1:1)', '\0', '\u2028', '\u00a0', '\ud83d', '\ude00', '\u{1f600}', 'é', '日本', 'И'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'PRIMARY',
    'rowid',
    'null',
    'undefined',
    'true',
    '-1',
    '1062',
    '23505',
    ' ',
    '\\',
    '\\"',
  ],
  ...[
    'SQLITE_CONSTRAINT_UNIQUE: ',
    'SQLITE_CONSTRAINT: ',
    '(conn=1, no: 1062, SQLState: 23000) ',
    '%s',
    '$&',
    '$1',
    "' -- ",
  ],
];

const QUOTES: readonly (readonly [string, string])[] = [
  ['"', '"'],
  ['« ', ' »'],
  ['«', '»'],
  ['„', '“'],
  ['「', '」'],
  ["'", "'"],
  ['`', '`'],
  ['“', '”'],
  ['', ''],
];

/** One change of a text; `others` are texts that servers wrote. */
export function changedText(text: string, others: readonly string[], random: Random): string {
  const at = random.below(text.length + 1);
  const to = at + random.below(text.length - at + 1);
  switch (random.below(11)) {
    case 0:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
    case 1:
      return text.slice(0, at) + text.slice(to);
    case 2:
      return text.slice(0, to) + text.slice(at);
    case 3: {
      const other = random.pick(others);
      return text.slice(0, at) + other.slice(random.below(other.length + 1)) + text.slice(to);
    }
    case 4:
      return random.pick(others);
    case 5: {
      const [open, close] = random.pick(QUOTES);
      let isOpen = false;
      return text.replace(/["'`«»„“「」]/g, () => {
        isOpen = !isOpen;
        return isOpen ? open : close;
      });
    }
    case 6:
      return random.pick(PIECES) + text;
    case 7:
      return text + random.pick(PIECES);
    case 8: {
      const code = random.below(4) ? random.below(0x250) : random.below(0x10000);
      return text.slice(0, at) + String.fromCharCode(code) + text.slice(at + 1);
    }
    case 9: {
      const piece = random.oneIn(2) ? random.pick(PIECES) : text.slice(at, to) || 'x';
      // Mostly short; now and then as long as a server allows, and longer.
      const length = random.oneIn(400) ? 1 << 20 : random.oneIn(20) ? 5000 : 40;
      return text.slice(0, at) + piece.repeat(Math.max(1, Math.floor(length / piece.length))) + text.slice(at);
    }
    default:
      return '';
  }
}

/** Anything that is no text. */
export function anything(random: Random): unknown {
  return random.pick<() => unknown>([
    () => undefined,
    () => null,
    () => random.below(5000),
    () => -1,
    () => Number.NaN,
    () => true,
    () => 1n,
    () => Symbol('x'),
    () => ({}),
    () => [],
    () => ['email', 1],
    () => ({ toString: () => 'email' }),
    () => Object.create(null),
    () => () => 'email',
    () => new String('email'),
  ])();
}
