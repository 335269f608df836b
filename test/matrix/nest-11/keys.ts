import type { AddressInfo } from 'node:net';
import type * as Common from '@nestjs/common';
import type Database from 'better-sqlite3';
import { nestConflicts } from 'db-http-errors/frameworks/nest';
import type { Lease } from 'db-http-errors/idempotency';
import { nestIdempotency } from 'db-http-errors/idempotency/nest';
import { expectTypeOf } from 'vitest';
import { describeIdempotency, type Order, type Shop } from '../idempotency.ts';
import type { Nest, Platform } from './app.ts';

/** What Nest gives a method as `@Req()`, on Express and on Fastify. */
interface Request {
  readonly method: string;
  readonly headers: { readonly authorization?: string };
  readonly url: string;
  readonly body: Order;
}

type Response = Parameters<ReturnType<typeof nestIdempotency>>[1];

/** Idempotency keys in the methods of a controller, with Nest of the project. */
export function describeKeys({ common, core, fastify }: Nest, version: string): void {
  for (const platform of ['express', 'fastify'] satisfies Platform[]) {
    describeIdempotency(`Nest ${version} on ${platform}`, async (shop) => {
      const module = moduleOf(common, shop);
      const options = { logger: false } as const;
      const app: Common.INestApplication =
        platform === 'express'
          ? await core.NestFactory.create(module, options)
          : await core.NestFactory.create(module, new fastify.FastifyAdapter(), options);
      app.useGlobalFilters(nestConflicts(shop.conflicts));
      await app.listen(0, '127.0.0.1');
      const { port } = app.getHttpServer().address() as AddressInfo;
      return { address: `http://127.0.0.1:${port}`, close: () => app.close() };
    });
  }
}

/** A module with the controller; decorated by hand, for TypeScript's own decorators need options of the compiler. */
function moduleOf({ Controller, Module, Post, Req, Res }: typeof Common, shop: Shop): Common.Type {
  const { keys, scope, pay, charge } = shop;

  class Payments {
    readonly pay = nestIdempotency(
      keys,
      { scope: (request: Request) => scope(request.headers.authorization, '/payments') },
      (request, tx) => {
        expectTypeOf(tx).toEqualTypeOf<Database.Database>();
        return pay(tx, request.body);
      },
    );

    readonly charge = nestIdempotency(
      keys,
      { mode: 'lease', scope: (request: Request) => scope(request.headers.authorization, '/charges') },
      async (request, lease) => {
        expectTypeOf(lease).toEqualTypeOf<Lease>();
        return charge(lease, request.body);
      },
    );

    payments(request: Request, response: Response): Promise<void> {
      return this.pay(request, response);
    }

    charges(request: Request, response: Response): Promise<void> {
      return this.charge(request, response);
    }
  }

  for (const name of ['payments', 'charges'] as const) {
    Post(name)(
      Payments.prototype,
      name,
      Object.getOwnPropertyDescriptor(Payments.prototype, name) as PropertyDescriptor,
    );
    Req()(Payments.prototype, name, 0);
    Res()(Payments.prototype, name, 1);
  }
  Controller()(Payments);

  class AppModule {}
  Module({ controllers: [Payments] })(AppModule);
  return AppModule;
}
