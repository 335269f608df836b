import { inspect } from 'node:util';
import { pinoConflicts } from 'db-http-errors/logging';
import pino from 'pino';
import { describe, expect, test } from 'vitest';
import { versionOf } from '../frameworks.ts';
import { CANARIES, conflicts, THROWN } from '../thrown.ts';

// What a line of the real pino says, with our options and without.

const OURS = ['conflict', 'native', 'wrapped', 'version', 'busy', 'frozen', 'required', 'syntax', 'refused'];
/** Names of the schema and codes are for the operator. */
const SECRETS = CANARIES.filter((canary) => !['users_email_key', 'products', 'ECONNREFUSED'].includes(canary));

/** Collects the lines that a logger writes. */
function written(make: (stream: { write(line: string): void }) => pino.Logger): { log: pino.Logger; lines: string[] } {
  const lines: string[] = [];
  return { log: make({ write: (line) => void lines.push(line) }), lines };
}

const ours = (options: pino.LoggerOptions = {}) =>
  written((stream) => pino({ ...pinoConflicts(conflicts, pino.stdSerializers.err), ...options }, stream));
const plain = () => written((stream) => pino({}, stream));

function secretsIn(lines: readonly string[]): string[] {
  const text = lines.join('').toLowerCase();
  return SECRETS.filter((secret) => text.includes(secret.toLowerCase()));
}

/** Every way to log an error that people use. */
const WAYS: Readonly<Record<string, (log: pino.Logger, error: unknown) => void>> = {
  'log.error(error)': (log, error) => log.error(error),
  'log.error(error, text)': (log, error) => log.error(error, 'The order was not saved.'),
  'log.error({ err })': (log, err) => log.error({ err }),
  'log.error({ err }, text)': (log, err) => log.error({ err }, 'The order was not saved.'),
  // As Fastify does.
  'log.error({ err }, err.message)': (log, err) => log.error({ err, res: {} }, (err as Error).message),
  'log.error({ error })': (log, error) => log.error({ error }),
  'log.error(text, error)': (log, error) => log.error('The order was not saved: %s', error as string),
  'log.error(text, error) as an object': (log, error) => log.error('The order was not saved: %o', error as object),
  'log.error({ ctx: { err } }, text)': (log, err) => log.error({ ctx: { err } }, 'The order was not saved.'),
  'log.error({ errors: [err] })': (log, err) => log.error({ errors: [err] }),
  'log.error(text with %j, { err })': (log, err) => log.error('The order was not saved: %j', { err } as never),
  'log.error({ results }) of Promise.allSettled': (log, reason) =>
    log.error({ results: [{ status: 'rejected', reason }] }, 'Some orders were not saved.'),
  'a child with another key': (log, error) => log.child({ error }).error('The order was not saved.'),
  'a child with a list': (log, error) => log.child({ error: [error] }).error('The order was not saved.'),
  'a child': (log, err) => log.child({ err }).error('The order was not saved.'),
};

describe(`pino (${versionOf(new URL(import.meta.url), 'pino')}) with pinoConflicts`, () => {
  describe.each(Object.keys(WAYS))('%s', (way) => {
    test.each(OURS)('says nothing of what %s holds', (route) => {
      const { log, lines } = ours();
      WAYS[way]?.(log, THROWN[route]?.());
      expect(lines).toHaveLength(1);
      expect(secretsIn(lines)).toEqual([]);
    });
  });

  test('says what happened', () => {
    const { log, lines } = ours();
    log.error(THROWN.native?.());
    log.error(THROWN.conflict?.());
    const [native, conflict] = lines.map((line) => JSON.parse(line));
    const facts = {
      kind: 'unique_violation',
      driver: 'pg',
      dialect: 'postgresql',
      nativeCode: '23505',
      sqlState: '23505',
      constraint: 'users_email_key',
      schema: 'public',
      table: 'users',
      columns: ['email'],
    };
    expect(native).toMatchObject({
      level: 50,
      msg: 'unique_violation (pg 23505)',
      err: {
        type: 'DatabaseError',
        message: 'unique_violation (pg 23505)',
        stack: expect.stringMatching(/^DatabaseError: unique_violation \(pg 23505\)\n {4}at .*\n/),
        ...facts,
      },
    });
    expect(conflict).toMatchObject({
      msg: 'A user with this email address already exists.',
      err: {
        type: 'ConflictError',
        message: 'A user with this email address already exists.',
        stack: expect.stringMatching(/^ConflictError: A user with this email address already exists\.\n {4}at .*\n/),
        instance: expect.stringMatching(/^urn:uuid:/),
        code: 'duplicate',
        status: 409,
        rule: 'users_email_key',
        ...facts,
      },
    });
  });

  test.each(['bug', 'missing'])('logs %s as pino does', (route) => {
    const [one, other] = [ours(), plain()];
    for (const { log } of [one, other]) {
      const error = THROWN[route]?.();
      Object.assign(error as object, { stack: 'Error\n    at here' });
      log.error(error);
      log.error({ err: error, a: 1 }, 'Text with %s', 'a value');
      log.info('Only %s', 'text');
      log.info({ a: { b: 1 } });
      (log.info as () => void)();
    }
    const withoutTime = (line: string) => ({ ...JSON.parse(line), time: 0 });
    expect(one.lines.map(withoutTime)).toEqual(other.lines.map(withoutTime));
  });

  test('works under another key for errors', () => {
    const { log, lines } = ours({ errorKey: 'error' });
    log.error(THROWN.wrapped?.());
    expect(secretsIn(lines)).toEqual([]);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      msg: 'unique_violation (pg 23505)',
      error: { kind: 'unique_violation' },
    });
  });

  test('needs the hook: the serializer alone leaves the message of the driver', () => {
    const { serializers } = pinoConflicts(conflicts, pino.stdSerializers.err);
    const { log, lines } = written((stream) => pino({ serializers }, stream));
    log.error(THROWN.wrapped?.());
    const { err, msg } = JSON.parse(lines[0] ?? '');
    expect(secretsIn([JSON.stringify(err)])).toEqual([]);
    expect(msg).toContain('s3cr3t');
  });
});

describe('pino without pinoConflicts', () => {
  test('appends what the cause of a conflict says', () => {
    const { log, lines } = plain();
    log.error(conflicts.translate(THROWN.wrapped?.()));
    const { err, msg } = JSON.parse(lines[0] ?? '');
    expect(msg).toBe('A user with this email address already exists.');
    expect(err.message).toContain('params: s3cr3t');
    expect(err.stack).toContain('caused by: error: duplicate key value');
  });

  test('copies what a native error holds', () => {
    const { log, lines } = plain();
    log.error(THROWN.native?.());
    expect(JSON.parse(lines[0] ?? '').err.detail).toBe('Key (email)=(alice@example.com) already exists.');
  });

  test('is no worse than console.log for a conflict, which shows nothing of its cause', () => {
    expect(secretsIn([inspect(conflicts.translate(THROWN.wrapped?.()), { depth: null })])).toEqual([]);
  });
});
