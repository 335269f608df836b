import { expect, test, vi } from 'vitest';
import { run } from '../../src/cli/run.ts';

// What is wrong with the arguments of the command, without a process for each.

test.each([
  [['check', 'x.db'], 'Expected --rules'],
  [['chekc', 'x.db'], 'one of catalog, check, explain, try; did you mean check?'],
  [['constructor', 'x.db'], /one of catalog, check, explain, try$/],
  [['check', 'x.db', '--rulse', 'x'], 'There is no option --rulse; did you mean --rules?'],
  [['check', 'x.db', '--password=s3cret'], /^There is no option --password$/],
  [['catalog'], 'Expected the URL of a database'],
  [['catalog', 'x.db', 'y.db'], 'Expected one URL, got 2 arguments'],
  [['try', 'x.db', '--out', 'y.ts'], 'The command try has no option --out'],
  [['catalog', 'x.db', '--out', 'y.js'], '.ts, .mts or .json'],
  [['catalog', 'mongodb://u:s3cret@h/d'], 'got one of mongodb:'],
])('%j', async (args, reason) => {
  vi.stubEnv('DATABASE_URL', '');
  const output = { isTerminal: false, write: vi.fn(), style: (_: string, text: string) => text };
  const error = await run(args, output as never).catch((thrown: unknown) => thrown);
  vi.unstubAllEnvs();
  expect((error as Error).message).toMatch(reason);
  expect((error as Error).message).not.toContain('s3cret');
  expect(output.write).not.toHaveBeenCalled();
});
