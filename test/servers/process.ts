import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** A database server that was started for this run only. */
export interface PrivateServer {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

/** A server with data of its own that can be stopped, and started again with them. */
export interface RestartableServer {
  readonly url: string;
  start(): Promise<void>;
  /** @param signal by default the one that closes the server cleanly */
  halt(signal?: NodeJS.Signals): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** Starts a server that is stopped once. */
export async function started(server: RestartableServer): Promise<PrivateServer> {
  await server.start().catch(async (error) => {
    await server.remove();
    throw error;
  });
  return { url: server.url, stop: () => server.remove() };
}

/** @param start gives what stops the process */
export function restartable(
  url: string,
  directory: string,
  start: () => Promise<(signal?: NodeJS.Signals) => Promise<void>>,
): RestartableServer {
  let stop: ((signal?: NodeJS.Signals) => Promise<void>) | undefined;
  const halt = async (signal?: NodeJS.Signals) => {
    await stop?.(signal);
    stop = undefined;
  };
  return {
    url,
    halt,
    async start() {
      stop = await start();
    },
    async remove() {
      await halt();
      removeDirectory(directory);
    },
  };
}

/** A TCP port of 127.0.0.1 that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TypeError('Expected a TCP port to be free');
  return address.port;
}

const directories = new Set<string>();
const children = new Set<ChildProcess>();

// A run that ends without stopping its servers leaves nothing behind.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  for (const directory of directories) rmSync(directory, { recursive: true, force: true });
});

export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'db-http-errors-'));
  directories.add(directory);
  return directory;
}

export function removeDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
  directories.delete(directory);
}

interface RunOptions {
  readonly uid?: number;
  readonly gid?: number;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Runs a command to its end; rejects with its output when it fails. */
export async function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output += chunk;
  });
  const [status] = await once(child, 'close');
  if (status !== 0) throw new Error(`${command} failed with status ${status}:\n${output}`);
  return output;
}

/** Starts a server process and waits until `isReady` resolves to true. */
export async function startProcess(
  command: string,
  args: readonly string[],
  isReady: () => Promise<boolean>,
  { signal = 'SIGINT', ...options }: RunOptions & { readonly signal?: NodeJS.Signals } = {},
): Promise<(signal?: NodeJS.Signals) => Promise<void>> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let log = '';
  let ended = false;
  const keep = (chunk: Buffer) => {
    log = (log + chunk).slice(-20_000);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const end = once(child, 'close').then(() => {
    ended = true;
    children.delete(child);
  });
  const stop = async (how = signal) => {
    if (!ended) child.kill(how);
    await Promise.race([end, sleep(10_000, undefined, { ref: false })]);
    if (!ended) child.kill('SIGKILL');
    await end;
  };
  const deadline = Date.now() + 60_000;
  while (!(await isReady())) {
    if (ended || Date.now() > deadline) {
      await stop();
      throw new Error(`${command} did not start. Its log:\n${log}`);
    }
    await sleep(50);
  }
  return stop;
}
