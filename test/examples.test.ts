import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { stripVTControlCharacters } from 'node:util';
import { createConnection } from 'mysql2/promise';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { createService, type Service } from '../examples/service.ts';
import { welcome } from '../examples/welcome.ts';
import { CODES, type ProblemCode } from '../src/problem.ts';

/** Every database that the setup of the live tests found; SQLite alone where nobody looked for one. */
const databases: readonly { engine: Engine; url?: string | undefined }[] = inject('databases')?.map(
  ({ server, url }) => ({ engine: server.engine, url }),
) ?? [{ engine: 'sqlite' }];

type Engine = 'postgresql' | 'mysql' | 'mariadb' | 'sqlite';

/** The driver's text about each request: what `/without` lets out. */
const LEAKS: Readonly<Record<'duplicate' | 'missing' | 'inUse' | 'check' | 'overlap', Record<Engine, unknown[]>>> = {
  duplicate: {
    postgresql: ['23505', 'duplicate key value violates unique constraint "demo_users_email_key"'],
    mysql: ['ER_DUP_ENTRY', "Duplicate entry 'alice@example.com' for key 'demo_users.demo_users_email_key'"],
    mariadb: ['ER_DUP_ENTRY', "Duplicate entry 'alice@example.com' for key 'demo_users_email_key'"],
    sqlite: ['SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: demo_users.email'],
  },
  missing: {
    postgresql: ['23503', expect.stringContaining('"demo_orders_customer_id_fkey"')],
    mysql: ['ER_NO_REFERENCED_ROW_2', expect.stringContaining('REFERENCES `demo_customers` (`id`)')],
    mariadb: ['ER_NO_REFERENCED_ROW_2', expect.stringContaining('REFERENCES `demo_customers` (`id`)')],
    sqlite: ['SQLITE_CONSTRAINT_FOREIGNKEY', 'FOREIGN KEY constraint failed'],
  },
  inUse: {
    postgresql: ['23503', expect.stringContaining('on table "demo_orders"')],
    mysql: ['ER_ROW_IS_REFERENCED_2', expect.stringContaining('REFERENCES `demo_customers` (`id`)')],
    mariadb: ['ER_ROW_IS_REFERENCED_2', expect.stringContaining('REFERENCES `demo_customers` (`id`)')],
    sqlite: ['SQLITE_CONSTRAINT_FOREIGNKEY', 'FOREIGN KEY constraint failed'],
  },
  check: {
    postgresql: ['23514', expect.stringContaining('"demo_orders_quantity_check"')],
    mysql: ['ER_CHECK_CONSTRAINT_VIOLATED', expect.stringContaining("'demo_orders_quantity_check'")],
    // mysql2 names MariaDB's number from MySQL's list.
    mariadb: [expect.any(String), expect.stringContaining('`demo_orders_quantity_check`')],
    sqlite: ['SQLITE_CONSTRAINT_CHECK', 'CHECK constraint failed: demo_orders_quantity_check'],
  },
  overlap: {
    postgresql: ['23P01', 'conflicting key value violates exclusion constraint "demo_bookings_overlap"'],
    mysql: ['ER_DUP_ENTRY', "Duplicate entry '101-2027-03-04' for key 'demo_booking_nights.demo_bookings_overlap'"],
    mariadb: ['ER_DUP_ENTRY', "Duplicate entry '101-2027-03-04' for key 'demo_bookings_overlap'"],
    sqlite: ['SQLITE_CONSTRAINT_TRIGGER', 'demo_bookings_overlap'],
  },
};

describe.each(databases)('the demo on $engine', ({ engine, url }) => {
  let service: Service;
  let origin: string;
  let dropDatabase: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    const own = url?.startsWith('mysql') ? await createDatabase(url) : undefined;
    dropDatabase = own?.drop;
    service = await createService(own?.url ?? url);
    await once(service.server.listen(0, '127.0.0.1'), 'listening');
    origin = `http://127.0.0.1:${portOf(service)}`;
  });

  afterAll(async () => {
    await service?.close();
    await dropDatabase?.();
  });

  beforeEach(({ task }) => {
    task.meta.engine = engine;
  });

  /** Sends a request; what is not the same in every run is replaced. */
  async function send(line: string, body?: unknown, headers: Record<string, string> = {}): Promise<Received> {
    const [method, path] = line.split(' ') as [string, string];
    const json = body === undefined ? {} : { body: JSON.stringify(body), headers: jsonHeaders(headers) };
    const response = await fetch(origin + path, { method, headers, ...json });
    const text = await response.text();
    const received: Received = { status: response.status, headers: response.headers };
    if (text !== '') received.body = JSON.parse(text);
    return received;
  }

  /** Sends a request that has to be answered with this problem document and nothing else. */
  async function sendForProblem(
    line: string,
    body: unknown,
    problem: Readonly<Record<string, unknown>>,
    headers?: Record<string, string>,
  ): Promise<Headers> {
    const received = await send(line, body, headers);
    const code = problem.code as ProblemCode;
    expect(received.body).toStrictEqual({
      type: `/problems/${code.replaceAll('_', '-')}`,
      title: CODES[code][3],
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
      retryable: false,
      ...problem,
    });
    expect(received.status).toBe(problem.status);
    expect(received.headers.get('content-type')).toBe('application/problem+json');
    expect(received.headers.get('cache-control')).toBe('no-store');
    expect(received.headers.get('retry-after')).toBe(null);
    return received.headers;
  }

  /** Sends the same request to the bad example, which lets the driver's text out. */
  async function sendForLeak(line: string, body: unknown, leak: keyof typeof LEAKS): Promise<void> {
    const received = await send(line.replace(' ', ' /without'), body);
    const [code, message] = LEAKS[leak][engine];
    expect(received.body).toStrictEqual({ statusCode: 500, code, error: 'Internal Server Error', message });
    expect(received.status).toBe(500);
    expect(received.headers.get('content-type')).toBe('application/json; charset=utf-8');
  }

  test('creates and lists', async () => {
    const { status, body } = await send('POST /users', { email: 'Bob@example.com', name: 'Bob' });
    expect({ status, body }).toStrictEqual({
      status: 201,
      body: { id: expect.any(Number), email: 'bob@example.com', name: 'Bob' },
    });
    expect((await send('GET /users')).body).toStrictEqual([
      { id: 1, email: 'alice@example.com', name: 'Alice' },
      { ...(body as object) },
    ]);
    expect((await send('GET /bookings')).body).toStrictEqual([
      { id: 1, room: 101, from: '2027-03-01', to: '2027-03-05' },
    ]);
    expect((await send('GET /')).body).toHaveProperty('routes');
    const head = await send('HEAD /users');
    expect([head.status, head.body]).toStrictEqual([200, undefined]);
  });

  test('answers a duplicate with the field', async () => {
    const request = ['POST /users', { email: 'alice@example.com', name: 'Alice' }] as const;
    await sendForProblem(...request, {
      status: 409,
      detail: 'A user with this email address already exists.',
      code: 'duplicate',
      resource: 'user',
      errors: [{ pointer: '#/email', code: 'taken' }],
      recovery: 'change_input',
    });
    await sendForLeak(...request, 'duplicate');
  });

  test('answers a reference to nothing with the field', async () => {
    const request = ['POST /orders', { customer: 999, quantity: 1 }] as const;
    await sendForProblem(...request, {
      status: 409,
      detail: 'This customer does not exist.',
      code: 'reference_missing',
      resource: 'order',
      errors: [{ pointer: '#/customer', code: 'not_found' }],
      recovery: 'change_input',
    });
    await sendForLeak(...request, 'missing');
  });

  test('answers the removal of what is in use', async () => {
    await sendForProblem('DELETE /customers/1', undefined, {
      status: 409,
      detail: 'The customer still has orders.',
      code: 'reference_in_use',
      resource: 'customer',
      recovery: 'none',
    });
    await sendForLeak('DELETE /customers/1', undefined, 'inUse');

    const { body } = await send('POST /customers', { name: 'Short-lived' });
    const line = `DELETE /customers/${(body as { id: number }).id}`;
    expect((await send(line)).status).toBe(204);
    expect((await send(line)).status).toBe(404);
  });

  test('answers a broken rule with the status of its rule', async () => {
    const request = ['POST /orders', { customer: 1, quantity: 0 }] as const;
    await sendForProblem(...request, {
      status: 422,
      detail: 'The quantity must be positive.',
      code: 'check_failed',
      resource: 'order',
      errors: [{ pointer: '#/quantity', code: 'invalid' }],
      recovery: 'change_input',
    });
    await sendForLeak(...request, 'check');
  });

  test('answers an overlap, and takes what only touches', async () => {
    const request = ['POST /bookings', { room: 101, from: '2027-03-04', to: '2027-03-06' }] as const;
    await sendForProblem(...request, {
      status: 409,
      detail: 'The room is already booked in these nights.',
      code: 'overlap',
      resource: 'booking',
      errors: [
        { pointer: '#/from', code: 'overlaps' },
        { pointer: '#/to', code: 'overlaps' },
      ],
      recovery: 'change_input',
    });
    await sendForLeak(...request, 'overlap');
    expect((await send('POST /bookings', { room: 101, from: '2027-03-05', to: '2027-03-06' })).status).toBe(201);
    expect((await send('POST /bookings', { room: 102, from: '2027-03-04', to: '2027-03-06' })).status).toBe(201);
  });

  test('answers days in the wrong order by the rule of the check', async () => {
    for (const to of ['2027-04-01', '2027-04-02']) {
      await sendForProblem(
        'POST /bookings',
        { room: 102, from: '2027-04-02', to },
        {
          status: 422,
          detail: 'The day of departure must be after the day of arrival.',
          code: 'check_failed',
          resource: 'booking',
          errors: [{ pointer: '#/to', code: 'invalid' }],
          recovery: 'change_input',
        },
      );
    }
  });

  test('gives a room to one of many at once', async () => {
    const booking = { room: 102, from: '2027-05-01', to: '2027-05-04' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('POST /bookings', booking)));
    const codes = answers.map(({ status, body }) => (status === 201 ? 'created' : (body as { code: string }).code));
    expect(codes.filter((code) => code === 'created')).toHaveLength(1);
    // InnoDB may end the quarrel over the key by a deadlock, which is a conflict that may be sent again.
    expect(codes.filter((code) => !['created', 'overlap', 'contention'].includes(code))).toEqual([]);
  });

  test('answers a transition that the state does not allow', async () => {
    const { body } = await send('POST /orders', { customer: 1, quantity: 1 });
    const order = body as { id: number };
    const answers = await Promise.all(['ship', 'ship'].map((name) => send(`POST /orders/${order.id}/${name}`)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await sendForProblem(`POST /orders/${order.id}/cancel`, undefined, {
      status: 409,
      detail: 'The current state of the resource does not allow this.',
      code: 'invalid_state',
      resource: 'order',
      current_status: 'shipped',
      requested_transition: 'cancel',
      allowed_transitions: ['return'],
      recovery: 'none',
    });
    const { body: returned } = await send(`POST /orders/${order.id}/return`);
    expect(returned).toStrictEqual({ id: order.id, customer: 1, quantity: 1, status: 'returned' });
    expect((await send('POST /orders/999/ship')).status).toBe(404);
  });

  test('answers a stale version: 412 by header, 409 by body, 428 without one', async () => {
    const first = await send('GET /documents/1');
    expect(first.headers.get('etag')).toBe('"1"');
    const changed = await send('PUT /documents/1', { text: 'The second draft.' }, { 'if-match': '"1"' });
    expect(changed.body).toStrictEqual({ id: 1, text: 'The second draft.', status: 'draft', version: 2 });
    expect(changed.headers.get('etag')).toBe('"2"');

    const stale = {
      detail: 'The resource was changed since it was loaded. Load it again and retry.',
      code: 'version_mismatch',
      resource: 'document',
      current_version: '2',
      expected_version: '1',
      recovery: 'refetch_and_retry',
    };
    const byHeader = await sendForProblem(
      'PUT /documents/1',
      { text: 'Mine.' },
      { status: 412, ...stale },
      { 'if-match': '"1"' },
    );
    expect(byHeader.get('etag')).toBe('"2"');
    const byBody = await sendForProblem('PUT /documents/1', { text: 'Mine.', version: 1 }, { status: 409, ...stale });
    expect(byBody.get('etag')).toBe('"2"');
    const without = await sendForProblem(
      'PUT /documents/1',
      { text: 'Mine.' },
      {
        status: 428,
        detail: 'Send the version of the resource that the request is based on.',
        code: 'precondition_required',
        resource: 'document',
        recovery: 'refetch_and_retry',
      },
    );
    expect(without.get('etag')).toBe(null);

    const tags = await send('PUT /documents/1', { text: 'The third draft.' }, { 'if-match': '"1", "2"' });
    const any = await send('PUT /documents/1', { text: 'The fourth draft.' }, { 'if-match': '*' });
    const weak = await send('PUT /documents/1', { text: 'Mine.' }, { 'if-match': 'W/"4"' });
    expect([tags.status, any.status, weak.status]).toEqual([200, 200, 412]);
  });

  test('publishes a document once', async () => {
    const answers = await Promise.all([1, 2].map(() => send('POST /documents/1/publish')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await sendForProblem('POST /documents/1/publish', undefined, {
      status: 409,
      detail: 'The current state of the resource does not allow this.',
      code: 'invalid_state',
      resource: 'document',
      current_status: 'published',
      requested_transition: 'publish',
      allowed_transitions: [],
      recovery: 'none',
    });
    expect((await send('POST /documents/999/publish')).status).toBe(404);
  });

  test('answers a domain that is claimed', async () => {
    await sendForProblem(
      'POST /domains',
      { name: 'Example.COM' },
      {
        status: 409,
        detail: 'This domain is already in use.',
        code: 'duplicate',
        resource: 'domain',
        errors: [{ pointer: '#/name', code: 'taken' }],
        recovery: 'change_input',
      },
    );
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => send('POST /domains', { name: 'b.example.com' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409, 409, 409, 409, 409]);
    expect((await send('GET /domains')).body).toMatchObject([{ name: 'example.com' }, { name: 'b.example.com' }]);
  });

  test('takes a payment once, however often it is sent', async () => {
    const payment = { order: 1, amount: 500 };
    const key = { 'idempotency-key': '"pay-1"' };
    const first = await send('POST /payments', payment, key);
    expect([first.status, first.headers.get('idempotency-replayed')]).toEqual([201, null]);
    expect(first.body).toStrictEqual({ id: expect.any(Number), ...payment });
    const again = await send('POST /payments', payment, key);
    expect([again.status, again.headers.get('idempotency-replayed')]).toEqual([201, 'true']);
    expect(again.body).toStrictEqual(first.body);
    expect((await send('GET /payments')).body).toStrictEqual([first.body]);

    const many = { 'idempotency-key': '"pay-2"' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => send('POST /payments', payment, many)));
    expect(answers.filter(({ status }) => ![201, 409].includes(status))).toEqual([]);
    expect((await send('GET /payments')).body).toHaveLength(2);

    const reused = { status: 422, code: 'idempotency_key_reused', recovery: 'change_input' };
    await sendForProblem(
      'POST /payments',
      { order: 1, amount: 900 },
      { ...reused, detail: 'This idempotency key was used for another request.' },
      key,
    );
    await sendForProblem('POST /payments', payment, {
      status: 400,
      code: 'idempotency_key_missing',
      detail: 'Send an idempotency key with this request.',
      recovery: 'change_input',
    });
    // What the database refuses is not stored: the key is free for another try.
    const refused = { 'idempotency-key': '"pay-3"' };
    expect((await send('POST /payments', { order: 1, amount: 0 }, refused)).status).toBe(422);
    expect((await send('POST /payments', payment, refused)).status).toBe(201);
  });

  test('lets one of two editors through', async () => {
    const { body } = await send('GET /documents/1');
    const { version } = body as { version: number };
    const answers = await Promise.all(['A', 'B'].map((text) => send('PUT /documents/1', { text, version })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test.each([
    ['GET /nothing', undefined, 404],
    ['GET /without/nothing', undefined, 404],
    ['POST /orders/1/%zz', undefined, 404],
    ['PATCH /documents/1', undefined, 405],
    ['POST /users', [], 400],
    ['POST /users', { name: 'Bob' }, 400],
    ['POST /users', { email: 'a\0@example.com', name: 'Bob' }, 400],
    ['POST /orders', { customer: '1', quantity: 1 }, 400],
    ['POST /orders', { customer: 1, quantity: 2 ** 31 }, 400],
    ['POST /bookings', { room: 101, from: '2027-02-30', to: '2027-03-01' }, 400],
    ['POST /bookings', { room: 101, from: '2027-03-01', to: '2028-03-01' }, 400],
    ['POST /domains', { name: 'not a domain' }, 400],
    ['POST /payments', { order: 1, amount: 'all' }, 400],
    ['POST /users', { email: 'x'.repeat(70_000), name: 'Bob' }, 413],
    ['POST /users', undefined, 415],
  ])('%s with %j is answered with %d', async (line, body, status) => {
    const received = await send(line, body);
    expect(received.status).toBe(status);
    expect(received.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD, PUT' : null);
  });

  test('takes no body that is not JSON or has no end', async () => {
    const malformed = await fetch(`${origin}/users`, { method: 'POST', headers: jsonHeaders(), body: '{"email":' });
    expect(await malformed.json()).toStrictEqual({
      type: 'about:blank',
      title: 'Bad Request',
      status: 400,
      detail: 'Expected the body to be JSON.',
    });

    const socket = connect(portOf(service), '127.0.0.1');
    socket.write(
      'POST /users HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
    );
    socket.write(`20000\r\n${' '.repeat(0x20000)}\r\n`);
    const [first] = await once(socket, 'data');
    expect(String(first)).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  test('prints requests to try', () => {
    const text = welcome(service.engine, portOf(service));
    expect(text).toContain(service.engine);
    expect(text.match(/curl /g)?.length).toBeGreaterThan(5);
    for (const path of ['users', 'customers', 'orders', 'bookings', 'documents', 'domains', 'payments']) {
      expect(text).toContain(`:${portOf(service)}/${path}`);
    }
  });
});

test('prints requests that show what they say', async () => {
  const fresh = await createService();
  await once(fresh.server.listen(0, '127.0.0.1'), 'listening');
  const statuses: number[] = [];
  const text = stripVTControlCharacters(welcome(fresh.engine, portOf(fresh)));
  for (const [, options = ''] of text.matchAll(/curl (.+?)(?:;|\n|$)/g)) {
    const [, json] = /--json '([^']+)'/.exec(options) ?? [];
    const [, name, value = ''] = /-H '([^:]+): ([^']+)'/.exec(options) ?? [];
    const [, method = json === undefined ? 'GET' : 'POST'] = /-X (\w+)/.exec(options) ?? [];
    const [, path = ''] = /localhost:\d+(\S+)/.exec(options) ?? [];
    const response = await fetch(`http://127.0.0.1:${portOf(fresh)}${path}`, {
      method,
      headers: { ...jsonHeaders(), ...(name !== undefined && { [name]: value }) },
      ...(json !== undefined && { body: json }),
    });
    statuses.push(response.status);
  }
  await fresh.close();
  expect(statuses).toEqual([
    ...[409, 500], // a duplicate, with and without the library
    ...[409, 422, 409], // in use, a rule, an overlap
    ...[200, 409], // shipped, and then cancelled
    412, // stale
    ...[200, 409], // published twice
    409, // claimed
    ...[201, 422], // paid, and then something else with the same key
  ]);
});

test('refuses an address that it cannot use', async () => {
  await expect(createService('oracle://localhost/test')).rejects.toThrow('Expected DATABASE_URL to begin with');
  await expect(createService('mysql://root@localhost')).rejects.toThrow('to name a database');
});

interface Received {
  readonly status: number;
  readonly headers: Headers;
  /** Absent when there is none. */
  body?: unknown;
}

function jsonHeaders(headers: Record<string, string> = {}): Record<string, string> {
  return { ...headers, 'content-type': 'application/json' };
}

function portOf({ server }: Service): number {
  return (server.address() as AddressInfo).port;
}

/** The demo leaves databases alone that it is not given: on a server without one, it gets its own. */
async function createDatabase(url: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const name = 'db_http_errors_demo';
  const own = new URL(url);
  own.pathname = '/';
  const connection = await createConnection(own.href);
  await connection.query(`DROP DATABASE IF EXISTS ${name}`);
  await connection.query(`CREATE DATABASE ${name}`);
  own.pathname = name;
  return {
    url: own.href,
    async drop() {
      await connection.query(`DROP DATABASE ${name}`);
      await connection.end();
    },
  };
}
