import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readRegions } from '../recipes/regions.ts';

const DOCS = fileURLToPath(new URL('../../docs/recipes/', import.meta.url));

/** The blocks of code in a document, by the heading that each stands under. */
function blocksOf(file: string): string[] {
  const text = readFileSync(`${DOCS}${file}`, 'utf8');
  return Array.from(text.matchAll(/^```(?:ts|sql)\n([\s\S]*?)\n```$/gm), ([, code = '']) => code);
}

const files = readdirSync(DOCS);

test.each(files)('%s shows nothing but code that the live tests run', (file) => {
  const known = new Set(readRegions().values());
  const blocks = blocksOf(file);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(known).toContain(block);
});

test('every recipe is shown once', () => {
  const shown = files.flatMap(blocksOf);
  expect([...shown].sort()).toEqual([...readRegions().values()].sort());
});
