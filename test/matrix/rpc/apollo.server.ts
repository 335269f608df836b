import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { apolloConflicts } from 'db-http-errors/frameworks/apollo';
import { hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';
import { contextOf, resolvers, typeDefs } from './schema.ts';

/** As an application logs what happened. */
const plugins = [
  {
    async requestDidStart() {
      return {
        async didEncounterErrors({ errors }: { errors: readonly Error[] }) {
          for (const error of errors) console.error(error);
        },
      };
    },
  },
];

const adapted = () => new ApolloServer({ typeDefs, resolvers, plugins, formatError: apolloConflicts(conflicts) });

const { url } = await startStandaloneServer(
  hasAdapter ? adapted() : new ApolloServer({ typeDefs, resolvers, plugins }),
  {
    listen: { port: 0, host: '127.0.0.1' },
    context: async ({ req }) => contextOf(req.headers['x-fail'] as string | undefined),
  },
);
listening(Number(new URL(url).port));
