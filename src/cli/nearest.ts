import { distance } from '../validate.ts';

/**
 * The text that is the most like another, by the letters that it takes to get there.
 *
 * @param limit so many letters are too many
 */
export function nearestOf(
  text: string,
  others: Iterable<string>,
  limit: number = Number.POSITIVE_INFINITY,
): string | undefined {
  let best: string | undefined;
  let least = limit;
  for (const other of others) {
    // So many letters at least have to be added or taken away.
    if (Math.abs(other.length - text.length) >= least) continue;
    const found = differenceOf(text, other, least);
    if (found < least) {
      least = found;
      best = other;
    }
  }
  return best;
}

/** The same, where it is near enough that somebody may have meant it. */
export function meantBy(text: string, others: Iterable<string>): string | undefined {
  return nearestOf(text, others, 2 + Math.floor(text.length / 3));
}

/** How many letters have to change, without what both begin and end with. */
function differenceOf(a: string, b: string, limit: number): number {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let [aEnd, bEnd] = [a.length, b.length];
  while (aEnd > start && bEnd > start && a[aEnd - 1] === b[bEnd - 1]) {
    aEnd--;
    bEnd--;
  }
  return distance(a.slice(start, aEnd), b.slice(start, bEnd), limit);
}

/** Names by their words and in their order: a search takes the same time among a thousand and among a million. */
export interface NameIndex {
  /** Names that share a rare word with this one, or begin like it: a few, and not all of them. */
  near(name: string): readonly string[];
}

/** More names of one word are not looked at: the word tells nothing. */
const COMMON = 50;
/** So many on each side, in the order of names. */
const NEIGHBOURS = 5;

export function defineNameIndex(names: Iterable<string>): NameIndex {
  const sorted = [...new Set(names)].sort();
  const byWord = new Map<string, string[]>();
  for (const name of sorted) {
    for (const word of wordsOf(name)) {
      const found = byWord.get(word);
      if (found === undefined) byWord.set(word, [name]);
      else if (found.length <= COMMON) found.push(name);
    }
  }

  /** Where a name is in the order, or would be. */
  function placeOf(name: string): number {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle] as string) < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    near(name) {
      const place = placeOf(name);
      const found = new Set(sorted.slice(Math.max(0, place - NEIGHBOURS), place + NEIGHBOURS));
      for (const word of wordsOf(name)) {
        const same = byWord.get(word) ?? [];
        if (same.length <= COMMON) for (const each of same) found.add(each);
      }
      return [...found];
    },
  };
}

/** What a name is made of: letters and digits. */
export function wordsOf(name: string): ReadonlySet<string> {
  return new Set(name.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== ''));
}
