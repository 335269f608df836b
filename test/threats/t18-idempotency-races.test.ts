import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Lease } from '../../src/idempotency/index.ts';
import { deferred } from '../deferred.ts';
import { createStore, type Store } from '../idempotency/stores.ts';
import { describeLive } from '../live/describe-live.ts';

// T18: however many send a request at once, it has one effect. Fifty at a time on every isolation level, and processes
// that are killed at every point, are in test/stress/idempotency.test.ts.

const SCOPE = { owner: 'tenant-1', route: '/payments' };
const ATTACKERS = 12;

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, ({ url }) => {
    let store: Store;

    beforeAll(async () => {
      store = await createStore(engine, url);
    });

    afterAll(() => store?.end());

    const post = (key: string) => ({ method: 'POST', headers: { 'idempotency-key': key }, url: '/payments', body: {} });

    test('one of many at once has its effect, the others its answer', async () => {
      const key = randomUUID();
      const idempotency = store.define();
      const attack = () => idempotency.inTransaction(post(key), SCOPE, (tx) => store.pay(tx, key));
      const answers = await Promise.all(Array.from({ length: ATTACKERS }, attack));
      expect(answers.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
      expect(new Set(answers.map(({ body }) => Buffer.from(body).toString()))).toEqual(new Set(['{"paid":true}']));
      expect(await store.payments(key)).toBe(1);
    });

    test('who was taken over cannot write over the answer of the next', async () => {
      const key = randomUUID();
      const idempotency = store.define({ onUnprotected: () => {} });
      const [hasBegun, begun] = deferred();
      const [mayGo, go] = deferred();
      let extended: boolean | undefined;
      const stale = idempotency.withLease(post(key), SCOPE, async (lease: Lease) => {
        begun();
        await mayGo;
        extended = await lease.extend();
        return { status: 201, body: 'stale' };
      });
      await hasBegun;
      await store.pass(60_001, 'lease_until');
      const next = await idempotency.withLease(post(key), SCOPE, () => ({ status: 201, body: 'next' }));
      go();
      await stale.catch(() => undefined);
      expect([next.isReplay, extended]).toEqual([false, false]);
      const replay = await idempotency.withLease(post(key), SCOPE, () => ({ status: 201, body: 'again' }));
      expect([replay.isReplay, Buffer.from(replay.body).toString()]).toEqual([true, 'next']);
    });
  });
}
