import { defineConflicts } from '../../dist/index.js';
import { deep, QUICK, row } from '../measure.js';
import { makers } from '../natives.js';
import { bare, httpErrors, wrapError } from '../peers.js';

/** P21: what stays on the heap. */
export default async function () {
  const rules = {
    users_email_key: { resource: 'user', fields: ['email'], detail: 'This e-mail is already registered.' },
    'users(email)': { resource: 'user', fields: ['email'], detail: 'This e-mail is already registered.' },
  };
  const { translate } = defineConflicts({ rules });
  const rows = [];
  for (const [driver, { unique }] of Object.entries(makers())) {
    rows.push(
      row('P21', `${driver}: kept by an error over the native one`, kept(unique, translate), 'B', { atMost: 650 }),
    );
    if (driver === 'pg') {
      rows.push(
        row(
          'P21',
          'pg: kept by createError(409, …)',
          kept(unique, (error) => [error, httpErrors(error)]),
          'B',
        ),
        row('P21', 'pg: kept by db-errors', kept(unique, wrapError), 'B'),
        row('P21', 'pg: kept by a bare Error beside it', kept(unique, bare), 'B'),
      );
    }
  }

  const { unique } = makers().pg;
  const run = (count) => {
    for (let at = 0; at < count; at++) translate(unique());
    return heap();
  };
  const million = QUICK ? 100_000 : 1_000_000;
  const start = run(million / 10);
  const drift = (run(million) - start) / 2 ** 20;
  rows.push(row('P21', `heap after ${million.toLocaleString('en')} more translations`, drift, 'MB', { atMost: 0.5 }));
  return rows;
}

const COUNT = 10_000;

/** Bytes that `run` adds to each native error, which is kept too. */
function kept(fresh, run) {
  for (let at = 0; at < 2000; at++) run(fresh());
  const natives = Array.from({ length: COUNT }, () => deep(14, fresh));
  const results = new Array(COUNT).fill(undefined);
  const before = heap();
  for (let at = 0; at < COUNT; at++) results[at] = deep(14, () => run(natives[at]));
  const bytes = (heap() - before) / COUNT;
  if (results.length !== natives.length) throw new Error('The compiler must keep both');
  return Math.round(bytes);
}

function heap() {
  for (let at = 0; at < 4; at++) globalThis.gc();
  return process.memoryUsage().heapUsed;
}
