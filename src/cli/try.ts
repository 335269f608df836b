import { EXPLAINED } from '../catalog/explain-foreign-key.ts';
import type { Constraint } from '../catalog/index.ts';
import type { ConflictError } from '../conflict-error.ts';
import { defineConflicts } from '../define-conflicts.ts';
import type { Translator } from '../translator.ts';
import type { Violation } from '../violation.ts';
import { codesOf, declarationOf, defineKeys } from './keys.ts';
import { readSchema } from './read.ts';
import { type GivenRules, loadRules } from './rules.ts';
import { type Output, printable } from './terminal.ts';
import { violationOf } from './violations.ts';

export interface TryCommand {
  readonly url: string;
  readonly rules: string | undefined;
  readonly schemas: readonly string[] | undefined;
  readonly json: boolean;
}

/** What a client would get. */
interface Shown {
  /** The key that a rule for it has; absent where no rule can name it. */
  readonly key?: string;
  /** The key of the rule that has answered. */
  readonly rule?: string;
  /** Absent for a condition that the schema raises. */
  readonly constraint?: Constraint;
  /** What has to be there for this answer: SQLite itself tells no foreign key. */
  readonly needs?: 'explainForeignKeys';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An error that nothing has raised. */
class Imagined extends Error {
  readonly violation: Violation;

  constructor(violation: Violation) {
    super('imagined');
    this.violation = violation;
  }
}

const imagined: Translator = {
  name: 'imagined',
  owns: (error) => error instanceof Imagined,
  classify: (error) => (error instanceof Imagined ? error.violation : undefined),
};

/** `try`: for each constraint the body that a client would get. Nothing is provoked: the database is only read. */
export async function tryCommand({ url, rules: file, schemas, json }: TryCommand, output: Output): Promise<number> {
  const given: GivenRules = file === undefined ? { rules: {}, options: {} } : await loadRules(file);
  const { catalog, conditions } = await readSchema(url, schemas);
  const keys = defineKeys(catalog, conditions);
  const conflicts = defineConflicts({ ...given.options, drivers: [imagined], onUnregistered: () => {} });
  const shown: Shown[] = [];
  const imagine = (violation: Violation, known: Pick<Shown, 'key' | 'constraint' | 'needs'>) => {
    const error: unknown = conflicts.translate(new Imagined(violation));
    if (error instanceof Imagined) return; // passed through: nothing of it is for clients
    const { rule, status, headers } = error as ConflictError;
    const body = (error as ConflictError).toJSON();
    shown.push({ ...known, ...(rule !== undefined && { rule }), status, headers, body });
  };
  const isExplained = given.options.drivers?.some(({ name }) => name === EXPLAINED);
  for (const constraint of catalog.constraints) {
    if (constraint.partitionOf !== undefined) continue;
    const key = keys.keyOf(constraint);
    const isHidden = catalog.dialect === 'sqlite' && constraint.kind === 'foreign_key' && !isExplained;
    const needs = isHidden ? ('explainForeignKeys' as const) : undefined;
    const known = { ...(key !== undefined && { key }), constraint, ...(needs && { needs }) };
    for (const code of codesOf(constraint, catalog.dialect))
      imagine(violationOf(constraint, catalog.dialect, code), known);
  }
  for (const condition of conditions) {
    imagine({ kind: 'raise_exception', driver: 'imagined', code: condition, condition }, { key: condition });
  }
  if (json) output.write(`${JSON.stringify(shown, null, 2)}\n`);
  else for (const answer of shown) show(answer, output);
  return 0;
}

const HIDDEN =
  'with explainForeignKeys(database); without, SQLite names no key, and the answer is a bare reference_conflict';

function show({ key, rule, constraint, needs, status, headers, body }: Shown, output: Output): void {
  const title = output.style('bold', printable(key ?? '(no name)'));
  const by = rule === undefined ? output.style('yellow', 'no rule') : output.style('green', `rule ${printable(rule)}`);
  output.write(`${title}  ${printable(constraint ? declarationOf(constraint) : 'raised by the schema')}  ${by}\n`);
  if (needs) output.write(`${output.style('yellow', HIDDEN)}\n`);
  output.write(`${output.style('cyan', `HTTP ${status} ${headers['Content-Type']}`)}\n`);
  output.write(`${JSON.stringify(body, null, 2)}\n\n`);
}
