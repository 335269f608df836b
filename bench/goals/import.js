import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fromRoot, rootUrl } from '../from-root.js';
import { control, QUICK, ratio, row, spread } from '../measure.js';

/** P14: CPU time of `import()` in fresh processes, one after another. */
export default function () {
  const libraries = {
    'http-errors': [fromRoot.resolve('http-errors')],
    again: [fromRoot.resolve('http-errors')],
    ours: [fileURLToPath(rootUrl('dist/index.js'))],
    'db-errors + http-errors': [fromRoot.resolve('http-errors'), fileURLToPath(import.meta.resolve('db-errors'))],
  };
  const times = new Map(Object.keys(libraries).map((name) => [name, []]));
  const rounds = QUICK ? 11 : 41;
  for (let round = -1; round < rounds; round++) {
    const names = Object.keys(libraries);
    if (round % 2) names.reverse();
    for (const name of names) {
      const time = importTime(libraries[name]);
      if (round >= 0) times.get(name).push(time);
    }
  }
  const own = times.get('ours').map((time, round) => time - times.get('http-errors')[round]);
  return [
    row('P14', 'import / import of http-errors', ratio(times, 'ours', 'http-errors'), '×', { atMost: 1.6 }),
    row('P14', 'import / import of db-errors + http-errors', ratio(times, 'ours', 'db-errors + http-errors'), '×'),
    row('P14', 'import of http-errors, CPU', spread(times.get('http-errors')), 'ms'),
    row('P14', 'import over http-errors, CPU', spread(own), 'ms'),
    control('http-errors / http-errors', times, 'again', 'http-errors'),
  ];
}

function importTime(paths) {
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', SCRIPT, ...paths]);
  return Number(output.toString());
}

// The first import starts the loader of modules, whatever it loads.
const SCRIPT = `
  await import('data:text/javascript,0');
  const before = process.cpuUsage();
  for (const path of process.argv.slice(1)) await import(path);
  const { user, system } = process.cpuUsage(before);
  console.log((user + system) / 1000);
`;
