import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Catalog } from '../catalog/index.ts';
import { generatedOf, newFile, stubsOf, updated } from './emit.ts';
import { Failure, lineOf, UsageError } from './failure.ts';
import { declarationOf, defineKeys, isUserFacing, type Keys, referencesOf } from './keys.ts';
import { readSchema } from './read.ts';
import { type Cell, type Output, printable, tableOf } from './terminal.ts';

export interface CatalogCommand {
  readonly url: string;
  readonly out: string | undefined;
  readonly schemas: readonly string[] | undefined;
  readonly json: boolean;
}

/**
 * `catalog`: writes the typed catalog, and stubs of rules. Without a file it shows what there is: a table on a terminal,
 * the TypeScript itself into a pipe.
 */
export async function catalogCommand({ url, out, schemas, json }: CatalogCommand, output: Output): Promise<number> {
  if (out !== undefined && !/\.(?:[mc]?ts|json)$/.test(out)) {
    throw new UsageError('Expected the file of --out to end with .ts, .mts or .json');
  }
  const { catalog, conditions, title } = await readSchema(url, schemas);
  const keys = defineKeys(catalog, conditions);
  if (out === undefined) {
    if (json) output.write(`${JSON.stringify(catalog, null, 2)}\n`);
    else if (output.isTerminal) showTable(catalog, keys, output);
    else output.write(newFile(generatedOf(catalog, keys), stubsOf(catalog, keys)));
    return 0;
  }
  const result = out.endsWith('.json') ? writeJson(out, catalog) : writeTypescript(out, catalog, keys);
  if (json) {
    output.write(`${JSON.stringify({ out, constraints: catalog.constraints.length, ...result })}\n`);
    return 0;
  }
  const { state, added, left } = result;
  output.write(
    `${output.style('green', out)} ${state}: ${count(catalog.constraints.length, 'constraint')} of ${title}\n`,
  );
  if (state !== 'written') for (const key of added) output.write(`${output.style('green', `  + ${printable(key)}`)}\n`);
  if (left.length > 0)
    output.write(`It has no "export const rules: Rules = {" to add to. Rules to add:\n${left.join('\n')}\n`);
  return 0;
}

interface Result {
  readonly state: 'written' | 'updated' | 'unchanged';
  /** Keys of the stubs that are new in the file. */
  readonly added: readonly string[];
  /** Stubs that the file has no place for. */
  readonly left: readonly string[];
}

function writeJson(out: string, catalog: Catalog): Result {
  const state = existsSync(out) ? 'updated' : 'written';
  write(out, `${JSON.stringify(catalog, null, 2)}\n`);
  return { state, added: [], left: [] };
}

function writeTypescript(out: string, catalog: Catalog, keys: Keys): Result {
  const generated = generatedOf(catalog, keys);
  const stubs = stubsOf(catalog, keys);
  if (!existsSync(out)) {
    write(out, newFile(generated, stubs));
    return { state: 'written', added: [...stubs.keys()], left: [] };
  }
  const text = read(out);
  const forms = new Map<string, string[]>();
  for (const constraint of catalog.constraints) {
    const key = keys.keyOf(constraint);
    if (key !== undefined) forms.set(key, [...(forms.get(key) ?? []), ...keys.matchesOf(constraint)]);
  }
  const update = updated(text, generated, stubs, (key) => [key, ...(forms.get(key) ?? [])]);
  if (update === undefined) {
    throw new Failure(`${out} exists, and this command has not written it`, 'Take another file, or delete it.');
  }
  const { added, left } = update;
  if (update.text === text) return { state: 'unchanged', added, left };
  write(out, update.text);
  return { state: 'updated', added, left };
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new Failure(`${file} cannot be read: ${lineOf(error)}`);
  }
}

function write(file: string, text: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  } catch (error) {
    throw new Failure(`${file} cannot be written: ${lineOf(error)}`);
  }
}

/** What rules can be written for, and what else there is. */
function showTable(catalog: Catalog, keys: Keys, output: Output): void {
  const references = referencesOf(catalog.constraints);
  const shown = catalog.constraints.filter((constraint) => isUserFacing(constraint, references));
  const rows = shown.map((constraint): Cell[] => [
    { text: printable(keys.keyOf(constraint) ?? '(no name)'), style: 'bold' },
    { text: printable(declarationOf(constraint)) },
  ]);
  output.write(
    tableOf(
      [
        [
          { text: 'rule', style: 'dim' },
          { text: 'constraint', style: 'dim' },
        ],
        ...rows,
      ],
      output,
      process.stdout.columns,
    ),
  );
  const others = catalog.constraints.length - shown.length;
  const sum = `${count(shown.length, 'constraint')} that users can run into, ${others} more. --out src/constraints.ts writes them.`;
  output.write(`${output.style('dim', sum)}\n`);
}

export function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? '' : 's'}`;
}
