import type { Context } from './context.ts';
import {
  CODES,
  FORMATS,
  type Known,
  type ProblemCode,
  type ProblemError,
  type ProblemOf,
  toPointer,
  toProblem,
} from './problem.ts';
import { isRecord, nearest, shown } from './validate.ts';

type Fixed = 'status' | 'code' | 'retryable' | 'recovery' | 'current_version' | 'expected_version';

type Versions<Code extends ProblemCode> = 'current_version' extends keyof ProblemOf<Code>
  ? {
      /** The version that the server has. */
      readonly current_version?: string | number | bigint | undefined;
      /** The version that the client expected. */
      readonly expected_version?: string | number | bigint | undefined;
    }
  : unknown;

/** The members of the body that the application knows, by code, and `fields` as a rule has them. */
export type ConflictMembers<Code extends ProblemCode> = {
  readonly [Member in Exclude<keyof ProblemOf<Code>, Fixed>]?: ProblemOf<Code>[Member] | undefined;
} & Versions<Code> & { readonly fields?: readonly string[] | undefined };

/** What else there is to know about a conflict that the application raises. */
export interface ConflictOptions {
  /** The error behind it, for the log. */
  readonly cause?: unknown;
  /** The request: a stale version that it stated in a header is a 412. */
  readonly context?: Context | undefined;
}

type Reader = (value: unknown) => unknown;

/** Longer texts are cut: a body stays small whatever a version column holds. */
const LONGEST = 256;
const MOST = 16;
/** Characters of JSON that are not worth a closer look, and bytes that a body may have: less than 8 KiB. */
const SMALL = 400;
const LARGEST = 7500;
/** What goes first when a body is too large. The others fit: none is larger than 1.5 KiB in JSON. */
const DISPENSABLE = ['allowed_transitions', 'errors', 'detail', 'title', 'instance'];

/** A version is an identity: one that is too long is left out, for a part of it may be another's. */
const version: Reader = (value) => {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') return undefined;
  const string = String(value);
  return string === '' || string.length > LONGEST ? undefined : string;
};

const text: Reader = (value) =>
  typeof value === 'string' && value.length > LONGEST
    ? value.slice(0, LONGEST).replace(/[\ud800-\udbff]$/, '') // no half of a pair
    : version(value);

const texts: Reader = (value) =>
  Array.isArray(value)
    ? value
        .slice(0, MOST)
        .map(text)
        .filter((item) => item !== undefined)
    : undefined;

const seconds: Reader = (value) =>
  typeof value === 'number' && value >= 0 ? Math.ceil(Math.min(value, 86_400)) : undefined;

const ERROR_CODES: ReadonlySet<unknown> = /* @__PURE__ */ new Set(Object.values(CODES).map((defaults) => defaults[2]));

const errors: Reader = (value) =>
  Array.isArray(value)
    ? value.slice(0, MOST).flatMap((error) => {
        const pointer = text(error?.pointer);
        const detail = text(error?.detail);
        if (pointer === undefined) return [];
        const code = ERROR_CODES.has(error.code) ? error.code : 'invalid';
        return [{ pointer, code, ...(detail !== undefined && { detail }) }];
      })
    : undefined;

const READERS: Readonly<Record<string, Reader>> = {
  type: text,
  title: text,
  detail: text,
  instance: text,
  resource: text,
  errors,
  fields: texts,
};
const VERSION_READERS: Readonly<Record<string, Reader>> = { current_version: version, expected_version: version };
const STATE_READERS: Readonly<Record<string, Reader>> = {
  current_status: text,
  requested_transition: text,
  allowed_transitions: texts,
};

/** How each member that this code has is read. */
function readersOf(code: ProblemCode): Readonly<Record<string, Reader>> {
  const recovery = CODES[code][1];
  return {
    ...READERS,
    ...(recovery === 'refetch_and_retry' && VERSION_READERS),
    ...(code === 'invalid_state' && STATE_READERS),
    ...(recovery === 'retry' && { retry_after: seconds }),
  };
}

/**
 * The members of a problem out of what the application gave. A value that no body can hold is left out; a member or a
 * code that does not exist is a TypeError, because it is a bug.
 */
export function knownOf(code: ProblemCode, members: object): Known {
  if (typeof code !== 'string') throw new TypeError(`Expected the code of a conflict to be a text, got ${shown(code)}`);
  if (!Object.hasOwn(CODES, code)) throw new TypeError(`Unknown code "${code}", ${nearest(code, Object.keys(CODES))}`);
  if (!isRecord(members))
    throw new TypeError(`Expected the members of a conflict to be an object, got ${shown(members)}`);
  const readers = readersOf(code);
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(members)) {
    const read = Object.hasOwn(readers, name) ? readers[name] : undefined;
    if (read === undefined) {
      throw new TypeError(`Unknown member "${name}" of a conflict, ${nearest(name, Object.keys(readers))}`);
    }
    known[name] = read(value);
  }
  const { fields } = known as { fields?: readonly string[] };
  if (fields) {
    known.errors ??= fields.map((field): ProblemError => ({ pointer: toPointer(field), code: CODES[code][2] }));
  }
  if (JSON.stringify(known).length > SMALL) shrink(code, known);
  return known;
}

/** Leaves out members until a body fits in the format that repeats the most. */
function shrink(code: ProblemCode, known: Record<string, unknown>): void {
  const isLarge = (): boolean => {
    const { body } = FORMATS.jsonapi(toProblem(code, CODES[code][0], known));
    return new TextEncoder().encode(JSON.stringify(body)).length > LARGEST;
  };
  const { errors } = known as { errors?: readonly ProblemError[] };
  if (errors && isLarge()) known.errors = errors.map(({ pointer, code }) => ({ pointer, code }));
  for (const name of DISPENSABLE) if (isLarge()) delete known[name];
}
