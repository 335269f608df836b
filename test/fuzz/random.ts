/** Random numbers that a seed gives again. */
export interface Random {
  /** From 0, below `limit`. */
  below(limit: number): number;
  /** True once in `times`. */
  oneIn(times: number): boolean;
  pick<T>(from: readonly T[]): T;
}

/** Of a seed and the number of an input: each input can be made again alone. */
export function randomOf(seed: number, number: number): Random {
  // mulberry32, by Tommy Ettinger: public domain.
  let state = (Math.imul(seed, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b)) | 0;
  function next(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const below = (limit: number) => Math.floor(next() * limit);
  return { below, oneIn: (times) => below(times) === 0, pick: (from) => from[below(from.length)] as never };
}
