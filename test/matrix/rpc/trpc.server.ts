import { initTRPC, TRPCError } from '@trpc/server';
import { type CreateHTTPContextOptions, createHTTPServer } from '@trpc/server/adapters/standalone';
import { trpcConflicts } from 'db-http-errors/frameworks/trpc';
import { fail, hasAdapter, serve } from '../serve.ts';
import { conflicts, THROWN } from '../thrown.ts';

function createContext({ req }: CreateHTTPContextOptions) {
  const route = req.headers['x-fail'];
  if (typeof route === 'string') fail(route);
  return { headers: req.headers };
}

type Context = ReturnType<typeof createContext>;

const t = initTRPC.context<Context>().create({
  errorFormatter: trpcConflicts(conflicts, ({ ctx }) => ({ headers: ctx?.headers })),
});

const { router, procedure } = hasAdapter ? t : (initTRPC.context<Context>().create() as unknown as typeof t);

const appRouter = router({
  ok: procedure.query(() => 'ok'),
  // `TRPCError`s of the application's own, with an error of a database behind them.
  chosen: procedure.mutation(() => {
    throw new TRPCError({ code: 'UNAUTHORIZED', message: 'Who are you?', cause: THROWN.native?.() });
  }),
  copied: procedure.mutation(() => {
    throw new TRPCError({ code: 'BAD_REQUEST', cause: THROWN.native?.() });
  }),
  // From a middleware, from a stream of events, from a stream in an answer.
  guarded: procedure.use(({ next }) => (THROWN.native ? fail('native') : next())).query(() => 'never'),
  events: procedure.subscription(async function* () {
    yield 'first';
    fail('native');
  }),
  parts: procedure.query(async function* () {
    yield 'first';
    fail('native');
  }),
  thrown: router(
    Object.fromEntries(Object.keys(THROWN).map((route) => [route, procedure.mutation(() => fail(route))])),
  ),
});

export type AppRouter = typeof appRouter;

const server = createHTTPServer({
  router: appRouter,
  createContext,
  onError: ({ error }) => console.error(error.cause ?? error),
});
await serve(server);
