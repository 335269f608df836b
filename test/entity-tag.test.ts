import { expect, test } from 'vitest';
import { toEntityTag } from '../src/entity-tag.ts';

test.each([
  ['v4', '"v4"'],
  ['', '""'],
  ['a"b', '"a%22b"'],
  ['a b\n', '"a%20b%0A"'],
  ['\u00e9', '"%C3%A9"'],
  ['\ud800', undefined],
])('the version %j is the entity tag %j', (version, tag) => {
  expect(toEntityTag(version)).toBe(tag);
});
