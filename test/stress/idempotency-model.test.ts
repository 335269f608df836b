import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import type { Answer, IdempotentAnswer, Lease } from '../../src/idempotency/index.ts';
import { isConflict } from '../../src/index.ts';
import { createStore, type Run, type Store } from '../idempotency/stores.ts';
import { describeLive } from '../live/describe-live.ts';

// Any order of what can happen to two keys of two tenants, against what a table of them should say. Time passes on the
// database's clock, by moving its rows.

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const satisfies readonly Engine[];
const RUNS = Number(process.env.FC_RUNS ?? 40);

/** What is known of one key. */
type Entry =
  | { state: 'running'; holder: number; payload: number; isLeaseOver: boolean; isExpired: boolean }
  | { state: 'done'; text: string; payload: number; isExpired: boolean };

interface Model {
  readonly entries: Map<string, Entry>;
  /** The requests that run, whether they have the key still or not. */
  readonly running: Map<number, { readonly slot: string; readonly payload: number }>;
  next: number;
}

interface Real {
  readonly run: Run;
  readonly store: Store;
  readonly prefix: string;
  readonly running: Map<number, { finish(answer: Answer | Error): void; outcome: Promise<string>; lease: Lease }>;
}

type Command = fc.AsyncCommand<Model, Real>;

/** What a request is answered with, in one word. */
async function outcomeOf(promise: Promise<IdempotentAnswer>): Promise<string> {
  try {
    const { isReplay, body } = await promise;
    return `${isReplay ? 'replay' : 'first'} ${Buffer.from(body)}`;
  } catch (error) {
    return isConflict(error) ? error.code : String(error);
  }
}

function request(real: Real, slot: string, payload: number) {
  const [owner = '', key = ''] = slot.split(' ');
  return [
    { method: 'POST', headers: { 'idempotency-key': key }, url: '/payments', body: { payload } },
    { owner: `${real.prefix} ${owner}`, route: '/payments' },
  ] as const;
}

/** What a claim comes to: the key, or an answer. */
function expected(entry: Entry | undefined, payload: number): string {
  if (entry === undefined || entry.isExpired) return 'owned';
  if (entry.payload !== payload) return 'idempotency_key_reused';
  if (entry.state === 'done') return `replay ${entry.text}`;
  return entry.isLeaseOver ? 'owned' : 'idempotency_in_progress';
}

const slots = fc.constantFrom('a 1', 'a 2', 'b 1', 'b 2');
const payloads = fc.constantFrom(1, 1, 1, 2);
const picks = fc.nat(7);

/** One of the requests that run. */
function picked(model: Model, pick: number): number {
  return [...model.running.keys()][pick % model.running.size] as number;
}

const some = (model: Readonly<Model>) => model.running.size > 0;
const always = () => true;

function command(
  name: string,
  check: (model: Readonly<Model>) => boolean,
  run: (model: Model, real: Real) => Promise<void>,
): Command {
  return { check, run, toString: () => name };
}

const begin = fc.tuple(slots, payloads).map(([slot, payload]) =>
  command(`begin(${slot}, ${payload})`, always, async (model, real) => {
    const id = model.next++;
    let finish: (answer: Answer | Error) => void = () => {};
    const finished = new Promise<Answer | Error>((resolve) => {
      finish = resolve;
    });
    let lease: Lease | undefined;
    let own: () => void = () => {};
    const owned = new Promise<string>((resolve) => {
      own = () => resolve('owned');
    });
    const outcome = outcomeOf(
      real.run.withLease(...request(real, slot, payload), async (given) => {
        lease = given;
        own();
        const answer = await finished;
        if (answer instanceof Error) throw answer;
        return answer;
      }),
    );
    const found = await Promise.race([owned, outcome]);
    expect(found).toBe(expected(model.entries.get(slot), payload));
    if (found !== 'owned' || lease === undefined) return;
    real.running.set(id, { finish, outcome, lease });
    model.running.set(id, { slot, payload });
    model.entries.set(slot, { state: 'running', holder: id, payload, isLeaseOver: false, isExpired: false });
  }),
);

const finish = picks.map((pick) =>
  command(`finish(${pick})`, some, async (model, real) => {
    const id = picked(model, pick);
    const { slot, payload } = model.running.get(id) as { slot: string; payload: number };
    const entry = model.entries.get(slot);
    const isHolder = entry?.state === 'running' && entry.holder === id;
    const found = isHolder ? 'owned' : expected(entry, payload);
    const request = real.running.get(id);
    request?.finish({ status: 200, body: `by ${id}` });
    expect(await request?.outcome).toBe(found === 'owned' ? `first by ${id}` : found);
    if (found === 'owned') model.entries.set(slot, { state: 'done', text: `by ${id}`, payload, isExpired: false });
    model.running.delete(id);
  }),
);

const fail = picks.map((pick) =>
  command(`fail(${pick})`, some, async (model, real) => {
    const id = picked(model, pick);
    const { slot } = model.running.get(id) as { slot: string };
    const entry = model.entries.get(slot);
    const request = real.running.get(id);
    request?.finish(new Error('no'));
    expect(await request?.outcome).toBe('Error: no');
    if (entry?.state === 'running' && entry.holder === id) model.entries.delete(slot);
    model.running.delete(id);
  }),
);

/** Nobody hears of it again. */
const crash = picks.map((pick) =>
  command(`crash(${pick})`, some, async (model) => {
    model.running.delete(picked(model, pick));
  }),
);

const extend = picks.map((pick) =>
  command(`extend(${pick})`, some, async (model, real) => {
    const id = picked(model, pick);
    const entry = model.entries.get(model.running.get(id)?.slot ?? '');
    const isHolder = entry?.state === 'running' && entry.holder === id;
    expect(await real.running.get(id)?.lease.extend()).toBe(isHolder);
    if (isHolder) Object.assign(entry, { isLeaseOver: false, isExpired: false });
  }),
);

const transact = fc.tuple(slots, payloads, fc.constantFrom(200, 200, 503)).map(([slot, payload, status]) =>
  command(`transact(${slot}, ${payload}, ${status})`, always, async (model, real) => {
    const id = model.next++;
    const text = `${real.prefix} ${id}`;
    const found = expected(model.entries.get(slot), payload);
    const run = (tx: unknown) => real.store.pay(tx, text, { status, body: `by ${id}` });
    const outcome = await outcomeOf(real.run.inTransaction(...request(real, slot, payload), run));
    expect(outcome).toBe(found === 'owned' ? `first by ${id}` : found);
    const isStored = found === 'owned' && status === 200;
    expect(await real.store.payments(text)).toBe(isStored ? 1 : 0);
    if (isStored) model.entries.set(slot, { state: 'done', text: `by ${id}`, payload, isExpired: false });
  }),
);

const endLeases = fc.constant(
  command('endLeases()', always, async (model, real) => {
    await real.store.pass(60_001, 'lease_until');
    for (const entry of model.entries.values()) if (entry.state === 'running') entry.isLeaseOver = true;
  }),
);

const expire = fc.constant(
  command('expire()', always, async (model, real) => {
    await real.store.pass(86_400_001, 'expires_at');
    for (const entry of model.entries.values()) entry.isExpired = true;
  }),
);

const sweep = fc.constant(
  command('sweep()', always, async (model, real) => {
    const expired = [...model.entries].filter(([, { isExpired }]) => isExpired);
    expect(await real.run.sweep({ batch: 2 })).toBe(expired.length);
    for (const [slot] of expired) model.entries.delete(slot);
  }),
);

for (const engine of ENGINES) {
  describeLive(engine, ({ url }) => {
    let store: Store;
    let run: Run;

    beforeAll(async () => {
      store = await createStore(engine, url);
      run = store.define();
    });

    afterAll(() => store?.end());

    describe('keys', () => {
      test(`are what they should be after ${RUNS} series of events`, async () => {
        const commands = fc.commands(
          [begin, begin, begin, finish, finish, fail, crash, extend, transact, transact, endLeases, expire, sweep],
          { maxCommands: 40, size: 'max' },
        );
        const property = fc.asyncProperty(commands, async (series) => {
          await store.run(`DELETE FROM ${store.address.keys}`);
          await fc.asyncModelRun(
            () => ({
              model: { entries: new Map(), running: new Map(), next: 0 },
              real: { run, store, prefix: randomUUID(), running: new Map() },
            }),
            series,
          );
        });
        await fc.assert(property, { numRuns: RUNS });
      }, 300_000);
    });
  });
}
