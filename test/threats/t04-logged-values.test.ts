import { Console } from 'node:console';
import { Writable } from 'node:stream';
import { inspect } from 'node:util';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { ConflictError, defineConflicts } from '../../src/index.ts';
import { conflictLogFields, pinoConflicts } from '../../src/logging.ts';
import { SECRET, WRAPPERS } from '../canaries.ts';
import { captured } from '../violations.ts';

// T4: values of rows must not get into logs. The loggers themselves are asked in test/matrix/logging.

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

const { translate } = defineConflicts();

function thrown(): Error {
  const error = captured('pg/postgresql-18/unique');
  error.message = `${error.message}: s3cr3t`;
  return Object.assign(error, { detail: 'Key (email)=(s3cr3t) already exists.', parameters: ['s3cr3t'] });
}

/** What the console really writes. */
function printed(...values: unknown[]): string {
  let text = '';
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk;
      done();
    },
  });
  const console = new Console({ stdout: stream, stderr: stream, inspectOptions: { depth: null, showHidden: true } });
  console.error(...values);
  console.log('%s %o %O %j', ...values, ...values, ...values, ...values);
  return text;
}

/** Copies an error as serialize-error and the integrations of error trackers do: own and inherited properties. */
function walked(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null || depth > 8) return value;
  const { name, message, stack } = value as Error;
  const copy: Record<string, unknown> = value instanceof Error ? { name, message, stack } : {};
  for (const key in value) copy[key] = walked((value as Record<string, unknown>)[key], depth + 1);
  return copy;
}

describe.each(Object.entries({ nothing: (error: Error) => error, ...WRAPPERS }))('wrapped by %s', (_name, wrap) => {
  test('an error is logged without a value', () => {
    const error = wrap(thrown());
    const answer = translate(error);
    expect(answer).toBeInstanceOf(ConflictError);
    const { serializers } = pinoConflicts();
    const lines = {
      'the console': printed(answer),
      'an error in data': printed({ at: [{ answer }] }),
      inspect: inspect(answer, { depth: null, showHidden: true, getters: true }),
      'a copy': JSON.stringify(walked(answer)),
      'the fields of the conflict': JSON.stringify(conflictLogFields(answer)),
      'the fields of the native error': JSON.stringify(conflictLogFields(error)),
      'pino with the conflict': JSON.stringify(serializers.err(answer)),
      'pino with the native error': JSON.stringify(serializers.err(error)),
    };
    for (const [where, line] of Object.entries(lines)) {
      expect(line.length, where).toBeGreaterThan(20);
      expect(line, where).not.toContain(SECRET);
    }
    expect(lines['the fields of the conflict']).toContain('users_email_key');
  });
});

test('the same would show the value of the error itself', () => {
  expect(printed(thrown())).toContain(SECRET);
  expect(JSON.stringify(walked(thrown()))).toContain(SECRET);
});
