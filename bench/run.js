import { fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { rootUrl } from './from-root.js';
import { QUICK } from './measure.js';

/**
 * Runs the groups one after another, each in a process of its own, so that none pays for the shapes and the heap of
 * another, and prints one table. `--quick` takes less time, `--write` puts the table into README.md and its figures into
 * the README of the package, `--only=name,…` runs some groups.
 */

const GROUPS = ['translate', 'pass', 'wrap', 'stacks', 'body', 'import', 'size', 'scale', 'hostile', 'memory', 'http'];

/** Milliseconds since the start after which nothing is measured again. */
const PATIENCE = 300_000;

const BEGIN = '<!-- begin of the table -->';
const END = '<!-- end of the table -->';
const PACKAGES = [
  'node_modules/pg',
  'node_modules/mysql2',
  'node_modules/better-sqlite3',
  'node_modules/http-errors',
  'bench/node_modules/db-errors',
  'bench/node_modules/sequelize',
  'bench/node_modules/@mikro-orm/core',
];

const group = option('group');
if (group === undefined) {
  await main();
} else {
  const [name, part] = group.split('/');
  const { default: measure, PARTS } = await import(`./goals/${name}.js`);
  // A group in parts has a process for each: what one part makes the engine forget, the next one does not pay for.
  process.send(part === undefined && PARTS ? { parts: PARTS } : await measure(part));
  process.disconnect();
}

async function main() {
  const rows = [];
  const started = Date.now();
  for (const name of option('only')?.split(',') ?? GROUPS) {
    const before = Date.now();
    const measured = await measureGroup(name);
    if (Array.isArray(measured)) rows.push(...measured);
    else for (const part of measured.parts) rows.push(...(await measureGroup(`${name}/${part}`)));
    process.stderr.write(`${name}: ${((Date.now() - before) / 1000).toFixed(1)} s\n`);
  }
  const table = toTable(rows);
  console.log(table);
  const missed = rows.filter((row) => row.goal !== 'control' && verdict(row) === 'MISSED');
  const noisy = rows.filter(isNoisy);
  const judged = rows.filter((row) => row.goal !== 'control' && verdict(row) !== '');
  console.log(
    `\n${judged.length - missed.length} of ${judged.length} goals met in ${Math.round((Date.now() - started) / 1000)} s.`,
  );
  if (noisy.length > 0) console.log('A control is out of bounds: the machine was busy, run it again.');
  if (process.argv.includes('--write')) {
    writeReadme(table);
    writeNumbers(rows);
  }
}

/** A group whose control is out of bounds is measured again, once, while there is time for it. */
async function measureGroup(name) {
  const rows = await runGroup(name);
  if (!Array.isArray(rows) || !rows.some(isNoisy) || performance.now() > PATIENCE) return rows;
  process.stderr.write(`${name}: the machine was busy, again\n`);
  const again = await runGroup(name);
  return again.filter(isNoisy).length <= rows.filter(isNoisy).length ? again : rows;
}

function isNoisy(row) {
  return row.goal === 'control' && verdict(row) === 'MISSED';
}

function option(name) {
  return process.argv.find((argument) => argument.startsWith(`--${name}=`))?.slice(name.length + 3);
}

function runGroup(name) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [`--group=${name}`, ...(QUICK ? ['--quick'] : [])], {
      // A young generation that takes a round: no round pays for the garbage of another.
      execArgv: ['--expose-gc', '--min-semi-space-size=16'],
      // The library warns once for each constraint without a rule, unless this is set.
      env: { ...process.env, NODE_ENV: 'production' },
    });
    let rows = [];
    child.once('message', (message) => {
      rows = message;
    });
    child.once('exit', (code) => (code === 0 ? resolve(rows) : reject(new Error(`${name} ended with ${code}`))));
  });
}

function verdict({ value, atMost, atLeast }) {
  if (atMost === undefined && atLeast === undefined) return '';
  return value <= (atMost ?? Number.POSITIVE_INFINITY) && value >= (atLeast ?? Number.NEGATIVE_INFINITY)
    ? 'ok'
    : 'MISSED';
}

function toTable(rows) {
  const cells = rows.map((row) => {
    const bounds = [
      row.atLeast !== undefined && `≥ ${shown(row.atLeast, row.unit)}`,
      row.atMost !== undefined && `≤ ${shown(row.atMost, row.unit)}`,
    ];
    const spread = row.low === undefined ? '' : `${shown(row.low, row.unit)} – ${shown(row.high, row.unit)}`;
    return [row.goal, row.what, shown(row.value, row.unit), spread, bounds.filter(Boolean).join(', '), verdict(row)];
  });
  const head = ['', 'what', 'median', 'p10 – p90', 'goal', ''];
  const widths = head.map((title, column) => Math.max(title.length, ...cells.map((line) => line[column].length)));
  const line = (texts) => `| ${texts.map((text, column) => text.padEnd(widths[column])).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...cells.map(line)].join('\n');
}

function shown(value, unit) {
  const size = Math.abs(value);
  const digits = Number.isInteger(value) || size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
  return `${value.toFixed(digits)}${unit === '×' ? '' : ' '}${unit}`.trim();
}

/** Puts table, machine and versions between the markers. */
function writeReadme(table) {
  const path = new URL('README.md', import.meta.url);
  const [cpu] = cpus();
  const versions = PACKAGES.map((path) => {
    const { name, version } = JSON.parse(readFileSync(rootUrl(`${path}/package.json`), 'utf8'));
    return `${name} ${version}`;
  });
  const machine = `Node.js ${process.versions.node}, ${cpu?.model.trim()} (${cpus().length} cores), ${process.platform}.`;
  const text = readFileSync(path, 'utf8');
  const [before] = text.split(BEGIN);
  const [, after] = text.split(END);
  const written = [before + BEGIN, '', machine, `${versions.join(', ')}.`, '', table, '', END + after].join('\n');
  writeFileSync(path, written);
}

/** Puts the figures that the README of the package has into it. */
function writeNumbers(rows) {
  // As the table has them: a test compares the two.
  const found = (end) => rows.filter(({ what }) => what.endsWith(end)).map(({ value }) => Number(shown(value, '')));
  const translate = found('translate, with rules / bare Error');
  const [sooner] = found('db-errors + http-errors, to text / ours').sort((a, b) => a - b);
  const [pass] = found('TypeError: translate');
  const [get] = found('get(): wrapped / bare');
  if ([...translate, sooner, pass, get].includes(undefined)) throw new Error('Expected --write to come without --only');
  const [least, most] = [Math.min(...translate), Math.max(...translate)].map((value) => value.toFixed(2));
  const sentence =
    `Translating costs ${least} to ${most} times as much as constructing a bare \`Error\`, up to the body ` +
    `${Math.floor(sooner)} times less than\n\`db-errors\` with \`http-errors\`; a \`TypeError\` passes in ` +
    `${Math.round(pass)} ns, a wrapped \`get()\` takes ${get.toFixed(2)} times as long as a bare one\n` +
    `([benchmark](bench/README.md), Node ${process.versions.node.split('.')[0]}).`;
  const path = rootUrl('README.md');
  const text = readFileSync(path, 'utf8');
  const [before, rest] = text.split('<!-- numbers -->');
  const [, after] = rest.split('<!-- /numbers -->');
  writeFileSync(path, `${before}<!-- numbers -->${sentence}<!-- /numbers -->${after}`);
}
