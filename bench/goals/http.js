import { fork } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rootUrl } from '../from-root.js';
import { control, QUICK, ratio, row, spread } from '../measure.js';

export const PARTS = ['express', 'fastify', 'hono'];

/** What every server of a framework is asked for, and what it has to answer. */
const VARIANTS = {
  hand: ['/users', 409],
  again: ['/users', 409],
  ours: ['/users', 409],
  peers: ['/users', 409],
  leak: ['/users', 500],
  bare: ['/notes', 201],
  'bare again': ['/notes', 201],
  wrapped: ['/notes', 201],
};

const ROUNDS = QUICK ? 5 : 15;
const AMOUNT = QUICK ? 1000 : 2000;
const WARM = QUICK ? 4000 : 12_000;

/** P10 to P12: CPU time of a server for each request, by answer. A server for each, all idle but one. */
export default async function (framework) {
  const load = start('load.js');
  const names = Object.keys(VARIANTS);
  const servers = new Map();
  for (const name of names) servers.set(name, await serve(framework, name));
  for (const name of names) await run(servers.get(name), load, name, WARM);

  const cpu = new Map(names.map((name) => [name, []]));
  const rate = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const shift = round % names.length;
    const order = [...names.slice(shift), ...names.slice(0, shift)];
    if (round % 2) order.reverse();
    for (const name of order) {
      const { microseconds, seconds } = await run(servers.get(name), load, name, AMOUNT);
      cpu.get(name).push(microseconds / AMOUNT);
      rate.get(name).push(AMOUNT / seconds);
    }
  }
  for (const { child } of servers.values()) child.disconnect();

  const rows = [
    row('P10', `${framework}: a conflict, ours / by hand, CPU`, ratio(cpu, 'ours', 'hand'), '×', { atMost: 1.12 }),
    row(
      'P10',
      `${framework}: a conflict, db-errors + http-errors / ours, CPU`,
      ratio(cpu, 'peers', 'ours'),
      '×',
      framework === 'fastify' ? { atLeast: 1.4 } : {},
    ),
    row('P10', `${framework}: a conflict that nobody answers (500) / ours, CPU`, ratio(cpu, 'leak', 'ours'), '×'),
    ...['hand', 'ours', 'peers', 'leak'].map((name) =>
      row('P10', `${framework}: ${WORDS[name]}, CPU of a request`, spread(cpu.get(name)), 'µs'),
    ),
    ...['hand', 'ours', 'peers'].map((name) =>
      row('P10', `${framework}: ${WORDS[name]}, requests per second`, spread(rate.get(name)), ''),
    ),
    control(`${framework}: by hand / by hand, CPU`, cpu, 'again', 'hand'),
    row('P11', `${framework}: a success, wrapped / bare, CPU`, ratio(cpu, 'wrapped', 'bare'), '×', {
      atLeast: 0.93,
      atMost: 1.07,
    }),
    control(`${framework}: bare / bare, CPU`, cpu, 'bare again', 'bare'),
  ];
  if (framework === 'fastify') {
    rows.push(
      row('P12', 'fastify: share of the translation in the CPU profile', await share(framework, 'ours', load), '%', {
        atMost: 3,
      }),
      row('P12', 'fastify: the same of db-errors + http-errors', await share(framework, 'peers', load), '%'),
    );
  }
  load.disconnect();
  return rows;
}

const WORDS = { hand: 'by hand', ours: 'ours', peers: 'db-errors + http-errors', leak: 'nobody' };

function start(file, args = [], options = {}) {
  const path = fileURLToPath(new URL(`../http/${file}`, import.meta.url));
  // What the frameworks print of an error that nobody answers is part of its cost, and for nobody to read.
  return fork(path, args, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], ...options });
}

async function serve(framework, variant, execArgv = []) {
  const server = variant === 'again' ? 'hand' : variant;
  const child = start('server.js', [framework, server], { execArgv });
  const { port } = await message(child);
  return { child, url: `http://127.0.0.1:${port}${VARIANTS[variant][0]}` };
}

/** So many requests, one server at a time; throws when the answers are not what they have to be. */
async function run({ child, url }, load, variant, amount) {
  const before = await ask(child, 'cpu');
  const { statuses, errors, seconds } = await ask(load, { url, amount });
  const after = await ask(child, 'cpu');
  const [[status, count] = []] = statuses;
  if (errors > 0 || statuses.length !== 1 || status !== VARIANTS[variant][1] || count !== amount) {
    throw new Error(`${variant} answered ${JSON.stringify(statuses)} with ${errors} errors`);
  }
  return { microseconds: after.cpu - before.cpu, seconds };
}

/** Self time of the files of a layer, in percent of the time that the server was not idle. */
async function share(framework, variant, load) {
  const directory = mkdtempSync(join(tmpdir(), 'bench-'));
  const server = await serve(framework, variant, ['--cpu-prof', `--cpu-prof-dir=${directory}`]);
  await run(server, load, variant, 3 * WARM);
  const ended = new Promise((resolve) => server.child.once('exit', resolve));
  server.child.send('end');
  await ended;
  const [file] = readdirSync(directory);
  const { nodes, samples, timeDeltas } = JSON.parse(readFileSync(join(directory, file), 'utf8'));
  rmSync(directory, { recursive: true });
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  let all = 0;
  let own = 0;
  // What is loaded and compiled before the first requests is not counted.
  for (let at = Math.floor(samples.length / 2); at < samples.length; at++) {
    const { functionName, url } = frames.get(samples[at]);
    if (functionName === '(idle)') continue;
    all += timeDeltas[at];
    if (LAYERS[variant].some((part) => url.includes(part)) && !url.startsWith(ADAPTERS)) own += timeDeltas[at];
  }
  return (100 * own) / all;
}

/** They take the place of a handler, which the others have too and which is not counted there. */
const ADAPTERS = `${rootUrl('dist/frameworks')}/`;

/** The files that make an answer out of an error. */
const LAYERS = {
  ours: [`${rootUrl('dist')}/`],
  peers: ['/node_modules/db-errors/', '/node_modules/http-errors/', '/node_modules/toidentifier/'],
};

function ask(child, question) {
  const answer = message(child);
  child.send(question);
  return answer;
}

function message(child) {
  return new Promise((resolve, reject) => {
    const failed = (code) => reject(new Error(`${child.spawnargs.slice(1).join(' ')} ended with ${code}`));
    child.once('exit', failed);
    child.once('message', (answer) => {
      child.off('exit', failed);
      resolve(answer);
    });
  });
}
