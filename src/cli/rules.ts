import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Conflicts, type ConflictsOptions, defineConflicts, optionsOf } from '../define-conflicts.ts';
import type { AnyRules } from '../policy.ts';
import { isRecord } from '../validate.ts';
import { Failure, lineOf } from './failure.ts';

/** What a rules file says: its rules, and the other options where it has conflicts that are defined. */
export interface GivenRules {
  readonly rules: AnyRules;
  readonly options: ConflictsOptions;
}

/**
 * Loads the rules of an application: the default export, or the export `rules`; also conflicts that are defined with
 * them, as the default export or `conflicts`.
 *
 * @throws {Failure} with a line that says why they cannot be used
 */
export async function loadRules(file: string): Promise<GivenRules> {
  if (!existsSync(file)) throw new Failure(`There is no file ${file} to read rules from`);
  const loaded = file.endsWith('.json') ? readJson(file) : await importFile(file);
  const options = isRecord(loaded) ? (optionsOf(loaded as unknown as Conflicts) ?? { rules: loaded }) : undefined;
  if (options === undefined) {
    throw new Failure(
      `${file} has no rules`,
      'Expected an object as its default export or as the export "rules", or conflicts as the export "conflicts".',
    );
  }
  try {
    defineConflicts(options as ConflictsOptions);
  } catch (error) {
    throw new Failure(`The rules of ${file} are not valid: ${lineOf(error)}`);
  }
  return { rules: options.rules ?? {}, options: options as ConflictsOptions } as GivenRules;
}

function readJson(file: string): unknown {
  try {
    return unwrapped(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    throw new Failure(`The rules of ${file} cannot be read: ${lineOf(error)}`);
  }
}

/** The rules in `{ rules: { … } }`. A rule of the name "rules" has words, which are no objects. */
function unwrapped(value: unknown): unknown {
  if (!isRecord(value) || Object.keys(value).length !== 1) return value;
  const { rules } = value;
  return isRecord(rules) && Object.values(rules).every(isRecord) ? rules : value;
}

async function importFile(file: string): Promise<unknown> {
  let module: Readonly<Record<string, unknown>>;
  try {
    module = (await import(pathToFileURL(resolve(file)).href)) as typeof module;
  } catch (error) {
    const { code } = (error ?? {}) as { code?: unknown };
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?$/.test(file)) {
      throw new Failure(
        `The rules of ${file} cannot be loaded: Node ${process.versions.node} does not load TypeScript, 22.18 does`,
        'Or have a loader do it: NODE_OPTIONS="--import tsx"',
      );
    }
    throw new Failure(`The rules of ${file} cannot be loaded: ${lineOf(error)}`);
  }
  const { rules, conflicts, default: own } = module;
  if (isRecord(conflicts) && optionsOf(conflicts as unknown as Conflicts) !== undefined) return conflicts;
  return rules ?? unwrapped(own) ?? conflicts;
}
