import type { ConflictError } from './conflict-error.ts';
import type { Constraint } from './constraints.ts';
import type { Context } from './context.ts';
import { type Conflicts, type ConflictsOptions, defineConflicts, optionsOf } from './define-conflicts.ts';
import { PLAIN, type PlainRule, type Rule, type RuleByCode } from './policy.ts';
import { CODES, type FORMATS, type ProblemCode, type ProblemError } from './problem.ts';
import type { Translator } from './translator.ts';
import type { Violation } from './violation.ts';

/** A JSON Schema of the dialect 2020-12. Source: https://json-schema.org/draft/2020-12 */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** An example of a body. Source: https://spec.openapis.org/oas/v3.1.1#example-object */
export interface OpenApiExample {
  readonly summary: string;
  readonly value: unknown;
}

/** A response. Source: https://spec.openapis.org/oas/v3.1.1#response-object */
export interface OpenApiResponse {
  readonly description: string;
  readonly headers: Readonly<Record<string, { readonly description: string; readonly schema: JsonSchema }>>;
  readonly content: Readonly<
    Record<string, { readonly schema: JsonSchema; readonly examples: Readonly<Record<string, OpenApiExample>> }>
  >;
}

/** What {@link openapi} gives: components of an OpenAPI 3.1 document. */
export interface OpenApiComponents {
  /** By name of the status: `Conflict` is the 409. */
  readonly responses: Readonly<Record<string, OpenApiResponse>>;
  /**
   * The bodies of each code in each format, such as `DuplicateProblem`, `DuplicateSimple` and `DuplicateJsonApi`, and
   * of all codes: `Problem`, `SimpleProblem` and `JsonApiProblem`. Each but these three stands on its own.
   */
  readonly schemas: Readonly<Record<string, JsonSchema>>;
}

/**
 * The components that an OpenAPI 3.1 document has to have for these conflicts: a response for each status that they are
 * answered with, with an example for each rule, and the schemas of all bodies. Plain JSON, the same each time.
 *
 * What a rule with one sentence is about, the catalog knows; without one its name has to tell (`…_check`, `…_excl`,
 * `…_fkey`), and else it is taken for a unique key.
 *
 * @throws {TypeError} for anything that `defineConflicts` has not made
 */
export function openapi(conflicts: Conflicts): OpenApiComponents {
  const options = optionsOf(conflicts);
  if (options === undefined) throw new TypeError('Expected what defineConflicts() has made, got something else');
  const statuses = statusesOf(options);
  const schemas = schemasOf(statuses);
  const examples = examplesOf(options, statuses);
  const responses: Record<string, OpenApiResponse> = {};
  for (const status of [...new Set([...statuses.values()].flatMap((each) => [...each]))].sort()) {
    const codes = [...statuses].filter(([, each]) => each.has(status)).map(([code]) => code);
    responses[nameOfStatus(status)] = responseOf(
      status,
      codes,
      options,
      examples.get(status) as Readonly<Record<string, OpenApiExample>>,
    );
  }
  return { responses, schemas };
}

/** The statuses that each code is answered with; a code that is passed through is missing. */
type Statuses = ReadonlyMap<ProblemCode, ReadonlySet<number>>;

const EVERY_CODE = Object.keys(CODES) as ProblemCode[];

/** Codes that pass through unless the application asks for them. */
const BY_REQUEST: readonly ProblemCode[] = ['required', 'invalid_value'];

/** Codes that are a 412 when the request stated its expectation in a header. */
const CONDITIONAL: readonly ProblemCode[] = ['duplicate', 'version_mismatch'];

function statusesOf(options: ConflictsOptions): Statuses {
  const { status = {}, rules = {} } = options;
  const found = new Map<ProblemCode, Set<number>>();
  const asked = new Set(Object.values(rules).flatMap((rule) => (isPlain(rule) ? [] : Object.keys(rule))));
  for (const code of EVERY_CODE) {
    if (BY_REQUEST.includes(code) && status[code] === undefined && !asked.has(code)) continue;
    const own = new Set([status[code] ?? CODES[code][0]]);
    if (status[code] === undefined && CONDITIONAL.includes(code)) own.add(412);
    found.set(code, own);
  }
  for (const [key, rule] of Object.entries(rules)) {
    for (const [code, words] of answersOf(key, rule, options)) {
      if (words.status !== undefined) found.set(code, new Set([...(found.get(code) ?? []), words.status]));
      else if (!found.has(code)) found.set(code, new Set([status[code] ?? CODES[code][0]]));
    }
  }
  return found;
}

function isPlain(rule: Rule): rule is PlainRule & Rule {
  return Object.keys(rule).every((member) => PLAIN.includes(member));
}

/** The codes that a rule answers with, and what it says of each. */
function answersOf(key: string, rule: Rule, options: ConflictsOptions): [ProblemCode, PlainRule][] {
  if (!isPlain(rule)) return Object.entries(rule as RuleByCode) as [ProblemCode, PlainRule][];
  if (rule.conceal) return [['conflict', {}]];
  if (rule.code !== undefined) return [[rule.code, rule]];
  return kindsOf(key, options).flatMap((kind): [ProblemCode, PlainRule][] => ANSWERS[kind].map((code) => [code, rule]));
}

const ANSWERS: Readonly<Record<Constraint['kind'] | 'condition', readonly ProblemCode[]>> = {
  primary_key: ['duplicate'],
  unique: ['duplicate'],
  foreign_key: ['reference_missing', 'reference_in_use'],
  check: ['check_failed'],
  exclusion: ['overlap'],
  not_null: ['required'],
  condition: ['invalid_state'],
};

/** Which constraint a key is about. */
function kindsOf(key: string, { catalog }: ConflictsOptions): (keyof typeof ANSWERS)[] {
  if (key.endsWith(')')) return ['unique']; // one sentence for columns is that of their key
  const found = (catalog?.constraints ?? []).filter(({ schema, table, name }) => {
    const forms = [name, `${table}.${name}`, `${schema}.${name}`, `${schema}.${table}.${name}`];
    return name !== undefined && forms.includes(key);
  });
  if (found.length > 0) return [...new Set(found.map(({ kind }) => kind))];
  if (catalog !== undefined) return ['condition'];
  const [, ending] = /_(fk|fkey|check|chk|ck|excl)\d*$/.exec(key) ?? [];
  return [
    ending === undefined
      ? 'unique'
      : ending.startsWith('fk')
        ? 'foreign_key'
        : ending === 'excl'
          ? 'exclusion'
          : 'check',
  ];
}

const KINDS: { readonly [Code in ProblemCode]?: Violation['kind'] } = {
  duplicate: 'unique_violation',
  reference_missing: 'foreign_key_violation',
  reference_in_use: 'foreign_key_violation',
  reference_conflict: 'foreign_key_violation',
  check_failed: 'check_violation',
  overlap: 'exclusion_violation',
  required: 'not_null_violation',
  invalid_state: 'raise_exception',
};

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
  owns: Boolean, // every error that it is asked about is its own
  classify: (error) => (error as Imagined).violation,
};

/** Members of the bodies that are examples without a rule. */
const MEMBERS: { readonly [Code in ProblemCode]?: object } = {
  version_mismatch: { current_version: 'v4', expected_version: 'v3' },
  precondition_required: { current_version: 'v4' },
  merge_conflict: { current_version: 'v4', expected_version: 'v3' },
  invalid_state: { current_status: 'shipped', requested_transition: 'cancel', allowed_transitions: ['return'] },
};

/** What each example has for the id of its occurrence. */
const INSTANCE = 'urn:uuid:00000000-0000-4000-8000-000000000000';

type Examples = ReadonlyMap<number, Readonly<Record<string, OpenApiExample>>>;

/** The examples of each status: one for each answer of each rule, and one for each code that no rule is about. */
function examplesOf(options: ConflictsOptions, statuses: Statuses): Examples {
  const { catalog, ...others } = options;
  const { translate, conflict } = defineConflicts({ ...others, drivers: [imagined], onUnregistered: () => {} });
  const examples = new Map<number, Record<string, OpenApiExample>>();
  const shown = new Set<string>();
  const add = (name: string, error: unknown): void => {
    const { status, message, problem } = error as ConflictError;
    const value: unknown = JSON.parse(JSON.stringify(error).replaceAll(problem.instance as string, INSTANCE));
    const own = examples.get(status) ?? Object.create(null);
    examples.set(status, own);
    own[name] = { summary: message, value };
    shown.add(`${problem.code} ${status}`);
  };
  for (const [key, rule] of Object.entries(options.rules ?? {})) {
    const answers = answersOf(key, rule, options);
    for (const [code] of answers) {
      const kind = KINDS[code] ?? (isPlain(rule) ? 'check_violation' : undefined);
      if (kind === undefined) continue;
      const direction = { reference_missing: 'parent_missing', reference_in_use: 'still_referenced' }[code as string];
      // Every rule is found by its key, as if it were a name.
      const facts = kind === 'raise_exception' ? { condition: key } : { constraint: key };
      const violation = { kind, driver: 'imagined', code: '', ...facts, ...(direction && { direction }) } as Violation;
      add(answers.length > 1 ? `${key} ${code}` : key, translate(new Imagined(violation)));
    }
  }
  for (const [code, each] of statuses) {
    for (const status of each) {
      if (shown.has(`${code} ${status}`)) continue;
      const context = status === 412 && CODES[code][0] !== 412 ? CONTEXTS[code] : undefined;
      if (code === 'duplicate' && context !== undefined) {
        const violation: Violation = { kind: 'unique_violation', driver: 'imagined', code: '', primaryKey: true };
        add(`${code} ${status}`, translate(new Imagined(violation), context));
      } else {
        add(each.size > 1 ? `${code} ${status}` : code, conflict(code, MEMBERS[code] ?? {}, { context }));
      }
    }
  }
  return examples;
}

/** Requests that state in a header what they expect. */
const CONTEXTS: { readonly [Code in ProblemCode]?: Context } = {
  duplicate: { method: 'PUT', headers: { 'if-none-match': '*' } },
  version_mismatch: { method: 'PUT', headers: { 'if-match': '"v3"' } },
};

function responseOf(
  status: number,
  codes: readonly ProblemCode[],
  options: ConflictsOptions,
  examples: Readonly<Record<string, OpenApiExample>>,
): OpenApiResponse {
  const { format = 'problem' } = options;
  const known = typeof format === 'function' ? undefined : NAMES[format];
  // A format of the application's own says its type with each body.
  const contentType = known?.contentType ?? defineConflicts(options).conflict('conflict').headers['Content-Type'];
  const references = codes.map((code) => ({ $ref: `#/components/schemas/${known?.nameOf(code)}` }));
  const hasCode = known !== undefined && format !== 'jsonapi';
  const mapping = Object.fromEntries(codes.map((code, at) => [code, references[at]?.$ref]));
  const schema: JsonSchema =
    known === undefined
      ? {}
      : { oneOf: references, ...(hasCode && { discriminator: { propertyName: 'code', mapping } }) };
  const recoveries = codes.map((code) => CODES[code][1]);
  return {
    description: DESCRIPTIONS[status] ?? 'A conflict with the current state of the resource.',
    headers: {
      'Cache-Control': { description: 'No answer is kept.', schema: { const: 'no-store' } },
      ...(recoveries.includes('retry') && {
        'Retry-After': {
          description: 'Seconds until the same request may be sent again.',
          schema: { type: 'integer' },
        },
      }),
      ...(recoveries.includes('refetch_and_retry') && {
        ETag: { description: 'The version that the server has.', schema: { type: 'string' } },
      }),
    },
    content: { [contentType as string]: { schema, examples } },
  };
}

const STATUS_NAMES: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  404: 'NotFound',
  409: 'Conflict',
  412: 'PreconditionFailed',
  422: 'UnprocessableContent',
  423: 'Locked',
  428: 'PreconditionRequired',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

function nameOfStatus(status: number): string {
  return STATUS_NAMES[status] ?? `Status${status}`;
}

const DESCRIPTIONS: Readonly<Record<number, string>> = {
  409: 'The request conflicts with the current state of the resource.',
  412: 'The resource is not as the request expects it to be.',
  422: 'The request is understood, and cannot be carried out with these values.',
  428: 'The request has to say on which version of the resource it is based.',
  503: 'The resource is busy. The same request may be sent again.',
};

/** The formats by name: how their schemas are called, and what they are. */
const NAMES: Readonly<
  Record<
    keyof typeof FORMATS,
    {
      readonly contentType: string;
      nameOf(code: ProblemCode): string;
      readonly all: string;
      schemaOf(code: ProblemCode, statuses: readonly number[]): JsonSchema;
    }
  >
> = {
  problem: {
    contentType: 'application/problem+json',
    nameOf: (code) => `${pascal(code)}Problem`,
    all: 'Problem',
    schemaOf: problemSchema,
  },
  simple: {
    contentType: 'application/json',
    nameOf: (code) => `${pascal(code)}Simple`,
    all: 'SimpleProblem',
    schemaOf: simpleSchema,
  },
  jsonapi: {
    contentType: 'application/vnd.api+json',
    nameOf: (code) => `${pascal(code)}JsonApi`,
    all: 'JsonApiProblem',
    schemaOf: jsonapiSchema,
  },
};

function pascal(code: ProblemCode): string {
  return code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase());
}

/** Every code has a schema in every format, whether it is passed through or not: what is passed through can be raised. */
function schemasOf(statuses: Statuses): Record<string, JsonSchema> {
  const schemas: Record<string, JsonSchema> = {};
  for (const { all, nameOf, schemaOf } of Object.values(NAMES)) {
    for (const code of EVERY_CODE) {
      schemas[nameOf(code)] = schemaOf(code, [...(statuses.get(code) ?? [CODES[code][0]])].sort());
    }
    schemas[all] = { oneOf: EVERY_CODE.map((code) => ({ $ref: `#/components/schemas/${nameOf(code)}` })) };
  }
  return schemas;
}

const TEXT: JsonSchema = { type: 'string' };
const URI: JsonSchema = { type: 'string', format: 'uri-reference' };
const SENTENCE: JsonSchema = { type: 'string', description: 'A sentence for the user.' };
const ERROR_CODES: readonly ProblemError['code'][] = [
  'taken',
  'not_found',
  'in_use',
  'invalid',
  'overlaps',
  'required',
];

/** The members that a code has of its own, in every format. */
function membersOf(code: ProblemCode): Record<string, JsonSchema> {
  const [, recovery] = CODES[code];
  return {
    ...(recovery === 'refetch_and_retry' && {
      current_version: { type: 'string', description: 'The version that the server has.' },
      expected_version: { type: 'string', description: 'The version that the client expected.' },
    }),
    ...(code === 'invalid_state' && {
      current_status: TEXT,
      requested_transition: TEXT,
      allowed_transitions: { type: 'array', items: TEXT },
    }),
    retryable: { const: recovery === 'retry', description: 'True when the identical request may be sent again.' },
    ...(recovery === 'retry' && { retry_after: { type: 'integer', minimum: 0, description: 'Seconds.' } }),
    recovery: { const: recovery, description: 'What a client can do about it.' },
  };
}

function requiredOf(code: ProblemCode): string[] {
  return ['retryable', ...(CODES[code][1] === 'retry' ? ['retry_after'] : []), 'recovery'];
}

const RESOURCE: JsonSchema = { type: 'string', description: 'What the request was about.' };

function problemSchema(code: ProblemCode, statuses: readonly number[]): JsonSchema {
  const error: JsonSchema = {
    type: 'object',
    properties: {
      pointer: { type: 'string', format: 'json-pointer-uri-fragment', description: 'Into the request body.' },
      code: { enum: ERROR_CODES },
      detail: SENTENCE,
    },
    required: ['pointer', 'code'],
  };
  return {
    type: 'object',
    description: CODES[code][3],
    properties: {
      type: URI,
      title: TEXT,
      status: { enum: statuses },
      detail: SENTENCE,
      instance: { type: 'string', format: 'uri', description: 'This one occurrence, as the log has it.' },
      code: { const: code },
      resource: RESOURCE,
      errors: { type: 'array', items: error },
      ...membersOf(code),
    },
    required: ['type', 'title', 'status', 'detail', 'instance', 'code', ...requiredOf(code)],
  };
}

function simpleSchema(code: ProblemCode): JsonSchema {
  return {
    type: 'object',
    description: CODES[code][3],
    properties: {
      error: { const: 'conflict' },
      message: SENTENCE,
      code: { const: code },
      resource: RESOURCE,
      fields: { type: 'array', items: TEXT },
      instance: { type: 'string', format: 'uri' },
      ...membersOf(code),
    },
    required: ['error', 'message', 'code', 'instance', ...requiredOf(code)],
  };
}

function jsonapiSchema(code: ProblemCode, statuses: readonly number[]): JsonSchema {
  const object: JsonSchema = {
    type: 'object',
    properties: {
      id: { type: 'string', format: 'uri' },
      links: { type: 'object', properties: { type: URI }, required: ['type'] },
      status: { enum: statuses.map(String) },
      code: { const: code },
      title: TEXT,
      detail: SENTENCE,
      source: {
        type: 'object',
        properties: { pointer: { type: 'string', format: 'json-pointer' } },
        required: ['pointer'],
      },
      meta: {
        type: 'object',
        properties: { code: { enum: ERROR_CODES }, resource: RESOURCE, ...membersOf(code) },
        required: requiredOf(code),
      },
    },
    required: ['id', 'status', 'code', 'title', 'detail', 'meta'],
  };
  return {
    type: 'object',
    description: CODES[code][3],
    properties: { errors: { type: 'array', items: object, minItems: 1 } },
    required: ['errors'],
  };
}
