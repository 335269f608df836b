import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parseEntityTags } from '../../src/concurrency/index.ts';
import { parseIdempotencyKey } from '../../src/idempotency/request.ts';
import { defineConflicts } from '../../src/index.ts';
import type { Translator } from '../../src/translator.ts';
import { everyFixture, everyTranslator } from './attack.ts';

// T7: no text that a user has written may take more time than its length. test/linear.test.ts proves that it is linear;
// here is what an attacker would send, with a bound that a quadratic reader exceeds a thousandfold.

const MIB = 1 << 20;
/** Milliseconds of the processor for 1 MiB, the best of three. */
const MOST = 250;

const HOSTILE: Readonly<Record<string, string>> = {
  'ends of keys': "' for key '",
  'beginnings of details': 'Key (',
  'whole details': 'Key (a)=(b) already exists. ',
  spaces: ' ',
  quotes: "'",
  'quotes of names': '"',
  'nested quotes': '"\'`',
  backticks: '`a`.`b`',
  'foreign keys': 'CONSTRAINT `a` FOREIGN KEY (`b`) REFERENCES `c` (`d`)',
  'constraint failed': 'UNIQUE constraint failed: a.b, ',
  brackets: ')=(',
  statements: 'update or a b ',
  lines: '\r\n    at a (b:1:1)',
};

function best(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  // What is quick the first time is quick.
  for (let time = 0; time < 3 && least > 5; time++) {
    const from = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(from);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

const translators = await everyTranslator();
const fixtures = await everyFixture();

test.each(translators.map(({ name, ...rest }) => [name, { name, ...rest }] as const))(
  '%s reads 1 MiB of whatever it looks for at once',
  (name, translator: Translator) => {
    const kinds = new Set<string>();
    const own = fixtures.filter(({ violation, translator: { name: by } }) => {
      const isNew = by === name && violation !== null && !kinds.has(violation.kind);
      if (isNew) kinds.add(violation.kind);
      return isNew;
    });
    const conflicts = defineConflicts({ drivers: [translator] });
    expect(own.length).toBeGreaterThan(3);
    for (const { name: fixture, error } of own.filter(
      ({ violation }) => (violation && 'columns' in violation) || own.length < 8,
    )) {
      for (const [what, piece] of Object.entries(HOSTILE)) {
        const text = piece.repeat(MIB / piece.length);
        const { message, detail } = error as { message: string; detail?: string };
        const attacks = [
          { message: message + text + message, detail: (detail ?? '') + text, sqlMessage: text + message },
          ...['', 'insert into ', 'Key (', "Duplicate entry '"].map((before) => {
            const begun = before + text;
            return { message: begun, detail: begun, sqlMessage: begun };
          }),
        ];
        for (const [at, texts] of attacks.entries()) {
          const attacked = Object.create(error, Object.getOwnPropertyDescriptors(texts));
          const milliseconds = best(() => void conflicts.translate(attacked));
          expect(milliseconds, `${fixture}, ${what}, attack ${at}`).toBeLessThan(MOST);
        }
      }
    }
  },
);

test('headers of a request are read at once', () => {
  for (const piece of ['; a', '"a"; b=', ' ; ', '\\"', 'W/"', ', ', '"a", ', 'a']) {
    const text = `"k"${piece.repeat(MIB / piece.length)}`;
    expect(
      best(() => void parseIdempotencyKey(text)),
      `Idempotency-Key ${piece}`,
    ).toBeLessThan(MOST);
    expect(
      best(() => void parseEntityTags(text)),
      `If-Match ${piece}`,
    ).toBeLessThan(MOST);
    expect(
      best(() => void parseIdempotencyKey(text.slice(0, 1024))),
      `short ${piece}`,
    ).toBeLessThan(5);
  }
});

test('no regular expression of a reader has a quantifier in another, or anything in the middle twice', () => {
  const found: string[] = [];
  let read = 0;
  for (const file of readdirSync(SOURCES, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts') || file.startsWith('cli')) continue;
    const source = readFileSync(new URL(file, SOURCES), 'utf8');
    const code = source.replace(/\/\*[\s\S]*?\*\/|\/\/ .*|'[^'\n]*'/g, '');
    for (const [, body = ''] of code.matchAll(LITERAL)) {
      read++;
      const plain = body.replace(/\[(?:[^\]\\]|\\.)*\]/g, 'x').replace(/\\./g, 'x');
      const isNested = /\([^()]*[+*][^()]*\)(?:[+*]|\{\d+,\})/.test(plain);
      // Its alternatives begin with different characters, and it stands behind the beginning of the text.
      const isKnown = file === 'dialects/facts.ts' && body.startsWith('(?:"[^"]*"|');
      const isTwice = (plain.match(/\.[+*]/g) ?? []).length > 1;
      if ((isNested && !isKnown) || isTwice) found.push(`${file}: ${body}`);
    }
  }
  expect(read).toBeGreaterThan(20);
  expect(found).toEqual([]);
});

const SOURCES = new URL('../../src/', import.meta.url);
/** A regular expression where one can stand. */
const LITERAL =
  /(?<=[=(,:[!&|?{};\n]\s*)\/((?:[^/\\\n[*]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\//g;
