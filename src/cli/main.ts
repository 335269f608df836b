#!/usr/bin/env node
import { Failure, lineOf, UsageError } from './failure.ts';
import { run } from './run.ts';
import { outputOf, printable } from './terminal.ts';

/** One line, whatever it was. */
function fail(error: unknown): number {
  const stderr = outputOf(process.stderr);
  const hint = error instanceof UsageError ? (error.hint ?? 'See db-http-errors --help.') : hintOf(error);
  const line = printable(lineOf(error));
  const rest = hint === undefined ? '' : `${line.endsWith('?') ? '' : '.'} ${hint}`;
  stderr.write(`${stderr.style('red', 'db-http-errors:')} ${line}${rest}\n`);
  return 2;
}

function hintOf(error: unknown): string | undefined {
  return error instanceof Failure ? error.hint : undefined;
}

/** Ends the process when all is written; a rules file may have opened what would keep it running. */
function end(code: number): void {
  process.stdout.write('', () => process.exit(code));
}

// A failure is one line: warnings of a driver, such as pg's about sslmode, would be more.
process.removeAllListeners('warning');
// A reader that has seen enough, such as head.
process.stdout.on('error', () => process.exit(0));
process.on('uncaughtException', (error) => process.exit(fail(error)));

try {
  end(await run(process.argv.slice(2), outputOf(process.stdout)));
} catch (error) {
  end(fail(error));
}
