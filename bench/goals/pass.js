import { defineConflicts, translate } from '../../dist/index.js';
import { control, raceLoop, ratio, row, spread } from '../measure.js';
import { pgError, pgFields, thrownBy } from '../natives.js';
import { Bare, createError, wrapError } from '../peers.js';

/** Each in a process of its own, and then all in one. */
export const PARTS = [
  'TypeError',
  'ECONNREFUSED',
  'http-errors 404',
  'pg 42601',
  'string',
  'undefined',
  'null',
  'mixed',
  'chains',
];

/** P5, P6 and P20: what is no conflict comes back as it is. */
export default async function (part) {
  const { translate: bound } = defineConflicts({ rules: { users_email_key: { resource: 'user' } } });
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:5432'), {
    code: 'ECONNREFUSED',
    errno: -111,
  });
  const syntax = pgFields('syntax-error');
  const pools = {
    TypeError: pool(() => thrownBy(() => undefined.x)),
    ECONNREFUSED: pool(() => Object.assign(new Error(refused.message), refused, { syscall: 'connect' })),
    'http-errors 404': pool(() => createError(404)),
    'pg 42601': pool(() => pgError(syntax)),
    string: pool(() => 'text'),
    undefined: pool(() => undefined),
    null: pool(() => null),
  };
  const rows = [];
  if (part === 'mixed')
    pools.mixed = ['TypeError', 'ECONNREFUSED', 'pg 42601', 'string'].flatMap((name) => pools[name]);
  if (pools[part] !== undefined) {
    const name = part;
    const errors = pools[part];
    if (errors.some((error) => bound(error) !== error)) throw new Error(`${name} did not come back`);
    const times = await raceLoop({
      hand: (index) => byHand(errors[index % errors.length]),
      again: (index) => byHand(errors[index % errors.length]),
      ours: (index) => bound(errors[index % errors.length]),
      unbound: (index) => translate(errors[index % errors.length]),
      ...(errors[0] && { 'db-errors': (index) => wrapError(errors[index % errors.length]) }),
    });
    const isDatabase = name === 'pg 42601';
    const goal = isDatabase ? 'P6' : 'P5';
    rows.push(
      row(
        goal,
        `${name}: translate`,
        spread(times.get('ours')),
        'ns',
        isDatabase || name === 'mixed' ? {} : { atMost: 20 },
      ),
      row(goal, `${name}: if (e?.code === '23505')`, spread(times.get('hand')), 'ns'),
      row(goal, `${name}: translate / if`, ratio(times, 'ours', 'hand'), '×', LIMITS[name]),
    );
    if (name === 'TypeError' || isDatabase) {
      rows.push(row(goal, `${name}: db-errors / translate`, ratio(times, 'db-errors', 'ours'), '×', { atLeast: 3 }));
    }
    if (name === 'TypeError') rows.push(control('if / if', times, 'again', 'hand'));
  }

  if (part !== 'chains') return rows;
  const chains = await raceLoop(
    Object.fromEntries(
      [0, 1, 8, 64, 1000].map((depth) => {
        const errors = pool(() => chain(depth));
        return [depth, (index) => bound(errors[index % errors.length])];
      }),
    ),
  );
  for (const [depth, times] of chains) {
    rows.push(row('P20', `a chain of ${depth} causes without a database error`, spread(times), 'ns', { atMost: 1500 }));
  }
  return rows;
}

const LIMITS = { TypeError: { atMost: 1.5 }, ECONNREFUSED: { atMost: 1.5 }, 'pg 42601': { atMost: 2 } };

function pool(make) {
  return Array.from({ length: 64 }, make);
}

function byHand(error) {
  return error?.code === '23505' ? new Bare('taken') : error;
}

function chain(depth) {
  let error = new Error('the first');
  for (let at = 0; at < depth; at++) error = new Error('a wrapper', { cause: error });
  return error;
}
