/**
 * How far a sweep goes. `npm test` is for every day and takes a sample, the same each time; with CI=true, as in
 * `.ci/run`, every case is taken. Against mutants, which are run by the thousand, it is a small one.
 */
const SHARE = process.env.MUTATION === 'true' ? 25 : process.env.CI === 'true' ? 1 : 4;

/** How often a property is tried, of the number that CI takes. */
export function runs(count: number): number {
  return Math.ceil(count / SHARE);
}

/** The cases of a sweep, in their order. */
export function sample<T>(cases: readonly T[]): readonly T[] {
  return cases.filter((_case, at) => at % SHARE === 0);
}
