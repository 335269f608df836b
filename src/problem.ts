/**
 * The public side of a conflict: RFC 9457 problem details with words that a client can act on, and their formats.
 * Nothing here comes from a database.
 */

/** Whose input an entry of `errors` is about, and what is wrong with it. */
export interface ProblemError {
  /** JSON Pointer into the request body, as a URI fragment: `'#/email'`. Source: RFC 6901 section 6. */
  readonly pointer: string;
  readonly code: 'taken' | 'not_found' | 'in_use' | 'invalid' | 'overlaps' | 'required';
  /** A sentence for the user. */
  readonly detail?: string;
}

/** What a client can do about it. */
export type Recovery = 'change_input' | 'refetch_and_retry' | 'retry' | 'none';

interface Members<Code extends string, R extends Recovery> {
  /** URI of the problem type; `'about:blank'` when the application gave no `typeBase`. */
  readonly type: string;
  /** Fixed for the type; the status phrase when `type` is `'about:blank'`. */
  readonly title: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** A sentence for the user. */
  readonly detail?: string;
  /** `urn:uuid:…` of this one occurrence, for the log. */
  readonly instance?: string;
  /** What a client switches on. */
  readonly code: Code;
  /** The application's own name of what the request was about. */
  readonly resource?: string;
  readonly errors?: readonly ProblemError[];
  /** True when the identical request may be sent again. */
  readonly retryable: R extends 'retry' ? true : false;
  readonly recovery: R;
}

type InputProblem = Members<
  | 'duplicate'
  | 'reference_missing'
  | 'reference_conflict'
  | 'check_failed'
  | 'overlap'
  | 'required'
  | 'invalid_value'
  | 'idempotency_key_reused'
  | 'idempotency_key_missing',
  'change_input'
>;

type FinalProblem = Members<'reference_in_use' | 'conflict', 'none'>;

interface VersionProblem
  extends Members<'version_mismatch' | 'precondition_required' | 'merge_conflict', 'refetch_and_retry'> {
  /** The version that the server has, opaque to the client; also sent as `ETag`. */
  readonly current_version?: string;
  /** The version that the client expected. */
  readonly expected_version?: string;
}

interface StateProblem extends Members<'invalid_state', 'none'> {
  readonly current_status?: string;
  readonly requested_transition?: string;
  readonly allowed_transitions?: readonly string[];
}

interface TemporaryProblem extends Members<'contention' | 'busy' | 'idempotency_in_progress', 'retry'> {
  /** Seconds, a whole number; also sent as `Retry-After`. */
  readonly retry_after?: number;
}

/** The canonical body of a conflict. A union on `code`. */
export type Problem = InputProblem | FinalProblem | VersionProblem | StateProblem | TemporaryProblem;

/** What a client switches on. New codes may come with a minor version: treat an unknown one as `conflict`. */
export type ProblemCode = Problem['code'];

/** The problem with this code. */
export type ProblemOf<Code extends ProblemCode> = Problem & { readonly code: Code };

/** What is fixed for a code: status, recovery, code of its `errors`, title of its type, sentence without a rule. */
type Defaults = readonly [number, Recovery, ProblemError['code'], title: string, detail: string];

export const CODES: Readonly<Record<ProblemCode, Defaults>> = {
  duplicate: [409, 'change_input', 'taken', 'Duplicate value', 'A resource with this value already exists.'],
  reference_missing: [
    409,
    'change_input',
    'not_found',
    'Referenced resource does not exist',
    'The request refers to a resource that does not exist.',
  ],
  reference_in_use: [409, 'none', 'in_use', 'Resource is in use', 'Other resources still refer to this resource.'],
  reference_conflict: [
    409,
    'change_input',
    'invalid',
    'Reference conflict',
    'The request breaks a reference between resources.',
  ],
  check_failed: [409, 'change_input', 'invalid', 'Rule violated', 'The request violates a rule of the resource.'],
  overlap: [409, 'change_input', 'overlaps', 'Overlap', 'The request overlaps with an existing resource.'],
  version_mismatch: [
    409,
    'refetch_and_retry',
    'invalid',
    'Resource has changed',
    'The resource was changed since it was loaded. Load it again and retry.',
  ],
  precondition_required: [
    428,
    'refetch_and_retry',
    'invalid',
    'Precondition required',
    'Send the version of the resource that the request is based on.',
  ],
  invalid_state: [
    409,
    'none',
    'invalid',
    'Not possible in this state',
    'The current state of the resource does not allow this.',
  ],
  merge_conflict: [
    409,
    'refetch_and_retry',
    'invalid',
    'Merge conflict',
    'The changes conflict with other changes. Merge them and retry.',
  ],
  contention: [
    409,
    'retry',
    'invalid',
    'Concurrent requests',
    'The request collided with concurrent requests. Retry it.',
  ],
  busy: [503, 'retry', 'invalid', 'Busy', 'The resource is busy. Retry the request.'],
  required: [422, 'change_input', 'required', 'Value required', 'A required value is missing.'],
  invalid_value: [422, 'change_input', 'invalid', 'Invalid value', 'A value is not valid.'],
  idempotency_in_progress: [
    409,
    'retry',
    'invalid',
    'Request in progress',
    'A request with this idempotency key is still in progress.',
  ],
  idempotency_key_reused: [
    422,
    'change_input',
    'invalid',
    'Idempotency key reused',
    'This idempotency key was used for another request.',
  ],
  idempotency_key_missing: [
    400,
    'change_input',
    'required',
    'Idempotency key required',
    'Send an idempotency key with this request.',
  ],
  conflict: [409, 'none', 'invalid', 'Conflict', 'The request conflicts with the current state of the resource.'],
};

/** RFC 9110's phrases. */
const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  410: 'Gone',
  412: 'Precondition Failed',
  422: 'Unprocessable Content',
  423: 'Locked',
  428: 'Precondition Required',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The members of a problem that the caller knows; the rest follows from the code. */
export interface Known {
  readonly type?: string | undefined;
  readonly title?: string | undefined;
  readonly detail?: string | undefined;
  readonly instance?: string | undefined;
  readonly resource?: string | undefined;
  readonly errors?: readonly ProblemError[] | undefined;
  readonly current_version?: string | undefined;
  readonly expected_version?: string | undefined;
  readonly current_status?: string | undefined;
  readonly requested_transition?: string | undefined;
  readonly allowed_transitions?: readonly string[] | undefined;
  readonly retry_after?: number | undefined;
}

/**
 * Builds a problem with its members in the fixed order; absent ones are left out.
 *
 * @param instance of an occurrence that has one already, or {@link UNSEEN}
 */
export function toProblem(
  code: ProblemCode,
  status: number,
  known: Known,
  typeBase?: string,
  instance?: string,
): Problem {
  const defaults = CODES[code];
  const recovery = defaults[1];
  const type = known.type ?? (typeBase && typeBase + code.replaceAll('_', '-'));
  const title = (type === undefined ? PHRASES[status] : known.title) ?? defaults[3];
  const detail = known.detail ?? defaults[4];
  const id = instance ?? known.instance ?? newInstance();
  const retryable = recovery === 'retry';
  const { resource, errors } = known;
  const shown = type ?? 'about:blank';
  // The most frequent ones whole: a property that is added later takes more memory than the value in it.
  if (recovery === 'change_input' && !errors?.length && resource === undefined) {
    return { type: shown, title, status, detail, instance: id, code, retryable, recovery } as Problem;
  }
  if (recovery === 'change_input' && errors?.length && resource !== undefined) {
    return { type: shown, title, status, detail, instance: id, code, resource, errors, retryable, recovery } as Problem;
  }
  const problem: Record<string, unknown> = { type: shown, title, status, detail, instance: id, code };
  if (resource !== undefined) problem.resource = resource;
  if (errors?.length) problem.errors = errors;
  if (recovery === 'refetch_and_retry') {
    if (known.current_version !== undefined) problem.current_version = known.current_version;
    if (known.expected_version !== undefined) problem.expected_version = known.expected_version;
  }
  if (code === 'invalid_state') {
    if (known.current_status !== undefined) problem.current_status = known.current_status;
    if (known.requested_transition !== undefined) problem.requested_transition = known.requested_transition;
    if (known.allowed_transitions !== undefined) problem.allowed_transitions = known.allowed_transitions;
  }
  problem.retryable = retryable;
  if (retryable) problem.retry_after = known.retry_after ?? 1;
  problem.recovery = recovery;
  return problem as unknown as Problem;
}

/**
 * `urn:uuid:` and a random UUID, as character codes. Not by `randomUUID()`: its text is a chain of twenty pieces, which
 * cost more to keep than all the rest of a problem.
 */
const URN = codesOf('urn:uuid:xxxxxxxx-xxxx-4xxx-axxx-xxxxxxxxxxxx');
const DIGITS = URN.flatMap((code, at) => (code === 120 ? at : []));
const HEX = codesOf('0123456789abcdef');
/** Filled for some five hundred ids at a time: each filling costs more than an error. */
const RANDOM = new Uint8Array(8192);
let used = RANDOM.length;

/** In the place of an id that is made when somebody looks at the problem: to make one takes a tenth of a translation. */
export const UNSEEN = '';

/** The problem of one occurrence: the same, with an id of its own if it has had none. */
export function identified<P extends Problem>(problem: P): P {
  return problem.instance === UNSEEN ? { ...problem, instance: newInstance() } : problem;
}

function newInstance(): string {
  if (used === RANDOM.length) {
    crypto.getRandomValues(RANDOM);
    used = 0;
  }
  // A variable of the function: one of the module is written back each time, which takes longer than all the rest.
  let at = used;
  used += 16;
  for (let digit = 0; digit < DIGITS.length; digit += 2) {
    const byte = RANDOM[at++] as number;
    URN[DIGITS[digit] as number] = HEX[byte >> 4] as number;
    URN[DIGITS[digit + 1] as number] = HEX[byte & 15] as number;
  }
  return String.fromCharCode(...URN);
}

function codesOf(text: string): number[] {
  return Array.from(text, (character) => character.charCodeAt(0));
}

/**
 * The pointer of a field: a JSON Pointer, or a name of the body's top level. With a `~` that escapes nothing it is a name.
 * Source: RFC 6901 section 3
 */
export function toPointer(field: string): string {
  const path = /^\/([^~]|~[01])*$/.test(field) ? field : `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  // Half of a surrogate pair is in no URI.
  return `#${encodeURI(path.replace(/\p{Surrogate}/gu, '\ufffd')).replaceAll('#', '%23')}`;
}

/** A body and its media type. */
export interface Formatted {
  /** What `JSON.stringify` gets. */
  readonly body: unknown;
  /** Media type, such as `'application/problem+json'`. */
  readonly contentType: string;
}

/** Turns a problem into a body. */
export type Formatter = (problem: Problem) => Formatted;

/** The formats by name. */
export const FORMATS: Readonly<Record<'problem' | 'simple' | 'jsonapi', Formatter>> = {
  /** RFC 9457. */
  problem: (problem) => ({ body: problem, contentType: 'application/problem+json' }),
  /** `{"error":"conflict","message":…}` and the problem's own members. */
  simple(problem) {
    const { type, title, status, detail, code, resource, errors, ...others } = problem;
    const fields = errors?.map((error) => toField(error.pointer));
    return {
      body: {
        error: 'conflict',
        message: detail ?? title,
        code,
        ...(resource !== undefined && { resource }),
        ...(fields && { fields }),
        ...others,
      },
      contentType: 'application/json',
    };
  },
  /** JSON:API 1.1: an error object for each field. Source: https://jsonapi.org/format/1.1/#error-objects */
  jsonapi(problem) {
    const { type, title, status, detail, instance, code, errors, ...meta } = problem;
    const object = (error?: ProblemError): unknown => ({
      id: instance,
      ...(type !== 'about:blank' && { links: { type } }),
      status: String(status),
      code,
      title,
      detail: error?.detail ?? detail,
      ...(error && { source: { pointer: toAttribute(error.pointer) } }),
      meta: { ...(error && { code: error.code }), ...meta },
    });
    return {
      body: { errors: errors ? errors.map(object) : [object()] },
      contentType: 'application/vnd.api+json',
    };
  },
};

/** The field of a pointer: the reverse of {@link toPointer}. */
function toField(pointer: string): string {
  const path = toPath(pointer);
  const name = path.slice(1).replaceAll('~1', '/').replaceAll('~0', '~');
  // What would read as a path stays one.
  return path.includes('/', 1) || name.startsWith('/') ? path : name;
}

function toAttribute(pointer: string): string {
  const path = toPath(pointer);
  return path.startsWith('/data/') ? path : `/data/attributes${path}`;
}

/** The JSON Pointer in a URI fragment; what an application wrote that is none is left as it is. */
function toPath(pointer: string): string {
  try {
    return decodeURIComponent(pointer.slice(1));
  } catch {
    return pointer.slice(1);
  }
}
