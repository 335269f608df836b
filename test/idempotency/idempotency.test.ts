import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, validateHeaderName, validateHeaderValue } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import mysqlCallbacks from 'mysql2';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { nodeHttpConflicts } from '../../src/frameworks/node-http.ts';
import {
  type Answer,
  defineIdempotency,
  type IdempotencyOptions,
  type IdempotentRequest,
  idempotencyTableSql,
  isSettled,
  parseIdempotencyKey,
  type Scope,
  toResponse,
} from '../../src/idempotency/index.ts';
import { canonical } from '../../src/idempotency/request.ts';
import { defineConflicts, isConflict } from '../../src/index.ts';
import { freePort } from '../servers/process.ts';
import { captured } from '../violations.ts';

const SCOPE: Scope = { owner: 'tenant-1', route: '/payments' };
const DONE = (): Answer => ({ status: 201, body: { done: true } });

function post(key: string | undefined, body: unknown = { amount: 1 }): IdempotentRequest {
  return { method: 'POST', headers: key === undefined ? {} : { 'idempotency-key': key }, url: '/payments', body };
}

function open(): BetterSqlite3.Database {
  return new BetterSqlite3(':memory:').exec(idempotencyTableSql('sqlite'));
}

const failure = (promise: Promise<unknown>) => promise.then(() => undefined).catch((error: unknown) => error);

/** The answers to two requests: whether the second was a repetition, or the code of its conflict. */
async function second(one: [IdempotentRequest, Scope], other: [IdempotentRequest, Scope]): Promise<unknown> {
  const idempotency = defineIdempotency(open());
  await idempotency.inTransaction(...one, DONE);
  const error = await failure(
    idempotency.inTransaction(...other, DONE).then(({ isReplay }) => {
      throw isReplay ? 'replay' : 'first';
    }),
  );
  return isConflict(error) ? error.code : error;
}

describe('the key of a request', () => {
  test.each([
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['"8e03978e-40d5-43dd-bc93-6894a57f9324"', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['  bare  ', 'bare'],
    ['"with space"', 'with space'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['"key";version=1; x="y', undefined],
    ['"key";version=1;flag', 'key'],
    ['order:17/pay+1=2', 'order:17/pay+1=2'],
    ['k'.repeat(255), 'k'.repeat(255)],
    [`"${'k'.repeat(255)}"`, 'k'.repeat(255)],
    ['k'.repeat(256), undefined],
    [`"${'k'.repeat(256)}"`, undefined],
    ['', undefined],
    ['""', undefined],
    ['   ', undefined],
    ['one, two', undefined],
    ['"one", "two"', undefined],
    ['one,two', undefined],
    ['with space', undefined],
    ['"open', undefined],
    ['"a"b"', undefined],
    ['"bad \\escape"', undefined],
    ['schlüssel', undefined],
    ['"schlüssel"', undefined],
    ['a\tb', undefined],
    ['a\u0000b', undefined],
    ['a\r\nb', undefined],
  ])('%j is %j', (header, key) => {
    expect(parseIdempotencyKey(header)).toBe(key);
  });

  test('is the same quoted and bare', () => {
    const text = fc.string({
      minLength: 1,
      maxLength: 255,
      unit: fc.constantFrom(..."aZ09-_.:/+=!#$%&'*^`|~<>?@[]{}()"),
    });
    fc.assert(
      fc.property(text, (key) => {
        expect(parseIdempotencyKey(key)).toBe(key);
        expect(parseIdempotencyKey(`"${key}"`)).toBe(key);
      }),
    );
  });

  test('is read in no time, whatever it is', () => {
    const started = performance.now();
    for (const unit of ['"', '\\', ' ;', ' ;a', '"; a=', 'a', '\\"']) {
      parseIdempotencyKey(unit.repeat(100_000));
      parseIdempotencyKey(`"${unit.repeat(100_000)}"`);
      parseIdempotencyKey(`"${unit.repeat(500)}`);
      parseIdempotencyKey(`"a"${unit.repeat(500)}"`);
    }
    expect(performance.now() - started).toBeLessThan(200);
  });

  test.each(['', '""', 'one, two', 'k'.repeat(256)])('is refused as %j, and not overlooked', async (header) => {
    const idempotency = defineIdempotency(open());
    for (const required of [true, false]) {
      const run = vi.fn(DONE);
      const error = await failure(idempotency.inTransaction(post(header), { ...SCOPE, required }, run));
      expect(isConflict(error, 'idempotency_key_missing') && error.toJSON()).toMatchObject({
        status: 400,
        code: 'idempotency_key_missing',
        detail: 'The Idempotency-Key header has to be one key of 1 to 255 ASCII characters.',
      });
      expect(run).not.toHaveBeenCalled();
    }
  });

  test('is read from the headers of every framework', async () => {
    const requests: IdempotentRequest[] = [
      post('k'),
      {
        method: 'post',
        headers: new Headers({ 'Idempotency-Key': '"k"' }),
        url: 'https://a.example/payments',
        body: { amount: 1 },
      },
      { method: 'POST', headers: { 'idempotency-key': 'k' }, originalUrl: '/payments', url: '/', body: { amount: 1 } },
    ];
    for (const request of requests) expect(await second([post('k'), SCOPE], [request, SCOPE])).toBe('replay');
  });
});

describe('two requests are the same', () => {
  test.each<[string, unknown, unknown, string]>([
    [
      'whatever the order of the members',
      { a: 1, b: { c: [1, { x: 1, y: 2 }], d: 2 } },
      { b: { d: 2, c: [1, { y: 2, x: 1 }] }, a: 1 },
      'replay',
    ],
    ['not with other values', { a: 1 }, { a: 2 }, 'idempotency_key_reused'],
    ['not with one member more', { a: 1 }, { a: 1, b: null }, 'idempotency_key_reused'],
    ['not with another order of a list', [1, 2], [2, 1], 'idempotency_key_reused'],
    ['not with a text for a number', { a: 1 }, { a: '1' }, 'idempotency_key_reused'],
    ['with equal bytes', Buffer.from('abc'), new Uint8Array([97, 98, 99]), 'replay'],
    ['not with other bytes', Buffer.from('abc'), Buffer.from('abd'), 'idempotency_key_reused'],
    ['with equal dates', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }, 'replay'],
  ])('%s', async (_, one, other, expected) => {
    expect(await second([post('k', one), SCOPE], [post('k', other), SCOPE])).toBe(expected);
  });

  test('not on another path of the same route, nor with another query', async () => {
    const on = (url: string): [IdempotentRequest, Scope] => [
      { ...post('k'), url },
      { ...SCOPE, route: '/orders/:id' },
    ];
    expect(await second(on('/orders/1'), on('/orders/2'))).toBe('idempotency_key_reused');
    expect(await second(on('/orders/1?a=1'), on('/orders/1?a=2'))).toBe('idempotency_key_reused');
    expect(await second(on('/orders/1'), on('https://internal:8080/orders/1'))).toBe('replay');
  });

  test('by what the application says, where it says it', async () => {
    const paying = (amount: number, noise: number): [IdempotentRequest, Scope] => [
      post('k', { noise }),
      { ...SCOPE, payload: { amount } },
    ];
    expect(await second(paying(1, 1), paying(1, 2))).toBe('replay');
    expect(await second(paying(1, 1), paying(2, 1))).toBe('idempotency_key_reused');
  });

  test('only for one owner, method and route', async () => {
    expect(await second([post('k'), SCOPE], [post('k'), { ...SCOPE, owner: 'tenant-2' }])).toBe('first');
    expect(await second([post('k'), SCOPE], [post('k'), { ...SCOPE, route: '/refunds' }])).toBe('first');
    expect(await second([post('k'), SCOPE], [{ ...post('k'), method: 'PUT' }, SCOPE])).toBe('first');
    // What one ends with, the other does not begin with.
    expect(
      await second(
        [post('k'), { owner: 'a', route: '","POST","/b' }],
        [post('k'), { owner: 'a","POST","', route: '/b' }],
      ),
    ).toBe('first');
    expect(await second([post('k'), { ...SCOPE, owner: 7 }], [post('k'), { ...SCOPE, owner: 7n }])).toBe('replay');
  });

  test('when their numbers of any size are, also without an address or a body', () => {
    expect(canonical({ id: 2n ** 64n, at: undefined })).toBe('{"id":18446744073709551616}');
    expect(canonical([undefined, () => 1])).toBe('[null,null]');
  });

  test('when they have neither a body nor an address that is a text', async () => {
    const request = { ...post('k', null), url: new URL('http://localhost/payments') as unknown as string };
    const other = { ...post('k', null), url: new URL('http://localhost/other') as unknown as string };
    expect(await second([request, SCOPE], [other, SCOPE])).toBe('replay');
    expect(await second([request, SCOPE], [post('k', null), SCOPE])).toBe('idempotency_key_reused');
  });

  test('when their JSON is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(JSON.parse(canonical(a))).toEqual(JSON.parse(JSON.stringify(a)));
        expect(canonical(a) === canonical(b)).toBe(canonical(JSON.parse(canonical(a))) === canonical(b));
      }),
    );
  });

  test('however deep they are', async () => {
    const deep = JSON.parse(`${'[{"a":'.repeat(50_000)}1${'}]'.repeat(50_000)}`) as unknown;
    expect(await second([post('k', deep), SCOPE], [post('k', deep), SCOPE])).toBe('replay');
  });

  test.each<[string, IdempotentRequest, string]>([
    [
      'was not parsed',
      { ...post('k', undefined), body: undefined, headers: { 'idempotency-key': 'k', 'content-length': '9' } },
      'Expected the body of the request to be parsed',
    ],
    [
      'comes in parts',
      { ...post('k'), body: undefined, headers: { 'idempotency-key': 'k', 'transfer-encoding': 'chunked' } },
      'Expected the body of the request to be parsed',
    ],
    ['is a stream', post('k', Readable.from([])), 'Expected the body of the request to be parsed'],
    ['is a web stream', post('k', new ReadableStream()), 'Expected the body of the request to be parsed'],
    [
      'is a form',
      post('k', new FormData()),
      'Expected the payload of an idempotent request to be plain data, got [object FormData]',
    ],
    [
      'is a map',
      post('k', new Map()),
      'Expected the payload of an idempotent request to be plain data, got [object Map]',
    ],
  ])('is not guessed when the body %s', async (_, request, complaint) => {
    const run = vi.fn(DONE);
    await expect(defineIdempotency(open()).inTransaction(request, SCOPE, run)).rejects.toThrow(complaint);
    expect(run).not.toHaveBeenCalled();
  });

  test('never in a cycle', async () => {
    const body: Record<string, unknown> = {};
    body.self = [body];
    await expect(defineIdempotency(open()).inTransaction(post('k', body), SCOPE, DONE)).rejects.toThrow('got a cycle');
  });
});

describe('an answer', () => {
  const idempotency = defineIdempotency(open());

  test.each<[string, unknown, string, Record<string, string>]>([
    ['JSON', { a: 1 }, '{"a":1}', { 'Content-Type': 'application/json' }],
    ['null', null, 'null', { 'Content-Type': 'application/json' }],
    ['a text', 'a', 'a', { 'Content-Type': 'text/plain; charset=utf-8' }],
    ['bytes', new Uint8Array([97]), 'a', { 'Content-Type': 'application/octet-stream' }],
    ['a buffer', new Uint8Array([97]).buffer, 'a', { 'Content-Type': 'application/octet-stream' }],
    ['nothing', undefined, '', {}],
  ])('may be %s', async (_, body, text, headers) => {
    const key = randomUUID();
    const run = () => ({ status: 200, body });
    const first = await idempotency.inTransaction(post(key), SCOPE, run);
    const again = await idempotency.inTransaction(post(key), SCOPE, run);
    for (const each of [first, again]) expect(Buffer.from(each.body).toString()).toBe(text);
    expect(first.headers).toEqual(headers);
    expect(again.headers).toEqual({ ...headers, 'Idempotency-Replayed': 'true' });
    expect(Buffer.from(await toResponse(again).arrayBuffer()).toString()).toBe(text);
    expect(toResponse(again).headers.get('idempotency-replayed')).toBe('true');
  });

  test('keeps the names and values of its headers', async () => {
    const headers = { 'content-type': 'text/csv', LOCATION: '/a', 'X-Count': 3, 'X-None': undefined };
    const { headers: sent } = await idempotency.inTransaction(post(randomUUID()), SCOPE, () => ({
      status: 200,
      headers,
    }));
    expect(sent).toEqual({ 'Content-Type': 'text/csv', Location: '/a', 'X-Count': '3' });
  });

  test.each([
    ['/files/日本', '/files/%E6%97%A5%E6%9C%AC'],
    ['/a b?q=%20é', '/a%20b?q=%20%C3%A9'],
    ['/a\r\nSet-Cookie: a=b', '/a%0D%0ASet-Cookie:%20a=b'],
    ['/\ud800', '/%EF%BF%BD'],
    ['https://a.example/b#c', 'https://a.example/b#c'],
  ])('may say that its result is at %j', async (location, sent) => {
    const answer = await idempotency.inTransaction(post(randomUUID()), SCOPE, () => ({
      status: 201,
      headers: { location },
    }));
    expect(answer.headers).toEqual({ Location: sent });
    expect(toResponse(answer).headers.get('location')).toBe(sent);
    validateHeaderValue('Location', sent);
  });

  test('has headers that Node can send, or is a mistake that leaves nothing behind', async () => {
    const database = open().exec('CREATE TABLE payments (id INTEGER)');
    const wrong = [{ 'X-Name': '日本' }, { 'X-Name': 'a\r\nb' }, { 'X-Name': '\0' }, { 'X Name': 'a' }, { '': 'a' }];
    for (const headers of wrong) {
      const run = (tx: BetterSqlite3.Database): Answer => {
        tx.exec('INSERT INTO payments VALUES (1)');
        return { status: 201, headers: headers as Record<string, string> };
      };
      const error = await failure(defineIdempotency(database).inTransaction(post('k'), SCOPE, run));
      expect(String(error)).toContain('TypeError: Expected the header ');
    }
    expect(database.prepare('SELECT count(*) FROM payments').pluck().get()).toBe(0);
    const allowed = fc.string({ unit: fc.constantFrom('\t', ' ', 'a', ':', '~', 'é', 'ÿ', '\u007f', '\n', 'Ā') });
    await fc.assert(
      fc.asyncProperty(allowed, allowed, async (name, value) => {
        const run = () => ({ status: 200, headers: { [name]: value } });
        const error = await failure(defineIdempotency(open()).inTransaction(post('k'), SCOPE, run));
        const isSendable = () => {
          try {
            validateHeaderName(name);
            validateHeaderValue(name, value);
            return true;
          } catch {
            return false;
          }
        };
        expect(error === undefined).toBe(isSendable());
      }),
      { numRuns: 50 },
    );
  });

  test.each([204, 205, 304])('of %i has no body as a Response', async (status) => {
    const answer = await idempotency.inTransaction(post(randomUUID()), SCOPE, () => ({ status, body: 'x' }));
    expect(await toResponse(answer).text()).toBe('');
  });

  test.each<[string, unknown]>([
    [
      'a row of a class',
      new (class Row {
        readonly a = 1;
      })(),
    ],
    ['a row without a prototype', Object.assign(Object.create(null), { a: 1 })],
    ['what has a text for JSON', { toJSON: () => ({ a: 1 }), b: new Map() }],
  ])('may be %s', async (_, body) => {
    const answer = await idempotency.inTransaction(post(randomUUID()), SCOPE, () => ({ status: 200, body }));
    expect(Buffer.from(answer.body).toString()).toBe('{"a":1}');
  });

  test('may have members that are dates, bytes and nothing', async () => {
    const body = { at: new Date(0), bytes: Buffer.from('a'), none: undefined, list: [null, undefined] };
    const answer = await idempotency.inTransaction(post(randomUUID()), SCOPE, () => ({ status: 200, body }));
    expect(Buffer.from(answer.body).toString()).toBe(JSON.stringify(body));
  });

  test.each<[string, () => unknown]>([
    ['a promise', () => Promise.resolve({ a: 1 })],
    // biome-ignore lint/suspicious/noThenProperty: it is what a query builder is
    ['a query that has not begun', () => ({ then: () => {} })],
    ['a Response', () => Response.json({ a: 1 })],
    ['a blob', () => new Blob(['a'])],
    ['a form', () => new FormData()],
    ['a stream', () => new ReadableStream()],
    ['a stream of Node', () => Readable.from(['a'])],
    ['a map', () => new Map([['a', 1]])],
    ['a set', () => new Set([1])],
    ['an error', () => new Error('a')],
    ['a function', () => () => 1],
    ['a symbol', () => Symbol('a')],
  ])('is never %s, which would be stored as an empty object', async (_, body) => {
    const given = [body(), ...(typeof body() === 'object' ? [{ data: [body()] }] : [])];
    for (const each of given) {
      const key = randomUUID();
      const run = () => ({ status: 201, body: each });
      await expect(idempotency.inTransaction(post(key), SCOPE, run)).rejects.toThrow(
        'Expected the body of an answer to be a text, bytes or plain data, got ',
      );
      expect((await idempotency.inTransaction(post(key), SCOPE, DONE)).isReplay).toBe(false);
    }
  });

  test.each<[string, unknown, string]>([
    [
      'nothing',
      undefined,
      'Expected an idempotent request to be answered with { status, headers, body }, got undefined',
    ],
    ['no status', {}, 'Expected the status of an answer to be a number from 200 to 599, got undefined'],
    ['no final status', { status: 100 }, 'Expected the status of an answer to be a number from 200 to 599, got number'],
    ['no JSON', { status: 200, body: { big: 1n } }, 'BigInt'],
  ])('is required: %s is a mistake, and nothing is stored', async (_, answer, complaint) => {
    const key = randomUUID();
    await expect(idempotency.inTransaction(post(key), SCOPE, () => answer as Answer)).rejects.toThrow(complaint);
    expect((await idempotency.inTransaction(post(key), SCOPE, DONE)).isReplay).toBe(false);
  });

  test('is stored or not by its status', () => {
    const all = Array.from({ length: 400 }, (_, index) => 200 + index);
    expect(all.filter((status) => !isSettled(status) && status < 500)).toEqual([
      ...[401, 403, 407, 408, 409, 412, 421, 422, 423, 424, 425, 426, 428, 429],
    ]);
    expect(all.filter((status) => isSettled(status) && status >= 500)).toEqual([]);
  });

  test('of any status is stored where the application wants it', async () => {
    const all = defineIdempotency(open(), { store: () => true });
    for (const isReplay of [false, true]) {
      const answer = await all.inTransaction(post('k'), SCOPE, () => ({ status: isReplay ? 201 : 500 }));
      expect([answer.status, answer.isReplay]).toEqual([500, isReplay]);
    }
  });
});

describe('a lease', () => {
  test('is given to each request without a key, where none is required', async () => {
    const idempotency = defineIdempotency(open());
    const keys = new Set<string>();
    for (let turn = 0; turn < 2; turn++) {
      const answer = await idempotency.withLease(post(undefined), { ...SCOPE, required: false }, async (lease) => {
        expect([lease.effectKey, await lease.extend()]).toEqual([lease.token, true]);
        keys.add(lease.effectKey);
        return DONE();
      });
      expect([answer.status, answer.isReplay]).toEqual([201, false]);
    }
    expect(keys.size).toBe(2);
  });

  test('without a key has nothing to give back when the effect fails', async () => {
    const failure = new Error('the effect');
    const run = () => Promise.reject(failure);
    const leased = defineIdempotency(open()).withLease(post(undefined), { ...SCOPE, required: false }, run);
    await expect(leased).rejects.toBe(failure);
  });

  test('leaves its key free when the answer is not stored', async () => {
    const idempotency = defineIdempotency(open());
    for (const status of [500, 429, 201]) {
      const answer = await idempotency.withLease(post('k'), SCOPE, () => ({ status }));
      expect([answer.status, answer.isReplay]).toEqual([status, false]);
    }
    expect((await idempotency.withLease(post('k'), SCOPE, DONE)).isReplay).toBe(true);
  });
});

describe('a lease that is lost while the effect happens', () => {
  const during = (change: string) => {
    const database = open();
    const idempotency = defineIdempotency(database);
    return [
      idempotency,
      idempotency.withLease(post('k'), SCOPE, () => {
        expect(database.prepare(change).run().changes).toBe(1);
        return DONE();
      }),
    ] as const;
  };

  test('keeps its answer all the same when nobody else has the key', async () => {
    const [idempotency, first] = during('DELETE FROM idempotency_keys');
    expect((await first).isReplay).toBe(false);
    expect((await idempotency.withLease(post('k'), SCOPE, DONE)).isReplay).toBe(true);
  });

  test('is in progress when another request has the key', async () => {
    const [, first] = during("UPDATE idempotency_keys SET token = 'of another request'");
    const error = await failure(first);
    expect(isConflict(error) && error.code).toBe('idempotency_in_progress');
  });

  test('is in progress when others have the key now and now not', async () => {
    const database = open();
    const first = defineIdempotency(database).withLease(post('k'), SCOPE, () => {
      database.exec(`DELETE FROM idempotency_keys;
        CREATE TRIGGER taken BEFORE INSERT ON idempotency_keys BEGIN SELECT RAISE(IGNORE); END`);
      return DONE();
    });
    const error = await failure(first);
    expect(isConflict(error) && error.code).toBe('idempotency_in_progress');
  });
});

describe('a database that cannot be reached', () => {
  const pools: { end(): Promise<void> }[] = [];
  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.end()));
  });

  const kinds = ['pg', 'mysql2'] as const;
  const unreachable = async (kind: (typeof kinds)[number], options?: IdempotencyOptions) => {
    const port = await freePort();
    const pool =
      kind === 'pg'
        ? new pg.Pool({ host: '127.0.0.1', port })
        : mysql.createPool({ host: '127.0.0.1', port, user: 'nobody' });
    pools.push(pool);
    return kind === 'pg' ? defineIdempotency(pool as pg.Pool, options) : defineIdempotency(pool as mysql.Pool, options);
  };

  test.each(kinds)('is a 503 that may be tried again, and nothing runs: %s', async (kind) => {
    const idempotency = await unreachable(kind);
    const run = vi.fn(async () => DONE());
    for (const error of [
      await failure(idempotency.inTransaction(post('k'), SCOPE, run)),
      await failure(idempotency.withLease(post('k'), SCOPE, run)),
    ]) {
      expect(
        isConflict(error, 'busy') && [error.status, error.headers['Retry-After'], error.problem.retryable],
      ).toEqual([...[503, '1', true]]);
      expect(JSON.stringify(error)).not.toContain('127.0.0.1');
    }
    expect(run).not.toHaveBeenCalled();
  });

  test.each(kinds)('does not stop an effect where the application wants that, and it hears of it: %s', async (kind) => {
    const onUnprotected = vi.fn();
    const idempotency = await unreachable(kind, { whenDown: 'run', onUnprotected });
    const answer = await idempotency.withLease(post('k'), SCOPE, async ({ extend }) => {
      expect(await extend()).toBe(true);
      return DONE();
    });
    expect([answer.status, onUnprotected.mock.calls.length]).toEqual([201, 1]);
  });

  test.each([
    ['has too many connections', captured('pg/postgresql-18/too-many-connections')],
    ['is in a pool that is full', new Error('timeout exceeded when trying to connect')],
  ])('is not one that %s, and there nothing runs', async (_, error) => {
    const pool = { connect: () => Promise.reject(error) };
    const run = vi.fn(async () => DONE());
    const idempotency = defineIdempotency(pool, { whenDown: 'run', attempts: 1 });
    expect(isConflict(await failure(idempotency.withLease(post('k'), SCOPE, run)), 'busy')).toBe(true);
    expect(run).not.toHaveBeenCalled();
  });

  test('after the effect does not make the effect a failure', async () => {
    const database = open();
    const onUnprotected = vi.fn(() => {
      throw new Error('of a hook');
    });
    const idempotency = defineIdempotency(database, { onUnprotected });
    const answer = await idempotency.withLease(post('k'), SCOPE, () => {
      database.exec('DROP TABLE idempotency_keys');
      return DONE();
    });
    expect([answer.status, answer.isReplay, onUnprotected.mock.calls.length]).toEqual([201, false, 1]);
  });

  test('after the effect is a warning by default', async () => {
    const warned = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const database = open();
    await defineIdempotency(database).withLease(post('k'), SCOPE, () => {
      database.exec('DROP TABLE idempotency_keys');
      return DONE();
    });
    expect(warned.mock.calls.map(([, options]) => options)).toEqual([
      { type: 'ConflictWarning', code: 'UNPROTECTED_REQUEST' },
    ]);
    warned.mockRestore();
  });
});

describe('a connection', () => {
  /** A pool of pg whose client answers as it is told. */
  function answering(answer: (sql: string) => object) {
    const calls: string[] = [];
    const client = {
      async query(query: string | { text: string }) {
        const sql = typeof query === 'string' ? query : query.text;
        calls.push(sql.split(' ')[0] as string);
        return { rows: [], rowCount: 0, ...answer(sql) };
      },
      release: (isBroken?: boolean) => calls.push(isBroken ? 'destroy' : 'release'),
    };
    return { calls, pool: { connect: async () => client } };
  }

  test('that cannot begin is given up, and the request is a 503', async () => {
    const { calls, pool } = answering(() => {
      throw new Error('Connection terminated unexpectedly');
    });
    const run = vi.fn(async () => DONE());
    const error = await failure(defineIdempotency(pool).inTransaction(post('k'), SCOPE, run));
    expect(isConflict(error, 'busy')).toBe(true);
    expect([calls, run.mock.calls]).toEqual([['BEGIN', 'destroy'], []]);
  });

  test('that finds a key now there and now not, is 409 in the end', async () => {
    const { calls, pool } = answering(() => ({}));
    const error = await failure(defineIdempotency(pool).inTransaction(post('k'), SCOPE, async () => DONE()));
    expect(isConflict(error, 'idempotency_in_progress')).toBe(true);
    expect(calls.filter((call) => call === 'INSERT').length).toBe(10);
    expect(calls.slice(-2)).toEqual(['ROLLBACK', 'release']);
  });

  test('that is lost again and again is a 503 in the end, for with its key the request may be sent again', async () => {
    const { calls, pool } = answering((sql) => {
      if (sql === 'COMMIT' || sql === 'ROLLBACK') throw new Error('Connection terminated unexpectedly');
      return { rowCount: 1 };
    });
    const idempotency = defineIdempotency(pool, { attempts: 3, baseDelay: 1 });
    const error = await failure(idempotency.inTransaction(post('k'), SCOPE, async () => DONE()));
    expect(isConflict(error, 'busy') && String(error.cause)).toBe('Error: Connection terminated unexpectedly');
    expect(calls.filter((call) => call === 'destroy').length).toBe(3);
    const other = answering((sql) => {
      if (sql === 'COMMIT' || sql === 'ROLLBACK') throw new Error('Connection terminated unexpectedly');
      return {};
    });
    // Without a key nobody knows, and it runs once.
    const unprotected = defineIdempotency(other.pool, { attempts: 3, baseDelay: 1 });
    const scope = { ...SCOPE, required: false };
    const unknown = await failure(unprotected.inTransaction(post(undefined), scope, async () => DONE()));
    expect(String(unknown)).toBe('Error: Connection terminated unexpectedly');
    expect(other.calls).toEqual(['BEGIN', 'COMMIT', 'ROLLBACK', 'destroy']);
  });
});

describe('what is wrong with the use of it', () => {
  test.each<[string, unknown, object, string]>([
    ['no database', {}, {}, 'Expected a pool of pg or mysql2, a database of better-sqlite3'],
    [
      'a beginner',
      { begin: () => 1, commit: () => 1, rollback: () => 1 },
      {},
      'Expected a pool of pg or mysql2 or a database of better-sqlite3, got { begin, commit, rollback }',
    ],
    [
      'an unknown option',
      open(),
      { tabel: 'x' },
      'Unknown member "tabel" in the options of defineIdempotency(), did you mean "table"?',
    ],
    [
      'a table that is SQL',
      open(),
      { table: 'a; DROP TABLE b' },
      'Expected the table to be a name like "idempotency_keys", got "a; DROP TABLE b"',
    ],
    [
      'a lease that outlives its key',
      open(),
      { leaseFor: 2, expiresAfter: 1 },
      'Expected leaseFor to be at most expiresAfter, got 2 and 1',
    ],
    ['half a byte', open(), { maxBody: 0.5 }, 'a number of bytes'],
    ['less than no byte', open(), { maxBody: -1 }, 'a number of bytes'],
    ['no time', open(), { leaseFor: 0 }, 'to have milliseconds, more than 0 as "leaseFor"'],
    ['a word for failing', open(), { whenDown: 'open' }, 'to have "refuse" or "run" as "whenDown", got "open"'],
  ])('%s', (_, source, options, complaint) => {
    expect(() => defineIdempotency(source as BetterSqlite3.Database, options)).toThrow(complaint);
  });

  test.each<[string, unknown, string]>([
    ['no scope', undefined, 'Expected the scope of a key to be { owner, route }, got undefined'],
    ['no owner', { route: '/a' }, 'Expected the owner of a key to be the id of a user or tenant, got undefined'],
    [
      'an empty owner',
      { owner: '', route: '/a' },
      'Expected the owner of a key to be the id of a user or tenant, got ""',
    ],
    ['no route', { owner: 1 }, 'Expected the route of a key to be the template of a route, got undefined'],
    ['a typing error', { owner: 1, route: '/a', requierd: true }, 'Unknown member "requierd" of a scope'],
  ])('%s', async (_, scope, complaint) => {
    await expect(defineIdempotency(open()).inTransaction(post('k'), scope as Scope, DONE)).rejects.toThrow(complaint);
  });

  test('a promise in a transaction of better-sqlite3', async () => {
    const database = open();
    const idempotency = defineIdempotency(database);
    for (const promised of [async () => DONE(), () => Promise.reject(new Error('nobody waits for it'))]) {
      await expect(idempotency.inTransaction(post('k'), SCOPE, promised as unknown as () => Answer)).rejects.toThrow(
        'Expected a request in a transaction of better-sqlite3 to run synchronously, got a promise',
      );
      expect(database.inTransaction).toBe(false);
    }
    expect((await idempotency.inTransaction(post('k'), SCOPE, DONE)).isReplay).toBe(false);
  });

  test('a transaction that was ended inside', async () => {
    const database = open();
    const run = (tx: BetterSqlite3.Database) => {
      tx.exec('ROLLBACK');
      return DONE();
    };
    await expect(defineIdempotency(database).inTransaction(post('k'), SCOPE, run)).rejects.toThrow(
      'Expected the transaction to have the key that it has claimed',
    );
  });

  test('no batch', async () => {
    await expect(defineIdempotency(open()).sweep({ batch: 0 })).rejects.toThrow(
      'Expected batch to be a whole number above 0',
    );
  });
});

describe('the types', () => {
  test('are those of the driver', () => {
    const postgres = () => defineIdempotency(new pg.Pool());
    expectTypeOf<
      Parameters<Parameters<ReturnType<typeof postgres>['inTransaction']>[2]>[0]
    >().toEqualTypeOf<pg.PoolClient>();
    const maria = () => defineIdempotency(mysql.createPool(''));
    expectTypeOf<
      Parameters<Parameters<ReturnType<typeof maria>['inTransaction']>[2]>[0]
    >().toEqualTypeOf<mysql.PoolConnection>();
    const callbacks = () => defineIdempotency(mysqlCallbacks.createPool('').promise());
    expectTypeOf<
      Parameters<Parameters<ReturnType<typeof callbacks>['inTransaction']>[2]>[0]
    >().toEqualTypeOf<mysql.PoolConnection>();
    const sqlite = () => defineIdempotency(new BetterSqlite3(':memory:'));
    expectTypeOf<ReturnType<Parameters<ReturnType<typeof sqlite>['inTransaction']>[2]>>().toEqualTypeOf<Answer>();
  });
});

describe('the table', () => {
  test('may have another name, or one in a schema', async () => {
    const database = new BetterSqlite3(':memory:');
    database.exec(idempotencyTableSql('sqlite', 'main.once'));
    const idempotency = defineIdempotency(database, { table: 'main.once' });
    await idempotency.inTransaction(post('k'), SCOPE, DONE);
    expect((await idempotency.inTransaction(post('k'), SCOPE, DONE)).isReplay).toBe(true);
    expect(idempotencyTableSql('mariadb')).toBe(idempotencyTableSql('mysql'));
  });

  test.each(['a b', 'a"b', 'a.b.c', '', "a'; --", '1a'])('is never called %j', (name) => {
    expect(() => idempotencyTableSql('postgresql', name)).toThrow('Expected the table to be a name');
  });

  test('is of a known dialect', () => {
    expect(() => idempotencyTableSql('oracle' as never)).toThrow('Expected the dialect to be');
  });
});

describe('over a socket', () => {
  test('a payment that is sent three times is made once', async () => {
    const database = open().exec('CREATE TABLE payments (amount INTEGER)') as BetterSqlite3.Database;
    const conflicts = defineConflicts({ typeBase: 'https://errors.example/' });
    const idempotency = defineIdempotency(database, { conflicts });
    const server = createServer(
      nodeHttpConflicts(conflicts)(async (request, response) => {
        let text = '';
        for await (const chunk of request) text += chunk;
        const { method, headers, url } = request;
        const body = JSON.parse(text) as { amount: number };
        const scope = { owner: String(headers.authorization), route: '/payments' };
        const answer = await idempotency.inTransaction({ method, headers, url, body }, scope, (tx) => {
          const { lastInsertRowid } = tx.prepare('INSERT INTO payments VALUES (?)').run(body.amount);
          return { status: 201, headers: { Location: `/payments/${lastInsertRowid}` }, body };
        });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      }),
    );
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const send = async (amount: number, headers: Record<string, string>, user = 'ada') => {
      const response = await fetch(`http://127.0.0.1:${port}/payments`, {
        method: 'POST',
        headers: { authorization: user, ...headers },
        body: JSON.stringify({ amount }),
      });
      const { status } = response;
      const body = (await response.json()) as { code?: string; type?: string };
      const replayed = response.headers.get('idempotency-replayed');
      return [status, response.headers.get('location') ?? body.type, replayed];
    };
    try {
      const key = { 'Idempotency-Key': '"a-payment"' };
      expect(await send(5, key)).toEqual([201, '/payments/1', null]);
      expect(await send(5, key)).toEqual([201, '/payments/1', 'true']);
      expect(await send(5, { 'idempotency-key': 'a-payment' })).toEqual([201, '/payments/1', 'true']);
      expect(await send(6, key)).toEqual([422, 'https://errors.example/idempotency-key-reused', null]);
      expect(await send(5, {})).toEqual([400, 'https://errors.example/idempotency-key-missing', null]);
      expect(await send(5, key, 'bob')).toEqual([201, '/payments/2', null]);
      expect(database.prepare('SELECT count(*) FROM payments').pluck().get()).toBe(2);
    } finally {
      server.close();
    }
  });
});
