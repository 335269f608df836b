import { createServer } from 'node:http';
import { graphqlYogaConflicts } from 'db-http-errors/frameworks/graphql-yoga';
import { createSchema, createYoga, maskError } from 'graphql-yoga';
import { hasAdapter, serve } from '../serve.ts';
import { conflicts } from '../thrown.ts';
import { contextOf, resolvers, typeDefs } from './schema.ts';

const schema = createSchema({ typeDefs, resolvers });
const context = ({ request }: { request: Request }) => contextOf(request.headers.get('x-fail'));

function adapted() {
  // #region readme: GraphQL Yoga
  const yoga = createYoga({
    schema,
    context,
    maskedErrors: { maskError: graphqlYogaConflicts(conflicts, maskError) },
  });
  // #endregion
  return yoga;
}

await serve(createServer(hasAdapter ? adapted() : createYoga({ schema, context })));
