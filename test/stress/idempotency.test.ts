import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import type { IdempotentRequest } from '../../src/idempotency/index.ts';
import { isConflict } from '../../src/index.ts';
import type { IsolationLevel } from '../../src/retry/index.ts';
import type { Orders, Point } from '../idempotency/owner.ts';
import { createStore, type Run, type Store } from '../idempotency/stores.ts';
import { describeLive } from '../live/describe-live.ts';

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const satisfies readonly Engine[];
const LEVELS: readonly IsolationLevel[] = ['read committed', 'repeatable read', 'serializable'];
const SCOPE = { owner: 'tenant-1', route: '/payments' };
const OWNER = fileURLToPath(new URL('../idempotency/owner.ts', import.meta.url));

function post(key: string): IdempotentRequest {
  return { method: 'POST', headers: { 'idempotency-key': key }, url: '/payments', body: { amount: 1 } };
}

/** A process with its orders, and the lines that it writes. */
function start(orders: Orders): { child: ChildProcess; line(): Promise<string> } {
  const child = spawn(process.execPath, ['--import', 'tsx', OWNER, JSON.stringify(orders)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> })[Symbol.asyncIterator]();
  const line = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('Expected another line of the process, and it has ended');
    return value as string;
  };
  return { child, line };
}

/** Starts a process, and gives it back where it has stopped. */
async function stopped(orders: Orders & { point: Point }): Promise<ChildProcess> {
  const { child, line } = start(orders);
  expect(await line()).toBe(orders.point);
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  if (child.signalCode === null) await once(child, 'exit');
  expect(child.signalCode).toBe('SIGKILL');
}

/** What became of many: how many were answered first, again, or with which code. */
function tally(outcomes: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

async function outcomeOf(promise: Promise<{ isReplay: boolean }>): Promise<string> {
  try {
    return (await promise).isReplay ? 'replay' : 'first';
  } catch (error) {
    return isConflict(error) ? error.code : String(error);
  }
}

for (const engine of ENGINES) {
  describeLive(engine, ({ url }) => {
    let store: Store;

    beforeAll(async () => {
      store = await createStore(engine, url);
    });

    afterAll(() => store?.end());

    const pay = (run: Run, key: string) => run.inTransaction(post(key), SCOPE, (tx) => store.pay(tx, key));

    describe('fifty requests with one key at once', () => {
      const levels = engine === 'sqlite' ? [undefined] : LEVELS;

      test.each(levels)('have one effect in a transaction, isolation %s', async (isolation) => {
        for (let round = 0; round < 5; round++) {
          const runs = Array.from({ length: 5 }, () => store.define(isolation ? { isolation } : {}));
          const key = randomUUID();
          const outcomes = await Promise.all(
            Array.from({ length: 50 }, (_, index) => outcomeOf(pay(runs[index % 5] as Run, key))),
          );
          expect(tally(outcomes)).toEqual({ first: 1, replay: 49 });
          expect(await store.payments(key)).toBe(1);
        }
      });

      test.each(levels)(
        'have one effect in a transaction when half of them fail first, isolation %s',
        async (isolation) => {
          const run = store.define(isolation ? { isolation } : {});
          const key = randomUUID();
          const outcomes = await Promise.all(
            Array.from({ length: 50 }, (_, index) => {
              if (index % 2) return outcomeOf(pay(run, key));
              const failing = run.inTransaction(post(key), SCOPE, (tx) => {
                const paid = store.pay(tx, key, { status: 503 });
                return paid;
              });
              return failing.then(({ status, isReplay }) =>
                isReplay ? 'replay' : status === 503 ? 'failed' : 'first',
              );
            }),
          );
          const { first, replay = 0, failed = 0 } = tally(outcomes);
          expect([first, replay + failed]).toEqual([1, 49]);
          expect(await store.payments(key)).toBe(1);
        },
      );

      test.each(levels)('have one effect with a lease, isolation %s', async (isolation) => {
        for (let round = 0; round < 5; round++) {
          const run = store.define(isolation ? { isolation } : {});
          const key = randomUUID();
          let effects = 0;
          const send = () =>
            run.withLease(post(key), SCOPE, async () => {
              effects++;
              await sleep(20);
              return { status: 201 };
            });
          const counts = tally(await Promise.all(Array.from({ length: 50 }, () => outcomeOf(send()))));
          const { first, replay = 0, idempotency_in_progress = 0 } = counts;
          expect([effects, first, replay + idempotency_in_progress], JSON.stringify(counts)).toEqual([1, 1, 49]);
          expect(await outcomeOf(send())).toBe('replay');
        }
      });

      test.each(levels)('have one effect after the lease of a dead one, isolation %s', async (isolation) => {
        const run = store.define({ leaseFor: 50, ...(isolation && { isolation }) });
        const later = store.define(isolation ? { isolation } : {});
        const key = randomUUID();
        void run.withLease(post(key), SCOPE, () => new Promise(() => {}));
        await sleep(300);
        let effects = 0;
        const send = () =>
          later.withLease(post(key), SCOPE, async () => {
            effects++;
            await sleep(20);
            return { status: 201 };
          });
        const counts = tally(await Promise.all(Array.from({ length: 50 }, () => outcomeOf(send()))));
        const { first, replay = 0, idempotency_in_progress = 0 } = counts;
        expect([effects, first, replay + idempotency_in_progress], JSON.stringify(counts)).toEqual([1, 1, 49]);
      });

      test('have one effect each, while expired keys are swept', async () => {
        const run = store.define({ expiresAfter: 40, leaseFor: 40 });
        const sweeper = store.define();
        let isOver = false;
        const sweeping = (async () => {
          let swept = 0;
          while (!isOver) {
            swept += await sweeper.sweep({ batch: 5 });
            await sleep(1);
          }
          return swept;
        })();
        const outcomes: string[] = [];
        let effects = 0;
        for (let round = 0; round < 30; round++) {
          const answers = Array.from({ length: 10 }, () =>
            run.inTransaction(post('swept'), SCOPE, (tx) => store.pay(tx, 'swept')),
          );
          const round_ = await Promise.all(answers.map(outcomeOf));
          effects += round_.filter((outcome) => outcome === 'first').length;
          outcomes.push(...round_);
          await sleep(5);
        }
        isOver = true;
        expect(await sweeping).toBeGreaterThan(0);
        expect(Object.keys(tally(outcomes)).sort()).toEqual(['first', 'replay']);
        expect(await store.payments('swept')).toBe(effects);
      });

      if (engine === 'sqlite') {
        test.each(['wal', 'delete'] as const)('have one effect from eight processes, journal %s', async (journal) => {
          const file = await createStore(engine, url, journal);
          const key = randomUUID();
          const racers = Array.from({ length: 8 }, () => start({ address: file.address, key, mode: 'race' }));
          await Promise.all(racers.map(async ({ line }) => expect(await line()).toBe('ready')));
          for (const { child } of racers) child.stdin?.write('go\n');
          const outcomes = await Promise.all(racers.map(async ({ line }) => JSON.parse(await line()) as string[]));
          expect(tally(outcomes.flat())).toEqual({ first: 1, replay: 55 });
          expect(await file.payments(key)).toBe(1);
          await file.end();
        });
      }
    });

    describe('when the process that owns the key is killed', () => {
      test.each(['claim', 'write', 'commit'] as const)(
        'in its transaction (%s), the next request has the effect',
        async (point) => {
          const key = randomUUID();
          const child = await stopped({ address: store.address, key, mode: 'transaction', point });
          const run = store.define();
          if (engine === 'sqlite') {
            await kill(child);
            expect(await outcomeOf(pay(run, key))).toBe('first');
          } else {
            const hasty = store.define({ waitFor: 50 });
            expect(await outcomeOf(pay(hasty, key))).toBe('idempotency_in_progress');
            const waiting = outcomeOf(pay(run, key));
            await sleep(100);
            await kill(child);
            expect(await waiting).toBe('first');
          }
          expect(await outcomeOf(pay(run, key))).toBe('replay');
          expect(await store.payments(key)).toBe(1);
        },
      );

      test('after its COMMIT and before its answer, the next request gets the answer', async () => {
        const key = randomUUID();
        await kill(await stopped({ address: store.address, key, mode: 'transaction', point: 'answer' }));
        expect(await outcomeOf(pay(store.define(), key))).toBe('replay');
        expect(await store.payments(key)).toBe(1);
      });

      test.each([
        ['claim', 1],
        ['effect', 2],
        ['complete', 2],
      ] as const)(
        'with its lease (%s), the next request after the lease has the effect under the same key of the effect',
        async (point, calls) => {
          const key = randomUUID();
          await kill(await stopped({ address: store.address, key, mode: 'lease', point }));
          const run = store.define();
          const keys: string[] = [];
          const send = () =>
            run.withLease(post(key), SCOPE, async ({ effectKey }) => {
              keys.push(effectKey);
              await store.run(`INSERT INTO ${store.address.payments} VALUES ('${effectKey}')`);
              return { status: 201, body: { paid: true } };
            });
          expect(await outcomeOf(send())).toBe('idempotency_in_progress');
          await store.pass(60_001, 'lease_until');
          expect(await outcomeOf(send())).toBe('first');
          expect(await outcomeOf(send())).toBe('replay');
          expect([keys.length, await store.payments(keys[0] as string)]).toEqual([1, calls]);
        },
      );

      test('with its lease after its COMMIT, the next request gets the answer', async () => {
        const key = randomUUID();
        await kill(await stopped({ address: store.address, key, mode: 'lease', point: 'answer' }));
        const answer = await store.define().withLease(post(key), SCOPE, () => ({ status: 500 }));
        expect([answer.status, answer.isReplay]).toEqual([201, true]);
      });

      test('in a sweep, the next sweep and the next request do what it has not', async () => {
        const run = store.define();
        await run.sweep();
        const [fresh, ...expired] = Array.from({ length: 6 }, () => randomUUID()) as [string, ...string[]];
        for (const key of expired) await pay(run, key);
        await store.pass(86_400_001);
        await pay(run, fresh);
        const child = await stopped({ address: store.address, key: '', mode: 'sweep', point: 'sweep' });
        await kill(child);
        expect(await outcomeOf(pay(run, expired[0] as string))).toBe('first');
        expect(await run.sweep()).toBeGreaterThanOrEqual(4);
        expect(await outcomeOf(pay(run, fresh))).toBe('replay');
      });
    });
  });
}
