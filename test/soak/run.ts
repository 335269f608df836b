import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { send } from './client.ts';
import { type Demo, startDemo } from './demo.ts';
import { FAULTS, STALL } from './faults.ts';
import { type Load, startLoad, type Truth } from './load.ts';
import { openMysql, openPostgres, type Target } from './servers.ts';

// npm run test:soak [-- --minutes 10] [-- engine…]: the demo under load, on SQLite, PostgreSQL and MySQL or MariaDB at
// once, while its databases are stopped, crash, refuse and hang. Nothing may crash or hang, every error must be a valid
// problem document, every 409 must be true, and the memory must not grow.

const ENGINES: Readonly<Record<string, () => Promise<Target | undefined>>> = {
  sqlite: async () => undefined, // in memory, in the process of the service: there is nothing to cut
  postgresql: openPostgres,
  mysql: openMysql,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { minutes: { type: 'string', default: process.env.SOAK_MINUTES ?? '10' } },
});
const minutes = Number(values.minutes);
if (!(minutes >= 0.5 && minutes <= 600)) throw new Error(`Expected --minutes to be 0.5 to 600, got ${values.minutes}`);
const unknown = positionals.filter((name) => !Object.hasOwn(ENGINES, name));
if (unknown.length > 0) throw new Error(`No such engine: ${unknown}. There are: ${Object.keys(ENGINES).join(', ')}`);

/** In milliseconds: one fault and the calm after it. */
const CYCLE = Math.min(Math.max((minutes * 60_000) / 24, 6000), 25_000);
const HOLD = Math.min(CYCLE / 4, 5000);
/** How long a service may take to be as before. */
const RECOVERY = 15_000;
/** For how long nothing may have failed before a service is taken for recovered. */
const QUIET = 1000;
/**
 * Of memory in use after a collection of garbage, from the first third of the run to the last. In a short run the first
 * third is what a process takes for the code that it has come to know.
 */
const MOST_DRIFT = minutes >= 5 ? 0.05 : 0.15;

interface Result {
  readonly passed: string[];
  readonly failed: string[];
}

const names = positionals.length > 0 ? positionals : Object.keys(ENGINES);
console.log(`${minutes} minutes on ${names.join(', ')}, Node ${process.versions.node}`);
const results = await Promise.all(names.map((name) => soak(name).catch((error): Result => failure(name, error))));
const passed = results.flatMap((result) => result.passed);
const failed = results.flatMap((result) => result.failed);
for (const text of failed) console.log(`FAILED ${text}`);
console.log(`${passed.length} passed, ${failed.length} failed`);
process.exit(failed.length === 0 && passed.length > 0 ? 0 : 1);

function failure(name: string, error: unknown): Result {
  return { passed: [], failed: [`${name}: ${(error as Error).stack ?? error}`] };
}

async function soak(name: string): Promise<Result> {
  const target = await ENGINES[name]?.();
  const demo = await startDemo(target?.url);
  const load = startLoad(demo.port);
  const heaps: number[] = [];
  const recoveries: Recovery[] = [];
  const wrong: string[] = [];
  const end = Date.now() + minutes * 60_000;
  try {
    if (target === undefined) {
      for (; Date.now() < end && demo.ended === undefined; await sleep(3000)) heaps.push(await demo.heap());
    } else {
      let turn = 0;
      const kinds = Object.entries(FAULTS);
      for (let next = Date.now(); Date.now() < end - CYCLE / 2 && demo.ended === undefined; ) {
        const [kind, fault] = kinds[turn++ % kinds.length] as (typeof kinds)[number];
        const { failures } = load;
        const { broken } = target.proxy;
        load.trouble(true);
        await fault(target, HOLD);
        const over = Date.now();
        const lost = await recover(demo, load, over);
        load.trouble(false);
        if (lost === undefined) wrong.push(`it did not recover within ${RECOVERY} ms after ${kind}`);
        else recoveries.push({ kind, lost, failures: load.failures - failures, broken: target.proxy.broken - broken });
        next += CYCLE;
        do {
          if (demo.ended === undefined) heaps.push(await demo.heap());
          await sleep(Math.min(2000, Math.max(200, next - Date.now())));
        } while (Date.now() < next && demo.ended === undefined);
      }
    }
    await load.stop();
    wrong.push(...load.wrong, ...(await untruths(load.truth, demo, target)));
    if (demo.ended !== undefined) wrong.push(`the service ended: ${demo.ended}`);
    const how = await demo.stop();
    if (how !== '0') wrong.push(`the service did not close: ${how}`);
    wrong.push(...demo.warnings.filter((text) => /leak|deprecat|unhandled/i.test(text)));
  } finally {
    await target?.proxy.close();
    await target?.server.remove();
  }
  return report(demo.engine, load, { heaps, recoveries, wrong });
}

/** Waits until nothing has failed for a while and gives how long it took, in milliseconds. */
async function recover(demo: Demo, load: Load, since: number): Promise<number | undefined> {
  const agent = new Agent({ keepAlive: true });
  try {
    for (; Date.now() < since + RECOVERY + QUIET && demo.ended === undefined; await sleep(50)) {
      const last = Math.max(load.lastFailure, since);
      if (Date.now() - last < QUIET) continue;
      const { status } = await send(demo.port, agent, 'GET /documents/1');
      if (status === 200) return last - since;
    }
    return undefined;
  } finally {
    agent.destroy();
  }
}

/** What the tables hold, against what was answered. */
async function untruths(truth: Truth, demo: Demo, target: Target | undefined): Promise<string[]> {
  const list = async <Row>(path: string, sql: string): Promise<Row[]> =>
    target ? target.rows<Row>(sql) : ((await send(demo.port, new Agent(), `GET /${path}`)).body as unknown as Row[]);
  const users = await list<{ email: string }>('users', 'SELECT email FROM demo_users');
  const bookings = await list<{ room: number; from: string }>(
    'bookings',
    `SELECT room_id AS room, CAST(starts_on AS CHAR(10)) AS "from" FROM demo_bookings`.replaceAll(
      '"',
      target?.url.startsWith('postgres') ? '"' : '`',
    ),
  );
  const payments = await list<{ amount: number }>('payments', 'SELECT amount FROM demo_payments');
  const orders = await list<{ id: number; status: string }>('orders', 'SELECT id, status FROM demo_orders');
  const notShipped = orders.filter(({ id, status }) => truth.shipped.has(id) && status !== 'shipped');
  return [
    ...differences(
      'user',
      truth.emails,
      users.map(({ email }) => email).filter((email) => email !== 'alice@example.com'),
    ),
    ...differences(
      'night',
      truth.nights,
      bookings.filter(({ room }) => room === 102).map(({ from }) => from),
    ),
    ...differences(
      'payment',
      truth.amounts,
      payments.map(({ amount }) => amount),
    ),
    ...notShipped.map(({ id }) => `order ${id} was said to be shipped and is not`),
  ].slice(0, 100);
}

function differences<Key>(what: string, expected: ReadonlyMap<Key, boolean>, there: readonly Key[]): string[] {
  const found = new Set(there);
  const missing = [...expected].filter(([key, mustBe]) => mustBe && !found.has(key));
  return [
    ...missing.map(([key]) => `${what} ${key} was answered for and is not there`),
    ...there.filter((key) => !expected.has(key)).map((key) => `${what} ${key} is there and was never sent`),
    ...(found.size === there.length ? [] : [`${there.length - found.size} rows of ${what} are there twice`]),
  ];
}

/** How a service came back. */
interface Recovery {
  readonly kind: string;
  /** Answers with 5xx. A payment whose COMMIT was lost is none: it is looked up and taken anew. */
  readonly failures: number;
  /** Connections that the proxy broke. */
  readonly broken: number;
  /** From the end of the fault to the last of them. In milliseconds. */
  readonly lost: number;
}

interface Findings {
  readonly heaps: readonly number[];
  readonly recoveries: readonly Recovery[];
  readonly wrong: string[];
}

function report(name: string, load: Load, { heaps, recoveries, wrong }: Findings): Result {
  const sums = new Map<string, number>();
  for (const [key, count] of load.counts) {
    const answer = key.slice(key.indexOf(': ') + 2);
    sums.set(answer, (sums.get(answer) ?? 0) + count);
  }
  const requests = [...sums.values()].reduce((sum, count) => sum + count, 0);
  const later = heaps.slice(Math.floor(heaps.length / 10)); // the first requests fill caches
  const third = Math.floor(later.length / 3);
  const [first, last] = [median(later.slice(0, third)), median(later.slice(-third))];
  const drift = last / first - 1;
  const MB = (bytes: number) => (bytes / 1e6).toFixed(2);
  const tenths = Array.from({ length: 10 }, (_, at) => {
    const [from, to] = [at, at + 1].map((part) => Math.floor((heaps.length * part) / 10));
    return MB(median(heaps.slice(from, to)));
  });
  console.log(`\n${name}: ${requests} requests, ${recoveries.length} faults`);
  for (const [answer, count] of [...sums].sort()) console.log(`  ${String(count).padStart(8)}  ${answer}`);
  console.log(`  ${String(load.slowest).padStart(8)}  milliseconds for the slowest answer`);
  for (const kind of new Set(recoveries.map((recovery) => recovery.kind))) {
    const times = recoveries.filter((recovery) => recovery.kind === kind);
    const failures = times.reduce((sum, recovery) => sum + recovery.failures, 0);
    const cut = times.reduce((sum, recovery) => sum + recovery.broken, 0);
    const lost = Math.max(...times.map((recovery) => recovery.lost));
    console.log(
      `  ${kind}, ${times.length} times: ${cut} connections cut, ${failures} answers 5xx, the last ${lost} ms after its end`,
    );
    // What is stalled only waits.
    if (failures + cut === 0 && kind !== STALL) wrong.push(`${kind}, and no request felt it`);
  }
  console.log(`  heap by tenths of the time: ${tenths.join(' ')} MB`);
  console.log(
    `  heap ${MB(first)} MB in the first third, ${MB(last)} MB in the last: ${(drift * 100).toFixed(1)} %, ${heaps.length} samples`,
  );

  const failed = wrong.map((text) => `${name}: ${text}`);
  const told = [...sums.keys()].filter((answer) => /^(4|503|500)/.test(answer));
  const NEEDED = ['409 duplicate', '409 reference_missing', '409 reference_in_use', '409 overlap', '409 invalid_state'];
  for (const answer of NEEDED) if (!told.includes(answer)) failed.push(`${name}: no ${answer} in all the time`);
  if (recoveries.length === 0 && !name.startsWith('SQLite')) failed.push(`${name}: no fault was tried`);
  if (recoveries.length >= Object.keys(FAULTS).length && !told.includes('503 busy')) failed.push(`${name}: no 503`);
  if (!(drift <= MOST_DRIFT)) failed.push(`${name}: the heap has grown by ${(drift * 100).toFixed(1)} %`);
  // One claim each: every answer, every recovery, the memory.
  return {
    passed:
      failed.length === 0
        ? [`${requests} requests`, ...recoveries.map(({ kind }) => kind), 'the memory'].map(
            (text) => `${name}: ${text}`,
          )
        : [],
    failed,
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
