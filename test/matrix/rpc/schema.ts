import { GraphQLError } from 'graphql';
import { fail } from '../serve.ts';
import { THROWN } from '../thrown.ts';

const ROUTES = Object.keys(THROWN);

/** A field for each route, of which some cannot be null, and one with more behind it. */
export const typeDefs = /* GraphQL */ `
  type Query {
    ok: String!
    user: User!
  }
  type User {
    name: String!
    orders: [String!]
  }
  type Mutation {
    ok: String!
    chosen: String
    copied: String
    needed: String!
    ${ROUTES.map((route) => `${route}: String`).join('\n    ')}
  }
`;

export const resolvers = {
  Query: { ok: () => 'ok', user: () => ({ name: 'Alice' }) },
  User: { orders: async () => fail('native') },
  Mutation: {
    ok: () => 'ok',
    // `GraphQLError`s of the application's own, with an error of a database behind them.
    chosen() {
      const originalError = THROWN.native?.() as Error;
      throw new GraphQLError('Who are you?', { originalError, extensions: { code: 'UNAUTHENTICATED' } });
    },
    copied() {
      const originalError = THROWN.native?.() as Error;
      throw new GraphQLError(`Cannot save: ${originalError.message}`, { originalError });
    },
    needed: () => fail('native'),
    ...Object.fromEntries(ROUTES.map((route) => [route, () => fail(route)])),
  },
};

/** Fails where the request asks for it. */
export function contextOf(route: string | null | undefined): object {
  return route ? fail(route) : {};
}
