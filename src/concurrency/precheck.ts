import { ConflictError } from '../conflict-error.ts';
import type { Context } from '../context.ts';
import { type Conflicts, optionsOf } from '../define-conflicts.ts';
import { toProblem } from '../problem.ts';
import { shown } from '../validate.ts';
import type { Violation } from '../violation.ts';
import { isThenable } from './updated.ts';

/** A violation that has not happened: at least its kind, and what its rule is found by. */
export type Expected = {
  [Kind in Violation['kind']]: Omit<Extract<Violation, { readonly kind: Kind }>, 'driver' | 'code' | 'values'>;
}[Violation['kind']];

type Awaitable<T> = T | Promise<T>;

/**
 * Looks for a conflict before anything is written, and answers with the same body as the constraint would. It is a
 * courtesy for the user, who hears of it earlier: between the look and the write somebody else may write, so the
 * constraint stays the truth. Where the constraint's rule has `conceal: true` nothing is looked up, and nothing else is
 * left out.
 *
 * `await precheck(conflicts, { kind: 'unique_violation', constraint: 'users_email_key' }, () => users.has(email))`
 *
 * @param violated gives true where the constraint would be violated; synchronous where this is
 * @throws {ConflictError} what the constraint's violation would be answered with
 * @throws {TypeError} for a violation that passes through: a NOT NULL or a RAISE that has no rule
 */
export function precheck<Found extends Awaitable<boolean>>(
  conflicts: Pick<Conflicts, 'translate'>,
  expected: Expected,
  violated: () => Found,
  context?: Context,
): Found extends Promise<unknown> ? Promise<void> | undefined : void;
export function precheck(
  conflicts: Pick<Conflicts, 'translate'>,
  expected: Expected,
  violated: () => Awaitable<boolean>,
  context?: Context,
): Awaitable<void> {
  const violation = { driver: 'precheck', code: 'precheck', ...expected } as Violation;
  // Of a type that no answer has: what comes back as it is has none.
  const asked = new ConflictError(toProblem('conflict', 409, { type: 'precheck' }), { violation });
  const answer = conflicts.translate(asked, context ?? {});
  if (answer === asked) {
    throw new TypeError(`Expected a violation that has an answer, got ${shown(expected.kind)}: it needs a rule`);
  }
  if (isConcealed(conflicts as Conflicts, answer)) return;
  const found = violated();
  const refuse = (is: boolean) => {
    if (is) throw answer;
  };
  return isThenable(found) ? Promise.resolve(found).then(refuse) : refuse(found);
}

/** Whether the rule that answered conceals; where the rules are not at hand, also one that may. */
function isConcealed(conflicts: Conflicts, { rule, code }: ConflictError): boolean {
  if (rule === undefined) return false;
  const options = optionsOf(conflicts);
  return options === undefined ? code === 'conflict' : options.rules?.[rule]?.conceal === true;
}
