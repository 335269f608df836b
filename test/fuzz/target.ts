/** Something that reads what others have written. */
export interface Target {
  readonly name: string;
  /** Reads the input of this number; says what is wrong, or nothing. What it throws is wrong, too. */
  check(seed: number, number: number): string | undefined | Promise<string | undefined>;
  /** The input of this number, as plain data. */
  describe(seed: number, number: number): unknown;
}

/** An input that a target did wrong. */
export interface Failure {
  readonly target: string;
  readonly seed: number;
  readonly number: number;
  readonly wrong: string;
  readonly input: unknown;
}

/** How far to go: whichever comes first. */
export interface Limits {
  readonly seed: number;
  readonly inputs?: number;
  readonly seconds?: number;
  /** The number of the first input. @default 0 */
  readonly from?: number;
  /** @default 10 */
  readonly failures?: number;
}

export interface Result {
  readonly name: string;
  readonly inputs: number;
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

/** Gives a target one input after another. */
export async function fuzz(target: Target, limits: Limits): Promise<Result> {
  const { seed, inputs = Number.POSITIVE_INFINITY, seconds = Number.POSITIVE_INFINITY, from = 0 } = limits;
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1000;
  const failures: Failure[] = [];
  let number = from;
  for (; number < from + inputs && failures.length < (limits.failures ?? 10); number++) {
    if (number % 256 === 0 && elapsed() > seconds) break;
    let wrong: string | undefined;
    try {
      const found = target.check(seed, number);
      wrong = found instanceof Promise ? await found : found;
    } catch (error) {
      wrong = `threw ${error instanceof Error ? error.stack : String(error)}`;
    }
    if (wrong === undefined) continue;
    failures.push({ target: target.name, seed, number, wrong, input: target.describe(seed, number) });
  }
  return { name: target.name, inputs: number - from, seconds: elapsed(), failures };
}
