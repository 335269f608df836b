import {
  createTRPCClient,
  httpBatchLink,
  httpBatchStreamLink,
  httpLink,
  type TRPCClient,
  TRPCClientError,
  type TRPCLink,
} from '@trpc/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Problem } from '../../../src/index.ts';
import {
  canariesIn,
  DOCUMENTS,
  golden,
  goldenFile,
  messageOf,
  normalised,
  type Running,
  start,
  versionOf,
} from '../frameworks.ts';
import { CANARIES, THROWN } from '../thrown.ts';
import type { AppRouter } from './trpc.server.ts';

const SERVER = new URL('trpc.server.ts', import.meta.url);
const JSON_TYPE = { 'content-type': 'application/json' };
const IF_MATCH = { 'if-match': '"v3"' };

/** tRPC's code and JSON-RPC's number, by status. */
const CODES: Readonly<Record<number, readonly [string, number]>> = {
  409: ['CONFLICT', -32009],
  412: ['PRECONDITION_FAILED', -32012],
  503: ['SERVICE_UNAVAILABLE', -32603],
};

const BARE_500 = ['required', 'syntax', 'refused'];

/** The error of an answer, when everything is as it has to be for a document. */
function errorOf(document: { status?: number; detail?: unknown }, path: string): object {
  const [code, number] = CODES[document.status ?? 0] ?? [];
  const { status: httpStatus, detail: message } = document;
  return { message, code: number, data: { code, httpStatus, path, problem: document } };
}

function bareOf(path: string): object {
  const data = { code: 'INTERNAL_SERVER_ERROR', httpStatus: 500, path };
  return { message: 'Internal Server Error', code: -32603, data };
}

describe.each(['development', 'production'])(`trpc (${versionOf(SERVER, '@trpc/server')}) in %s`, (mode) => {
  let adapted: Running;
  let alone: Running;

  beforeAll(async () => {
    [adapted, alone] = await Promise.all([
      start(SERVER, ['adapter'], { NODE_ENV: mode }),
      start(SERVER, ['bare'], { NODE_ENV: mode }),
    ]);
  });

  afterAll(async () => {
    await Promise.all([adapted?.stop(), alone?.stop()]);
  });

  const call = (route: string, running = adapted) =>
    running.send({ path: `/thrown.${route}`, headers: { ...JSON_TYPE, ...(route === 'version' && IF_MATCH) } });

  const client = (link: TRPCLink<AppRouter>): TRPCClient<AppRouter> => createTRPCClient<AppRouter>({ links: [link] });
  const url = (): string => `http://127.0.0.1:${/listening on (\d+)/.exec(adapted.output())?.[1]}`;

  test.each(Object.entries(DOCUMENTS))(
    'answers %s with its status and the problem document',
    async (route, document) => {
      const received = await call(route);
      const { error } = JSON.parse(received.body);
      expect(error).toEqual(errorOf(document, `thrown.${route}`));
      expect(error.message).toBe(error.data.problem.detail);
      expect(received.status).toBe(error.data.problem.status);
      expect(canariesIn(received)).toEqual([]);
    },
  );

  test.each(BARE_500)('answers %s with a bare 500, and logs it', async (route) => {
    const received = await call(route);
    expect(JSON.parse(received.body)).toEqual({ error: bareOf(`thrown.${route}`) });
    expect(received.status).toBe(500);
    await expect.poll(() => adapted.output()).toContain(messageOf(route));
  });

  test.each(['bug', 'missing', 'string'])('leaves %s to tRPC', async (route) => {
    const [received, own] = await Promise.all([call(route), call(route, alone)]);
    expect([received.status, normalised(received.body)]).toEqual([own.status, normalised(own.body)]);
  });

  test('leaves a TRPCError with words of its own as it is', async () => {
    const received = await adapted.send({ path: '/chosen', headers: JSON_TYPE });
    const { error } = JSON.parse(received.body);
    expect(error).toMatchObject({ message: 'Who are you?', data: { code: 'UNAUTHORIZED', httpStatus: 401 } });
    expect(canariesIn(received)).toEqual([]);
  });

  test('answers a TRPCError with the words of its cause as the cause', async () => {
    const received = await adapted.send({ path: '/copied', headers: JSON_TYPE });
    expect(JSON.parse(received.body).error).toEqual(errorOf(DOCUMENTS.native, 'copied'));
  });

  test.each([
    ['a middleware', '/guarded', {}],
    ['the context', '/ok', { 'x-fail': 'native' }],
  ])('answers what %s throws', async (_title, path, headers) => {
    const received = await adapted.send({ method: 'GET', path, headers });
    expect(JSON.parse(received.body).error).toEqual(errorOf(DOCUMENTS.native, path.slice(1)));
    expect(received.status).toBe(409);
  });

  test('answers what a subscription throws later', async () => {
    const received = await adapted.send({ method: 'GET', path: '/events' });
    const data = /event: serialized-error\ndata: (.*)/.exec(received.body)?.[1];
    expect(JSON.parse(data ?? '')).toEqual(errorOf(DOCUMENTS.native, 'events'));
    expect(received.body).toContain('data: "first"');
    expect(canariesIn(received)).toEqual([]);
  });

  test('answers each call of a batch', async () => {
    const received = await adapted.send({
      path: '/thrown.native,thrown.syntax,thrown.busy?batch=1',
      headers: JSON_TYPE,
      body: '{}',
    });
    expect(JSON.parse(received.body)).toEqual([
      { error: errorOf(DOCUMENTS.native, 'thrown.native') },
      { error: bareOf('thrown.syntax') },
      { error: errorOf(DOCUMENTS.busy, 'thrown.busy') },
    ]);
    expect(received.status).toBe(207);
    expect(canariesIn(received)).toEqual([]);
  });

  test.each([
    ['httpLink', httpLink],
    ['httpBatchLink', httpBatchLink],
    ['httpBatchStreamLink', httpBatchStreamLink],
  ])('gives a client with %s the document, typed', async (_name, link) => {
    const trpc = client(link({ url: url() }) as TRPCLink<AppRouter>);
    const [conflict, bare, ok] = await Promise.all([
      trpc.thrown.native?.mutate().catch((error: unknown) => error),
      trpc.thrown.syntax?.mutate().catch((error: unknown) => error),
      trpc.ok.query(),
    ]);
    if (!(conflict instanceof TRPCClientError && bare instanceof TRPCClientError)) throw conflict;
    const { data, message }: TRPCClientError<AppRouter> = conflict;
    expect(message).toBe('A user with this email address already exists.');
    const problem: Problem | undefined = data?.problem;
    expect(problem).toEqual(DOCUMENTS.native);
    expect(bare.message).toBe('Internal Server Error');
    expect(bare.data).toEqual({ code: 'INTERNAL_SERVER_ERROR', httpStatus: 500, path: 'thrown.syntax' });
    expect(ok).toBe('ok');
  });

  test('gives a client the document in the middle of a stream', async () => {
    const parts = await client(httpBatchStreamLink({ url: url() })).parts.query();
    const seen: unknown[] = [];
    const error = await (async () => {
      for await (const part of parts) seen.push(part);
    })().catch((thrown: unknown) => thrown);
    expect(seen).toEqual(['first']);
    expect((error as TRPCClientError<AppRouter>).data?.problem).toEqual(DOCUMENTS.native);
    expect(CANARIES.filter((canary) => JSON.stringify(error).includes(canary))).toEqual([]);
  });

  test.each(['adapter', 'bare'] as const)('answers as recorded, %s', async (variant) => {
    const answers: string[] = [];
    for (const route of Object.keys(THROWN)) {
      answers.push(`### ${route}\n${golden(await call(route, variant === 'adapter' ? adapted : alone))}`);
    }
    const file = goldenFile({ server: SERVER, title: 'trpc' }, mode as 'development', variant);
    await expect(answers.join('\n')).toMatchFileSnapshot(file);
  });

  test('still serves afterwards', async () => {
    for (const running of [adapted, alone]) {
      expect(await running.send({ method: 'GET', path: '/ok' })).toMatchObject({ status: 200 });
      expect(running.output()).not.toMatch(/unhandledRejection|uncaughtException/);
    }
  });
});
