import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { answerOf } from '../../src/answer.ts';
import {
  assertUpdated,
  defineTransitions,
  expectVersion,
  precheck,
  precondition,
} from '../../src/concurrency/index.ts';
import { type Conflicts, type Context, defineConflicts } from '../../src/index.ts';
import { withTransactionRetry } from '../../src/retry/index.ts';
import { conflicts } from '../recipes/conflicts.ts';
import { MYSQL, POSTGRESQL, type Schema, SQLITE } from '../recipes/schema.ts';
import { describeLive } from './describe-live.ts';
import { openSession, type Session } from './session.ts';

// One answer for each case, byte for byte the same on every engine.

vi.setConfig({ testTimeout: 20_000 });

interface Sent {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const JSON_TYPE = { 'Content-Type': 'application/problem+json', 'Cache-Control': 'no-store' };

/** What a client gets; only the id of the occurrence differs each time. */
const GOLDEN = {
  staleIfMatch: {
    status: 412,
    headers: { ...JSON_TYPE, ETag: '"2"' },
    body: '{"type":"about:blank","title":"Precondition Failed","status":412,"detail":"The resource was changed since it was loaded. Load it again and retry.","instance":"urn:uuid:…","code":"version_mismatch","resource":"post","current_version":"2","expected_version":"1","retryable":false,"recovery":"refetch_and_retry"}',
  },
  staleVersion: {
    status: 409,
    headers: { ...JSON_TYPE, ETag: '"2"' },
    body: '{"type":"about:blank","title":"Conflict","status":409,"detail":"The resource was changed since it was loaded. Load it again and retry.","instance":"urn:uuid:…","code":"version_mismatch","resource":"post","current_version":"2","expected_version":"1","retryable":false,"recovery":"refetch_and_retry"}',
  },
  noPrecondition: {
    status: 428,
    headers: JSON_TYPE,
    body: '{"type":"about:blank","title":"Precondition Required","status":428,"detail":"Send the version of the resource that the request is based on.","instance":"urn:uuid:…","code":"precondition_required","resource":"post","retryable":false,"recovery":"refetch_and_retry"}',
  },
  forbiddenTransition: {
    status: 409,
    headers: JSON_TYPE,
    body: '{"type":"about:blank","title":"Conflict","status":409,"detail":"The current state of the resource does not allow this.","instance":"urn:uuid:…","code":"invalid_state","resource":"order","current_status":"shipped","requested_transition":"cancel","allowed_transitions":["return"],"retryable":false,"recovery":"none"}',
  },
  raised: {
    status: 409,
    headers: JSON_TYPE,
    body: '{"type":"about:blank","title":"Conflict","status":409,"detail":"The order has already been shipped.","instance":"urn:uuid:…","code":"invalid_state","resource":"order","retryable":false,"recovery":"none"}',
  },
  raisedWithoutRule: {
    status: 500,
    headers: JSON_TYPE,
    body: '{"type":"about:blank","title":"Internal Server Error","status":500}',
  },
  mergeConflict: {
    status: 409,
    headers: { ...JSON_TYPE, ETag: '"2"' },
    body: '{"type":"about:blank","title":"Conflict","status":409,"detail":"The changes conflict with other changes. Merge them and retry.","instance":"urn:uuid:…","code":"merge_conflict","resource":"post","current_version":"2","expected_version":"1","retryable":false,"recovery":"refetch_and_retry"}',
  },
  domainTaken: {
    status: 409,
    headers: JSON_TYPE,
    body: '{"type":"about:blank","title":"Conflict","status":409,"detail":"This domain is already in use.","instance":"urn:uuid:…","code":"duplicate","resource":"domain","errors":[{"pointer":"#/name","code":"taken"}],"retryable":false,"recovery":"change_input"}',
  },
  cname: {
    status: 409,
    headers: JSON_TYPE,
    body: '{"type":"about:blank","title":"Conflict","status":409,"detail":"A CNAME record cannot stand beside other records of the same name.","instance":"urn:uuid:…","code":"overlap","resource":"dns_record","errors":[{"pointer":"#/name","code":"overlaps"}],"retryable":false,"recovery":"change_input"}',
  },
} satisfies Record<string, Sent>;

/** What an adapter sends when this fails. */
async function sent(run: () => unknown, request: Context = PUT, by: Conflicts = conflicts): Promise<Sent | unknown> {
  let error: unknown;
  try {
    await run();
  } catch (thrown) {
    error = thrown;
  }
  const answer = answerOf(error, request, by);
  if (answer === undefined) return error;
  const body = JSON.stringify(answer.body).replace(/urn:uuid:[0-9a-f-]{36}/, 'urn:uuid:…');
  return { status: answer.status, headers: { ...answer.headers }, body };
}

const PUT = { method: 'PUT', headers: {} };
const ifMatch = (tag: string): Context => ({ method: 'PUT', headers: { 'if-match': tag } });

const order = defineTransitions({
  ship: { from: ['paid'], to: 'shipped' },
  cancel: { from: ['pending', 'paid'], to: 'cancelled' },
  return: { from: ['shipped'], to: 'returned' },
});

const SCHEMAS: Readonly<Record<string, Schema>> = {
  postgresql: POSTGRESQL,
  mysql: MYSQL,
  mariadb: MYSQL,
  sqlite: SQLITE,
};

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, (database) => {
    const schema = SCHEMAS[engine] as Schema;
    let db: Session;

    beforeAll(async () => {
      db = await openSession(database);
      const { posts, orders, shipped, domains, records } = schema;
      await db.script(...posts, ...orders, ...shipped, ...domains, ...records);
    });

    beforeEach(async () => {
      await db.script('DELETE FROM posts', 'DELETE FROM orders');
      await db.run('INSERT INTO posts (id, title, version) VALUES (?, ?, ?)', 1, 'Draft', 2);
      await db.run('INSERT INTO orders (id, status) VALUES (?, ?)', 1, 'shipped');
    });

    afterAll(() => db?.close());

    const version = async (id = 1): Promise<number | undefined> =>
      (await db.rows<{ version: number }>('SELECT version FROM posts WHERE id = ?', id))[0]?.version;

    async function edit(expected: number, context: Context, by: Conflicts = conflicts, id = 1): Promise<void> {
      const result = await db.run(
        'UPDATE posts SET title = ?, version = version + 1 WHERE id = ? AND version = ?',
        ...['Mine', id, expected],
      );
      await assertUpdated(result, { current: () => version(id), expected, resource: 'post', context, conflicts: by });
    }

    describe('a concurrent edit', () => {
      test('with the version of now is made', async () => {
        await edit(2, ifMatch('"2"'));
        expect(await version()).toBe(3);
      });

      test('with a stale If-Match is a 412', async () => {
        const context = ifMatch('"1"');
        expect(await sent(() => edit(1, context), context)).toEqual(GOLDEN.staleIfMatch);
        const early = async () =>
          precondition(context, { version: (await version()) as number }, { resource: 'post', conflicts });
        expect(await sent(early, context)).toEqual(GOLDEN.staleIfMatch);
        expect(await version()).toBe(2);
      });

      test('with a stale If-Match is a 409 where the application says so', async () => {
        const context = ifMatch('"1"');
        const by = defineConflicts({ status: { version_mismatch: 409 } });
        expect(await sent(() => edit(1, context, by), context, by)).toEqual(GOLDEN.staleVersion);
      });

      test('with a stale version in the body is a 409', async () => {
        expect(await sent(() => edit(1, PUT))).toEqual(GOLDEN.staleVersion);
        const early = async () => expectVersion(1, (await version()) as number, { resource: 'post', conflicts });
        expect(await sent(early)).toEqual(GOLDEN.staleVersion);
      });

      test('without any version is a 428 where one is required', async () => {
        const options = { resource: 'post', required: true, conflicts };
        const guarded = async () => precondition(PUT, { version: (await version()) as number }, options);
        expect(await sent(guarded)).toEqual(GOLDEN.noPrecondition);
        expect(await sent(() => expectVersion(undefined, 2, { resource: 'post', conflicts }))).toEqual(
          GOLDEN.noPrecondition,
        );
      });

      test('of what is gone is a 404', async () => {
        expect(await sent(() => edit(2, PUT, conflicts, 7))).toMatchObject({ status: 404, message: 'Not Found' });
      });

      test('that cannot be merged is a merge conflict', async () => {
        const merge = async () => {
          const current_version = await version();
          throw conflicts.conflict('merge_conflict', { resource: 'post', current_version, expected_version: 1 });
        };
        expect(await sent(merge)).toEqual(GOLDEN.mergeConflict);
      });
    });

    describe('a state', () => {
      const status = async (): Promise<string | undefined> =>
        (await db.rows<{ status: string }>('SELECT status FROM orders WHERE id = ?', 1))[0]?.status;

      async function move(name: 'ship' | 'cancel' | 'return'): Promise<void> {
        const marks = order.from(name).map(() => '?');
        const result = await db.run(
          `UPDATE orders SET status = ? WHERE id = ? AND status IN (${marks.join()})`,
          ...[order.to(name), 1, ...order.from(name)],
        );
        await order.assertUpdated(name, result, { current: status, resource: 'order', conflicts });
      }

      test('refuses a transition that it does not allow, and takes the others', async () => {
        expect(await sent(() => move('cancel'))).toEqual(GOLDEN.forbiddenTransition);
        await move('return');
        expect(await status()).toBe('returned');
      });

      test('that a trigger guards is answered by its rule, and is a bare 500 without one', async () => {
        const note = () => db.run('UPDATE orders SET note = ? WHERE id = ?', 's3cret', 1);
        expect(await sent(note)).toEqual(GOLDEN.raised);
        expect(await sent(note, PUT, defineConflicts())).toEqual(GOLDEN.raisedWithoutRule);
      });
    });

    describe('a name', () => {
      const POST = { method: 'POST', headers: {} };
      const claim = (name: string) => db.run('INSERT INTO domains (name, owner) VALUES (?, ?)', name, 'me');

      test('that is taken is a duplicate, found before writing or by the constraint', async () => {
        await claim('example.com');
        expect(await sent(() => claim('example.com'), POST)).toEqual(GOLDEN.domainTaken);
        const isTaken = async () => (await db.rows('SELECT 1 FROM domains WHERE name = ?', 'example.com')).length > 0;
        const expected = { kind: 'unique_violation', constraint: 'domains_name_key' } as const;
        const early = () => precheck(conflicts, expected, isTaken, POST);
        expect(await sent(early, POST)).toEqual(GOLDEN.domainTaken);
      });

      async function add(name: string, type: string): Promise<void> {
        const values = (sql: string) =>
          sql.includes('dns_names') ? [name, type] : [name, type, `${type} of ${name}`, type];
        const { addRecord } = schema;
        if (db.driver !== 'mysql2') {
          await db.run(addRecord[0] as string, ...values('').slice(0, 3));
          return;
        }
        const { pool, asked } = db;
        await withTransactionRetry(pool, async (connection) => {
          for (const sql of addRecord) await asked(connection).run(sql, ...values(sql));
        });
      }

      test('has one CNAME, or other records', async () => {
        await add('www.example.com', 'CNAME');
        await add('example.com', 'A');
        await add('example.com', 'A');
        await add('example.com', 'TXT');
        expect(await sent(() => add('www.example.com', 'A'), POST)).toEqual(GOLDEN.cname);
        expect(await sent(() => add('www.example.com', 'CNAME'), POST)).toEqual(GOLDEN.cname);
        expect(await sent(() => add('example.com', 'CNAME'), POST)).toEqual(GOLDEN.cname);
        expect(await db.rows('SELECT type FROM dns_records ORDER BY id')).toHaveLength(4);
      });

      test('has one CNAME, or other records, also when all come at once', async () => {
        const types = Array.from({ length: 20 }, (_, at) => (at % 2 ? 'CNAME' : 'A'));
        const codes = await Promise.all(
          types.map((type) =>
            sent(() => add('race.example.com', type), POST).then((answer) =>
              answer === undefined ? type : JSON.parse((answer as Sent).body).code,
            ),
          ),
        );
        const added = codes.filter((code) => code === 'CNAME' || code === 'A');
        expect(added.length).toBeGreaterThan(0);
        expect(added.includes('CNAME') ? added : ['CNAME']).toEqual(['CNAME']);
        // PostgreSQL and InnoDB may end a quarrel over a key by a deadlock, which may be sent again.
        expect(codes.filter((code) => !['CNAME', 'A', 'overlap', 'contention'].includes(code))).toEqual([]);
      });
    });
  });
}
