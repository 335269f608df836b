import { row } from '../measure.js';
import { openSqlite } from '../natives.js';

/** P9: errors and stacks that are made while all goes well. */
export default async function () {
  const database = openSqlite();
  const counter = countStacks();
  // Loaded after the counter is in place: its classes extend the counted Error.
  const { wrap } = await import('../../dist/index.js');
  const find = database.prepare('SELECT id, email FROM users WHERE id = ?');
  const insert = database.prepare('INSERT INTO users (id) VALUES (?)');
  const users = wrap({
    get: (id) => find.get(id),
    load: async (id) => find.get(id),
    add: (id) => insert.run(id),
  });

  const counted = async (run) => {
    const before = counter.count;
    await run();
    return counter.count - before;
  };
  const succeeding = await counted(async () => {
    for (let at = 0; at < 1000; at++) {
      users.get(1);
      await users.load(1);
    }
  });
  const failing = await counted(() => {
    try {
      users.add(1);
    } catch {}
  });
  return [
    row('P9', 'errors and stacks made in 2,000 calls that succeed', succeeding, '', { atMost: 0 }),
    row('P9', 'the same counter for one call that fails (control)', failing, '', { atLeast: 1 }),
  ];
}

/** Counts every error that is constructed and every stack that is captured by hand. */
function countStacks() {
  const counter = { count: 0 };
  const { captureStackTrace } = Error;
  globalThis.Error = new Proxy(Error, {
    construct(target, args, newTarget) {
      counter.count++;
      return Reflect.construct(target, args, newTarget);
    },
  });
  Error.captureStackTrace = (...args) => {
    counter.count++;
    return captureStackTrace(...args);
  };
  return counter;
}
