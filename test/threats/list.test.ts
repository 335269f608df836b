import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('SECURITY.md lists every threat in order, and each has the test that it names', () => {
  const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/^\| T(\d+) \| (.+) \| \[(.+)\]\(test\/threats\/(.+)\) \|$/gm)];
  const files = readdirSync(new URL('.', import.meta.url)).filter((file) => /^t\d\d-.+\.test\.ts$/.test(file));
  expect(rows.map(([, , , , file]) => file)).toEqual(files.sort());
  expect(rows.map(([, number]) => Number(number))).toEqual(Array.from({ length: 22 }, (_, at) => at + 1));
  for (const [, number, threat, title, file] of rows) {
    expect(file).toBe(`${title}.test.ts`);
    const source = readFileSync(new URL(file ?? '', import.meta.url), 'utf8');
    expect(source, threat).toMatch(new RegExp(`^// T${number}: `, 'm'));
  }
});
