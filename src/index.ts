import { ConflictError, isConflictError } from './conflict-error.ts';
import { type Conflicts, unbound } from './define-conflicts.ts';
import type { ProblemCode } from './problem.ts';

export type { ConflictMembers, ConflictOptions } from './conflict.ts';
export type { Catalog, Constraint, ReferentialAction } from './constraints.ts';
export type { Context } from './context.ts';
export type { Conflicts, ConflictsOptions } from './define-conflicts.ts';
export { defineConflicts } from './define-conflicts.ts';
export type {
  AnyRules,
  CheckRule,
  ExclusionRule,
  ForeignKeyRule,
  NotNullRule,
  PlainRule,
  Rule,
  RuleByCode,
  UniqueRule,
  Words,
} from './policy.ts';
export type { Formatted, Problem, ProblemCode, ProblemError, ProblemOf, Recovery } from './problem.ts';
export type { Translator } from './translator.ts';
export type * from './violation.ts';
export { ConflictError };

/** {@link Conflicts.classify} */
export const classify: Conflicts['classify'] = unbound.classify;
/** {@link Conflicts.translate}, without rules */
export const translate: Conflicts['translate'] = unbound.translate;
/** {@link Conflicts.wrap}, without rules */
export const wrap: Conflicts['wrap'] = unbound.wrap;
/** {@link Conflicts.conflict}, with the default options */
export const conflict: Conflicts['conflict'] = unbound.conflict;

/** True for a {@link ConflictError} of any copy of this package, with this code where one is given. Never throws. */
export function isConflict<Code extends ProblemCode = ProblemCode>(
  error: unknown,
  code?: Code,
): error is ConflictError<Code> {
  try {
    return isConflictError(error) && (code === undefined || error.code === code);
  } catch {
    return false;
  }
}
