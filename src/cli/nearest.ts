/** The text that is the most like another, and how many letters it takes to get there. */
export function nearestOf(text: string, others: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const other of others) {
    // So many letters at least have to be added or taken away.
    if (Math.abs(other.length - text.length) >= least) continue;
    const found = distance(text, other, least);
    if (found < least) {
      least = found;
      best = other;
    }
  }
  return best;
}

/** Levenshtein's, as far as it is less than `limit`. */
function distance(a: string, b: string, limit: number): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      next[j] = Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, (row[j - 1] as number) + same);
    }
    if (Math.min(...next) >= limit) return limit;
    row = next;
  }
  return row[b.length] as number;
}
