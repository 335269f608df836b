import { answerOf } from '../answer.ts';
import type { ConflictError } from '../conflict-error.ts';
import type { Conflicts } from '../define-conflicts.ts';
import { type GraphQLError, isChosen, isGraphQLError } from '../graphql-error.ts';

/**
 * Source: https://the-guild.dev/graphql/yoga-server/docs/features/error-masking (`maskError`)
 */
type MaskError = (error: unknown, message: string, isDev?: boolean) => Error;

/** All that says where an error happened. */
const PLACES = ['nodes', 'source', 'positions', 'locations', 'path', 'coordinate'] as const;

/**
 * A `maskError` for the errors of a database. A conflict has its public message, and in `extensions` its `code` in
 * GraphQL's spelling (`DUPLICATE`) and the problem document at `problem`; any other error of a database is an
 * `INTERNAL_SERVER_ERROR` without a word of its own, in development, too. Path and locations stay, and so does the data
 * of the other fields. Yoga logs what was thrown.
 *
 * A field that fails does not change the status, which is 200: its request was executed, and clients do not read the
 * `errors` of another one. Without any field (the `context` failed) it is the conflict's own.
 * Source: https://github.com/graphql/graphql-over-http/blob/main/spec/GraphQLOverHTTP.md (field errors)
 *
 * A `GraphQLError` that a resolver throws with words of its own is left to `maskError`, whatever its `originalError` is.
 *
 * @example
 * ```ts
 * import { createYoga, maskError } from 'graphql-yoga';
 *
 * createYoga({ schema, maskedErrors: { maskError: graphqlYogaConflicts(conflicts, maskError) } });
 * ```
 *
 * @param maskError what masks all other errors; default: as Yoga's own does in production
 */
export function graphqlYogaConflicts(conflicts?: Conflicts, maskError: MaskError = masked): MaskError {
  return (error, message, isDev) => {
    const answer = isChosen(error) ? undefined : answerOf(error, undefined, conflicts);
    if (answer === undefined) return maskError(error, message, isDev);
    if (!answer.isConflict) return failed(error, 'Internal Server Error', UNEXPECTED);
    const { message: detail, problem } = answer.error as ConflictError;
    const isField = (error as GraphQLError).path !== undefined;
    const http = isField ? undefined : { http: { status: problem.status } };
    return failed(error, detail, { code: problem.code.toUpperCase(), problem, ...http });
  };
}

export default graphqlYogaConflicts;

/** Yoga's mark makes it a 500 where no field was executed, and is not sent. */
const UNEXPECTED = { code: 'INTERNAL_SERVER_ERROR', unexpected: true };

/** An error in the place of another, which it knows nothing of. */
function failed(error: unknown, message: string, extensions: object): Error {
  const made = Object.assign(new Error(message), { extensions });
  made.name = 'GraphQLError';
  if (!isGraphQLError(error)) return made;
  for (const place of PLACES) {
    const value = (error as unknown as Record<string, unknown>)[place];
    Object.defineProperty(made, place, { value, enumerable: place === 'locations' || place === 'path' });
  }
  // Of the same class, which has the `toJSON` and is what Yoga looks for.
  return Object.setPrototypeOf(made, Object.getPrototypeOf(error)) as Error;
}

function masked(error: unknown, message: string): Error {
  return isExpected(error) ? error : failed(error, message, UNEXPECTED);
}

/** True for an error that is a `GraphQLError` and wraps nothing else. */
function isExpected(error: unknown): error is GraphQLError {
  return isGraphQLError(error) && (error.originalError == null || isExpected(error.originalError));
}
