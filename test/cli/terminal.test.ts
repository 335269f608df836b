import type { WriteStream } from 'node:tty';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { outputOf, printable, tableOf } from '../../src/cli/terminal.ts';

beforeEach(() => {
  vi.stubEnv('NO_COLOR', undefined);
  vi.stubEnv('FORCE_COLOR', undefined);
});

afterEach(() => vi.unstubAllEnvs());

function streamOf(isTTY: boolean, colors = true): WriteStream {
  return { isTTY, hasColors: () => colors, write: () => true } as unknown as WriteStream;
}

test.each([
  [{}, true, true, true],
  [{}, true, false, false],
  [{}, false, true, false],
  [{ FORCE_COLOR: '1' }, false, true, true],
  [{ FORCE_COLOR: '0' }, false, true, false],
  [{ NO_COLOR: '1' }, true, true, false],
  [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, true, false],
  [{ NO_COLOR: '' }, true, true, true],
])('with %j on a terminal (%s) that has colours (%s) there are colours: %s', (env, isTTY, colors, expected) => {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  const styled = outputOf(streamOf(isTTY, colors)).style('red', 'text');
  expect(styled).toBe(expected ? '\u001b[31mtext\u001b[39m' : 'text');
});

test('a table is aligned, and cut where the terminal ends', () => {
  const output = outputOf(streamOf(false));
  const rows = [
    [{ text: 'a' }, { text: 'one' }],
    [{ text: 'größer' }, { text: 'another' }],
  ];
  expect(tableOf(rows, output)).toBe('a       one\ngrößer  another\n');
  expect(tableOf(rows, output, 0)).toBe('a       one\ngrößer  another\n');
  expect(tableOf(rows, output, 12)).toBe('a       one\ngrößer  ano…\n');
});

test('a name does nothing to a terminal', () => {
  expect(printable('a\u001b[31mb\nc\u202ed')).toBe('a\\u{1b}[31mb\\u{a}c\\u{202e}d');
});
