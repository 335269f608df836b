import type { Catalog, Constraint } from '../catalog/index.ts';
import { definePolicy, type PolicyOptions } from '../policy.ts';
import type { ProblemCode } from '../problem.ts';
import type { Violation } from '../violation.ts';
import { count } from './catalog.ts';
import { codesOf, declarationOf, defineKeys, isUserFacing, type Keys, readingsOf, referencesOf } from './keys.ts';
import { defineNameIndex, nearestOf, wordsOf } from './nearest.ts';
import { readSchema } from './read.ts';
import { loadRules } from './rules.ts';
import { type Cell, type Output, printable, tableOf } from './terminal.ts';
import { violationOf } from './violations.ts';

export interface CheckCommand {
  readonly url: string;
  readonly rules: string;
  readonly schemas: readonly string[] | undefined;
  /** Keys that nothing is said about. */
  readonly ignore: readonly string[];
  readonly json: boolean;
}

/** How the rules and the schema differ. */
export interface Drift {
  /** Rules that name what is not there. */
  readonly gone: readonly {
    readonly rule: string;
    readonly nearest?: string;
    /** The declared constraint, where the rule names a partition's own: that is never answered by its own name. */
    readonly belongsTo?: string;
  }[];
  /** Constraints that users can run into, and that no rule has words for. */
  readonly missing: readonly { readonly rule: string; readonly constraint: Constraint }[];
  /** Answers of a constraint that has words for another, and conditions that the schema raises: worth a look. */
  readonly partial: readonly { readonly rule: string; readonly codes: readonly ProblemCode[] }[];
  /** Rules of a bare name that several tables have: the words of one would be told of the others. */
  readonly ambiguous: readonly { readonly rule: string; readonly tables: readonly string[] }[];
  /** Constraints that no rule can name. */
  readonly nameless: readonly Constraint[];
}

/** `check`: exits 1 when the rules and the schema have drifted apart. */
export async function checkCommand(command: CheckCommand, output: Output): Promise<number> {
  const { rules, options } = await loadRules(command.rules);
  const { catalog, conditions, title } = await readSchema(command.url, command.schemas);
  const drift = driftOf(catalog, conditions, { ...options, rules }, new Set(command.ignore.flatMap(readingsOf)));
  const { gone, missing, partial, ambiguous, nameless } = drift;
  const isDrifted = gone.length + missing.length + ambiguous.length > 0;
  if (command.json) {
    output.write(`${JSON.stringify({ ok: !isDrifted, ...drift }, null, 2)}\n`);
    return isDrifted ? 1 : 0;
  }
  const rows: Cell[][] = [
    ...gone.map(({ rule, nearest, belongsTo }): Cell[] => [
      { text: `- ${printable(rule)}`, style: 'red' },
      {
        text:
          belongsTo === undefined
            ? `is gone${nearest === undefined ? '' : `; the nearest is ${printable(nearest)}`}`
            : `is a partition's and belongs to ${printable(belongsTo)}, which has a rule`,
      },
    ]),
    ...missing.map(({ rule, constraint }): Cell[] => [
      { text: `+ ${printable(rule)}`, style: 'green' },
      { text: `has no rule: ${printable(declarationOf(constraint))}` },
    ]),
    ...ambiguous.map(({ rule, tables }): Cell[] => [
      { text: `! ${printable(rule)}`, style: 'red' },
      {
        text: `is about ${tables.map(printable).join(' and ')}; write a rule for each: ${printable(`${tables.at(-1)}.${rule}`)}`,
      },
    ]),
    ...partial.map(({ rule, codes }): Cell[] => [
      { text: `~ ${printable(rule)}`, style: 'yellow' },
      { text: `has no words for ${codes.join(', ')}` },
    ]),
    ...nameless.map((constraint): Cell[] => [
      { text: `  ${printable(constraint.table ?? '')}`, style: 'dim' },
      { text: `no rule can name it: ${printable(declarationOf(constraint))}`, style: 'dim' },
    ]),
  ];
  output.write(tableOf(rows, output));
  const sum = isDrifted
    ? `${count(gone.length, 'rule')} of what is gone, ${count(missing.length, 'constraint')} without a rule${ambiguous.length === 0 ? '' : `, ${count(ambiguous.length, 'rule')} of several tables`} in ${title}`
    : `${count(Object.keys(rules).length, 'rule')} and ${count(catalog.constraints.length, 'constraint')} of ${title} fit`;
  output.write(`${output.style(isDrifted ? 'red' : 'green', sum)}\n`);
  return isDrifted ? 1 : 0;
}

/** Compares rules with a schema. */
export function driftOf(
  catalog: Catalog,
  conditions: readonly string[],
  options: PolicyOptions,
  ignored: ReadonlySet<string>,
): Drift {
  const keys = defineKeys(catalog, conditions);
  const policy = definePolicy(options);
  const references = referencesOf(catalog.constraints);
  const known = new Set(conditions);
  const matches = new Set(conditions);
  const partitions = partitionsOf(catalog, keys);
  for (const constraint of [...catalog.constraints, ...partitions.unread]) {
    // With the catalog, a partition's constraint is answered as the declared one.
    if (constraint.partitionOf !== undefined) continue;
    for (const form of keys.formsOf(constraint)) known.add(form);
    for (const match of keys.matchesOf(constraint)) matches.add(match);
  }
  const has = (found: ReadonlySet<string>, rule: string) => readingsOf(rule).some((reading) => found.has(reading));

  const severalSchemas = new Set(catalog.constraints.map(({ schema }) => schema)).size > 1;
  /** Tables by the rule of a bare name that answers for them. */
  const tables = new Map<string, Set<string>>();
  const missing: { rule: string; constraint: Constraint }[] = [];
  const partial: { rule: string; codes: readonly ProblemCode[] }[] = [];
  const nameless: Constraint[] = [];
  for (const constraint of catalog.constraints) {
    if (!isUserFacing(constraint, references)) continue;
    const rule = keys.keyOf(constraint);
    if (rule === undefined) {
      nameless.push(constraint);
      continue;
    }
    if (keys.matchesOf(constraint).some((match) => ignored.has(match))) continue;
    const codes = codesOf(constraint, catalog.dialect);
    const answers = codes.map((code) => policy.answer(violationOf(constraint, catalog.dialect, code))?.rule);
    const { name, table } = constraint;
    if (name !== undefined && table !== undefined && answers.includes(name) && !ignored.has(name)) {
      const owner = severalSchemas && constraint.schema !== undefined ? `${constraint.schema}.${table}` : table;
      tables.set(name, (tables.get(name) ?? new Set()).add(owner));
    }
    const without = codes.filter((_, at) => answers[at] === undefined);
    if (without.length === codes.length) missing.push({ rule, constraint });
    else if (without.length > 0) partial.push({ rule, codes: without });
  }

  for (const condition of conditions) {
    const raised: Violation = { kind: 'raise_exception', driver: '', code: '', condition };
    if (!isAnswered(raised) && !ignored.has(condition)) partial.push({ rule: condition, codes: ['invalid_state'] });
  }

  function isAnswered(violation: Violation): boolean {
    return policy.answer(violation)?.rule !== undefined;
  }

  const unruled = missing.map(({ constraint }) => constraint);
  const rules = Object.keys(options.rules ?? {}).filter((rule) => !has(matches, rule) && !has(ignored, rule));
  const nearest = defineNearest(rules.length, keys, unruled, known);
  const unruledKeys = new Set(missing.map((each) => each.rule));
  const gone = rules.map((rule) => {
    const declared = readingsOf(rule).map((reading) => partitions.declared.get(reading));
    const belongsTo = declared.find((key) => key !== undefined);
    // What has no rule has been renamed: its partitions keep the name.
    if (belongsTo !== undefined) return unruledKeys.has(belongsTo) ? { rule, nearest: belongsTo } : { rule, belongsTo };
    const near = nearest(rule);
    return { rule, ...(near !== undefined && { nearest: near }) };
  });
  const ambiguous = Array.from(tables, ([rule, found]) => ({ rule, tables: [...found] })).filter(
    (each) => each.tables.length > 1,
  );
  return { gone, missing, partial, ambiguous, nameless };
}

/** The constraints of partitions, led back to what was declared. */
function partitionsOf({ constraints }: Catalog, keys: Keys) {
  const idOf = ({ schema, table, name }: { schema?: string; table?: string; name?: string }) =>
    JSON.stringify([schema, table, name]);
  const byId = new Map(constraints.map((constraint) => [idOf(constraint), constraint]));
  const declared = new Map<string, string>();
  const unread: Constraint[] = [];
  for (const constraint of constraints) {
    let owner: Constraint = constraint;
    // A chain that is a ring is none of PostgreSQL's.
    for (let level = 0; level < constraints.length && owner.partitionOf !== undefined; level++) {
      const next = byId.get(idOf(owner.partitionOf));
      // The schema of the declared one may not have been read.
      if (next === undefined) unread.push({ kind: constraint.kind, ...owner.partitionOf });
      owner = next ?? { kind: constraint.kind, ...owner.partitionOf };
    }
    const key = owner === constraint ? undefined : (keys.keyOf(owner) ?? owner.name);
    if (key !== undefined) for (const match of keys.matchesOf(constraint)) declared.set(match, key);
  }
  return { declared, unread };
}

/** With more rules that are gone times keys that there are, a few keys are looked at instead of all. */
const THOROUGH = 100_000;

/**
 * Finds what a rule that is gone may be called now: first of all among what has no rule and has the columns that the
 * name tells.
 */
function defineNearest(
  count: number,
  keys: Keys,
  unruled: readonly Constraint[],
  known: ReadonlySet<string>,
): (rule: string) => string | undefined {
  const formsOf = (found: readonly Constraint[]) => found.flatMap((constraint) => keys.formsOf(constraint));
  const keyOfForm = new Map(
    unruled.flatMap((constraint) => keys.formsOf(constraint).map((form) => [form, keys.keyOf(constraint)] as const)),
  );
  /** The key that the constraint is told to have elsewhere, unless the rule has the other form of key. */
  const shown = (form: string): string => {
    const key = keyOfForm.get(form);
    return key !== undefined && key.endsWith(')') === form.endsWith(')') ? key : form;
  };
  const search = (rule: string, among: readonly string[]) =>
    // What is farther is another name.
    nearestOf(rule, alike(rule, among), Math.max(4, Math.ceil(rule.length / 2)));
  if (count * known.size > THOROUGH) {
    const ownIndex = defineNameIndex(formsOf(unruled));
    const index = defineNameIndex(known);
    return (rule) => {
      const own = search(rule, ownIndex.near(rule));
      return own !== undefined && hasSameWord(rule, own) ? shown(own) : search(rule, index.near(rule));
    };
  }
  return (rule) => {
    const likely = unruled.filter(({ columns }) => columns?.every((column) => rule.includes(column)));
    const own = search(rule, formsOf(likely)) ?? search(rule, formsOf(unruled));
    return own !== undefined && hasSameWord(rule, own) ? shown(own) : search(rule, [...known]);
  };
}

/** The keys of the same form, if there are any: names, or tables with columns. */
function alike(rule: string, keys: readonly string[]): readonly string[] {
  const same = keys.filter((key) => key.endsWith(')') === rule.endsWith(')'));
  return same.length > 0 ? same : keys;
}

function hasSameWord(a: string, b: string): boolean {
  const words = wordsOf(a);
  return [...wordsOf(b)].some((word) => words.has(word));
}
