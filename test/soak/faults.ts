import { setTimeout as sleep } from 'node:timers/promises';
import type { Target } from './servers.ts';

/** What is done to a database while its service is under load; over when it resolves. */
export type Fault = (target: Target, milliseconds: number) => Promise<void>;

/** After which every request is answered, only later. */
export const STALL = 'nothing goes through';

export const FAULTS: Readonly<Record<string, Fault>> = {
  'connections are killed': async ({ kill }, milliseconds) => {
    for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(30)) await kill();
  },
  'connections break at COMMIT': ({ proxy }, milliseconds) =>
    within(
      milliseconds,
      () => proxy.set('commit'),
      () => proxy.set('pass'),
    ),
  'replies are lost': ({ proxy }, milliseconds) =>
    within(
      milliseconds,
      () => proxy.set('replies'),
      () => proxy.set('pass'),
    ),
  'the database is read-only': ({ readOnly }, milliseconds) =>
    within(
      milliseconds,
      () => readOnly(true),
      () => readOnly(false),
    ),
  'the server has no connection left': async ({ exhaust, kill }, milliseconds) => {
    const all = exhaust();
    // The service connects as fast: what it gets is ended until it gets nothing. The administrator may be refused, too.
    for (const end = Date.now() + 5000; Date.now() < end && (await kill().catch(() => 1)) > 0; ) await sleep(50);
    await sleep(milliseconds);
    await all.release();
  },
  [STALL]: ({ proxy }, milliseconds) =>
    within(
      milliseconds,
      () => proxy.set('stall'),
      () => proxy.set('pass'),
    ),
  'the server is stopped': ({ proxy, server }, milliseconds) =>
    within(
      milliseconds,
      async () => {
        await server.halt();
        await proxy.close();
      },
      async () => {
        await server.start();
        await proxy.open();
      },
    ),
  'the server crashes': async ({ server, crash }) => {
    await server.halt(crash);
    await server.start();
  },
};

async function within(milliseconds: number, begin: () => unknown, end: () => unknown): Promise<void> {
  await begin();
  await sleep(milliseconds);
  await end();
}
