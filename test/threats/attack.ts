import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Fixture, fixtures } from '../../fixtures/load.ts';
import { nodeHttpConflicts } from '../../src/frameworks/node-http.ts';
import type { Conflicts } from '../../src/index.ts';
import type { Translator } from '../../src/translator.ts';

// What an attacker has: a socket, and values that go into a database. What they get is compared byte for byte.

type Handler = (request: IncomingMessage, response: ServerResponse) => unknown;

/** Sends a request over a socket and gives all bytes of the answer; the rest of the test speaks to nothing else. */
export type Attack = (request?: { readonly method?: string; readonly headers?: readonly string[] }) => Promise<string>;

/** A server of `node:http` on a free port. It ends with the test. A handler that throws closes the connection. */
export async function serve(handler: Handler): Promise<Attack> {
  const server = createServer(async (request, response) => {
    try {
      await handler(request, response);
    } catch {
      response.destroy();
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return async ({ method = 'POST', headers = [] } = {}) => {
    const socket = connect(port, '127.0.0.1');
    const head = [`${method} / HTTP/1.1`, 'Host: attacked', 'Connection: close', ...headers];
    socket.write(`${head.join('\r\n')}\r\n\r\n`);
    let text = '';
    for await (const chunk of socket.setEncoding('utf8')) text += chunk;
    return text;
  };
}

/** A server with the adapter installed, whose handler fails so. */
export function serveFailing(fail: () => unknown, conflicts?: Conflicts): Promise<Attack> {
  return serve(
    nodeHttpConflicts(conflicts)(async (_request: IncomingMessage, response: ServerResponse) => {
      await fail();
      response.end('done');
    }),
  );
}

/** The same answer without what is different each time: the date, and the id of the occurrence. */
export function withoutIds(raw: string): string {
  return raw.replace(/^Date: .*\r\n/m, '').replace(/urn:uuid:[0-9a-f-]{36}/g, 'urn:uuid:0');
}

/** Status, headers with small names, and the text of the body, chunks joined. */
export function parsed(raw: string): { status: number; headers: Record<string, string>; body: string } {
  const end = raw.indexOf('\r\n\r\n');
  const [line = '', ...lines] = raw.slice(0, end).split('\r\n');
  const headers = Object.fromEntries(
    lines.map((each) => [each.slice(0, each.indexOf(':')).toLowerCase(), each.slice(each.indexOf(':') + 2)]),
  );
  const sent = raw.slice(end + 4);
  return {
    status: Number(line.split(' ')[1]),
    headers,
    body: headers['transfer-encoding'] === 'chunked' ? (sent.split('\r\n')[1] ?? '') : sent,
  };
}

/** What was thrown; fails when nothing was. */
export async function thrownBy(run: () => unknown): Promise<unknown> {
  let result: unknown;
  try {
    result = await run();
  } catch (error) {
    return error;
  }
  throw new Error(`Expected an error, got ${String(result)}`);
}

const DRIVERS = new URL('../../src/drivers/', import.meta.url);

/** The translators of all drivers, by their name. */
export async function everyTranslator(): Promise<Translator[]> {
  const files = readdirSync(DRIVERS).filter((file) => file.endsWith('.ts'));
  const modules = await Promise.all(files.map((file) => import(new URL(file, DRIVERS).href)));
  return modules.map((module) => Object.values(module as Record<string, Translator>).find(isTranslator) as Translator);
}

function isTranslator(value: unknown): value is Translator {
  return typeof (value as Partial<Translator> | undefined)?.classify === 'function';
}

/** Every captured error of every driver, each with what reads it. */
export async function everyFixture(): Promise<readonly (Fixture & { readonly translator: Translator })[]> {
  const translators = await everyTranslator();
  return translators.flatMap((translator) => {
    const folder = new URL(`../../fixtures/${translator.name}`, import.meta.url);
    if (!existsSync(fileURLToPath(folder))) throw new Error(`Expected captured errors of ${translator.name}`);
    return fixtures(translator.name).map((fixture) => ({ ...fixture, translator }));
  });
}
