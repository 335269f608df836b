import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CANARIES, THROWN } from './thrown.ts';

// Every framework answers over real sockets, in development and in production, with the adapter and without.

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSX = import.meta.resolve('tsx');
const SECONDS = 1000;

const MODES = ['development', 'production'] as const;
const ADAPTER = ['conflict', 'native', 'wrapped', 'version', 'busy', 'frozen'] as const;
const BARE_500 = ['required', 'syntax', 'refused'] as const;
const NOT_OURS = ['bug', 'missing', 'string'] as const;
/** Errors of ours, which must not leak, hang or crash in any framework. */
const OURS = ['conflict', 'version', 'busy', 'frozen'] as const;

type Mode = (typeof MODES)[number];

export interface Framework {
  /** Name of the golden files: `express-5`. */
  readonly title: string;
  /** Folder in the project's `node_modules` whose `package.json` has the version; absent for Node itself. */
  readonly packageName?: string;
  /**
   * A module which makes the server with the help of `serve.ts`. It answers `GET` and `POST` of `/<name>` by throwing
   * what `THROWN` has under this name, and `GET /ok` with `ok`.
   */
  readonly server: URL;
  /**
   * Status of our errors without the adapter, by route; `false` where the framework honours nothing.
   * @default 409 for conflict and frozen, 409 for version, 503 for busy
   */
  readonly bare?: false | Readonly<Partial<Record<(typeof OURS)[number], number>>>;
  /**
   * Whether an error that is answered with a bare 500 comes out of the process, on stdout or stderr.
   * @default true
   */
  readonly logs?: boolean;
  /** False where a route that throws cannot be asked with GET and HEAD. */
  readonly get?: boolean;
  /**
   * Variants whose process a frozen error hangs, whoever's it is: the framework writes to every error.
   * @default none
   */
  readonly frozenHangs?: readonly ('adapter' | 'bare')[];
  /**
   * Routes whose bare 500 is the framework's own, for it keeps nothing of what the ORM threw but the cause. No canary.
   * @default none
   */
  readonly lost?: readonly string[];
  /** Rejections that nobody handles, and the framework is to blame for; the process goes on. @default none */
  readonly rejections?: RegExp;
  /** Headers of the framework's own that differ each time. */
  readonly volatile?: readonly string[];
  /** For the server's process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Received {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A server in a process of its own. */
export interface Running {
  send(sent: Sent): Promise<Received>;
  /** All that it printed so far. */
  output(): string;
  isRunning(): boolean;
  stop(): Promise<void>;
}

const DUPLICATE = {
  type: 'about:blank',
  title: 'Conflict',
  status: 409,
  detail: 'A user with this email address already exists.',
  instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/),
  code: 'duplicate',
  resource: 'user',
  errors: [{ pointer: '#/email', code: 'taken' }],
  retryable: false,
  recovery: 'change_input',
};

/** The document that an adapter sends, by route. */
export const DOCUMENTS: Readonly<Record<(typeof ADAPTER)[number], object>> = {
  conflict: DUPLICATE,
  native: DUPLICATE,
  wrapped: DUPLICATE,
  frozen: DUPLICATE,
  version: {
    type: 'about:blank',
    title: 'Precondition Failed',
    status: 412,
    detail: expect.any(String),
    instance: DUPLICATE.instance,
    code: 'version_mismatch',
    current_version: 'v4',
    retryable: false,
    recovery: 'refetch_and_retry',
  },
  busy: {
    type: 'about:blank',
    title: 'Service Unavailable',
    status: 503,
    detail: expect.any(String),
    instance: DUPLICATE.instance,
    code: 'busy',
    retryable: true,
    retry_after: 5,
    recovery: 'retry',
  },
};

/** What an adapter sends for an error of a database that is nothing for the client. */
export const BARE: object = { type: 'about:blank', title: 'Internal Server Error', status: 500 };

/** A framework in both modes, with its adapter and without. */
export function describeFramework(framework: Framework): void {
  const { title, packageName, server, bare = {}, logs = true, get = true, frozenHangs = [], lost = [] } = framework;
  const titled = `${title} (${packageName === undefined ? process.version : versionOf(server, packageName)})`;

  describe.each(MODES)(`${titled} in %s`, (mode) => {
    let adapted: Running;
    let alone: Running;

    beforeAll(async () => {
      [adapted, alone] = await Promise.all([
        start(server, ['adapter'], environment(mode)),
        start(server, ['bare'], environment(mode)),
      ]);
    });

    afterAll(async () => {
      await Promise.all([adapted?.stop(), alone?.stop()]);
    });

    test.each(without('adapter', ADAPTER))('answers %s with the problem document', async (route) => {
      const received = await adapted.send(routed(route));
      const { status, headers, body } = received;
      const document = JSON.parse(body);
      expect(document).toEqual(DOCUMENTS[route]);
      expect(status).toBe(document.status);
      expect(headers).toMatchObject({
        'content-type': expect.stringMatching(/^application\/problem\+json(; ?charset=utf-8)?$/i),
        'cache-control': 'no-store',
        ...(route === 'busy' && { 'retry-after': '5' }),
        ...(route === 'version' && { etag: '"v4"' }),
      });
      expect(canariesIn(received)).toEqual([]);
    });

    test.each(BARE_500)('answers %s with a bare 500', async (route) => {
      const received = await adapted.send(routed(route));
      expect(received.status).toBe(500);
      expect(canariesIn(received)).toEqual([]);
      if (lost.includes(route)) return;
      expect(JSON.parse(received.body)).toEqual(BARE);
      expect(received.headers).toMatchObject({
        'content-type': expect.stringMatching(/^application\/problem\+json(; ?charset=utf-8)?$/i),
        'cache-control': 'no-store',
      });
      if (logs) await expect.poll(() => adapted.output(), { timeout: 5 * SECONDS }).toContain(messageOf(route));
    });

    test.each(NOT_OURS)('leaves %s to the framework', async (route) => {
      const [received, own] = await Promise.all([adapted.send(routed(route)), alone.send(routed(route))]);
      expect(comparable(received)).toEqual(comparable(own));
    });

    test.each(without('bare', OURS))('does not leak, hang or crash on %s without the adapter', async (route) => {
      const received = await alone.send(routed(route));
      if (bare) expect(received.status).toBe(bare[route] ?? (route === 'busy' ? 503 : 409));
      expect(canariesIn(received)).toEqual([]);
    });

    test.runIf(get)('answers HEAD as GET, without the body', async () => {
      const { body, ...head } = await adapted.send({ method: 'HEAD', path: '/conflict' });
      const got = await adapted.send({ method: 'GET', path: '/conflict' });
      expect(body).toBe('');
      expect(JSON.parse(got.body)).toEqual(DUPLICATE);
      expect(head.status).toBe(409);
      expect(head.headers['content-type']).toBe(got.headers['content-type']);
    });

    test('still serves afterwards, many at once', async () => {
      for (const variant of ['adapter', 'bare'] as const) {
        const running = variant === 'adapter' ? adapted : alone;
        const routes = without(variant, Object.keys(THROWN));
        await Promise.all([...routes, ...routes].map((route) => running.send(routed(route))));
        expect(await running.send({ method: 'GET', path: '/ok' })).toMatchObject({ status: 200, body: 'ok' });
      }
    });

    test.each(['adapter', 'bare'] as const)('answers as recorded, %s', async (variant) => {
      const running = variant === 'adapter' ? adapted : alone;
      const answers: string[] = [];
      for (const route of without(variant, Object.keys(THROWN))) {
        answers.push(`### ${route}\n${golden(await running.send(routed(route)), framework.volatile)}`);
      }
      await expect(answers.join('\n')).toMatchFileSnapshot(goldenFile(framework, mode, variant));
    });

    test('has no rejection that nobody handles', () => {
      for (const running of [adapted, alone]) {
        const unhandled = running.output().match(/^(unhandledRejection|uncaughtException): .*$/gm) ?? [];
        expect(unhandled.filter((line) => !framework.rejections?.test(line))).toEqual([]);
        expect(running.isRunning()).toBe(true);
      }
    });
  });

  function without<Route extends string>(variant: 'adapter' | 'bare', routes: readonly Route[]): readonly Route[] {
    return routes.filter((route) => route !== 'frozen' || !frozenHangs.includes(variant));
  }

  function environment(mode: Mode): Record<string, string> {
    return { ...framework.env, NODE_ENV: mode };
  }
}

/** The request for a route that throws. */
export function routed(route: string): Sent {
  return { method: 'POST', path: `/${route}`, ...(route === 'version' && { headers: { 'if-match': '"v3"' } }) };
}

/** Where the answers of a framework are recorded: beside its server. */
export function goldenFile(
  { server, title }: Pick<Framework, 'server' | 'title'>,
  mode: Mode,
  variant: string,
): string {
  return fileURLToPath(new URL(`golden/${title}-${mode}-${variant}.http`, server));
}

/** The version that a project has of a package. */
export function versionOf(server: URL, packageName: string): string {
  const file = new URL(`node_modules/${packageName}/package.json`, server);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

/** Runs a module which prints `listening on <port>`. Rejects when it does not within 30 s. */
export async function start(
  module: URL,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const child = spawn(process.execPath, ['--import', TSX, fileURLToPath(module), ...args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const port = await portOf(child, () => printed);
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    send: (sent) => send(port, sent),
    output: () => printed,
    isRunning,
    async stop() {
      if (!isRunning()) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), 5 * SECONDS);
      await exited;
      clearTimeout(late);
    },
  };
}

async function portOf(child: ChildProcess, output: () => string): Promise<number> {
  const end = Date.now() + 30 * SECONDS;
  while (Date.now() < end && child.exitCode === null) {
    const port = /^listening on (\d+)$/m.exec(output())?.[1];
    if (port !== undefined) return Number(port);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill('SIGKILL');
  throw new Error(`Expected the server to listen, got exit code ${child.exitCode} and: ${output()}`);
}

/** Sends a request on a connection of its own. Rejects after 10 s without an answer. */
function send(port: number, { method = 'POST', path, headers = {}, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const all = body === undefined ? headers : { 'content-type': 'application/json', ...headers };
    const sent = request({ port, host: '127.0.0.1', method, path, headers: all, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(
            Object.entries(response.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
          ),
          body: Buffer.concat(chunks).toString(),
        });
      });
    });
    sent.setTimeout(10 * SECONDS, () => sent.destroy(new Error(`Expected an answer to ${method} ${path} within 10 s`)));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** The canaries that an answer shows. */
export function canariesIn({ headers, body }: Received): string[] {
  const text = `${JSON.stringify(headers)}${body}`.toLowerCase();
  return CANARIES.filter((canary) => text.includes(canary.toLowerCase()));
}

/** How the message begins that is thrown at a route, up to what loggers escape. */
export function messageOf(route: string): string {
  const { message = '' } = (THROWN[route]?.() ?? {}) as { message?: string };
  return message.split(/["\n]/, 1)[0] ?? '';
}

/** Headers that differ each time, or with the length of a path. */
const VOLATILE = ['date', 'connection', 'keep-alive', 'transfer-encoding', 'content-length'];

/** An answer as text, the same on every machine and each time. */
export function golden({ status, headers, body }: Received, volatile: readonly string[] = []): string {
  const head = Object.entries(headers)
    .filter(([name]) => !VOLATILE.includes(name) && !volatile.includes(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}: ${value}\n`);
  return `HTTP/1.1 ${status}\n${head.join('')}\n${pretty(normalised(body))}\n`;
}

/** A body without frames, paths and instances. */
export function normalised(body: string): string {
  return body
    .replace(/urn:uuid:[0-9a-f-]{36}/g, 'urn:uuid:00000000-0000-4000-8000-000000000000')
    .replace(FRAMES, ' <frames>')
    .replaceAll(ROOT, '<root>/');
}

/** Frames of a stack: as text, in HTML, and as strings in JSON. */
const FRAMES =
  /(?:(?:<br>|\\n|\n|",\s*")?(?:\s|&nbsp;)*\bat (?:(?!<br>|<\/)[^\n"\\])*?(?::\d+:\d+|anonymous(?:>|&gt;))\)?(?=<br>|<\/|\\n|\n|"|$))+/g;

/** All of an answer that may not differ. */
function comparable({ status, headers, body }: Received): object {
  const { date: _, 'content-length': __, ...own } = headers;
  return { status, headers: own, body: normalised(body) };
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}
