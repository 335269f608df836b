export {
  axiosConflicts,
  fetchConflicts,
  gotConflicts,
  kyConflicts,
  pRetryConflicts,
  queryConflicts,
} from './adapters.ts';
export { type Conflict, conflictOf, parseConflict } from './conflict.ts';
export { type FieldError, fieldErrors } from './fields.ts';
export {
  type Attempts,
  type Current,
  isRecoverable,
  type ResolveOptions,
  type Run,
  resolveConflict,
  retryDelay,
} from './recovery.ts';
