import { wrap } from '../../dist/index.js';
import { fromRoot } from '../from-root.js';
import { control, QUICK, raceLoop, ratio, row, spread } from '../measure.js';
import { openSqlite } from '../natives.js';

/** P7 and P8: a wrapped repository whose calls succeed. */
export default async function () {
  const database = openSqlite();
  const rows = [];

  class Users {
    #find = database.prepare('SELECT id, email FROM users WHERE id = ?');

    get(id) {
      return this.#find.get(id);
    }

    async load(id) {
      return id;
    }
  }
  const [bare, again, wrapped] = [new Users(), new Users(), wrap(new Users())];

  const sync = await raceLoop({
    bare: () => bare.get(1),
    again: () => again.get(1),
    wrapped: () => wrapped.get(1),
  });
  rows.push(
    row('P7', 'better-sqlite3 get(): wrapped / bare', ratio(sync, 'wrapped', 'bare'), '×', { atMost: 1.05 }),
    row('P7', 'better-sqlite3 get(): bare', spread(sync.get('bare')), 'ns'),
    control('get() / get()', sync, 'again', 'bare'),
  );

  const options = { isAsync: true };
  const async = await raceLoop(
    {
      bare: (index) => bare.load(index),
      again: (index) => again.load(index),
      wrapped: (index) => wrapped.load(index),
    },
    options,
  );
  const turns = (await turnsOf(() => wrapped.load(1))) - (await turnsOf(() => bare.load(1)));
  rows.push(
    row('P8', 'async method: wrapped / bare', ratio(async, 'wrapped', 'bare'), '×', { atMost: 1.95 }),
    row('P8', 'async method: wrapped − bare', difference(async, 'wrapped', 'bare'), 'ns', { atMost: 30 }),
    row('P8', 'microtask turns more', turns, '', { atLeast: 1, atMost: 1 }),
    control('async / async', async, 'again', 'bare'),
  );

  if (process.env.POSTGRES_URL) rows.push(...(await realQuery()));
  return rows;
}

/** A primary-key look-up on a real server, with the time of the network in it. */
async function realQuery() {
  const { Client } = fromRoot('pg');
  const client = new Client(process.env.POSTGRES_URL);
  await client.connect();
  const repository = () => ({ find: (id) => client.query('SELECT $1::int AS id', [id]) });
  const [bare, again, wrapped] = [repository(), repository(), wrap(repository())];
  const times = await raceLoop(
    { bare: () => bare.find(1), again: () => again.find(1), wrapped: () => wrapped.find(1) },
    { isAsync: true, milliseconds: QUICK ? 5 : 20 },
  );
  await client.end();
  return [
    row('P8', 'pg query: wrapped / bare', ratio(times, 'wrapped', 'bare'), '×', { atMost: 1.07 }),
    row('P8', 'pg query: bare', spread(times.get('bare')), 'ns'),
    control('pg query / pg query', times, 'again', 'bare'),
  ];
}

function difference(times, a, b) {
  const other = times.get(b);
  return spread(times.get(a).map((time, round) => time - other[round]));
}

/** How many microtask turns pass until an await resumes. */
async function turnsOf(call) {
  let turns = 0;
  let done = false;
  const tick = () => {
    if (done) return;
    turns++;
    queueMicrotask(tick);
  };
  queueMicrotask(tick);
  await call();
  done = true;
  return turns;
}
