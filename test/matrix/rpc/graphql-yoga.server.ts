import { createServer } from 'node:http';
import { graphqlYogaConflicts } from 'db-http-errors/frameworks/graphql-yoga';
import { createSchema, createYoga, maskError } from 'graphql-yoga';
import { hasAdapter, serve } from '../serve.ts';
import { conflicts } from '../thrown.ts';
import { contextOf, resolvers, typeDefs } from './schema.ts';

const schema = createSchema({ typeDefs, resolvers });
const context = ({ request }: { request: Request }) => contextOf(request.headers.get('x-fail'));

const adapted = () =>
  createYoga({ schema, context, maskedErrors: { maskError: graphqlYogaConflicts(conflicts, maskError) } });

await serve(createServer(hasAdapter ? adapted() : createYoga({ schema, context })));
