import { ConflictError, isConflictError } from '../conflict-error.ts';
import type { Context } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';
import { toProblem } from '../problem.ts';
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
 * constraint stays the truth. For a constraint that is concealed nothing is looked up.
 *
 * `await precheck(conflicts, { kind: 'unique_violation', constraint: 'users_email_key' }, () => users.has(email))`
 *
 * @param violated gives true where the constraint would be violated; synchronous where this is
 * @throws {ConflictError} what the constraint's violation would be answered with
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
  const answer = conflicts.translate(new ConflictError(toProblem('conflict', 409, {}), { violation }), context);
  if (isConflictError(answer) && answer.code === 'conflict') return;
  const found = violated();
  const refuse = (is: boolean) => {
    if (is) throw answer;
  };
  return isThenable(found) ? Promise.resolve(found).then(refuse) : refuse(found);
}
