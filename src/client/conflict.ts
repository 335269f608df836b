import type { ProblemCode, ProblemError, ProblemOf, Recovery } from '../problem.ts';

/** What else is known of every conflict. */
interface Origin {
  /**
   * The server's own word, where it is not the `code`: a code that is newer than this client, `'23505'` of PostgREST,
   * `'already_exists'` of GitHub. Absent where it is the `code`, or the server had none.
   */
  readonly original_code?: string;
}

/** A conflict that has no code which this client knows. What the server says about recovering from it holds all the same. */
interface UnknownConflict extends Omit<ProblemOf<'conflict'>, 'recovery' | 'retryable'> {
  readonly recovery: Recovery;
  readonly retryable: boolean;
  /** Seconds; only with `recovery: 'retry'`. */
  readonly retry_after?: number;
  /** Only with `recovery: 'refetch_and_retry'`. */
  readonly current_version?: string;
  /** Only with `recovery: 'refetch_and_retry'`. */
  readonly expected_version?: string;
}

/** A conflict as the server described it. A union on `code`; a code of a newer server is `'conflict'`. */
export type Conflict =
  | { [Code in Exclude<ProblemCode, 'conflict'>]: ProblemOf<Code> & Origin }[Exclude<ProblemCode, 'conflict'>]
  | (UnknownConflict & Origin);

/** Bytes of a body, and UTF-16 units of one that is text already, beyond which only the status counts. */
const LARGEST_BODY = 65_536;
/** UTF-16 units: a member that is longer is ignored. */
const LONGEST_TEXT = 8192;
/** Entries of a list; what follows is ignored. */
const MOST_ENTRIES = 100;
/** How many causes of an error are followed. */
export const MOST_CAUSES = 4;
/** Some 23 days: `setTimeout` takes no more. Source: https://developer.mozilla.org/docs/Web/API/Window/setTimeout */
const MOST_SECONDS = 2e6;

/** The codes, by what a client can do: the same as the server's table, and a test compares them. */
const CODES: Readonly<Record<Recovery, readonly ProblemCode[]>> = {
  change_input: [
    'duplicate',
    'reference_missing',
    'reference_conflict',
    'check_failed',
    'overlap',
    'required',
    'invalid_value',
    'idempotency_key_reused',
    'idempotency_key_missing',
  ],
  refetch_and_retry: ['version_mismatch', 'precondition_required', 'merge_conflict'],
  retry: ['contention', 'busy', 'idempotency_in_progress'],
  none: ['reference_in_use', 'invalid_state', 'conflict'],
};

/** The code of a field that does not say its own; `'invalid'` for the others. */
const FIELD_CODES: Readonly<Record<string, ProblemError['code']>> = {
  duplicate: 'taken',
  reference_missing: 'not_found',
  reference_in_use: 'in_use',
  overlap: 'overlaps',
  required: 'required',
  idempotency_key_missing: 'required',
};

/**
 * The words of others. Sources: https://docs.stripe.com/error-codes (`idempotency_key_in_use`),
 * https://connectrpc.com/docs/protocol#error-codes (`already_exists`), and the SQLSTATEs that PostgREST passes on:
 * https://docs.postgrest.org/en/stable/references/errors.html
 */
const OTHERS: Readonly<Record<string, ProblemCode>> = {
  already_exists: 'duplicate',
  idempotency_key_in_use: 'idempotency_in_progress',
  23505: 'duplicate',
  23503: 'reference_conflict',
  23514: 'check_failed',
  '23P01': 'overlap',
  40001: 'contention',
  '40P01': 'contention',
};

/**
 * Titles of problems that have no type of their own, for the format that leaves them out, and the codes of bare answers.
 * Source: RFC 9110 sections 15.5.10 and 15.5.13, RFC 6585 section 3
 */
const STATUSES: Readonly<Record<number, readonly [title: string, code?: ProblemCode]>> = {
  400: ['Bad Request'],
  409: ['Conflict', 'conflict'],
  412: ['Precondition Failed', 'version_mismatch'],
  422: ['Unprocessable Content'],
  428: ['Precondition Required', 'precondition_required'],
  503: ['Service Unavailable'],
};

/** Whatever has members. A body is read only by the names of ours, and none of them is in a prototype. */
interface Bag {
  readonly [name: string]: Bag | undefined;
}

/** An answer, wherever it was found. */
interface Found {
  readonly status: number;
  readonly headers: Bag | undefined;
  body: unknown;
  /** The `Response`; nobody may have read its body. */
  readonly unread?: ResponseLike | undefined;
}

/** A `Response`, of any making. Source: https://fetch.spec.whatwg.org/#response-class */
interface ResponseLike {
  readonly body?: unknown;
  clone(): ResponseLike;
  text(): Promise<string>;
}

/** Source: https://streams.spec.whatwg.org/#rs-class */
interface BodyLike {
  getReader(): { read(): Promise<{ value?: Uint8Array }>; cancel(): Promise<void> };
}

/**
 * The conflict in what a client got or threw: a `Response` (its body stays unread), an error of axios, ky, got or ofetch,
 * a result of openapi-fetch, `{ status, headers, body }`, the body alone, or an error with one of these as its `cause`.
 *
 * Reads problem documents, our two other formats, and what others send: a bare 409, 412 or 428, `{"error":"conflict"}`,
 * JSON:API, PostgREST, Stripe. The status of the answer counts, not what a body says about it; where that is not 409, 412, 428 or
 * 503, a code is `retryable` only in a body that has `recovery` and `retryable`, as ours have. Not more than 64 KiB of a body
 * are read: of a longer one, and of one that is no JSON, only the status counts.
 *
 * What a format leaves out is not known: the simple one has no `type`, no `title` and only the names of fields; JSON:API
 * has one sentence for each field.
 *
 * Never rejects: `undefined` for what is no conflict.
 */
export const parseConflict: (input: unknown) => Promise<Conflict | undefined> = parse;

/** {@link parseConflict} at once, for callbacks that cannot wait. Of a `Response` whose body is unread only the status counts. */
export function conflictOf(input: unknown): Conflict | undefined {
  return attemptTo(() => toConflict(locate(input)));
}

/** @param causes 0 for what an operation returned: only an answer is a conflict there, no data that look like one */
export async function parse(input: unknown, causes?: number): Promise<Conflict | undefined> {
  try {
    const found = locate(input, causes);
    if (found?.unread && found.body === undefined && found.status >= 400) {
      found.body = await textOf(found.unread).catch(() => undefined);
    }
    return toConflict(found);
  } catch {
    return undefined;
  }
}

/**
 * The answer in an input. Sources: `error.response.data` of axios 1, `error.data` of ky 2 and ofetch 1, `response.body` of
 * got, `{ error, response }` of openapi-fetch 0.17, `{ data, error, status }` of supabase-js 2, `error.error` of Angular
 *
 * @param causes how many causes are followed; with 0 a body alone is none, either
 */
function locate(input: unknown, causes = MOST_CAUSES): Found | undefined {
  if (!isBag(input)) return undefined;
  const answer = isBag(input.response) ? input.response : input;
  const { headers } = answer;
  const unread = typeof answer.clone === 'function' ? (answer as unknown as ResponseLike) : undefined;
  const hasError = 'error' in input && (answer !== input || 'data' in input || headers);
  const status: unknown = answer.status ?? answer.statusCode;
  if (typeof status === 'number' && (answer !== input || hasError || headers || 'body' in input)) {
    const body = hasError ? input.error : (input.data ?? answer.data ?? (unread ? undefined : answer.body));
    return { status, headers, body, unread };
  }
  if (!causes) return undefined;
  // A body alone says its status itself; of what has none the cause may.
  const said = status ?? input.errors?.[0]?.status ?? ((input.error as unknown) === 'conflict' ? 409 : undefined);
  return said ? { status: Number(said), headers, body: input } : locate(input.cause, causes - 1);
}

/** The text of a copy of the body; `undefined` for one that is too large. */
async function textOf(response: ResponseLike): Promise<string | undefined> {
  const copy = response.clone();
  const reader = (copy.body as BodyLike | null)?.getReader?.();
  // Without streams (React Native, node-fetch) there is only the whole.
  if (!reader) return copy.text();
  const decoder = new TextDecoder();
  let text = '';
  for (let size = 0; ; ) {
    const { value } = await reader.read();
    if (!value) return text + decoder.decode();
    size += value.length;
    if (size > LARGEST_BODY) {
      // Settles only when the caller's half is read or cancelled, too.
      reader.cancel().catch(() => {});
      return undefined;
    }
    text += decoder.decode(value, { stream: true });
  }
}

function toConflict(found: Found | undefined): Conflict | undefined {
  if (!(found && found.status >= 400 && found.status < 600)) return undefined;
  const { status, headers } = found;
  const [title = 'Conflict', byStatus] = STATUSES[status] ?? [];
  const body = parsed(found.body);
  // JSON:API has each problem as an entry of `errors`, and the rest of it in `meta`.
  const first = body?.errors?.[0];
  const isJsonApi = body?.code === undefined && isText(first?.status);
  const inner = body?.error;
  const layers = isJsonApi ? [first, first?.meta, body] : [inner, body];
  // By name, and nothing is copied: what was parsed already may have millions of members.
  const member = (name: string): unknown => layers.map((layer) => layer?.[name]).find((value) => value !== undefined);
  const words = (name: string): string | undefined => text(member(name));
  const said = words('recovery') ?? '';
  const isOurs = Object.hasOwn(CODES, said) && typeof member('retryable') === 'boolean';
  const word = [words('code'), text(inner)].find((each) => /^\w+$/.test(each ?? '')) as ProblemCode;
  const foreign = Object.hasOwn(OTHERS, word) ? OTHERS[word] : byStatus;
  const known = recoveryOf(word);
  // Elsewhere a word alone, such as `busy`, is no reason to send anything again.
  const isBelieved = isOurs || byStatus || status === 503 || known !== 'retry';
  const code = known && isBelieved ? word : isOurs ? 'conflict' : foreign;
  if (!code) return undefined;

  const recovery = isOurs && code === 'conflict' ? said : recoveryOf(code);
  // What was parsed before is parsed to itself.
  const original = words('original_code') ?? word;
  // PostgREST's sentences have names of tables and values in them.
  const isPostgrest = member('hint') !== undefined;
  const detail = isPostgrest ? undefined : (words('detail') ?? words('message'));
  const fields: readonly unknown[] = isPostgrest
    ? columnsOf(words('details'))
    : [list(member('fields')), member('param')].flat();
  const named = fields.map((pointer) => ({ source: { pointer } }) as unknown as Bag);
  const errors = [list(member('errors')), named]
    .flat()
    .map((error) => {
      const sentence = text(error?.detail);
      const codes: unknown[] = [error?.meta?.code, error?.code];
      return {
        pointer: text(error?.pointer) ?? toPointer(text(error?.source?.pointer)),
        code:
          ['invalid', ...Object.values(FIELD_CODES)].find((each) => codes.includes(each)) ??
          FIELD_CODES[code] ??
          'invalid',
        // JSON:API has no place for the problem's own sentence: it is in each entry.
        detail: isJsonApi && sentence === detail ? undefined : sentence,
      };
    })
    .filter(({ pointer }) => pointer !== undefined);

  const type = text(first?.links?.type) ?? words('type');
  const members = {
    type: type && (isOurs || type.includes(':')) ? type : 'about:blank',
    title: words('title') ?? title,
    status,
    detail,
    instance: words(isJsonApi ? 'id' : 'instance'),
    code,
    original_code: original === code ? undefined : original,
    resource: words('resource'),
    errors: errors[0] && errors,
    ...(recovery === 'refetch_and_retry' && {
      current_version: words('current_version') ?? versionIn(headers),
      expected_version: words('expected_version'),
    }),
    ...(code === 'invalid_state' && {
      current_status: words('current_status'),
      requested_transition: words('requested_transition'),
      // No transition at all is news, too.
      allowed_transitions: list(member('allowed_transitions'))?.filter(isText),
    }),
    retryable: recovery === 'retry',
    ...(recovery === 'retry' && { retry_after: secondsIn(headers) ?? seconds(member('retry_after')) }),
    recovery,
  };
  // Without the members that are undefined.
  return JSON.parse(JSON.stringify(members)) as Conflict;
}

function recoveryOf(code: string): Recovery | undefined {
  return (Object.keys(CODES) as Recovery[]).find((recovery) => (CODES[recovery] as readonly string[]).includes(code));
}

/**
 * A field, or a JSON Pointer, as a URI fragment; JSON:API's, which goes to the whole document, as one into the attributes.
 * `undefined` for half of a surrogate pair, which is in no URI.
 */
function toPointer(field: string | undefined): string | undefined {
  if (field === undefined) return undefined;
  const path = /^\/([^~]|~[01])*$/.test(field) ? field : `/${field.replaceAll('~', '~0').replaceAll('/', '~1')}`;
  return attemptTo(() => `#${encodeURI(path.replace(/^\/data\/attributes(?=\/)/, '')).replaceAll('#', '%23')}`);
}

/** `Key (email, name)=(…) already exists.`, in any language. An expression is no column. */
function columnsOf(details = ''): readonly string[] {
  return /^[^(]*\((\w+(?:, \w+)*)\)=\(/.exec(details)?.[1]?.split(', ') ?? [];
}

/** A strong entity tag that arrived, as the version that it was made from; our server percent-encodes it. */
function versionIn(headers: Bag | undefined): string | undefined {
  const tag = /^"([^"]+)"$/.exec(header(headers, 'ETag'))?.[1];
  return tag && (attemptTo(() => decodeURI(tag)) ?? tag);
}

/** `Retry-After` in seconds. Source: RFC 9110 section 10.2.3 */
function secondsIn(headers: Bag | undefined): number | undefined {
  const value = header(headers, 'Retry-After');
  if (/^\d+$/.test(value)) return seconds(Number(value));
  return value.endsWith('GMT') ? seconds(Math.max(0, Math.ceil((Date.parse(value) - Date.now()) / 1000))) : undefined;
}

function seconds(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? Math.min(value, MOST_SECONDS) : undefined;
}

/** A header of `Headers`, of axios, of Node, or of a plain object with the names as we write them; `''` for none. */
function header(headers: Bag | undefined, name: string): string {
  const get: unknown = headers?.get;
  const value =
    typeof get === 'function' ? get.call(headers, name) : (headers?.[name.toLowerCase()] ?? headers?.[name]);
  return text(value)?.trim() ?? '';
}

/** A body that is text, as JSON; a member named `__proto__` is one like the others there, and is never read. */
function parsed(body: unknown): Bag | undefined {
  if (typeof body !== 'string') return body as Bag | undefined;
  return body.length > LARGEST_BODY ? undefined : attemptTo(() => JSON.parse(body) as Bag);
}

export function attemptTo<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}

function list(value: unknown): readonly (Bag | undefined)[] | undefined {
  return Array.isArray(value) ? value.slice(0, MOST_ENTRIES) : undefined;
}

function text(value: unknown): string | undefined {
  return isText(value) ? value : undefined;
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= LONGEST_TEXT;
}

function isBag(value: unknown): value is Bag {
  return typeof value === 'object' && value !== null;
}
