// #region readme: Apollo Server
import { ApolloServer } from '@apollo/server';
import { apolloConflicts } from 'db-http-errors/frameworks/apollo';
import { conflicts } from './conflicts.ts';
import { resolvers, typeDefs } from './schema.ts';

const server = new ApolloServer({ typeDefs, resolvers, formatError: apolloConflicts(conflicts) });
// #endregion

export default server;
