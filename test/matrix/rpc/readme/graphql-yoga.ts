// #region readme: GraphQL Yoga
import { graphqlYogaConflicts } from 'db-http-errors/frameworks/graphql-yoga';
import { createSchema, createYoga, maskError } from 'graphql-yoga';
import { conflicts } from './conflicts.ts';
import { resolvers, typeDefs } from './schema.ts';

const yoga = createYoga({
  schema: createSchema({ typeDefs, resolvers }),
  maskedErrors: { maskError: graphqlYogaConflicts(conflicts, maskError) },
});
// #endregion

export default yoga;
