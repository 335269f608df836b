import { type User, users } from './users.ts';

export const typeDefs = /* GraphQL */ `
  type Query {
    ok: String!
  }
  type User {
    email: String!
  }
  type Mutation {
    createUser(email: String): User
  }
`;

export const resolvers = {
  Query: { ok: () => 'ok' },
  Mutation: { createUser: (_parent: unknown, user: User) => users.insert(user) },
};
