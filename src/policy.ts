import { type Context, headerOf, operationOf } from './context.ts';
import { CODES, type Problem, type ProblemCode, type ProblemError, toPointer, toProblem, UNSEEN } from './problem.ts';
import type { UniqueViolation, Violation } from './violation.ts';

/** The public words of one answer. */
export interface Words {
  /** The application's own name of what the request was about: `'user'`. */
  readonly resource?: string;
  /** The fields of the request body that the constraint is about; one that begins with `/` is a JSON Pointer. */
  readonly fields?: readonly string[];
  /** A sentence for the user; a function gets the request's context, for languages. */
  readonly detail?: string | ((context: Context | undefined) => string);
  /** HTTP status of the answer, 400 to 599. */
  readonly status?: number;
  /** URI of the problem type. */
  readonly type?: string;
  /** Title of that type. */
  readonly title?: string;
}

/** One sentence for whatever the constraint reports. */
export interface PlainRule extends Words {
  /** The code of the answer, where it is not what the kind of the violation gives: `'invalid_state'` for a RAISE. */
  readonly code?: ProblemCode;
  /**
   * Makes the body a bare `conflict` that gives nothing away. The status 409 against 201 still does: answer
   * `error.rule` like a success.
   */
  readonly conceal?: boolean;
}

/** A sentence for each answer that the constraint can give: the two directions of a foreign key, for one. */
export type RuleByCode = { readonly [Code in ProblemCode]?: Words };

/** What the application says to clients when a constraint is violated: in one form or the other, never mixed. */
export type Rule =
  | (PlainRule & { readonly [Code in ProblemCode]?: never })
  | (RuleByCode & { readonly [Member in keyof PlainRule]?: never });

/** The rules of an application that has no typed catalog: any key, any rule. */
export interface AnyRules {
  readonly [key: string]: Rule;
}

/** A column as a field of the body; a field of another name is written as a JSON Pointer: `'/organisation'`. */
type FieldsOf<Column extends string, Given> = Omit<Given, 'fields'> & {
  readonly fields?: readonly (Column | `/${string}`)[];
};

/** Words about a constraint of these columns. */
type WordsOf<Column extends string> = FieldsOf<Column, Words>;
type PlainRuleOf<Column extends string> = FieldsOf<Column, PlainRule>;
type RuleByCodeOf<Column extends string, Code extends ProblemCode> = {
  readonly [Each in Code]?: WordsOf<Column>;
};

/** The rule of a primary or unique key: one sentence. */
export type UniqueRule<Column extends string> = PlainRuleOf<Column>;
/** The rule of an exclusion constraint: one sentence. */
export type ExclusionRule<Column extends string> = PlainRuleOf<Column>;
/** The rule of a check: one sentence. */
export type CheckRule = PlainRule;
/** The rule of a foreign key: a sentence for each of its two directions, and one for where it cannot be told. */
export type ForeignKeyRule<Column extends string> = RuleByCodeOf<
  Column,
  'reference_missing' | 'reference_in_use' | 'reference_conflict'
>;
/** The rule of a column that is NOT NULL. */
export type NotNullRule<Column extends string> = RuleByCodeOf<Column, 'required'>;

export const WORDS: readonly string[] = ['resource', 'fields', 'detail', 'status', 'type', 'title'];
export const PLAIN: readonly string[] = [...WORDS, 'code', 'conceal'];

/** What the policy is made of: the part of the options of `defineConflicts` that it decides by. */
export interface PolicyOptions {
  readonly rules?: Readonly<Record<string, Rule>>;
  readonly status?: { readonly [Code in ProblemCode]?: number };
  readonly typeBase?: string;
  readonly exposeColumns?: boolean | ((column: string, table: string | undefined) => string | undefined);
}

/** The answer to a violation. */
export interface Answer {
  readonly problem: Problem;
  /** The key of the rule that matched. */
  readonly rule?: string | undefined;
}

/** Decides what leaves the process. It sees facts and public words, never a native error. */
export interface Policy {
  /**
   * The answer to a violation, or `undefined` for what is passed through. `instance` is kept where it is given, and
   * otherwise {@link UNSEEN}.
   */
  answer(violation: Violation, context?: Context, instance?: string): Answer | undefined;
  /** The status of a code in this context. */
  status(code: ProblemCode, context?: Context, violation?: Violation): number;
}

export function definePolicy(options: PolicyOptions): Policy {
  const { status: statuses = {}, typeBase, exposeColumns } = options;
  const find = defineLookup(options.rules ?? {});
  const unruled: Problems = {};

  function status(code: ProblemCode, context?: Context, violation?: Violation): number {
    return statuses[code] ?? (isConditional(code, context, violation) ? 412 : CODES[code][0]);
  }

  function answer(violation: Violation, context?: Context, instance: string = UNSEEN): Answer | undefined {
    const found = find(violation);
    const rule = found?.rule;
    const plain = found?.plain ? (rule as PlainRule) : undefined;
    const concealed = plain?.conceal === true;
    // What the schema raises by itself is public only where the application says so.
    const raised = violation.kind === 'raise_exception' && rule !== undefined ? 'invalid_state' : undefined;
    const code = concealed ? 'conflict' : (plain?.code ?? raised ?? codeOf(violation, context));
    if (code === undefined) return undefined;
    const words = concealed ? CONCEALED : (plain ?? (rule as RuleByCode | undefined)?.[code]);
    if (BY_REQUEST.has(code) && words === undefined && statuses[code] === undefined) return undefined;
    const asked = concealed ? undefined : (words?.status ?? statusRaised(violation));
    let problem = problemOf(found, words, violation, code, asked ?? status(code, context, violation));
    const detail = sentence(words?.detail, context) ?? problem.detail;
    if (instance !== UNSEEN || detail !== problem.detail) problem = { ...problem, detail, instance } as Problem;
    // A rule that has no sentence for this code has not answered.
    return { problem, rule: words && (found as Found).key };
  }

  /** A problem without an id is the same each time that a rule answers with a code: it is made once. */
  function problemOf(
    found: Found | undefined,
    words: Words | undefined,
    violation: Violation,
    code: ProblemCode,
    status: number,
  ): Problem {
    const problems = found?.problems ?? unruled;
    const made = problems[code];
    if (made?.status === status) return made;
    const fields = words?.fields;
    const known = {
      type: words?.type,
      title: words?.title,
      detail: typeof words?.detail === 'string' ? words.detail : undefined,
      resource: words?.resource,
      errors: fields ? errorsOf(fields, code) : exposed(violation, code),
    };
    const problem = toProblem(code, status, known, typeBase, UNSEEN);
    // Which columns are let out, the violation decides.
    if (fields !== undefined || !exposeColumns) problems[code] = problem;
    return problem;
  }

  /** The columns that the application lets out without a rule. */
  function exposed(violation: Violation, code: ProblemCode): readonly ProblemError[] | undefined {
    const { columns, table } = violation;
    if (!exposeColumns || columns === undefined || code === 'reference_in_use') return undefined;
    // SQLite has no longest name.
    if (columns.length > 32 || columns.join().length > LONGEST_KEY) return undefined;
    if (exposeColumns === true) return errorsOf(columns, code);
    let fields: unknown[] = [];
    try {
      fields = columns.map((column) => exposeColumns(column, table));
    } catch {}
    return errorsOf(
      fields.filter((field) => typeof field === 'string'),
      code,
    );
  }

  return { answer, status };
}

/** The names of 32 columns, as long as the other databases have them, and some more. */
const LONGEST_KEY = 4096;

function errorsOf(fields: readonly string[], code: ProblemCode): readonly ProblemError[] {
  return Object.freeze(fields.map((field) => Object.freeze({ pointer: toPointer(field), code: CODES[code][2] })));
}

/** The words of a rule that gives nothing away. */
const CONCEALED: Words = { fields: [] };

/** Codes that pass through unless the application asks for them: bugs of the server until it says otherwise. */
const BY_REQUEST: ReadonlySet<ProblemCode> = new Set(['required', 'invalid_value']);

/** What a kind is called outside; `undefined` for kinds that have no public answer. */
function codeOf(violation: Violation, context: Context | undefined): ProblemCode | undefined {
  switch (violation.kind) {
    case 'unique_violation':
      return 'duplicate';
    case 'foreign_key_violation': {
      const { direction } = violation;
      if (direction !== undefined) return direction === 'parent_missing' ? 'reference_missing' : 'reference_in_use';
      const operation = operationOf(context);
      // A row that is new has no children; a row that goes has no parents to miss.
      if (operation === 'insert') return 'reference_missing';
      return operation === 'delete' ? 'reference_in_use' : 'reference_conflict';
    }
    case 'check_violation':
      return 'check_failed';
    case 'exclusion_violation':
      return 'overlap';
    case 'not_null_violation':
      return 'required';
    case 'string_data_right_truncation':
    case 'numeric_value_out_of_range':
    case 'invalid_text_representation':
      return 'invalid_value';
    case 'serialization_failure':
    case 'deadlock_detected':
      return 'contention';
    case 'lock_not_available':
    case 'too_many_connections':
      return 'busy';
  }
  return undefined;
}

/**
 * The status that a function of PostgreSQL asks for by its SQLSTATE, `PT402` for 402, as PostgREST has it.
 * Source: https://docs.postgrest.org/en/v14/references/errors.html
 */
function statusRaised({ kind, sqlState }: Violation): number | undefined {
  if (kind !== 'raise_exception' || !/^PT[45]\d\d$/.test(String(sqlState))) return undefined;
  return Number(String(sqlState).slice(2));
}

/**
 * True when the request stated in a header what the database refused: a stale version, or a key that was to be new.
 * Source: RFC 9110 section 13.2.2
 */
function isConditional(code: ProblemCode, context?: Context, violation?: Violation): boolean {
  if (code === 'version_mismatch') {
    return (
      headerOf(context, 'if-match') !== undefined ||
      headerOf(context, 'if-unmodified-since') !== undefined ||
      headerOf(context, 'if-none-match') !== undefined
    );
  }
  return (
    code === 'duplicate' &&
    (violation as UniqueViolation | undefined)?.primaryKey === true &&
    headerOf(context, 'if-none-match')?.trim() === '*'
  );
}

/** The sentence of a rule; a function that throws or gives no text has given none. */
function sentence(detail: Words['detail'], context: Context | undefined): string | undefined {
  if (typeof detail !== 'function') return detail;
  let text: unknown;
  try {
    text = detail(context);
  } catch {}
  return typeof text === 'string' ? text : undefined;
}

function isPlain(rule: Rule): boolean {
  for (const member in rule) if (!PLAIN.includes(member)) return false;
  return true;
}

interface Found {
  readonly key: string;
  readonly rule: Rule;
  /** True for one sentence, false for a sentence by code. */
  readonly plain: boolean;
  /** What the rule has answered with before. */
  readonly problems: Problems;
}

/** Problems without an id. */
type Problems = { [Code in ProblemCode]?: Problem };

/**
 * Finds the rule of a violation: the most specific wins, a name before columns. Only own keys count, and a hundred
 * thousand rules cost what ten do.
 */
function defineLookup(rules: Readonly<Record<string, Rule>>): (violation: Violation) => Found | undefined {
  const names = new Map<string | undefined, Found>();
  const columnLists = new Map<string, Found>();
  let qualified = false;
  for (const key of Object.keys(rules)) {
    const rule = rules[key] as Rule;
    const found: Found = { key, rule, plain: isPlain(rule), problems: {} };
    names.set(key, found);
    qualified ||= key.includes('.');
    for (const [at, reading] of columnKeysOf(key).entries()) {
      if (at === 0 || !columnLists.has(reading)) columnLists.set(reading, found);
    }
  }

  return (violation) => {
    const { schema, table, columns } = violation;
    const name = 'constraint' in violation ? violation.constraint : undefined;
    if (name !== undefined) {
      const found =
        (qualified &&
          ((schema && table && names.get(`${schema}.${table}.${name}`)) ||
            (table && names.get(`${table}.${name}`)) ||
            (schema && names.get(`${schema}.${name}`)))) ||
        names.get(name);
      if (found) return found;
    }
    if (violation.kind === 'raise_exception') {
      const { condition, code, sqlState } = violation;
      return names.get(condition) ?? names.get(code) ?? names.get(sqlState);
    }
    if (columnLists.size === 0 || table === undefined || columns === undefined) return undefined;
    const key = columnKey(table, columns);
    const found = (schema && columnLists.get(`${schema}.${key}`)) || columnLists.get(key);
    // A unique key and a foreign key may share their columns: one sentence is for the key, two are for the reference.
    return found && (!found.plain || isUnique(violation)) ? found : undefined;
  };
}

/** A table and its columns as one key. */
export function columnKey(table: string, columns: readonly string[]): string {
  return `${table}(${columns.length === 1 ? columns[0] : columns.join()})`;
}

/**
 * What the key of a rule may say as `table(column, …)`, without the spaces around names. A table's name may have
 * parentheses of its own, `Orders (2024)(Order No)`: then there are several readings, the likeliest first.
 */
export function columnKeysOf(key: string): readonly string[] {
  const readings: string[] = [];
  if (!key.endsWith(')')) return readings;
  for (let open = key.lastIndexOf('('); open > 0; open = key.lastIndexOf('(', open - 1)) {
    const columns = key.slice(open + 1, -1).split(',');
    const reading = columnKey(
      key.slice(0, open).trim(),
      columns.map((column) => column.trim()),
    );
    if (!readings.includes(reading)) readings.push(reading);
  }
  return readings;
}

function isUnique({ kind }: Violation): boolean {
  return kind === 'unique_violation' || kind === 'exclusion_violation';
}
