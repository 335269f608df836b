import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** The demo service in a process of its own. */
export interface Demo {
  readonly port: number;
  /** Name and version of its database. */
  readonly engine: string;
  /** What Node warned of. */
  readonly warnings: readonly string[];
  /** How it ended, if it did. */
  readonly ended: string | undefined;
  /** Bytes that are in use after a collection of garbage. */
  heap(): Promise<number>;
  /** Ends it as an operator does and gives how it ended: `0` when all is well. */
  stop(): Promise<string>;
}

/** @param url of its database; SQLite without it */
export async function startDemo(url: string | undefined): Promise<Demo> {
  const probe = new URL('probe.ts', import.meta.url).href;
  const child = spawn(process.execPath, ['--expose-gc', '--import', 'tsx', '--import', probe, 'examples/server.ts'], {
    cwd: ROOT,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', PORT: '0', ...(url && { DATABASE_URL: url }) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const warnings: string[] = [];
  let output = '';
  let ended: string | undefined;
  const keep = (chunk: Buffer) => {
    output = (output + chunk).slice(-5000);
  };
  child.stdout?.on('data', keep);
  child.stderr?.on('data', keep);
  child.on('message', (message: { warning?: string }) => {
    if (message.warning !== undefined) warnings.push(message.warning);
  });
  const end = once(child, 'close').then(([status, signal]) => {
    ended = String(signal ?? status);
    if (ended !== '0') ended += `\n${output}`;
    return ended;
  });
  const exit = () => child.kill('SIGKILL');
  process.on('exit', exit);

  let port: number | undefined;
  for (const deadline = Date.now() + 30_000; port === undefined; await sleep(50)) {
    port = Number(/localhost:(\d+)\/users/.exec(output)?.[1]) || undefined;
    if (ended !== undefined || Date.now() > deadline) throw new Error(`The demo did not start: ${ended ?? output}`);
  }

  const engine = /db-http-errors on (.+): http/.exec(output)?.[1] ?? 'an unknown database';
  return {
    port,
    engine,
    warnings,
    get ended() {
      return ended;
    },
    async heap() {
      child.send('memory');
      for (;;) {
        const [message] = (await once(child, 'message')) as [{ memory?: NodeJS.MemoryUsage }];
        if (message.memory !== undefined) return message.memory.heapUsed;
      }
    },
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(exit, 15_000);
      const how = await end;
      clearTimeout(timer);
      process.off('exit', exit);
      return how;
    },
  };
}
