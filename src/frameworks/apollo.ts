import { answerOf } from '../answer.ts';
import type { ConflictError } from '../conflict-error.ts';
import type { Conflicts } from '../define-conflicts.ts';
import { isChosen } from '../graphql-error.ts';

/**
 * An error as Apollo Server is about to send it. Its extensions may have `stacktrace`, the lines of what was thrown.
 * Source: https://github.com/apollographql/apollo-server/blob/main/packages/server/src/errorNormalize.ts
 */
interface FormattedError {
  readonly message: string;
  readonly locations?: readonly { readonly line: number; readonly column: number }[];
  readonly path?: readonly (string | number)[];
  readonly extensions?: { readonly [name: string]: unknown };
}

/**
 * A `formatError` for the errors of a database. A conflict has its public message, and in `extensions` its `code` in
 * GraphQL's spelling (`DUPLICATE`) and the problem document at `problem`; any other error of a database is an
 * `INTERNAL_SERVER_ERROR` without a word of its own. Neither has a stack, whatever `includeStacktraceInErrorResponses`
 * says. Path and locations stay, and so does the data of the other fields. Every other error comes back as the very
 * object that was given, so that another `formatError` can go on with it.
 *
 * The HTTP status is Apollo's, which `formatError` cannot change: 200 for a field that fails, 500 where `context` does.
 * Apollo logs no error of a field; a plugin's `didEncounterErrors` gets what was thrown.
 *
 * A `GraphQLError` that a resolver throws with words of its own is the answer that it chose, whatever its
 * `originalError` is.
 *
 * @example
 * ```ts
 * new ApolloServer({ typeDefs, resolvers, formatError: apolloConflicts(conflicts) });
 * ```
 */
export function apolloConflicts(
  conflicts?: Conflicts,
): <Formatted extends FormattedError>(formatted: Formatted, error: unknown) => Formatted | FormattedError {
  return (formatted, error) => {
    const answer = answerOf(error, undefined, conflicts);
    if (answer === undefined) return formatted;
    const { stacktrace: _, ...chosen } = formatted.extensions ?? {};
    // A GraphQLError has the stack of its `originalError`, and with it the text.
    if (isChosen(error)) return { ...formatted, extensions: chosen };
    const { locations, path } = formatted;
    const place = { ...(locations && { locations }), ...(path && { path }) };
    if (!answer.isConflict) {
      return { message: 'Internal Server Error', ...place, extensions: { code: 'INTERNAL_SERVER_ERROR' } };
    }
    const { message, problem } = answer.error as ConflictError;
    return { message, ...place, extensions: { code: problem.code.toUpperCase(), problem } };
  };
}

export default apolloConflicts;
