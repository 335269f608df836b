import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { catalogCommand } from './catalog.ts';
import { checkCommand } from './check.ts';
import { explainCommand } from './explain.ts';
import { lineOf, UsageError } from './failure.ts';
import { meantBy } from './nearest.ts';
import type { Output } from './terminal.ts';
import { tryCommand } from './try.ts';

const HELP = `Usage: db-http-errors <command>

  catalog <url> [--out src/constraints.ts]   write the constraints as a typed catalog, with rules to begin with
  check <url> --rules <file>                 compare rules with the database; exit code 1 when they have drifted apart
  explain <code or message>                  what an error means, which answer it gives, and why
  try <url> [--rules <file>]                 the body that a client would get, for each constraint

The URL is one of postgres:, mysql:, mariadb: or sqlite:, or a file of SQLite; without it, DATABASE_URL counts. The
database is only read, by the driver that is installed where you are: pg, mysql2 or better-sqlite3. A rules file is .js,
.mjs or .json, or .ts where Node loads it; it exports "rules", "conflicts" or a default.

Options
  --out <file>       where catalog writes to: .ts, .mts or .json; words of yours in it stay
  --rules <file>     the rules of the application
  --schema <name>    a schema of PostgreSQL or a database of MySQL; may be given several times
  --ignore <key>     a rule or a constraint that check says nothing about; may be given several times
  --json             JSON instead of text
  --help, --version

Exit code: 0; 1 when check found something, or explain nothing; 2 when it could not be done.
`;

const OPTIONS = {
  out: { type: 'string' },
  rules: { type: 'string' },
  schema: { type: 'string', multiple: true },
  ignore: { type: 'string', multiple: true },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' },
} as const;

type Option = keyof typeof OPTIONS;

/** The options that each command has. */
const COMMANDS: Readonly<Record<string, readonly Option[]>> = {
  catalog: ['out', 'schema', 'json'],
  check: ['rules', 'schema', 'ignore', 'json'],
  explain: ['json'],
  try: ['rules', 'schema', 'json'],
};

/**
 * Does what the arguments say, and gives the exit code.
 *
 * @throws {Failure} with one line that says why not
 */
export async function run(args: readonly string[], output: Output): Promise<number> {
  const { values, positionals } = parse(args);
  if (values.help) {
    output.write(HELP);
    return 0;
  }
  if (values.version) {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    output.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
    return 0;
  }
  const [command, ...operands] = positionals;
  if (command === undefined) throw new UsageError('Expected a command');
  if (!Object.hasOwn(COMMANDS, command)) {
    // What is no command may be a URL.
    const near = meantBy(command.slice(0, 20), Object.keys(COMMANDS));
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    throw new UsageError(`Expected a command, one of ${Object.keys(COMMANDS).join(', ')}${hint}`);
  }
  for (const name of Object.keys(values) as Option[]) {
    if (!COMMANDS[command]?.includes(name)) throw new UsageError(`The command ${command} has no option --${name}`);
  }
  const { json = false, schema: schemas, out, rules, ignore = [] } = values;
  if (command === 'explain') {
    const text = operands.length > 0 ? operands.join(' ') : readInput();
    if (text.trim() === '') throw new UsageError('Expected a code or a message to explain');
    return explainCommand({ text, json }, output);
  }
  if (operands.length > 1) throw new UsageError(`Expected one URL, got ${operands.length} arguments`);
  const url = operands[0] ?? process.env.DATABASE_URL;
  if (url === undefined || url === '') throw new UsageError('Expected the URL of a database, or DATABASE_URL');
  switch (command) {
    case 'catalog':
      return catalogCommand({ url, out, schemas, json }, output);
    case 'check':
      if (rules === undefined) throw new UsageError('Expected --rules with the file of the rules to check');
      return checkCommand({ url, rules, schemas, ignore, json }, output);
    default:
      return tryCommand({ url, rules, schemas, json }, output);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    const unknown = /^Unknown option '--([\w-]+)'/.exec(lineOf(error))?.[1];
    if (unknown === undefined) throw new UsageError(lineOf(error));
    const near = meantBy(unknown, Object.keys(OPTIONS));
    throw new UsageError(`There is no option --${unknown}${near === undefined ? '' : `; did you mean --${near}?`}`);
  }
}

/** What was piped in. */
function readInput(): string {
  if (process.stdin.isTTY) return '';
  try {
    return readFileSync(0, 'utf8');
  } catch {
    return '';
  }
}
