/**
 * What is used of a `GraphQLError`. Its path is the field's that threw; outside of the fields there is none.
 * Source: https://github.com/graphql/graphql-js/blob/16.x.x/src/error/GraphQLError.ts
 */
export interface GraphQLError extends Error {
  readonly originalError?: unknown;
  readonly path?: unknown;
}

/** By its name: a service may have two copies of `graphql`, and this package has none. */
export function isGraphQLError(error: unknown): error is GraphQLError {
  return error instanceof Error && error.name === 'GraphQLError';
}

/**
 * True for an error that was thrown as a `GraphQLError` with words of its own: the one that is given wraps it.
 * Source: https://github.com/graphql/graphql-js/blob/16.x.x/src/error/locatedError.ts
 */
export function isChosen(error: unknown): boolean {
  const thrown = isGraphQLError(error) ? error.originalError : undefined;
  if (!isGraphQLError(thrown)) return false;
  const { message } = (thrown.originalError ?? {}) as { readonly message?: unknown };
  return !(typeof message === 'string' && thrown.message.includes(message));
}
