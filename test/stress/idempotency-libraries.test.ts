import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { isConflict } from '../../src/index.ts';
import { createStore } from '../idempotency/stores.ts';

// The same questions to other libraries, each as its documentation has it, and what they answer is known: here it is
// "yes" to all. `npm run test:stress` installs them; without it they are left out.

interface Request {
  readonly key?: string;
  readonly user?: string;
  readonly body?: unknown;
}

interface Reply {
  readonly status: number;
  readonly body: string;
}

type Handler = () => Promise<{ status: number; body: string }>;

/** An empty store with a route that needs a key. */
interface Shop {
  send(request: Request, handler: Handler): Promise<Reply>;
  pass(milliseconds: number): Promise<void>;
  end(): Promise<void>;
}

const ok = async () => ({ status: 200, body: 'done' });
const never = () => new Promise<never>(() => {});

/** True where the library does what it should. */
const QUESTIONS: Readonly<Record<string, (shop: Shop) => Promise<boolean>>> = {
  'repeats the answer': async ({ send }) => {
    const handler = vi.fn(ok);
    const [first, again] = [await send({ key: 'k' }, handler), await send({ key: 'k' }, handler)];
    return handler.mock.calls.length === 1 && first.body === 'done' && again.body === 'done';
  },
  'has stored the answer when it is given': async ({ send }) => {
    await send({ key: 'k' }, ok);
    return (await send({ key: 'k' }, ok)).status === 200;
  },
  'runs fifty at once one time': async ({ send }) => {
    const handler = vi.fn(ok);
    await Promise.all(Array.from({ length: 50 }, () => send({ key: 'k' }, handler)));
    return handler.mock.calls.length === 1;
  },
  'lets the next request run after a failure': async ({ send }) => {
    await send({ key: 'k' }, async () => {
      throw new Error('a bug');
    });
    return (await send({ key: 'k' }, ok)).status === 200;
  },
  'lets the next request run some minutes after a crash': async ({ send, pass }) => {
    await begun(send, 'k');
    await pass(10 * 60_000);
    return (await send({ key: 'k' }, ok)).status === 200;
  },
  'says that a key is missing': async ({ send }) => {
    const { status, body } = await send({}, ok);
    return status === 400 && /missing/i.test(body) && !/len/i.test(body);
  },
  'keeps users apart': async ({ send }) => {
    await send({ key: 'k', user: 'ada' }, async () => ({ status: 200, body: 's3cret' }));
    return (await send({ key: 'k', user: 'bob' }, ok)).body === 'done';
  },
  'takes members in another order for the same': async ({ send }) => {
    await send({ key: 'k', body: { a: 1, b: 2 } }, ok);
    return (await send({ key: 'k', body: { b: 2, a: 1 } }, ok)).status === 200;
  },
  'tells another payload while the first request runs': async ({ send }) => {
    await begun(send, 'k', { a: 1 });
    const { status } = await send({ key: 'k', body: { a: 2 } }, ok);
    return status !== 409 && status >= 400;
  },
  'lets a late one overwrite nothing': async ({ send, pass }) => {
    let finish = () => {};
    let begin = () => {};
    const hasBegun = new Promise<void>((resolve) => {
      begin = resolve;
    });
    const slow = send(
      { key: 'k' },
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ status: 200, body: 'late' });
          begin();
        }),
    );
    await hasBegun;
    await pass(25 * 3_600_000);
    slow.catch(() => undefined);
    if ((await send({ key: 'k' }, ok)).body !== 'done') return false;
    finish();
    await slow;
    return (await send({ key: 'k' }, ok)).body === 'done';
  },
};

/** Starts a request that never ends. */
async function begun(send: Shop['send'], key: string, body?: unknown): Promise<void> {
  await new Promise<void>((resolve) => {
    void send({ key, ...(body !== undefined && { body }) }, () => {
      resolve();
      return never();
    }).catch(() => undefined);
  });
}

/** @param create with a store that takes its time, or not */
async function answers(create: (isSlow: boolean) => Promise<Shop>): Promise<string[]> {
  const failed: string[] = [];
  for (const [question, ask] of Object.entries(QUESTIONS)) {
    const shop = await create(question.startsWith('has stored'));
    try {
      if (!(await ask(shop))) failed.push(question);
    } finally {
      vi.useRealTimers();
      await shop.end();
    }
  }
  return failed;
}

/** For those whose clock is the process's. */
async function passHere(milliseconds: number): Promise<void> {
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + milliseconds });
}

const FOLDER = new URL('idempotency-libraries/package.json', import.meta.url);

/** A package of the folder; `undefined` where it is not installed. */
function load(name: string): { readonly exports: Record<string, unknown>; readonly version: string } | undefined {
  try {
    const require = createRequire(FOLDER);
    const { version } = JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, FOLDER), 'utf8')) as {
      version: string;
    };
    return { exports: require(name) as Record<string, unknown>, version };
  } catch {
    return undefined;
  }
}

function exportsOf<T>(loaded: ReturnType<typeof load>): T {
  if (loaded === undefined) throw new Error('Expected the package to be installed');
  return loaded.exports as T;
}

const express = load('express');
const expressIdempotency = load('express-idempotency');
const nodeIdempotency = load('@node-idempotency/core');
const memory = load('@node-idempotency/storage-adapter-memory');
const powertools = load('@aws-lambda-powertools/idempotency');

describe('this library', () => {
  test.runIf(inject('databases').some(({ server }) => server.engine === 'sqlite'))('does all of it', async () => {
    const create = async (): Promise<Shop> => {
      const store = await createStore('sqlite', undefined);
      const idempotency = store.define();
      return {
        async send({ key, user = 'ada', body = {} }, handler) {
          const headers = key === undefined ? {} : { 'idempotency-key': key };
          try {
            const request = { method: 'POST', headers, url: '/payments', body };
            const answer = await idempotency.withLease(request, { owner: user, route: '/payments' }, handler);
            return { status: answer.status, body: Buffer.from(answer.body).toString() };
          } catch (error) {
            return isConflict(error)
              ? { status: error.status, body: error.code }
              : { status: 500, body: String(error) };
          }
        },
        pass: (milliseconds) => store.pass(milliseconds),
        end: () => store.end(),
      };
    };
    expect(await answers(create)).toEqual([]);
  });
});

describe.runIf(express && expressIdempotency)(`express-idempotency ${expressIdempotency?.version}`, () => {
  beforeAll(() => console.log(`express-idempotency ${expressIdempotency?.version}`));
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** A store that answers as late as one over a network does. */
  class Adapter {
    readonly resources = new Map<string, object>();
    readonly #isSlow: boolean;

    constructor(isSlow: boolean) {
      this.#isSlow = isSlow;
    }

    async findByIdempotencyKey(key: string): Promise<object | undefined> {
      await sleep(1);
      return this.resources.get(key);
    }
    async create(resource: { idempotencyKey: string }): Promise<void> {
      await sleep(1);
      this.resources.set(resource.idempotencyKey, resource);
    }
    async update(resource: { idempotencyKey: string }): Promise<void> {
      await sleep(this.#isSlow ? 50 : 0);
      this.resources.set(resource.idempotencyKey, resource);
    }
    async delete(key: string): Promise<void> {
      this.resources.delete(key);
    }
  }

  test('does not do what is known', async () => {
    const create = async (isSlow: boolean): Promise<Shop> => {
      const framework = exportsOf<(() => App) & { json(): unknown }>(express);
      const { idempotency, getSharedIdempotencyService } = exportsOf<Library>(expressIdempotency);
      const app = framework();
      let handler: Handler = ok;
      const handlers = new Map<string, Handler>();
      app.use(framework.json());
      app.use(idempotency({ dataAdapter: new Adapter(isSlow) }));
      app.post('/payments', async (request, response) => {
        if (getSharedIdempotencyService().isHit(request)) return;
        handler = handlers.get(request.get('x-number') ?? '') ?? ok;
        const { status, body } = await handler();
        response.status(status).send(body);
      });
      app.use((_error: unknown, _request: unknown, response: Response_, _next: unknown) => {
        if (!response.headersSent) response.status(response.statusCode < 400 ? 500 : response.statusCode).send('error');
      });
      const server = createServer(app as never).listen(0, '127.0.0.1');
      servers.push(server);
      await new Promise((resolve) => server.once('listening', resolve));
      const { port } = server.address() as AddressInfo;
      let number = 0;
      return {
        async send({ key, user = 'ada', body = {} }, next) {
          const id = String(number++);
          handlers.set(id, next);
          const response = await fetch(`http://127.0.0.1:${port}/payments`, {
            method: 'POST',
            headers: {
              'content-type': 'application/json',
              'x-number': id,
              authorization: user,
              ...(key !== undefined && { 'idempotency-key': key }),
            },
            body: JSON.stringify(body),
          });
          return { status: response.status, body: await response.text() };
        },
        pass: passHere,
        end: async () => server.closeAllConnections(),
      };
    };
    expect(await answers(create)).toEqual([
      'has stored the answer when it is given',
      'runs fifty at once one time',
      'lets the next request run some minutes after a crash',
      'says that a key is missing',
      'keeps users apart',
      'lets a late one overwrite nothing',
    ]);
  });
});

describe.runIf(nodeIdempotency && memory)(`@node-idempotency/core ${nodeIdempotency?.version}`, () => {
  beforeAll(() => console.log(`@node-idempotency/core ${nodeIdempotency?.version}`));

  test('does not do what is known', async () => {
    const create = async (): Promise<Shop> => {
      const { Idempotency } = exportsOf<Core>(nodeIdempotency);
      const { MemoryStorageAdapter } = exportsOf<{ MemoryStorageAdapter: new () => object }>(memory);
      const idempotency = new Idempotency(new MemoryStorageAdapter(), { enforceIdempotency: true });
      return {
        async send({ key, user = 'ada', body = {} }, handler) {
          const headers = { authorization: user, ...(key !== undefined && { 'idempotency-key': key }) };
          const request = { method: 'POST', path: '/payments', headers, body };
          try {
            const stored = await idempotency.onRequest(request);
            if (stored) return { status: 200, body: stored.body };
            const answer = await handler();
            await idempotency.onResponse(request, { body: answer.body });
            return answer;
          } catch (error) {
            const { code } = error as { code?: string };
            const status = code === 'REQUEST_IN_PROGRESS' ? 409 : code === undefined ? 500 : 400;
            return { status, body: `${code} ${error}` };
          }
        },
        pass: passHere,
        end: async () => {},
      };
    };
    expect(await answers(create)).toEqual([
      'lets the next request run after a failure',
      'lets the next request run some minutes after a crash',
      'says that a key is missing',
      'keeps users apart',
      'takes members in another order for the same',
      'tells another payload while the first request runs',
      'lets a late one overwrite nothing',
    ]);
  });
});

describe.runIf(powertools)(`@aws-lambda-powertools/idempotency ${powertools?.version}`, () => {
  beforeAll(() => console.log(`@aws-lambda-powertools/idempotency ${powertools?.version}`));

  /** What its cache needs of a client of Valkey or Redis, with the times of the process. */
  class Client {
    readonly values = new Map<string, { value: string; until: number }>();

    async get(name: string): Promise<string | null> {
      await sleep(1);
      const found = this.values.get(name);
      return found && found.until > Date.now() ? found.value : null;
    }
    async set(name: string, value: string, { EX, NX }: { EX: number; NX?: boolean }): Promise<string | null> {
      await sleep(1);
      if (NX && (this.values.get(name)?.until ?? 0) > Date.now()) return null;
      this.values.set(name, { value, until: Date.now() + EX * 1000 });
      return 'OK';
    }
    async del(names: string[]): Promise<number> {
      return names.filter((name) => this.values.delete(name)).length;
    }
  }

  const shopOf = (options: object) => async (): Promise<Shop> => {
    const { makeIdempotent, IdempotencyConfig } = exportsOf<Powertools>(powertools);
    const { CachePersistenceLayer } = createRequire(FOLDER)('@aws-lambda-powertools/idempotency/cache') as {
      CachePersistenceLayer: new (options: object) => object;
    };
    const persistenceStore = new CachePersistenceLayer({ client: new Client() });
    return {
      async send({ key, user = 'ada', body = {} }, handler) {
        const config = new IdempotencyConfig({
          eventKeyJmesPath: 'headers."idempotency-key"',
          throwOnNoIdempotencyKey: true,
          ...options,
        });
        config.registerLambdaContext({ getRemainingTimeInMillis: () => 60_000 });
        const headers = { authorization: user, ...(key !== undefined && { 'idempotency-key': key }) };
        try {
          return await makeIdempotent(() => handler(), { persistenceStore, config })({ headers, body });
        } catch (error) {
          const { name, cause } = error as { name: string; cause?: { name?: string } };
          if (cause?.name === 'IdempotencyKeyError') return { status: 400, body: 'missing' };
          if (name === 'IdempotencyValidationError') return { status: 422, body: name };
          return { status: name === 'IdempotencyAlreadyInProgressError' ? 409 : 500, body: `${error}` };
        }
      },
      pass: passHere,
      end: async () => {},
    };
  };

  test('does not do what is known', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    expect(await answers(shopOf({}))).toEqual([
      'keeps users apart',
      'tells another payload while the first request runs',
      'lets a late one overwrite nothing',
    ]);
    // The cache keeps an answer without what the payload is compared by: no request is the same as the first.
    expect(await answers(shopOf({ payloadValidationJmesPath: 'body' }))).toEqual([
      'repeats the answer',
      'has stored the answer when it is given',
      'keeps users apart',
      'takes members in another order for the same',
      'lets a late one overwrite nothing',
    ]);
  });
});

interface Powertools {
  readonly IdempotencyConfig: new (options: object) => { registerLambdaContext(context: object): void };
  makeIdempotent(handler: () => Promise<Reply>, options: object): (event: object) => Promise<Reply>;
}

interface Response_ {
  readonly headersSent: boolean;
  readonly statusCode: number;
  status(code: number): Response_;
  send(body: string): void;
}

interface App {
  use(middleware: unknown): void;
  post(
    path: string,
    handler: (request: { get(name: string): string | undefined }, response: Response_) => unknown,
  ): void;
}

interface Library {
  idempotency(options: object): unknown;
  getSharedIdempotencyService(): { isHit(request: unknown): boolean };
}

interface Core {
  readonly Idempotency: new (
    storage: object,
    options: object,
  ) => {
    onRequest(request: object): Promise<{ body: string } | undefined>;
    onResponse(request: object, response: { body: string }): Promise<void>;
  };
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
