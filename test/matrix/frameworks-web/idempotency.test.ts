import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { node } from '@elysiajs/node';
import { getRequestListener } from '@hono/node-server';
import type Database from 'better-sqlite3';
import { elysiaConflicts } from 'db-http-errors/frameworks/elysia';
import { h3Conflicts } from 'db-http-errors/frameworks/h3';
import { honoConflicts } from 'db-http-errors/frameworks/hono';
import type { Lease } from 'db-http-errors/idempotency';
import { elysiaIdempotency } from 'db-http-errors/idempotency/elysia';
import { h3Idempotency } from 'db-http-errors/idempotency/h3';
import { honoIdempotency } from 'db-http-errors/idempotency/hono';
import { Elysia, t } from 'elysia';
import { H3, type H3Event, readBody } from 'h3';
import { toNodeHandler } from 'h3/node';
import * as h3v1 from 'h3-1';
import { type Context, Hono } from 'hono';
import { expectTypeOf } from 'vitest';
import { close, listen } from '../frameworks-node/listen.ts';
import { describeIdempotency, type Order, type Shop } from '../idempotency.ts';
import { handlerOf } from './handler.ts';

// Idempotency keys where a handler returns a Response, over real sockets.

type App = (shop: Shop) => Parameters<typeof createServer>[1];

const withHono: App = ({ keys, scope, pay, charge, conflicts }) => {
  const app = new Hono();
  app.onError(honoConflicts(conflicts));
  const body = (c: Context) => c.req.json<Order>();
  app.post(
    '/payments',
    honoIdempotency(keys, { body, scope: (c) => scope(c.req.header('authorization'), '/payments') }, (_, tx, order) => {
      expectTypeOf(tx).toEqualTypeOf<Database.Database>();
      expectTypeOf(order).toEqualTypeOf<Order>();
      return pay(tx, order);
    }),
  );
  app.post(
    '/charges',
    honoIdempotency(
      keys,
      { body, mode: 'lease', scope: (c) => scope(c.req.header('authorization'), '/charges') },
      async (_, lease, order) => {
        expectTypeOf(lease).toEqualTypeOf<Lease>();
        return charge(lease, order);
      },
    ),
  );
  return getRequestListener(app.fetch) as ReturnType<App>;
};

const withH3: App = ({ keys, scope, pay, charge, conflicts }) => {
  const app = new H3({ onError: h3Conflicts(conflicts) });
  const body = (event: H3Event) => readBody<Order>(event) as Promise<Order>;
  app.post(
    '/payments',
    h3Idempotency(
      keys,
      { body, scope: (event) => scope(event.req.headers.get('authorization'), '/payments') },
      (_, tx, order) => {
        expectTypeOf(tx).toEqualTypeOf<Database.Database>();
        expectTypeOf(order).toEqualTypeOf<Order>();
        return pay(tx, order);
      },
    ),
  );
  app.post(
    '/charges',
    h3Idempotency(
      keys,
      { body, mode: 'lease', scope: (event) => scope(event.req.headers.get('authorization'), '/charges') },
      async (_, lease, order) => {
        expectTypeOf(lease).toEqualTypeOf<Lease>();
        return charge(lease, order);
      },
    ),
  );
  return toNodeHandler(app) as ReturnType<App>;
};

const withH31: App = ({ keys, scope, pay, charge, conflicts }) => {
  const app = h3v1.createApp({ onError: h3Conflicts(conflicts) });
  const body = (event: h3v1.H3Event) => h3v1.readBody<Order>(event);
  const userOf = (event: h3v1.H3Event) => h3v1.getHeader(event, 'authorization');
  const router = h3v1.createRouter();
  router.post(
    '/payments',
    h3v1.defineEventHandler(
      h3Idempotency(keys, { body, scope: (event) => scope(userOf(event), '/payments') }, (_, tx, order) => {
        expectTypeOf(tx).toEqualTypeOf<Database.Database>();
        expectTypeOf(order).toEqualTypeOf<Order>();
        return pay(tx, order);
      }),
    ),
  );
  router.post(
    '/charges',
    h3v1.defineEventHandler(
      h3Idempotency(
        keys,
        { body, mode: 'lease', scope: (event) => scope(userOf(event), '/charges') },
        async (_, lease, order) => {
          expectTypeOf(lease).toEqualTypeOf<Lease>();
          return charge(lease, order);
        },
      ),
    ),
  );
  return h3v1.toNodeListener(app.use(router));
};

interface Parsed {
  request: Request;
  body: Order;
}

function elysiaOf(app: Elysia, { keys, scope, pay, charge, conflicts }: Shop) {
  const order = { body: t.Object({ amount: t.Nullable(t.Number()) }) };
  return app
    .use(elysiaConflicts(conflicts))
    .post(
      '/payments',
      elysiaIdempotency(
        keys,
        { scope: ({ request }: Parsed) => scope(request.headers.get('authorization'), '/payments') },
        ({ body }, tx) => {
          expectTypeOf(tx).toEqualTypeOf<Database.Database>();
          return pay(tx, body);
        },
      ),
      order,
    )
    .post(
      '/charges',
      elysiaIdempotency(
        keys,
        { mode: 'lease', scope: ({ request }: Parsed) => scope(request.headers.get('authorization'), '/charges') },
        async ({ body }, lease) => {
          expectTypeOf(lease).toEqualTypeOf<Lease>();
          return charge(lease, body);
        },
      ),
      order,
    );
}

const APPS: Readonly<Record<string, App>> = {
  Hono: withHono,
  'h3 1': withH31,
  'h3 2': withH3,
  Elysia: (shop) => handlerOf(elysiaOf(new Elysia(), shop)),
  'Elysia without aot': (shop) => handlerOf(elysiaOf(new Elysia({ aot: false }), shop)),
};

for (const [name, app] of Object.entries(APPS)) {
  describeIdempotency(name, async (shop) => ({ address: await listen(createServer({}, app(shop))), close }));
}

// Its adapter listens itself.
describeIdempotency('Elysia on Node', async (shop) => {
  const app = elysiaOf(new Elysia({ adapter: node() }), shop);
  const server = await new Promise<Server>((resolve) => {
    app.listen({ port: 0, hostname: '127.0.0.1' }, (running) => {
      resolve((running as unknown as { node: { server: Server } }).node.server);
    });
  });
  if (!server.listening) await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
});
