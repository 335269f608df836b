import { writeSync } from 'node:fs';
import type { Address } from './stores.ts';
import { openStore } from './stores.ts';

// A process that owns a key, until it is killed. It stops where it is told to, in the middle of everything, says so and
// waits: nothing of it runs any more, as if it were dead already, but its connections are open.

/** Where it stops. */
export type Point = 'claim' | 'write' | 'commit' | 'answer' | 'effect' | 'complete' | 'sweep';

/** What it is to do. */
export interface Orders {
  readonly address: Address;
  readonly key: string;
  readonly mode: 'transaction' | 'lease' | 'sweep' | 'race';
  /** Never, in a race. */
  readonly point?: Point;
}

const orders = JSON.parse(process.argv[2] ?? '') as Orders;
const { address, key, mode, point } = orders;
const store = openStore(address);
const request = { method: 'POST', headers: { 'idempotency-key': key }, url: '/payments', body: { amount: 1 } };
const scope = { owner: 'tenant-1', route: '/payments' };

function reach(here: Point): void {
  if (here !== point) return;
  writeSync(1, `${here}\n`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

let isLast = false;

/** Stops before the COMMIT that matters. */
function touch(connection: object): void {
  const target = connection as Record<'query' | 'exec', ((...values: unknown[]) => unknown) | undefined>;
  for (const name of ['query', 'exec'] as const) {
    const method = target[name];
    if (!method || Object.hasOwn(method, 'isTouched')) continue;
    target[name] = Object.assign(
      (...values: unknown[]) => {
        if (values[0] === 'COMMIT' && isLast) for (const each of ['commit', 'complete', 'sweep'] as const) reach(each);
        return method.apply(connection, values);
      },
      { isTouched: true },
    );
  }
}

const idempotency = store.define({ leaseFor: 60_000 }, touch);

if (mode === 'transaction') {
  await idempotency.inTransaction(request, scope, (tx) => {
    reach('claim');
    isLast = true;
    const answer = store.pay(tx, key);
    if (!(answer instanceof Promise)) {
      reach('write');
      return answer;
    }
    return answer.then((paid) => {
      reach('write');
      return paid;
    });
  });
  reach('answer');
} else if (mode === 'lease') {
  await idempotency.withLease(request, scope, async (lease) => {
    reach('claim');
    await store.run(`INSERT INTO ${address.payments} VALUES ('${lease.effectKey}')`);
    reach('effect');
    isLast = true;
    return { status: 201, body: { paid: true } };
  });
  reach('answer');
} else if (mode === 'sweep') {
  isLast = true;
  await idempotency.sweep({ batch: 3 });
} else {
  writeSync(1, 'ready\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const outcomes: string[] = [];
  for (let time = 0; time < 7; time++) {
    try {
      const answer = await idempotency.inTransaction(request, scope, (tx) => store.pay(tx, key));
      outcomes.push(answer.isReplay ? 'replay' : 'first');
    } catch (error) {
      outcomes.push(String((error as { code?: unknown }).code ?? error));
    }
  }
  writeSync(1, `${JSON.stringify(outcomes)}\n`);
}
process.exit(0);
