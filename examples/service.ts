import { createServer, type Server } from 'node:http';
import { openDatabase } from './databases/open-database.ts';
import { answerError } from './http/answer-error.ts';
import { answerErrorWithout } from './http/answer-error-without.ts';
import { defineListener, type Route } from './http/listener.ts';
import type { Repositories } from './repositories/repositories.ts';
import { bookingRoutes } from './routes/bookings.ts';
import { customerRoutes } from './routes/customers.ts';
import { documentRoutes } from './routes/documents.ts';
import { domainRoutes } from './routes/domains.ts';
import { orderTransitionRoutes } from './routes/order-transitions.ts';
import { orderRoutes } from './routes/orders.ts';
import { paymentRoutes } from './routes/payments.ts';
import { userRoutes } from './routes/users.ts';
import { seed } from './seed.ts';
import { servePage } from './web/serve.ts';
import { unguardedRoutes } from './web/unguarded.ts';

export interface Service {
  /** Not listening yet. */
  readonly server: Server;
  /** Name and version of the database. */
  readonly engine: string;
  /** Answers what is under way, then drops the demo's tables and closes the database. */
  close(): Promise<void>;
}

/**
 * Makes the demo service with its tables and a few rows.
 *
 * @param databaseUrl `postgres://…` or `mysql://…`; SQLite in memory without it
 */
export async function createService(databaseUrl?: string): Promise<Service> {
  const database = await openDatabase(databaseUrl);
  const { conflicts, repositories } = database;
  try {
    await seed(repositories);
  } catch (error) {
    await database.close();
    throw error;
  }

  // All that it takes: the repositories wrapped once, and one place that answers errors.
  const wrapped: Repositories = {
    users: conflicts.wrap(repositories.users),
    customers: conflicts.wrap(repositories.customers),
    orders: conflicts.wrap(repositories.orders),
    bookings: conflicts.wrap(repositories.bookings),
    documents: conflicts.wrap(repositories.documents),
    domains: conflicts.wrap(repositories.domains),
    payments: conflicts.wrap(repositories.payments),
  };
  const routes = [...constraintRoutes(wrapped), ...ownRoutes(wrapped)];
  const bad = [...constraintRoutes(repositories), ...unguardedRoutes(repositories)];
  const listener = defineListener([
    // THE BAD EXAMPLE: the same repositories, without the library.
    { prefix: '/without', routes: bad, answerError: answerErrorWithout },
    { prefix: '', routes: [indexRoute(routes), ...routes], answerError },
  ]);
  const server = createServer(await servePage(database.engine, listener));

  return {
    server,
    engine: database.engine,
    async close() {
      await closeServer(server);
      await database.close();
    },
  };
}

/** What there is. */
function indexRoute(routes: readonly Route[]): Route {
  const body = { routes: routes.map(({ method, path }) => `${method} ${path}`) };
  return {
    method: 'GET',
    path: '/',
    async answer() {
      return { status: 200, body };
    },
  };
}

/** Routes whose conflicts the database raises. */
function constraintRoutes(repositories: Repositories): Route[] {
  return [
    ...userRoutes(repositories),
    ...customerRoutes(repositories),
    ...orderRoutes(repositories),
    ...bookingRoutes(repositories),
    ...domainRoutes(repositories),
  ];
}

/** Routes whose conflicts the service raises. */
function ownRoutes(repositories: Repositories): Route[] {
  return [...orderTransitionRoutes(repositories), ...documentRoutes(repositories), ...paymentRoutes(repositories)];
}

/** Waits for what is under way, for two seconds at most. */
async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const timer = setTimeout(() => server.closeAllConnections(), 2000);
  await closed;
  clearTimeout(timer);
}
