// #region readme: tRPC
import { initTRPC } from '@trpc/server';
import { type CreateHTTPContextOptions, createHTTPServer } from '@trpc/server/adapters/standalone';
import { trpcConflicts } from 'db-http-errors/frameworks/trpc';
import { conflicts } from './conflicts.ts';
import { type User, users } from './users.ts';

const createContext = ({ req }: CreateHTTPContextOptions) => ({ headers: req.headers });

const t = initTRPC.context<typeof createContext>().create({
  errorFormatter: trpcConflicts(conflicts, ({ ctx }) => ({ headers: ctx?.headers })),
});
const router = t.router({
  createUser: t.procedure.input((input) => input as User).mutation(({ input }) => users.insert(input)),
});
const server = createHTTPServer({ router, createContext });
// #endregion

export default server;
