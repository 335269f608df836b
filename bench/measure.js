/**
 * Side by side: every round runs each candidate once, the order turns from round to round, and only figures of the
 * same round are divided by each other. What disturbs the machine disturbs both sides.
 */

/** `--quick` sets this. */
export const QUICK = process.argv.includes('--quick');

/** Stack depth at which everything is constructed: more than V8's ten frames, as in a real request. */
const DEPTH = 14;

/** Calls before the first that counts: enough for every function on the way to be optimised. */
const WARM = QUICK ? 10_000 : 25_000;

/** What a candidate gave is put here, so that no compiler removes the work. */
const kept = new Array(2048).fill(undefined);

/**
 * Times candidates that use up their input: each round, each candidate gets a fresh batch.
 *
 * @param {Record<string, { fresh: () => unknown, run: (input: any) => unknown }>} candidates
 * @returns {Promise<Times>} nanoseconds for each call, by candidate and round
 */
export async function raceFresh(
  candidates,
  { rounds = QUICK ? 15 : 41, batch = QUICK ? 150 : 250, warmup = 2, afterAwait = false } = {},
) {
  const names = Object.keys(candidates);
  const loops = new Map(
    names.map((name) => [name, loopOver(afterAwait ? candidates[name].run : layered(candidates[name].run))]),
  );
  for (const name of names) {
    const inputs = Array.from({ length: 256 }, candidates[name].fresh);
    for (let calls = 0; calls < WARM; calls += inputs.length) loops.get(name)(inputs, kept);
  }
  return await turns(names, rounds, warmup, async (name) => {
    const inputs = deep(DEPTH, () => Array.from({ length: batch }, candidates[name].fresh));
    const loop = loops.get(name);
    globalThis.gc?.({ type: 'minor' });
    const time = afterAwait ? await deepAsync(DEPTH, () => loop(inputs, kept)) : loop(inputs, kept);
    return time / batch;
  });
}

/**
 * Times candidates that can run again and again: each round, each candidate runs about as long as the others.
 *
 * @param {Record<string, (index: number) => unknown>} candidates
 * @returns {Promise<Times>} nanoseconds for each call, by candidate and round
 */
export async function raceLoop(
  candidates,
  { rounds = QUICK ? 15 : 41, warmup = 4, milliseconds = QUICK ? 2 : 4, isAsync = false } = {},
) {
  const names = Object.keys(candidates);
  const loops = new Map();
  const counts = new Map();
  for (const name of names) {
    const loop = isAsync ? awaitTimes(candidates[name]) : repeat(candidates[name]);
    counts.set(name, await countFor(loop, milliseconds));
    loops.set(name, loop);
  }
  return await turns(names, rounds, warmup, async (name) => {
    const count = counts.get(name);
    return (await loops.get(name)(count, kept)) / count;
  });
}

/** How many calls take so long, once they are compiled: in short runs first, so that the loop is compiled whole. */
async function countFor(loop, milliseconds) {
  let count = 100;
  let time = 0;
  for (let spent = 0; spent < 10 * milliseconds; spent += time) {
    time = (await loop(count, kept)) / 1e6;
    if (time < milliseconds / 20) count *= 2;
  }
  return Math.ceil((count * milliseconds) / time);
}

/** @typedef {Map<string, number[]>} Times */

async function turns(names, rounds, warmup, time) {
  const times = new Map(names.map((name) => [name, []]));
  for (let round = -warmup; round < rounds; round++) {
    const shift = Math.abs(round) % names.length;
    const order = [...names.slice(shift), ...names.slice(0, shift)];
    if (round % 2) order.reverse();
    for (const name of order) {
      const figure = await time(name);
      if (round >= 0) times.get(name).push(figure);
      kept.fill(undefined);
    }
  }
  return times;
}

// Each candidate has a loop of its own, compiled apart: in a shared one all would pay for each other's shapes.

/**
 * The call under so many functions of its own, all as hot as the call: handler, service, repository. What a stack
 * costs depends on them: optimised frames cost about twice what interpreted ones do.
 */
function layered(run) {
  const layers = Array.from({ length: DEPTH }, (_, at) => `function layer${at}(x) { return layer${at + 1}(x); }`);
  return new Function('run', `${layers.join(' ')} function layer${DEPTH}(x) { return run(x); } return layer0;`)(run);
}

function loopOver(run) {
  return compile(
    ['inputs', 'kept'],
    `const start = process.hrtime.bigint();
     for (let at = 0; at < inputs.length; at++) kept[at] = run(inputs[at]);
     return Number(process.hrtime.bigint() - start);`,
    run,
  );
}

function repeat(run) {
  return compile(
    ['count', 'kept'],
    `const start = process.hrtime.bigint();
     for (let at = 0; at < count; at++) kept[at & 15] = run(at);
     return Number(process.hrtime.bigint() - start);`,
    run,
  );
}

function awaitTimes(run) {
  return compile(
    ['count', 'kept'],
    `const start = process.hrtime.bigint();
     for (let at = 0; at < count; at++) kept[at & 15] = await run(at);
     return Number(process.hrtime.bigint() - start);`,
    run,
    'async ',
  );
}

function compile(parameters, body, run, kind = '') {
  return new Function('run', 'process', `return ${kind}function (${parameters}) { ${body} }`)(run, process);
}

/** Calls `run` under so many frames. */
export function deep(depth, run) {
  return depth === 0 ? run() : deep(depth - 1, run);
}

/** The same under asynchronous frames, after an await. */
async function deepAsync(depth, run) {
  if (depth > 0) return await deepAsync(depth - 1, run);
  await null;
  return run();
}

/** Median and spread of `times[a] / times[b]`, round by round. */
export function ratio(times, a, b) {
  const other = times.get(b);
  return spread(times.get(a).map((time, round) => time / other[round]));
}

/** @returns {{ value: number, low: number, high: number }} median, p10, p90 */
export function spread(figures) {
  const sorted = [...figures].sort((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
  return { value: at(0.5), low: at(0.1), high: at(0.9) };
}

/**
 * A row of the table. `atMost` or `atLeast` is the goal; without either the row is for information.
 *
 * @returns {Row}
 * @typedef {{ goal: string, what: string, value: number, low?: number, high?: number, unit: string, atMost?: number, atLeast?: number }} Row
 */
export function row(goal, what, figure, unit, limits = {}) {
  const { value, low, high } = typeof figure === 'number' ? { value: figure } : figure;
  return { goal, what, value, low, high, unit, ...limits };
}

/** The same thing twice: how far apart two equal things come out in this run. */
export function control(what, times, a, b) {
  return row('control', what, ratio(times, a, b), '×', { atLeast: 0.93, atMost: 1.07 });
}
