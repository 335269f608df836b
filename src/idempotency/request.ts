import { createHash } from 'node:crypto';
import { type Context, headerOf } from '../context.ts';
import type { Conflicts } from '../define-conflicts.ts';
import { isRecord, shown } from '../validate.ts';

/** Any framework's request with its body parsed, or `{ method, headers, body }`. */
export interface IdempotentRequest extends Context {
  /** As the framework has parsed it. Not looked at where the scope has a `payload`. */
  readonly body?: unknown;
  readonly url?: string | undefined;
  /** The address before a router cut it. Preferred to `url`. */
  readonly originalUrl?: string | undefined;
}

/** Whose key it is, and for what. The server says it, never the client: two tenants may send the same key. */
export interface Scope {
  /** The user or tenant that the request was authenticated as. */
  readonly owner: string | number | bigint;
  /** The template of the route: `'/orders/:id/payments'`. The method is added. */
  readonly route: string;
  /**
   * What makes two requests the same one, as plain data.
   * @default path, query and body of the request
   */
  readonly payload?: unknown;
  /** False lets a request without a key run unprotected. @default true: it is a 400 */
  readonly required?: boolean;
}

/** One key as the database has it. */
export interface Subject {
  readonly scope: string;
  readonly key: string;
  /** SHA-256 of what was asked for. */
  readonly fingerprint: Buffer;
}

const SCOPE_MEMBERS = ['owner', 'route', 'payload', 'required'];

/**
 * The key of a request with its scope and fingerprint; `undefined` where it has none and needs none.
 *
 * @throws {ConflictError} `idempotency_key_missing` (400), also for a key that is none
 * @throws {TypeError} for a scope without owner or route, and for a body that was not parsed
 */
export function subjectOf(
  request: IdempotentRequest,
  scope: Scope,
  conflicts: Pick<Conflicts, 'conflict'>,
): Subject | undefined {
  checkScope(scope);
  const { owner, route, required = true } = scope;
  const header = headerOf(request, 'idempotency-key');
  if (header === undefined) {
    if (required) throw conflicts.conflict('idempotency_key_missing', {}, { context: request });
    return undefined;
  }
  const key = parseIdempotencyKey(header);
  if (key === undefined) {
    const detail = 'The Idempotency-Key header has to be one key of 1 to 255 ASCII characters.';
    throw conflicts.conflict('idempotency_key_missing', { detail }, { context: request });
  }
  const method = String(request.method).toUpperCase();
  const payload = scope.payload === undefined ? payloadOf(request) : scope.payload;
  return {
    scope: bounded(canonical([String(owner), method, route])),
    key,
    fingerprint: createHash('sha256')
      .update(canonical([method, route, payload]))
      .digest(),
  };
}

function checkScope(scope: unknown): asserts scope is Scope {
  if (!isRecord(scope)) throw new TypeError(`Expected the scope of a key to be { owner, route }, got ${shown(scope)}`);
  const unknown = Object.keys(scope).find((name) => !SCOPE_MEMBERS.includes(name));
  if (unknown !== undefined) {
    throw new TypeError(`Unknown member "${unknown}" of a scope, expected one of ${SCOPE_MEMBERS.join(', ')}`);
  }
  const { owner, route } = scope;
  const isId = Number.isFinite(owner) || typeof owner === 'bigint' || (typeof owner === 'string' && owner !== '');
  // Without it every user would get the answers of every other.
  if (!isId) throw new TypeError(`Expected the owner of a key to be the id of a user or tenant, got ${shown(owner)}`);
  if (typeof route !== 'string' || route === '') {
    throw new TypeError(`Expected the route of a key to be the template of a route, got ${shown(route)}`);
  }
}

/** Characters that are the same in both forms, and never two headers joined by a comma. */
const BARE = /^[!#-+\--:<-[\]-~]{1,255}$/;
const QUOTED = /^"((?:[ !#-[\]-~]|\\["\\])*)"((?: *; *[a-z*][a-z0-9_.*-]*(?:=[^";,\\ ]+)?)*)$/;

/**
 * The key that the header's value is: a string of a structured field, as the draft wants it, or bare, as most clients
 * send it. `undefined` for anything else, such as an empty one or two.
 * Source: draft-ietf-httpapi-idempotency-key-header-07 section 2.1, RFC 9651 section 3.3.3
 */
export function parseIdempotencyKey(value: string): string | undefined {
  const text = value.trim();
  if (text.length > 1024) return undefined;
  if (BARE.test(text)) return text;
  const key = QUOTED.exec(text)?.[1]?.replace(/\\(["\\])/g, '$1');
  return key !== undefined && key.length >= 1 && key.length <= 255 ? key : undefined;
}

/** What the request asks for. The path has the ids that the template of the route has not. */
function payloadOf(request: IdempotentRequest): unknown {
  const { body, originalUrl, url } = request;
  if (isUnread(request, body)) {
    throw new TypeError(
      'Expected the body of the request to be parsed. Parse it first, or say what it is as "payload" of the scope',
    );
  }
  return [targetOf(originalUrl ?? url), body];
}

function isUnread(request: IdempotentRequest, body: unknown): boolean {
  if (body === undefined) {
    const length = headerOf(request, 'content-length');
    return (length !== undefined && length !== '0') || headerOf(request, 'transfer-encoding') !== undefined;
  }
  const { getReader, pipe } = (body ?? {}) as { getReader?: unknown; pipe?: unknown };
  return typeof getReader === 'function' || typeof pipe === 'function';
}

/** Path and query, which stay the same whatever proxy the request came through. */
function targetOf(url: unknown): string | undefined {
  return typeof url === 'string' ? url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '') : undefined;
}

/** A text that fits into the column. What is cut is replaced by its hash, so that two stay two. */
function bounded(text: string): string {
  return Buffer.byteLength(text) <= 255 ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** What is to be written as it is. The end of an array or an object says of which. */
class Raw {
  readonly text: string;
  readonly closes: object | undefined;

  constructor(text: string, closes?: object) {
    this.text = text;
    this.closes = closes;
  }
}

/**
 * JSON with the members of each object in the order of their names, so that equal data has one text. Bytes are written
 * as their hash. Without recursion: how deep a body is, the client says.
 *
 * @throws {TypeError} for what is no plain data: a stream, a map, a cycle
 */
export function canonical(value: unknown): string {
  let text = '';
  const rest: unknown[] = [value];
  const open = new Set<object>();
  while (rest.length > 0) {
    const next = rest.pop();
    if (next instanceof Raw) {
      text += next.text;
      if (next.closes) open.delete(next.closes);
    } else if (typeof next === 'bigint') text += String(next);
    else if (typeof next !== 'object' || next === null) text += JSON.stringify(next) ?? 'null';
    else if (ArrayBuffer.isView(next)) text += `{"sha256":"${hashOf(next)}"}`;
    else if (typeof (next as { toJSON?: unknown }).toJSON === 'function') {
      rest.push((next as { toJSON(): unknown }).toJSON());
    } else {
      if (open.has(next) || !(Array.isArray(next) || isRecord(next))) throw notPlain(next);
      open.add(next);
      if (Array.isArray(next)) {
        rest.push(new Raw(']', next));
        for (let at = next.length - 1; at >= 0; at--) rest.push(next[at], new Raw(at === 0 ? '' : ','));
        text += '[';
      } else {
        const names = Object.keys(next).filter((name) => next[name] !== undefined);
        names.sort();
        rest.push(new Raw('}', next));
        for (let at = names.length - 1; at >= 0; at--) {
          const name = names[at] as string;
          rest.push(next[name], new Raw(`${at === 0 ? '' : ','}${JSON.stringify(name)}:`));
        }
        text += '{';
      }
    }
  }
  return text;
}

function hashOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
}

function notPlain(value: object): TypeError {
  const type = isRecord(value) || Array.isArray(value) ? 'a cycle' : Object.prototype.toString.call(value);
  return new TypeError(`Expected the payload of an idempotent request to be plain data, got ${type}`);
}
