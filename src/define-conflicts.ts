import { builtIn, isLikely } from './built-in.ts';
import { causes } from './causes.ts';
import { type ConflictMembers, type ConflictOptions, knownOf } from './conflict.ts';
import { ConflictError, type ConflictOrigin, isConflictError } from './conflict-error.ts';
import { type Catalog, constraintOf, defineCompletion } from './constraints.ts';
import type { Context } from './context.ts';
import { isOptimisticLockError } from './optimistic-lock.ts';
import { type Answer, type AnyRules, definePolicy, type Policy, type PolicyOptions } from './policy.ts';
import { CODES, FORMATS, type Formatted, identified, type Problem, type ProblemCode, toProblem } from './problem.ts';
import { firstOf, safe, type Translator } from './translator.ts';
import { checkOptions, isRecord, shown } from './validate.ts';
import type { Dialect, Violation } from './violation.ts';
import { defineWrap } from './wrap.ts';

/** Options of {@link defineConflicts}. */
export interface ConflictsOptions<Rules extends object = AnyRules> extends Omit<PolicyOptions, 'rules'> {
  /**
   * Public words by constraint: `constraint`, `table.constraint` or `table(column, …)`, each with `schema.` before it or
   * not. What RAISE or SIGNAL has raised is found by its CONSTRAINT (PostgreSQL), by a message that is a bare identifier,
   * by its number (MySQL, MariaDB) or by its SQLSTATE. With a catalog that the command has written, only its own constraints, each with what it can say.
   */
  readonly rules?: NoInfer<Rules>;
  /**
   * The constraints of the schema. It completes a violation with what the error did not carry, so that one rule works
   * on every engine.
   */
  readonly catalog?: Catalog<Rules>;
  /** HTTP status by code, 400 to 599. A code that passes through by default (`required`, `invalid_value`) is opted in. */
  readonly status?: { readonly [Code in ProblemCode]?: number };
  /** Where the problem types live: `type` is this and the code with dashes. Without it `type` is `about:blank`. */
  readonly typeBase?: string;
  /** @default 'problem' */
  readonly format?: keyof typeof FORMATS | ((problem: Problem, context: Context | undefined) => Formatted);
  /** Names the columns as fields where no rule does: as they are, or as the function says (`undefined` hides one). */
  readonly exposeColumns?: boolean | ((column: string, table: string | undefined) => string | undefined);
  /** Translators beyond the built-in ones; they are asked first. */
  readonly drivers?: readonly Translator[];
  /** Which server it is, where the error cannot say: MySQL and MariaDB write some texts alike. */
  readonly dialect?: Dialect;
  /**
   * Called with a violation of a constraint that no rule has words for, and the line to add to `rules`.
   * @default a warning of the process, once per constraint, unless NODE_ENV is 'production'
   */
  readonly onUnregistered?: (violation: Violation, hint: string) => void;
  /**
   * Captures a stack where the error is translated, instead of showing the frames of the native error.
   * @default false
   */
  readonly captureStack?: boolean;
}

/** The library, bound to rules and options. */
export interface Conflicts {
  /**
   * The facts of an error, or of what it wraps. `undefined` when no database reported a violation. Never throws.
   *
   * @param context with a catalog, the statement's table and operation tell what the database does not
   */
  classify(error: unknown, context?: Context): Violation | undefined;
  /**
   * True for an error of a database, or one that wraps it, whether it has an answer or not: nothing of it is for the
   * public. Never throws.
   */
  owns(error: unknown): boolean;
  /**
   * For the catch block: `throw translate(error)`. A violation that has an answer becomes a {@link ConflictError};
   * everything else comes back as it is. Never throws.
   *
   * @param context the request, or its operation: it refines the answer, never the facts
   */
  translate<E>(error: E, context?: Context): E | ConflictError;
  /**
   * The same function, or the same repository, with its errors translated. What is synchronous stays so.
   * A method that returns a query builder is not covered, for the builder has not begun: make it `async`.
   *
   * @throws {TypeError} for anything but a function or an object
   */
  wrap<T extends object>(target: T): T;
  /**
   * A conflict that no constraint raises: `throw conflict('invalid_state', { current_status: 'shipped' })`.
   *
   * @throws {TypeError} for a code or a member that does not exist
   */
  conflict<Code extends ProblemCode>(
    code: Code,
    members?: ConflictMembers<Code>,
    options?: ConflictOptions,
  ): ConflictError<Code>;
}

/** What each was made of. */
const OPTIONS = /* @__PURE__ */ new WeakMap<Conflicts, ConflictsOptions>();

/** What `defineConflicts` was given; `undefined` for what it has not made, or another copy of this package has. */
export function optionsOf(conflicts: Conflicts): ConflictsOptions | undefined {
  return OPTIONS.get(conflicts);
}

type Listener = NonNullable<ConflictsOptions['onUnregistered']>;
type Unregistered = (violation: Violation, code: ProblemCode) => void;

/** What a conflict needs to be answered again by whoever answered it first. */
interface Origin extends ConflictOrigin {
  readonly policy: Policy;
  /** False for the functions of the package root, which know no rules. */
  readonly bound: boolean;
  readonly typeBase: string | undefined;
  make(answer: Answer, cause: unknown, violation?: Violation, context?: Context): ConflictError;
}

/**
 * Refuses rules with keys that a typed catalog does not have, also where they are a variable: the compiler complains of
 * members that nobody knows only in what is written in place.
 *
 * @typeParam Given inferred from the rules, for which it has to stand in a branch; it is never the outcome
 */
type OnlyKnown<Given, Rules> = [keyof Rules] extends [never]
  ? unknown
  : [Exclude<keyof Given, keyof Rules>] extends [never]
    ? unknown
    : [Given] extends [never]
      ? Given
      : UnknownRule<Exclude<keyof Given, keyof Rules>>;

/** What rules with a key of no constraint would need. */
interface UnknownRule<Key> {
  readonly 'expected keys of the catalog, got': Key;
}

/**
 * Binds the library to the application's rules.
 *
 * @throws {TypeError} for an option, a rule or a member of a rule that does not exist or is not what it has to be
 */
export function defineConflicts<Rules extends object = AnyRules, Given extends object = Rules>(
  options: ConflictsOptions<Rules> & { readonly rules?: OnlyKnown<Given, Rules> } = {},
): Conflicts {
  checkOptions(options);
  const conflicts = bind(options as ConflictsOptions, true);
  OPTIONS.set(conflicts, options as ConflictsOptions);
  return conflicts;
}

/** Without rules: what the package root exports. */
export const unbound: Conflicts = /* @__PURE__ */ bind({}, false);

function bind(options: ConflictsOptions, bound: boolean): Conflicts {
  const { format = 'problem', captureStack, typeBase } = options;
  const { drivers, catalog, dialect = familyOf(catalog) } = options;
  const complete = catalog && defineCompletion(catalog);
  const translator = drivers ? firstOf([...drivers.map(safe), builtIn]) : builtIn;
  const policy = definePolicy(options);
  const unregistered = options.onUnregistered
    ? defineListener(options.onUnregistered, catalog)
    : defineWarning(catalog);
  const origin: Origin = { policy, bound, typeBase, make, reveal };

  /** An error of a database that is no violation ends the walk: what is behind it is not its own. */
  function read(candidate: object): Violation | ConflictError | typeof STALE | null | undefined {
    if (isConflictError(candidate)) return candidate;
    if (drivers !== undefined || isLikely(candidate)) {
      const violation = translator.classify(candidate, dialect);
      if (violation !== undefined) return violation;
      if (translator.owns(candidate)) return null;
    }
    return isOptimisticLockError(candidate) ? STALE : undefined;
  }

  function classify(error: unknown, context?: Context): Violation | undefined {
    const found = causes(error, read);
    if (found === STALE) return undefined;
    const violation = isConflictError(found) ? found.violation : found;
    return violation && reveal(complete ? complete(violation, context) : violation, error);
  }

  function owns(error: unknown): boolean {
    return causes(error, (candidate) => translator.owns(candidate) || undefined) === true;
  }

  function reveal(violation: Violation, error: unknown): Violation {
    if (!Object.hasOwn(violation, 'values') && Object.isExtensible(violation) && 'columns' in violation) {
      const get = (): readonly string[] | undefined => causes(error, (candidate) => translator.values?.(candidate));
      Object.defineProperty(violation, 'values', { get, configurable: true });
    }
    return violation;
  }

  function translate<E>(error: E, context?: Context): E | ConflictError {
    const found = causes(error, read);
    if (found === undefined) return error;
    if (found === STALE) return conflict('version_mismatch', {}, { cause: error, context });
    if (isConflictError(found)) {
      try {
        return again(found, context);
      } catch {
        return found; // it says that it is ours, and is not made like ours
      }
    }
    const violation = complete ? complete(found, context) : found;
    const answer = policy.answer(violation, context);
    if (answer === undefined) return error;
    if (answer.rule === undefined && NAMED.has(violation.kind)) {
      try {
        unregistered(violation, answer.problem.code);
      } catch {}
    }
    return make(answer, error, violation, context);
  }

  function make({ problem, rule }: Answer, cause: unknown, violation?: Violation, context?: Context): ConflictError {
    const facts = { cause, violation, rule, origin, captureStack };
    if (format === 'problem') return new ConflictError(problem, facts);
    const seen = identified(problem);
    return new ConflictError(seen, { ...facts, format: formatted(seen, context) });
  }

  /** The body of another format, as plain data; `undefined` where the format fails. */
  function formatted(problem: Problem, context: Context | undefined): Formatted | undefined {
    try {
      const { body, contentType } = typeof format === 'function' ? format(problem, context) : FORMATS[format](problem);
      const valid = typeof contentType === 'string' && /^[!-~]+\/[ -~]+$/.test(contentType);
      return { body: JSON.parse(JSON.stringify(body)), contentType: valid ? contentType : 'application/json' };
    } catch {}
    return undefined;
  }

  /**
   * Answers a conflict that was answered before, now that a request or other rules are at hand. Rules that know the
   * constraint win; else whoever answered first does it again. The same error when nothing changes.
   */
  function again(conflict: ConflictError, context: Context | undefined): ConflictError {
    const { problem, cause } = conflict;
    const violation = complete && conflict.violation ? complete(conflict.violation, context) : conflict.violation;
    const first = ConflictError.originOf(conflict) as Origin | undefined;
    if (first === origin && context === undefined) return conflict;
    let by = first?.bound ? first : origin;
    let answer = violation && policy.answer(violation, context, problem.instance);
    if (answer?.rule !== undefined) by = origin;
    else if (violation === undefined || context === undefined) answer = renewed(conflict, by, context);
    else if (by !== origin) answer = by.policy.answer(violation, context, problem.instance);
    if (answer === undefined) return conflict;
    const other = by.make(answer, cause, violation, context);
    return looks(other) === looks(conflict) ? conflict : other;
  }

  /** The same answer, with the status and the type of whoever gives it now. */
  function renewed({ problem, rule }: ConflictError, by: Origin, context: Context | undefined): Answer {
    // A status that is not the usual one came from a request that is not at hand, or from whoever answered first.
    const usual = context !== undefined || problem.status === CODES[problem.code][0];
    const status = usual ? by.policy.status(problem.code, context) : problem.status;
    const type = problem.type === 'about:blank' ? undefined : problem.type;
    const known = { ...problem, type, title: type && problem.title };
    return { problem: toProblem(problem.code, status, known, by.typeBase), rule };
  }

  function conflict<Code extends ProblemCode>(
    code: Code,
    members: ConflictMembers<Code> = {} as ConflictMembers<Code>,
    options: ConflictOptions = {},
  ): ConflictError<Code> {
    const given: unknown = options;
    if (!isRecord(given))
      throw new TypeError(`Expected the options of a conflict to be an object, got ${shown(given)}`);
    const { cause, context } = options;
    const known = knownOf(code, members);
    const problem = toProblem(code, policy.status(code, context), known, typeBase);
    return make({ problem }, cause, undefined, context) as ConflictError<Code>;
  }

  return { classify, owns, translate, wrap: defineWrap((error) => translate(error)), conflict };
}

/** What is found of an ORM's error that a row has another version: no database has reported it. */
const STALE: unique symbol = Symbol('stale');

/** Which of the two servers that write some texts alike it is, where it is one of them. */
function familyOf({ dialect }: Partial<Catalog> = {}): Dialect | undefined {
  return dialect === 'mysql' || dialect === 'mariadb' ? dialect : undefined;
}

/** All that a client sees of an error. */
function looks(error: ConflictError): string {
  return JSON.stringify([error.status, error.headers, error]);
}

/** Kinds that a rule can be written for. */
const NAMED: ReadonlySet<string> = new Set([
  'unique_violation',
  'foreign_key_violation',
  'check_violation',
  'exclusion_violation',
]);

type KeyOf = (violation: Violation) => string | undefined;

/**
 * The key that rules of this catalog's type accept, and that is of no other constraint: the shortest that is.
 * `undefined` without a catalog. The names are not counted before the first hint.
 */
function defineKeyOf(catalog: Catalog | undefined): KeyOf {
  if (catalog === undefined) return () => undefined;
  let counts: ReadonlyMap<string, number> | undefined;
  return (violation) => {
    counts ??= countNames(catalog);
    const { schema, table, columns } = violation;
    const name = constraintOf(violation);
    const owner = schema === undefined ? table : `${schema}.${table}`;
    // SQLite reports columns, and every primary key of MySQL has the same name.
    if (catalog.dialect === 'sqlite' || name === 'PRIMARY') {
      if (table === undefined || columns === undefined) return undefined;
      return `${counts.get(`${table}(`) === 1 ? table : owner}(${columns.join(', ')})`;
    }
    if (name === undefined || table === undefined || !counts.has(`${table}.${name}`)) return undefined;
    if (counts.get(name) === 1) return name;
    return `${counts.get(`${table}.${name}`) === 1 ? table : owner}.${name}`;
  };
}

/** How many constraints have a name, or a table and a name, and how many schemas a table (`users(`). */
function countNames({ constraints }: Catalog): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  const add = (key: string) => counts.set(key, (counts.get(key) ?? 0) + 1);
  const tables = new Set<string>();
  for (const { name, schema, table, partitionOf } of constraints) {
    if (partitionOf !== undefined) continue;
    if (name !== undefined) add(name);
    if (name !== undefined && table !== undefined) add(`${table}.${name}`);
    if (table !== undefined) tables.add(`${schema}\0${table}`);
  }
  for (const table of tables) add(`${table.slice(table.indexOf('\0') + 1)}(`);
  return counts;
}

/** The line to add to `rules`; `undefined` where the database did not say which constraint it was. */
function hintOf(violation: Violation, code: ProblemCode, keyOf: KeyOf): string | undefined {
  const { table, columns } = violation;
  const constraint = constraintOf(violation);
  const name = constraint === 'PRIMARY' ? table && `${table}.PRIMARY` : constraint;
  const key = keyOf(violation) ?? name ?? (table && columns && `${table}(${columns.join(', ')})`);
  if (key === undefined) return undefined;
  const words = (given = code): string => {
    const fields = columns && FIELDS_OF.has(given) ? ` fields: ${JSON.stringify(columns)},` : '';
    return `{ resource: '…',${fields} detail: '…' }`;
  };
  if (violation.kind !== 'foreign_key_violation') return `${JSON.stringify(key)}: ${words()},`;
  // Where both sides are known, the next error may come from the other one.
  const codes: readonly ProblemCode[] =
    columns && violation.referencedColumns ? ['reference_missing', 'reference_in_use'] : [code];
  return `${JSON.stringify(key)}: { ${codes.map((each) => `${each}: ${words(each)}`).join(', ')} },`;
}

/** What the client can change is in these columns. */
const FIELDS_OF: ReadonlySet<ProblemCode> = new Set(['duplicate', 'overlap', 'reference_missing']);

/** Tells the application each time. */
function defineListener(listener: Listener, catalog: Catalog | undefined): Unregistered {
  const keyOf = defineKeyOf(catalog);
  return (violation, code) => {
    const hint = hintOf(violation, code, keyOf);
    if (hint !== undefined) listener(violation, hint);
  };
}

/** Warns once per constraint and answer, for as many constraints as an application can have. */
function defineWarning(catalog: Catalog | undefined): Unregistered {
  const keyOf = defineKeyOf(catalog);
  const { process } = globalThis;
  const warned = new Set<string>();
  let silent: boolean | undefined;
  return (violation, code) => {
    // Not before it matters: an application may set it after its imports.
    silent ??= process?.env?.NODE_ENV === 'production';
    if (silent || warned.size === 1000) return;
    const { table, columns } = violation;
    const key = `${code} ${table} ${constraintOf(violation) ?? columns}`;
    if (warned.has(key)) return;
    warned.add(key);
    const hint = hintOf(violation, code, keyOf);
    if (hint === undefined) return;
    process?.emitWarning?.(`A constraint has no rule, its conflict is answered without words. Add to rules: ${hint}`, {
      type: 'ConflictWarning',
      code: 'UNREGISTERED_CONSTRAINT',
    });
  };
}
