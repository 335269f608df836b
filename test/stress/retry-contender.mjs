// One of several processes that write the same row of an SQLite file: node retry-contender.mjs FILE TIMEOUT TIMES ATTEMPTS [edit].
// It prints how often it succeeded, by which code it failed otherwise, and how often it began anew.
import BetterSqlite3 from 'better-sqlite3';
import { assertUpdated } from '../../src/concurrency/index.ts';
import { isConflict } from '../../src/index.ts';
import { withTransactionRetry } from '../../src/retry/index.ts';

const [, , file, timeout, times, attempts, mode] = process.argv;
const database = new BetterSqlite3(file, { timeout: Number(timeout) });
const result = { done: 0, retries: 0, failures: {} };

/** Reads, thinks and writes: without the transaction updates would be lost. */
function increment(tx) {
  const n = tx.prepare('SELECT n FROM counters WHERE id = 1').pluck().get();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  tx.prepare('UPDATE counters SET n = ? WHERE id = 1').run(n + 1);
}

const versionOf = (connection) => connection.prepare('SELECT n FROM counters WHERE id = 1').pluck().get();
/** Loads what a client sees, however long a writer has the file. */
const reader = new BetterSqlite3(file, { timeout: 30_000 });

/** What a handler does with the version that its client has loaded. */
function editOf(expected) {
  return (tx) => {
    const result = tx.prepare('UPDATE counters SET n = n + 1 WHERE id = 1 AND n = ?').run(expected);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    assertUpdated(result, { current: () => versionOf(tx), expected });
  };
}

process.once('message', async () => {
  const onRetry = () => result.retries++;
  for (let time = 0; time < Number(times); time++) {
    try {
      const run = mode === 'edit' ? editOf(versionOf(reader)) : increment;
      await withTransactionRetry(database, run, { onRetry, attempts: Number(attempts), budget: 30_000 });
      result.done++;
    } catch (error) {
      const code = isConflict(error) ? error.code : String(error);
      result.failures[code] = (result.failures[code] ?? 0) + 1;
    }
  }
  process.send(result);
  database.close();
  reader.close();
  process.disconnect();
});
process.send('ready');
