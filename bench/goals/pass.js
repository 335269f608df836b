import { defineConflicts, translate } from '../../dist/index.js';
import { control, raceLoop, ratio, row, spread } from '../measure.js';
import { pgError, pgFields, thrownBy } from '../natives.js';
import { Bare, createError, wrapError } from '../peers.js';

/** P5, P6 and P20: what is no conflict comes back as it is. */
export default async function () {
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
  // Both sides have met every kind of error before they are timed with one, as in a service.
  const mixed = Object.values(pools).flat();
  for (let at = 0; at < 100_000; at++) {
    const error = mixed[at % mixed.length];
    kept[at & 1] = [byHand(error), bound(error), translate(error)];
  }
  for (const [name, errors] of Object.entries(pools)) {
    if (errors.some((error) => bound(error) !== error)) throw new Error(`${name} did not come back`);
    const times = await raceLoop({
      hand: (index) => byHand(errors[index & 63]),
      again: (index) => byHand(errors[index & 63]),
      ours: (index) => bound(errors[index & 63]),
      unbound: (index) => translate(errors[index & 63]),
      ...(errors[0] && { 'db-errors': (index) => wrapError(errors[index & 63]) }),
    });
    const isDatabase = name === 'pg 42601';
    const goal = isDatabase ? 'P6' : 'P5';
    rows.push(
      row(goal, `${name}: translate`, spread(times.get('ours')), 'ns', isDatabase ? {} : { atMost: 20 }),
      row(goal, `${name}: if (e?.code === '23505')`, spread(times.get('hand')), 'ns'),
      row(goal, `${name}: translate / if`, ratio(times, 'ours', 'hand'), '×', LIMITS[name]),
    );
    if (name === 'TypeError' || isDatabase) {
      rows.push(row(goal, `${name}: db-errors / translate`, ratio(times, 'db-errors', 'ours'), '×', { atLeast: 3 }));
    }
    if (name === 'TypeError') rows.push(control('if / if', times, 'again', 'hand'));
  }

  const chains = await raceLoop(
    Object.fromEntries(
      [0, 1, 8, 64, 1000].map((depth) => {
        const errors = pool(() => chain(depth));
        return [depth, (index) => bound(errors[index & 63])];
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

const kept = [];

function byHand(error) {
  return error?.code === '23505' ? new Bare('taken') : error;
}

function chain(depth) {
  let error = new Error('the first');
  for (let at = 0; at < depth; at++) error = new Error('a wrapper', { cause: error });
  return error;
}
