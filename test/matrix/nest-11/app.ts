import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type * as Common from '@nestjs/common';
import type * as Core from '@nestjs/core';
import type * as Microservices from '@nestjs/microservices';
import type * as PlatformFastify from '@nestjs/platform-fastify';
import { nestConflicts } from 'db-http-errors/frameworks/nest';
import { fail, hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';

// What the servers of both versions are made of. Each gives its own Nest, which is why nothing of it is imported here.

export interface Nest {
  readonly common: typeof Common;
  readonly core: typeof Core;
  readonly fastify: typeof PlatformFastify;
  readonly microservices: typeof Microservices;
}

export type Platform = 'express' | 'fastify';

/** The routes of the contract. */
export async function runContract(nest: Nest, platform: Platform): Promise<void> {
  const app = await create(nest, platform, moduleOf(nest, []));
  if (hasAdapter) {
    app.useGlobalFilters(nestConflicts(conflicts));
  }
  await listen(app);
}

/**
 * The filter as a provider, behind one that catches everything; and for messages, too, whose server is asked by
 * `GET /message?route=<name>`.
 */
export async function runWays(nest: Nest, platform: Platform): Promise<void> {
  const { core, common, microservices } = nest;
  const logger = new common.Logger('Conflicts');
  const module = moduleOf(nest, [
    { provide: core.APP_FILTER, useValue: everything() },
    { provide: core.APP_FILTER, useValue: nestConflicts(conflicts, logger) },
  ]);
  const app = await create(nest, platform, module);
  app.use('/middleware', () => fail('native'));
  const { Transport } = microservices;
  const port = await freePort();
  const tcp = { host: '127.0.0.1', port };
  const options = { transport: Transport.TCP, options: tcp } satisfies Microservices.TcpOptions;
  app.connectMicroservice(options, { inheritAppConfig: true });
  await app.startAllMicroservices();
  client = microservices.ClientProxyFactory.create(options);
  await listen(app);

  /** Answers whatever comes, as the filters of applications do. */
  function everything(): Common.ExceptionFilter {
    class Everything implements Common.ExceptionFilter {
      catch(exception: { getStatus?: () => number }, host: Common.ArgumentsHost): void {
        if (host.getType() !== 'http') return;
        const { httpAdapter } = app.get(core.HttpAdapterHost);
        httpAdapter.reply(host.getArgByIndex(1), 'caught by everything', exception.getStatus?.() ?? 500);
      }
    }
    common.Catch()(Everything);
    return new Everything();
  }
}

let client: Microservices.ClientProxy;

/** A module with the controller; decorated by hand, for TypeScript's own decorators need options of the compiler. */
function moduleOf({ common, microservices }: Nest, providers: Common.Provider[]): Common.Type {
  class App {
    ok(): string {
      return 'ok';
    }

    /** An answer that the application chose. */
    chosen(): never {
      throw new common.NotFoundException('No such user.', { cause: new Error('outer', { cause: thrown('native') }) });
    }

    /** What a server of messages answers. */
    message(route: string): Promise<unknown> {
      return new Promise((resolve) => {
        client.send('fail', route).subscribe({
          next: (answer) => resolve({ answer }),
          error: (error) => resolve({ error }),
        });
      });
    }

    /** After the head was sent. */
    late(response: { raw?: object; write(text: string): void }): never {
      ((response.raw as typeof response | undefined) ?? response).write('begun');
      return fail('native');
    }

    /** After the route said something about its body. */
    stale(response: { header(name: string, value: string): void }): never {
      response.header('Content-Length', '3');
      response.header('ETag', '"old"');
      response.header('Vary', 'Origin');
      return fail('native');
    }

    fail(route: string): never {
      return fail(route);
    }

    failMessage(route: string): never {
      return fail(route);
    }
  }

  const { All, Controller, Get, Module, Param, Query, Res } = common;
  decorate(Get('ok'), 'ok');
  decorate(Get('chosen'), 'chosen');
  decorate(Get('message'), 'message');
  decorate(Get('late'), 'late');
  decorate(Get('stale'), 'stale');
  decorate(All(':route'), 'fail');
  decorate(microservices.MessagePattern('fail'), 'failMessage');
  Query('route')(App.prototype, 'message', 0);
  Res()(App.prototype, 'late', 0);
  Res()(App.prototype, 'stale', 0);
  Param('route')(App.prototype, 'fail', 0);
  microservices.Payload()(App.prototype, 'failMessage', 0);
  Controller()(App);

  class AppModule {}
  Module({ controllers: [App], providers })(AppModule);
  return AppModule;

  function decorate(decorator: MethodDecorator, name: keyof App): void {
    decorator(App.prototype, name, Object.getOwnPropertyDescriptor(App.prototype, name) as PropertyDescriptor);
  }
}

function thrown(route: string): unknown {
  try {
    return fail(route);
  } catch (error) {
    return error;
  }
}

function create({ core, fastify }: Nest, platform: Platform, module: Common.Type): Promise<Common.INestApplication> {
  const options = { logger: ['error'] as ['error'] };
  if (platform === 'express') return core.NestFactory.create(module, options);
  return core.NestFactory.create(module, new fastify.FastifyAdapter(), options);
}

async function listen(app: Common.INestApplication): Promise<void> {
  await app.listen(0, '127.0.0.1');
  listening((app.getHttpServer().address() as AddressInfo).port);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
