import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { type Conflicts, defineConflicts } from 'db-http-errors';
import {
  type Answer,
  defineIdempotency,
  type Idempotency,
  idempotencyTableSql,
  type Lease,
  type Scope,
} from 'db-http-errors/idempotency';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

// What every framework does with idempotency keys: the same requests over sockets, a real database behind them.

/** A shop whose payments are in its database, and whose charges are not. An app serves `POST /payments` and `/charges`. */
export interface Shop {
  readonly conflicts: Conflicts;
  readonly keys: Idempotency<Database.Database, Answer>;
  /** Of the user whom a request says. */
  scope(user: string | null | undefined, route: string): Scope;
  /** Writes a payment with the transaction. */
  pay(tx: Database.Database, order: Order): Answer;
  /** Has an effect outside of the database. */
  charge(lease: Lease, order: Order): Promise<Answer>;
}

export interface Order {
  readonly amount: number | null;
}

/** A shop with the bank that it uses, for the test. */
interface Opened extends Shop {
  readonly file: string;
  payments(): unknown;
  /** By the key of each effect. */
  readonly charges: Map<string, number>;
  /** What a charge waits for. */
  hold: Promise<void> | undefined;
  close(): void;
}

function open(): Opened {
  const folder = mkdtempSync(join(tmpdir(), 'db-http-errors-idempotency-'));
  const file = join(folder, 'shop.sqlite');
  const database = new Database(file, { timeout: 0 }).exec(idempotencyTableSql('sqlite'));
  database.exec('CREATE TABLE payments (amount INTEGER NOT NULL)');
  const conflicts = defineConflicts();
  const charges = new Map<string, number>();
  const shop: Opened = {
    file,
    conflicts,
    keys: defineIdempotency(database, { conflicts, attempts: 1 }),
    charges,
    hold: undefined,
    scope: (user, route) => ({ owner: user ?? 'nobody', route }),
    pay(tx, { amount }) {
      if (amount === 0) return { status: 204 };
      const id = Number(tx.prepare('INSERT INTO payments VALUES (?)').run(amount).lastInsertRowid);
      return { status: 201, headers: { Location: `/payments/${id}` }, body: { id, amount } };
    },
    async charge({ effectKey }, { amount }) {
      charges.set(effectKey, (charges.get(effectKey) ?? 0) + (amount ?? 0));
      await shop.hold;
      return { status: 200, body: `${amount}` };
    },
    payments: () => database.prepare('SELECT amount FROM payments').pluck().all(),
    close() {
      database.close();
      rmSync(folder, { recursive: true });
    },
  };
  return shop;
}

/** What a test looks at of an answer. */
interface Received {
  readonly status: number;
  readonly type: string | null;
  readonly location: string | null;
  readonly replayed: string | null;
  readonly retryAfter: string | null;
  /** The code of a problem, or the text. */
  readonly body: string;
}

const PAID = { status: 201, type: expect.stringMatching(/^application\/json/), retryAfter: null };
const PROBLEM = {
  type: expect.stringMatching(/^application\/problem\+json/),
  location: null,
  replayed: null,
  retryAfter: null,
};

/**
 * Describes an app that serves a shop with the adapters of its framework.
 *
 * @param start gives the address that it listens on
 */
export function describeIdempotency(
  title: string,
  start: (shop: Shop) => Promise<{ readonly address: string; close(): unknown }>,
): void {
  describe(`idempotency keys in ${title}`, () => {
    let shop: Opened;
    let running: { readonly address: string; close(): unknown };

    beforeAll(async () => {
      // What is answered with a bare 500 is printed.
      vi.spyOn(console, 'error').mockImplementation(() => {});
      shop = open();
      running = await start(shop);
    });

    afterAll(async () => {
      await running?.close();
      shop.close();
      vi.restoreAllMocks();
    });

    async function send(path: string, key: string | undefined, amount: number | null, user = 'ada'): Promise<Received> {
      const response = await fetch(`${running.address}${path}`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: user,
          ...(key !== undefined && { 'idempotency-key': key }),
        },
        body: JSON.stringify({ amount }),
      });
      const { status, headers } = response;
      const type = headers.get('content-type');
      const text = await response.text();
      return {
        status,
        type,
        location: headers.get('location'),
        replayed: headers.get('idempotency-replayed'),
        retryAfter: headers.get('retry-after'),
        body: type?.includes('problem') ? ((JSON.parse(text) as { code?: string }).code ?? '') : text,
      };
    }

    test('a payment is made once, and answered the same each time', async () => {
      const paid = { ...PAID, location: '/payments/1', body: '{"id":1,"amount":5}' };
      expect(await send('/payments', 'a', 5)).toEqual({ ...paid, replayed: null });
      expect(await send('/payments', '"a"', 5)).toEqual({ ...paid, replayed: 'true' });
      expect(shop.payments()).toEqual([5]);
    });

    test('another payment with the key is refused, and one without a key', async () => {
      expect(await send('/payments', 'a', 6)).toEqual({ ...PROBLEM, status: 422, body: 'idempotency_key_reused' });
      expect(await send('/payments', undefined, 5)).toEqual({
        ...PROBLEM,
        status: 400,
        body: 'idempotency_key_missing',
      });
      expect(await send('/payments', '"', 5)).toEqual({ ...PROBLEM, status: 400, body: 'idempotency_key_missing' });
      expect(shop.payments()).toEqual([5]);
    });

    test('the key of somebody else is another one', async () => {
      const paid = { ...PAID, location: '/payments/2', body: '{"id":2,"amount":5}' };
      expect(await send('/payments', 'a', 5, 'bob')).toEqual({ ...paid, replayed: null });
      expect(await send('/payments', 'a', 5, 'bob')).toEqual({ ...paid, replayed: 'true' });
      expect(shop.payments()).toEqual([5, 5]);
    });

    test('what fails has written nothing, and its key is free', async () => {
      expect(await send('/payments', 'b', null)).toEqual({ ...PROBLEM, status: 500, body: '' });
      const paid = { ...PAID, location: '/payments/3', body: '{"id":3,"amount":7}' };
      expect(await send('/payments', 'b', 7)).toEqual({ ...paid, replayed: null });
      expect(shop.payments()).toEqual([5, 5, 7]);
    });

    test('an answer without a body has none', async () => {
      const none = { status: 204, type: null, location: null, retryAfter: null, body: '' };
      expect(await send('/payments', 'c', 0)).toEqual({ ...none, replayed: null });
      expect(await send('/payments', 'c', 0)).toEqual({ ...none, replayed: 'true' });
    });

    test('a database that is busy is a 503', async () => {
      const other = new Database(shop.file);
      other.exec('BEGIN IMMEDIATE');
      try {
        const busy = { ...PROBLEM, status: 503, retryAfter: expect.stringMatching(/^[1-9]\d*$/), body: 'busy' };
        expect(await send('/payments', 'd', 5)).toEqual(busy);
        expect(await send('/charges', 'd', 5)).toEqual(busy);
      } finally {
        other.close();
      }
      expect([shop.payments(), shop.charges.size]).toEqual([[5, 5, 7], 0]);
    });

    test('a charge is made once, and whoever asks meanwhile is told to wait', async () => {
      let release = () => {};
      shop.hold = new Promise((resolve) => {
        release = resolve;
      });
      const charged = { status: 200, type: 'text/plain; charset=utf-8', location: null, retryAfter: null, body: '5' };
      const first = send('/charges', 'a', 5);
      await expect.poll(() => shop.charges.size).toBe(1);
      expect(await send('/charges', 'a', 5)).toEqual({
        ...PROBLEM,
        status: 409,
        retryAfter: expect.stringMatching(/^[1-9]\d*$/),
        body: 'idempotency_in_progress',
      });
      release();
      expect(await first).toEqual({ ...charged, replayed: null });
      expect(await send('/charges', 'a', 5)).toEqual({ ...charged, replayed: 'true' });
      expect([...shop.charges.values()]).toEqual([5]);
    });
  });
}
