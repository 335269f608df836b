import { pbkdf2Sync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import BetterSqlite3 from 'better-sqlite3';
import { expect, test } from 'vitest';
import { defineConflicts, isConflict } from '../../src/index.ts';

// T6: whether a value exists must not show in the time of the answer. What the library does takes microseconds; what the
// application does (a hash, a mail) shows, unless it answers after a time of its own.

const { translate } = defineConflicts({ rules: { 'accounts(email)': { conceal: true } } });

function defineSignUp(atLeast: number): (email: string) => Promise<number> {
  const database = new BetterSqlite3(':memory:');
  database.exec(`CREATE TABLE accounts (email TEXT UNIQUE, hash BLOB); INSERT INTO accounts VALUES ('known', NULL)`);
  const insert = database.prepare('INSERT INTO accounts (email) VALUES (?)');
  const update = database.prepare('UPDATE accounts SET hash = ? WHERE email = ?');
  async function work(email: string): Promise<void> {
    try {
      insert.run(email);
      update.run(pbkdf2Sync('password', 'salt', 1500, 32, 'sha256'), email);
    } catch (error) {
      if (!isConflict(translate(error), 'conflict')) throw error;
    }
  }
  return async (email) => {
    const from = performance.now();
    // The clock begins before the work: the other way round, the work comes on top.
    const over = atLeast > 0 ? sleep(atLeast) : undefined;
    await work(email);
    await over;
    return performance.now() - from;
  };
}

/** Welch's t of the times of known and new addresses, taken in turn. */
async function difference(signUp: (email: string) => Promise<number>, samples: number): Promise<number> {
  for (let warm = 0; warm < 10; warm++) await signUp(`warm-${warm}`);
  const known: number[] = [];
  const fresh: number[] = [];
  for (let at = 0; at < samples; at++) {
    known.push(await signUp('known'));
    fresh.push(await signUp(`fresh-${at}`));
  }
  const [first, second] = [momentsOf(known), momentsOf(fresh)];
  return (second.mean - first.mean) / Math.sqrt(first.variance / samples + second.variance / samples);
}

function momentsOf(all: readonly number[]): { mean: number; variance: number } {
  // A pause of the machine is no signal: the slowest tenth of either is left out.
  const values = [...all].sort((a, b) => a - b).slice(0, Math.ceil(all.length * 0.9));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  return { mean, variance };
}

test('a sign-up that takes a time of its own takes it for known and for new addresses', { retry: 3 }, async () => {
  expect(Math.abs(await difference(defineSignUp(5), 60))).toBeLessThan(4.5);
});

test('the measurement sees a sign-up that does more for a new address', { retry: 3 }, async () => {
  expect(await difference(defineSignUp(0), 60)).toBeGreaterThan(4.5);
});
