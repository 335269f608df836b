/**
 * Merges two texts that were made from the same one, line by line. A line that only one side changed is taken from
 * there; a line that both changed is taken twice, for a person to choose.
 *
 * @returns {{ text: string, undecided: number }} `undecided`: how many lines both changed
 */
export function merge(base, theirs, mine) {
  const [bases, others, own] = [base, theirs, mine].map((text) => text.split('\n'));
  let undecided = 0;
  const lines = Array.from({ length: Math.max(others.length, own.length) }).flatMap((_, at) => {
    if (others[at] === own[at] || own[at] === bases[at]) return others[at] ?? [];
    if (others[at] === bases[at]) return own[at] ?? [];
    undecided += 1;
    return [others[at], own[at]].filter((line) => line !== undefined);
  });
  return { text: lines.join('\n'), undecided };
}
