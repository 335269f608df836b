import { parseArgs } from 'node:util';
import { answers } from './answers.ts';
import { errorsOf, everyDriver } from './errors.ts';
import { readers } from './readers.ts';
import { fuzz } from './target.ts';

// npm run fuzz [-- --inputs 1e6] [--seconds 60] [--seed 1] [--number 17] [--target errors]
// Changed errors, answers and texts, for a minute, or as many as are asked for. A failing input is printed with its seed
// and number, by which it is made again alone.

const { values } = parseArgs({
  options: {
    inputs: { type: 'string' },
    seconds: { type: 'string' },
    seed: { type: 'string' },
    number: { type: 'string' },
    target: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed ?? Math.floor(Math.random() * 1e9));
const inputs = values.number === undefined ? values.inputs && Number(values.inputs) : 1;
const targets = [errorsOf(await everyDriver()), answers, readers].filter(({ name }) => name.includes(values.target));
// Most of the time, or of the inputs, goes to the errors of drivers.
const shares = [0.7, 0.2, 0.1];

console.log(`Node ${process.versions.node}, seed ${seed}`);
let total = 0;
let failed = targets.length === 0 ? 1 : 0;
for (const [at, target] of targets.entries()) {
  const share = targets.length === 1 ? 1 : (shares[at] as number);
  const result = await fuzz(target, {
    seed,
    ...(inputs
      ? { inputs: values.number === undefined ? Math.ceil(inputs * share) : 1 }
      : { seconds: Number(values.seconds ?? 60) * share }),
    from: Number(values.number ?? 0),
  });
  total += result.inputs;
  failed += result.failures.length;
  for (const failure of result.failures) console.log(`\nFAILED ${JSON.stringify(failure, null, 2)}`);
  const perSecond = Math.round(result.inputs / result.seconds);
  console.log(
    `  ${target.name.padEnd(24)} ${result.inputs} inputs  ${result.seconds.toFixed(1)} s  ${perSecond} a second`,
  );
}
console.log(`${total} inputs, ${failed} failed`);
process.exitCode = failed === 0 && total > 0 ? 0 : 1;
