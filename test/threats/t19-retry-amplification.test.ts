import { expect, test, vi } from 'vitest';
import { defineConflicts, isConflict } from '../../src/index.ts';
import { type Beginner, withTransactionRetry } from '../../src/retry/index.ts';
import { captured } from '../violations.ts';

// T19: a hot row must not multiply the load: attempts, time and nesting are bounded, and what may have been committed is
// never run again.

const deadlock = () => captured('pg/postgresql-18/deadlock');

function database(commit: () => unknown = () => {}): Beginner<object> & { begun: number } {
  return {
    begun: 0,
    begin() {
      this.begun++;
      return {};
    },
    commit,
    rollback: () => {},
  };
}

const failed = (promise: Promise<unknown>) => promise.then(() => 'committed').catch((error: unknown) => error);

test('an endless deadlock ends after five attempts, as contention', async () => {
  const source = database();
  const run = vi.fn(() => Promise.reject(deadlock()));
  expect(isConflict(await failed(withTransactionRetry(source, run, { baseDelay: 1 })), 'contention')).toBe(true);
  expect([run.mock.calls.length, source.begun]).toEqual([5, 5]);
});

test('a budget ends it, however many attempts there are', async () => {
  const from = performance.now();
  const run = vi.fn(() => Promise.reject(deadlock()));
  await failed(withTransactionRetry(database(), run, { attempts: 1e6, baseDelay: 20, maxDelay: 20, budget: 500 }));
  expect(performance.now() - from).toBeLessThan(5000);
  expect(run.mock.calls.length).toBeGreaterThan(1);
});

test('a client that has gone ends it at once', async () => {
  const gone = new AbortController();
  const run = vi.fn(() => {
    gone.abort(new Error('gone'));
    return Promise.reject(deadlock());
  });
  const error = await failed(withTransactionRetry(database(), run, { baseDelay: 10_000, signal: gone.signal }));
  expect(error).toMatchObject({ message: 'gone' });
  expect(run).toHaveBeenCalledTimes(1);
});

test('one within another runs no more often than one may', async () => {
  const inner = vi.fn(() => Promise.reject(deadlock()));
  const nested = () => withTransactionRetry(database(), inner, { baseDelay: 1 });
  await failed(withTransactionRetry(database(), nested, { baseDelay: 1 }));
  expect(inner).toHaveBeenCalledTimes(5);
});

const QUICK = { baseDelay: 1 };
const ours = defineConflicts({ status: { contention: 503 } });
const request = { method: 'POST', headers: { 'accept-language': 'de' } };
type Run = () => Promise<unknown>;

test.each<[string, (transaction: Run) => Promise<unknown>]>([
  ['in a repository that is wrapped', (transaction) => ours.wrap({ save: transaction }).save()],
  [
    'which is translated in between',
    async (transaction) => {
      try {
        return await transaction();
      } catch (error) {
        throw ours.translate(error, request);
      }
    },
  ],
  [
    'which is wrapped in an error of the application',
    async (transaction) => {
      try {
        return await transaction();
      } catch (cause) {
        throw new Error('The order was not saved', { cause });
      }
    },
  ],
  ['within a second', (transaction) => withTransactionRetry(database(), transaction, QUICK)],
  [
    'within a second with rules of its own',
    (transaction) => withTransactionRetry(database(), transaction, { ...QUICK, conflicts: ours }),
  ],
  [
    'within a second for a request',
    (transaction) => withTransactionRetry(database(), transaction, { ...QUICK, conflicts: ours, context: request }),
  ],
])('one within another, %s, runs no more often than one may', async (_, between) => {
  for (const error of [deadlock, () => new Error('ORM', { cause: deadlock() })]) {
    const inner = vi.fn(() => Promise.reject(error()));
    const middle = vi.fn(() => between(() => withTransactionRetry(database(), inner, QUICK)));
    const outer = vi.fn(() => withTransactionRetry(database(), middle, { ...QUICK, context: request }));
    await failed(withTransactionRetry(database(), outer, { ...QUICK, conflicts: ours }));
    expect([inner, middle, outer].map(({ mock }) => mock.calls.length)).toEqual([5, 1, 1]);
  }
});

test.each(['pg/postgresql-18/connection-killed', 'mysql2/mysql-9/connection-killed'])(
  'a COMMIT whose outcome is unknown is not run again: %s',
  async (name) => {
    const run = vi.fn(async () => 'done');
    const source = database(() => Promise.reject(captured(name)));
    const error = await failed(withTransactionRetry(source, run, { baseDelay: 1 }));
    expect(error).toBeInstanceOf(Error);
    expect(isConflict(error)).toBe(false);
    expect(run).toHaveBeenCalledTimes(1);
  },
);
