import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

// npm run mutate [-- <file> …] [-- --changed [--since <commit>]] [--minutes <n>]
//
// Changes the core in one place at a time, runs the tests that reach it, and says which changes no test has noticed.
// A survivor has to be listed in survivors/<file>.json, with the reason why no test could notice it, or the run fails.
// So it does when fewer than 95 % are noticed.

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = 'test/mutation/stryker.config.json';
const STRYKER = 'test/mutation/node_modules/@stryker-mutator/core/bin/stryker.js';
const REPORT = 'coverage/mutation/report.json';

/** Least share of the mutants that have to be noticed, in percent. */
const LEAST = 95;

/** A mutant that no test can notice. `code` is the line where it begins, so that it is found when others move. */
interface Survivor {
  readonly code: string;
  /** The text that was changed, and into what. */
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

interface Mutant {
  readonly status: string;
  /** Why it is neither noticed nor not: what went wrong. */
  readonly statusReason?: string;
  readonly replacement?: string;
  readonly location: { readonly start: Place; readonly end: Place };
}

/** One-based. */
interface Place {
  readonly line: number;
  readonly column: number;
}

interface Report {
  readonly files: Readonly<Record<string, { readonly source: string; readonly mutants: readonly Mutant[] }>>;
}

/** The core: all that the root of the package loads. */
function coreFiles(): string[] {
  const found = new Set<string>();
  const visit = (file: string) => {
    if (found.has(file)) return;
    found.add(file);
    const source = readFileSync(`${ROOT}/${file}`, 'utf8');
    // Statements that only import types load nothing.
    for (const [, path = ''] of source.matchAll(/^(?:import|export) (?!type )[^;]*? from '(\.[^']+)'/gm)) {
      visit(join(dirname(file), path));
    }
  };
  visit('src/index.ts');
  return [...found].sort();
}

/** The lines of the core that differ from a commit, as `file:first-last`; `HEAD~20` may be before the first commit. */
function changedSince(commit: string): string[] {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 1e9 });
  let base = commit;
  try {
    git('rev-parse', '--verify', '--quiet', `${commit}^{commit}`);
  } catch {
    base = git('rev-list', '--max-parents=0', 'HEAD').trim().split('\n')[0] as string;
    console.log(`There is no commit ${commit} here: ${base} is taken`);
  }
  return coreFiles().flatMap((file) => {
    const hunks = git('diff', '--unified=0', base, '--', file).matchAll(/^@@ -\S+ \+(\d+)(?:,(\d+))? @@/gm);
    return Array.from(hunks, ([, first, count = '1']) => [Number(first), Number(count)] as const)
      .filter(([, count]) => count > 0)
      .map(([first, count]) => `${file}:${first}-${first + count - 1}`);
  });
}

/** Runs Stryker on files or lines of one file, and gives its report; `undefined` when the time is over. */
async function mutate(what: readonly string[], milliseconds: number): Promise<Report | undefined> {
  // With what a run has left that was ended.
  rmSync(`${ROOT}/coverage/mutation`, { recursive: true, force: true });
  const child = spawn(process.execPath, [STRYKER, 'run', CONFIG, '--mutate', what.join(',')], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  let isLate = false;
  // It ends its workers and takes its sandbox away.
  const timer = setTimeout(() => (isLate = child.kill('SIGINT')), Math.min(milliseconds, 2 ** 31 - 1));
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  if (isLate) return undefined;
  if (!existsSync(`${ROOT}/${REPORT}`)) {
    if (code === 0) return { files: {} }; // nothing in these lines can be changed
    throw new Error(`Stryker ended with ${code}:\n${said.slice(-4000)}`);
  }
  return JSON.parse(readFileSync(`${ROOT}/${REPORT}`, 'utf8')) as Report;
}

const NOTICED = ['Killed', 'Timeout'];
const UNNOTICED = ['Survived', 'NoCoverage'];

/** The text between two places. */
function between(source: string, { start, end }: Mutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line);
  lines[lines.length - 1] = (lines.at(-1) as string).slice(0, end.column - 1);
  lines[0] = (lines[0] as string).slice(start.column - 1);
  return lines.join('\n');
}

function survivorsOf(report: Report): Survivor[] {
  return Object.values(report.files).flatMap(({ source, mutants }) =>
    mutants
      .filter(({ status }) => UNNOTICED.includes(status))
      .map(({ location, replacement = '' }) => ({
        code: (source.split('\n')[location.start.line - 1] as string).trim(),
        from: between(source, location),
        to: replacement,
        reason: '',
      })),
  );
}

function keyOf({ code, from, to }: Survivor): string {
  return JSON.stringify([code, from, to]);
}

/** Those of a file that are known. */
function listedOf(file: string): Survivor[] {
  const path = `${ROOT}/test/mutation/survivors/${file.slice('src/'.length, -'.ts'.length)}.json`;
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Survivor[]) : [];
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    changed: { type: 'boolean', default: false },
    since: { type: 'string', default: 'HEAD~20' },
    minutes: { type: 'string', default: 'Infinity' },
  },
});
const until = Date.now() + Number(values.minutes) * 60_000;
const asked = positionals.length > 0 ? positionals : values.changed ? changedSince(values.since) : coreFiles();
const files = [...new Set(asked.map((what) => what.replace(/:.*/, '')))];
const unfinished: string[] = [];
const failures: string[] = [];
let noticed = 0;
let unnoticed = 0;
let listed = 0;

for (const file of files) {
  const what = asked.filter((each) => each.replace(/:.*/, '') === file);
  const begun = Date.now();
  const report = begun < until ? await mutate(what, until - begun) : undefined;
  if (report === undefined) {
    unfinished.push(file);
    continue;
  }
  const mutants = Object.values(report.files).flatMap((each) => each.mutants);
  const survivors = survivorsOf(report);
  const known = new Set(listedOf(file).map(keyOf));
  for (const survivor of survivors.filter((each) => !known.has(keyOf(each)))) {
    const { reason, ...rest } = survivor;
    failures.push(`${file}: no test notices, and nobody lists: ${JSON.stringify(rest)}`);
  }
  if (what.includes(file)) {
    const found = new Set(survivors.map(keyOf));
    for (const key of known) if (!found.has(key)) console.log(`${file}: listed, and noticed or gone: ${key}`);
  }
  listed += known.size;
  const unjudged = mutants.filter(({ status }) => ![...NOTICED, ...UNNOTICED].includes(status));
  if (unjudged.length > 0) failures.push(`${file}: ${unjudged.length} not judged: ${unjudged[0]?.statusReason}`);
  const killed = mutants.filter(({ status }) => NOTICED.includes(status)).length;
  noticed += killed;
  unnoticed += survivors.length;
  const seconds = Math.round((Date.now() - begun) / 1000);
  console.log(
    `${file}: ${killed} of ${killed + survivors.length} noticed (${percent(killed, survivors.length)} %), ${seconds} s`,
  );
}

const score = percent(noticed, unnoticed);
// Of a few lines, one that cannot be noticed would be too many.
if (!values.changed && Number(score) < LEAST) failures.push(`Expected at least ${LEAST} %`);
for (const file of unfinished) console.log(`${file}: not run to its end, the time was over`);
for (const failure of failures) console.log(failure);
console.log(`${noticed} of ${noticed + unnoticed} noticed (${score} %), ${listed} survivors are listed`);
process.exitCode = failures.length > 0 ? 1 : 0;

function percent(some: number, others: number): string {
  return some + others === 0 ? '100.0' : ((100 * some) / (some + others)).toFixed(1);
}
