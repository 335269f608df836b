import { afterAll, beforeAll, describe, expect, test } from 'vitest';
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
import { THROWN } from '../thrown.ts';

const SERVERS = [
  // Where `context` fails there is no field, and the answer has the status of the conflict; Apollo's is fixed.
  { title: 'graphql-yoga', packageName: 'graphql-yoga', withoutField: 409 },
  { title: 'apollo', packageName: '@apollo/server', withoutField: 500 },
];

/** The extensions that a GraphQL server sends for a document. A version that no header expects is no precondition. */
const EXTENSIONS = Object.fromEntries(
  Object.entries(DOCUMENTS).map(([route, document]) => {
    const problem = route === 'version' ? { ...document, status: 409, title: 'Conflict' } : document;
    return [route, { code: (problem as { code: string }).code.toUpperCase(), problem }];
  }),
);

const BARE_500 = ['required', 'syntax', 'refused'];

describe.each(SERVERS)('$title', ({ title, packageName, withoutField }) => {
  const server = new URL(`${title}.server.ts`, import.meta.url);

  describe.each(['development', 'production'] as const)(`${versionOf(server, packageName)} in %s`, (mode) => {
    let adapted: Running;
    let alone: Running;

    beforeAll(async () => {
      [adapted, alone] = await Promise.all([
        start(server, ['adapter'], { NODE_ENV: mode }),
        start(server, ['bare'], { NODE_ENV: mode }),
      ]);
    });

    afterAll(async () => {
      await Promise.all([adapted?.stop(), alone?.stop()]);
    });

    const ask = (query: string, headers: Record<string, string> = {}, running = adapted) =>
      running.send({ path: '/graphql', headers, body: JSON.stringify({ query }) });

    test.each(Object.entries(EXTENSIONS))('answers %s with the problem document', async (route, extensions) => {
      const received = await ask(`mutation { ${route} }`);
      const { errors, data } = JSON.parse(received.body);
      expect(errors).toEqual([
        {
          message: errors[0].extensions.problem.detail,
          locations: [{ line: 1, column: 12 }],
          path: [route],
          extensions,
        },
      ]);
      expect(data).toEqual({ [route]: null });
      expect(received.status).toBe(200);
      expect(canariesIn(received)).toEqual([]);
    });

    test.each(BARE_500)('answers %s without a word of its own, and logs it', async (route) => {
      const received = await ask(`mutation { ${route} }`);
      expect(JSON.parse(received.body)).toEqual({
        data: { [route]: null },
        errors: [
          {
            message: 'Internal Server Error',
            locations: [{ line: 1, column: 12 }],
            path: [route],
            extensions: { code: 'INTERNAL_SERVER_ERROR' },
          },
        ],
      });
      await expect.poll(() => adapted.output()).toContain(messageOf(route));
    });

    test.each(['bug', 'missing', 'string'])('leaves %s to the server', async (route) => {
      const query = `mutation { ${route} }`;
      const [received, own] = await Promise.all([ask(query), ask(query, {}, alone)]);
      expect([received.status, normalised(received.body)]).toEqual([own.status, normalised(own.body)]);
    });

    test('leaves an error with words of its own to the server, without the stack of its cause', async () => {
      const [received, own] = await Promise.all([ask('mutation { chosen }'), ask('mutation { chosen }', {}, alone)]);
      const [error] = JSON.parse(received.body).errors;
      const [ownError] = JSON.parse(own.body).errors;
      delete ownError.extensions.stacktrace;
      expect(error).toEqual(ownError);
      expect(canariesIn(received)).toEqual([]);
    });

    test('answers an error with the words of its cause as the cause', async () => {
      const received = await ask('mutation { copied }');
      expect(JSON.parse(received.body).errors[0]).toMatchObject({ path: ['copied'], extensions: EXTENSIONS.native });
      expect(canariesIn(received)).toEqual([]);
    });

    test('keeps the data of the other fields, and the path of the one that failed', async () => {
      const received = await ask('{ user { name orders } }');
      const { errors, data } = JSON.parse(received.body);
      expect(data).toEqual({ user: { name: 'Alice', orders: null } });
      expect(errors).toHaveLength(1);
      expect(errors[0]).toMatchObject({ path: ['user', 'orders'], locations: [{ line: 1, column: 15 }] });
      expect(received.status).toBe(200);
    });

    test('answers several fields at once, each with its own', async () => {
      const received = await ask('mutation { native syntax busy ok }');
      const { errors, data } = JSON.parse(received.body);
      expect(data).toEqual({ native: null, syntax: null, busy: null, ok: 'ok' });
      const codes = errors.map((error: { extensions: { code: string } }) => error.extensions.code);
      expect(codes).toEqual(['DUPLICATE', 'INTERNAL_SERVER_ERROR', 'BUSY']);
      expect(canariesIn(received)).toEqual([]);
    });

    test.each(['application/json', 'application/graphql-response+json'])(
      'says 200 for a field as %s',
      async (accept) => {
        const received = await ask('mutation { needed }', { accept });
        expect(received.headers['content-type']).toContain(accept);
        expect(received.status).toBe(200);
        expect(JSON.parse(received.body)).toMatchObject({ data: null, errors: [{ extensions: EXTENSIONS.native }] });
      },
    );

    test('answers what the context throws, without data', async () => {
      const received = await ask('{ ok }', { 'x-fail': 'native' });
      const detail = 'A user with this email address already exists.';
      expect(JSON.parse(received.body)).toEqual({ errors: [{ message: detail, extensions: EXTENSIONS.native }] });
      expect(received.status).toBe(withoutField);
      expect(canariesIn(received)).toEqual([]);
    });

    test.each(BARE_500)('answers %s of the context with a bare 500', async (route) => {
      const received = await ask('{ ok }', { 'x-fail': route });
      const extensions = { code: 'INTERNAL_SERVER_ERROR' };
      expect(JSON.parse(received.body)).toEqual({ errors: [{ message: 'Internal Server Error', extensions }] });
      expect(received.status).toBe(500);
    });

    test.each(['adapter', 'bare'] as const)('answers as recorded, %s', async (variant) => {
      const answers: string[] = [];
      for (const route of Object.keys(THROWN)) {
        const received = await ask(`mutation { ${route} }`, {}, variant === 'adapter' ? adapted : alone);
        answers.push(`### ${route}\n${golden(received)}`);
      }
      await expect(answers.join('\n')).toMatchFileSnapshot(goldenFile({ server, title }, mode, variant));
    });

    test('still serves afterwards', async () => {
      for (const running of [adapted, alone]) {
        expect(JSON.parse((await ask('{ ok }', {}, running)).body)).toEqual({ data: { ok: 'ok' } });
        expect(running.output()).not.toMatch(/unhandledRejection|uncaughtException/);
      }
    });
  });
});
