import { isRecord, shown } from '../validate.ts';

/** What an idempotent request is answered with. */
export interface Answer {
  /** 200 to 599. */
  readonly status: number;
  readonly headers?: { readonly [name: string]: string | number | undefined };
  /** A text or bytes are sent as they are, plain data as JSON. */
  readonly body?: unknown;
}

/** What is to be sent: the first time and each time again. */
export interface IdempotentAnswer {
  readonly status: number;
  /** Of the first answer all; of a repeated one `Content-Type`, `ETag`, `Location` and `Idempotency-Replayed: true`. */
  readonly headers: Readonly<Record<string, string>>;
  /** A `Buffer`. Empty where there is no body, and where the first was larger than `maxBody`. */
  readonly body: Uint8Array;
  readonly isReplay: boolean;
}

/** The part of an answer that the database keeps. */
export interface StoredAnswer {
  readonly status: number;
  /** JSON. */
  readonly headers: string;
  readonly body: Buffer | undefined;
}

/** What may be stored. Never a cookie, and nothing about the connection. */
const KEPT = ['Content-Type', 'ETag', 'Location'];
const NOTHING = /* @__PURE__ */ Buffer.alloc(0);

/** Source: RFC 9110 sections 5.1 and 5.5. Node and `Headers` throw for anything else, and would do so each time again. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/i;
const VALUE = /^[\t -~\u0080-\u00ff]*$/;

/**
 * The answer that a handler gave, ready to be sent.
 *
 * @throws {TypeError} for anything that is no answer, or that HTTP cannot carry
 */
export function toAnswer(given: unknown): IdempotentAnswer {
  if (!isRecord(given)) {
    throw new TypeError(
      `Expected an idempotent request to be answered with { status, headers, body }, got ${shown(given)}`,
    );
  }
  const { status, body } = given;
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) {
    throw new TypeError(`Expected the status of an answer to be a number from 200 to 599, got ${shown(status)}`);
  }
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(given.headers ?? {})) {
    if (value === undefined) continue;
    const known = KEPT.find((kept) => isSame(kept, name)) ?? name;
    headers[known] = headerValue(known, String(value));
  }
  const [bytes, type] = bytesOf(body);
  if (type !== undefined) headers['Content-Type'] ??= type;
  return { status: status as number, headers, body: bytes, isReplay: false };
}

function headerValue(name: string, given: string): string {
  // A path may be of any language. What is encoded already stays as it is.
  const value = name === 'Location' ? given.replace(/[^!-~]+/g, encoded) : given;
  if (NAME.test(name) && VALUE.test(value)) return value;
  throw new TypeError(
    `Expected the header ${JSON.stringify(name)} of an answer to have a name and value that HTTP allows`,
  );
}

function encoded(text: string): string {
  return Buffer.from(text).toString('hex').toUpperCase().replace(/../g, '%$&');
}

function bytesOf(body: unknown): readonly [Buffer, type?: string] {
  if (body === undefined) return [NOTHING];
  if (typeof body === 'string') return [Buffer.from(body), 'text/plain; charset=utf-8'];
  if (body instanceof ArrayBuffer) return [Buffer.from(body), 'application/octet-stream'];
  if (ArrayBuffer.isView(body)) {
    return [Buffer.from(body.buffer, body.byteOffset, body.byteLength), 'application/octet-stream'];
  }
  const json = JSON.stringify(body, (_, value) => {
    if (isPlain(value)) return value as unknown;
    throw notPlain(value);
  });
  if (json === undefined) throw notPlain(body);
  return [Buffer.from(json), 'application/json'];
}

/** False for what JSON would make an empty object of: a promise that was not waited for, a stream, a map. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return true;
  return isRecord(value) && typeof value.then !== 'function' && typeof value.pipe !== 'function';
}

function notPlain(value: unknown): TypeError {
  const type = typeof value === 'object' ? Object.prototype.toString.call(value) : typeof value;
  return new TypeError(`Expected the body of an answer to be a text, bytes or plain data, got ${type}`);
}

/** What is stored of an answer: of one that is too large, its status and where the result is. */
export function toStored({ status, headers, body }: IdempotentAnswer, maxBody: number): StoredAnswer {
  const isLarge = body.byteLength > maxBody;
  const kept = (isLarge ? ['Location'] : KEPT).flatMap((name) => (headers[name] === undefined ? [] : [name]));
  return {
    status,
    headers: JSON.stringify(Object.fromEntries(kept.map((name) => [name, headers[name]]))),
    body: isLarge || body.byteLength === 0 ? undefined : (body as Buffer),
  };
}

/** A stored answer, as it is sent again. */
export function fromStored({ status, headers, body }: StoredAnswer): IdempotentAnswer {
  return {
    status,
    headers: { ...(JSON.parse(headers) as Record<string, string>), 'Idempotency-Replayed': 'true' },
    body: body ?? NOTHING,
    isReplay: true,
  };
}

/** The answer for whoever returns a `Response`: Hono, Next.js, Elysia. */
export function toResponse(answer: IdempotentAnswer): Response {
  // A Response that is given one, where there must be none, throws.
  const body = (sentBody(answer) ?? null) as Buffer<ArrayBuffer> | null;
  return new Response(body, { status: answer.status, headers: answer.headers });
}

/** The body; `undefined` where there is none, or must be none. Source: RFC 9110 sections 15.3.5, 15.3.6 and 15.4.5 */
export function sentBody({ status, body }: IdempotentAnswer): Uint8Array | undefined {
  return body.byteLength === 0 || status === 204 || status === 205 || status === 304 ? undefined : body;
}

/**
 * True for an answer that another request would get, too: a success, and an error that lies in the request itself.
 * What another try may change is not stored: not logged in, not allowed, conflicts, too many requests, a failure of
 * the server.
 */
export function isSettled(status: number): boolean {
  return status < 500 && !UNSETTLED.includes(status);
}

const UNSETTLED: readonly number[] = [401, 403, 407, 408, 409, 412, 421, 422, 423, 424, 425, 426, 428, 429];

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
