import { entityTag, parseEntityTags, precondition } from '../../src/concurrency/index.ts';
import { parseIdempotencyKey } from '../../src/idempotency/request.ts';
import { isConflict } from '../../src/index.ts';
import { randomOf } from './random.ts';
import type { Target } from './target.ts';
import { changedText } from './texts.ts';

const TAGS = ['"a"', 'W/"a"', '"a", "b"', 'W/"a", "b"', '*', '""', '"a,b"', ' "a" , "b" ', '"\u00e9"'];
const KEYS = ['8e03978e-40d5-43dd-bc93-6894a57f9324', '"8e03978e"', '"a\\"b\\\\"', '"a"; b=1; c', 'a'];
const ALL = [...TAGS, ...KEYS];

/** Each with what it must not do beyond throwing. */
const READERS: Readonly<
  Record<string, { readonly seeds: readonly string[]; check(text: string): string | undefined }>
> = {
  'entity tags': {
    seeds: TAGS,
    check(text) {
      const tags = parseEntityTags(text);
      if (tags === undefined || tags === '*') return undefined;
      const invented = tags.find(({ opaque }) => !text.includes(opaque));
      return invented && `invented ${JSON.stringify(invented)}`;
    },
  },
  'If-Match': {
    seeds: TAGS,
    check(text) {
      try {
        precondition({ method: 'PUT', headers: { 'if-match': text, 'if-none-match': text } }, { version: 'a' });
      } catch (error) {
        if (!isConflict(error)) return `threw ${String(error)}`;
      }
      return undefined;
    },
  },
  'a version': {
    seeds: TAGS,
    check(text) {
      if (!isWellFormed(text)) return undefined;
      const tag = text === '' ? '""' : entityTag(text);
      return /^"[!#-~\x80-\xff]*"$/.test(tag) ? undefined : `made the tag ${tag}`;
    },
  },
  'idempotency keys': {
    seeds: KEYS,
    check(text) {
      const key = parseIdempotencyKey(text);
      return key === undefined || (key.length > 0 && key.length < 256) ? undefined : `took a key of ${key.length}`;
    },
  },
};

function make(seed: number, number: number): { reader: string; text: string } {
  const random = randomOf(seed, number);
  const reader = random.pick(Object.keys(READERS));
  let text = random.pick(READERS[reader]?.seeds ?? []);
  const changes = 1 + random.below(5);
  for (let change = 0; change < changes; change++) text = changedText(text, ALL, random);
  return { reader, text };
}

/** Headers of requests. */
export const readers: Target = {
  name: 'readers of text',
  check(seed, number) {
    const { reader, text } = make(seed, number);
    const from = text.length > 1 << 18 ? process.cpuUsage() : undefined;
    const wrong = READERS[reader]?.check(text);
    if (from === undefined) return wrong;
    const milliseconds = process.cpuUsage(from).user / 1000;
    return milliseconds > 1000 * Math.ceil(text.length / (1 << 20))
      ? `${milliseconds} ms for ${text.length} characters`
      : wrong;
  },
  describe: (seed, number) => {
    const { reader, text } = make(seed, number);
    return { reader, text: text.length > 2000 ? `${text.slice(0, 2000)}… (${text.length} characters)` : text };
  },
};

/** A version that is no text is a mistake of the programmer's, and a TypeError. */
function isWellFormed(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
