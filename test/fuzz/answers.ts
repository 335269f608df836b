import { conflictOf, fieldErrors, parseConflict } from '../../src/client/index.ts';
import { conflict, defineConflicts } from '../../src/index.ts';
import { CODES, type ProblemCode } from '../../src/problem.ts';
import { type Random, randomOf } from './random.ts';
import type { Target } from './target.ts';
import { anything, changedText } from './texts.ts';

const EVERY_CODE = Object.keys(CODES) as ProblemCode[];

/** Bodies that real servers send. Sources: see src/client/conflict.ts */
const OTHERS: readonly unknown[] = [
  { error: 'conflict', message: 'Taken.', fields: ['email'] },
  { code: '23505', details: 'Key (email)=(a) already exists.', hint: null, message: 'duplicate key value' },
  { message: 'Validation Failed', errors: [{ resource: 'Label', code: 'already_exists', field: 'name' }] },
  { error: { code: 'idempotency_key_in_use', type: 'invalid_request_error', message: 'a', param: 'b' } },
  { errors: [{ status: '409', code: 'duplicate', detail: 'Taken.', source: { pointer: '/data/attributes/email' } }] },
  { schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'], scimType: 'uniqueness', status: '409', detail: 'a' },
  { error: { code: 409, status: 'ABORTED', message: 'a', details: [{ '@type': 'a', reason: 'ALREADY_EXISTS' }] } },
  { type: 'https://example.com/probs/out-of-date', title: 'Out of date', status: 412, current_version: 'v4' },
  [],
  'conflict',
  null,
  42,
];

const OURS: readonly unknown[] = (['problem', 'simple', 'jsonapi'] as const).flatMap((format) => {
  const conflicts = defineConflicts({ format, typeBase: 'https://example.com/problems/' });
  return EVERY_CODE.flatMap((code) => [
    JSON.parse(JSON.stringify(conflicts.conflict(code))),
    JSON.parse(JSON.stringify(conflicts.conflict(code, { resource: 'user', fields: ['email', 'a/b'] } as never))),
  ]);
});
const VERSIONS = conflict('version_mismatch', { resource: 'post', current_version: 'v4', expected_version: 'v3' });
const STATES = conflict('invalid_state', {
  current_status: 'a',
  requested_transition: 'b',
  allowed_transitions: ['c'],
});
const BODIES = [...OURS, ...OTHERS, JSON.parse(JSON.stringify(VERSIONS)), JSON.parse(JSON.stringify(STATES))];
const TEXTS = [...new Set(BODIES.flatMap(textsIn))];
const NAMES = [
  ...new Set(BODIES.flatMap(namesIn)),
  ...['__proto__', 'constructor', 'toString', 'then', 'toJSON', 'length', 'status', 'errors', 'pointer', 'retry_after'],
];
const STATUSES = [200, 201, 400, 401, 404, 409, 409, 409, 412, 422, 428, 500, 503];

interface Input {
  readonly way: string;
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: unknown;
  readonly text: string;
}

/** Answers of servers with everything changed that can be, in everything that a client has or throws. */
export const answers: Target = {
  name: 'answers to clients',
  async check(seed, number) {
    const made = make(seed, number);
    const given = inputOf(made);
    const size = made.text.length;
    const from = size > 1 << 18 ? process.cpuUsage() : undefined;
    const parsed = await parseConflict(given);
    const now = conflictOf(given);
    if (from && process.cpuUsage(from).user / 1000 > 300 * Math.ceil(size / (1 << 20)))
      return `slow for ${size} characters`;
    for (const found of [parsed, now]) {
      if (found === undefined) continue;
      if (Object.getPrototypeOf(found) !== Object.prototype) return 'a prototype was changed';
      const { code, status, recovery, retryable, errors, retry_after } = found as Record<string, unknown> &
        typeof found;
      if (!EVERY_CODE.includes(code)) return `code ${String(code)}`;
      if (!Number.isInteger(status) || status < 400 || status > 599) return `status ${status}`;
      if (made.way !== 'body' && made.way !== 'cause' && status !== made.status)
        return `status ${status} for ${made.status}`;
      if (typeof retryable !== 'boolean' || retryable !== (recovery === 'retry'))
        return `retryable ${retryable}, recovery ${recovery}`;
      if (code !== 'conflict' && recovery !== CODES[code][1]) return `recovery ${recovery} of ${code}`;
      if (retry_after !== undefined && !(Number.isFinite(retry_after) && (retry_after as number) >= 0))
        return `retry_after ${String(retry_after)}`;
      if (errors !== undefined && !Array.isArray(errors)) return 'errors that are no list';
      if (
        fieldErrors(found).some(({ path, message }) => typeof message !== 'string' || path.some((part) => part in {}))
      )
        return 'a field that harms a form';
      const kept = JSON.stringify(found);
      if (kept.length > 1 << 20) return `${kept.length} characters are kept`;
    }
    return 'polluted' in {} ? 'a prototype was polluted' : undefined;
  },
  describe: (seed, number) => {
    const { text, ...input } = make(seed, number);
    return { ...input, body: text.slice(0, 2000) };
  },
};

function make(seed: number, number: number): Input {
  const random = randomOf(seed, number);
  let body = structuredClone(random.pick(BODIES));
  const changes = random.below(5);
  for (let change = 0; change < changes; change++) body = changed(body, random);
  let text = attempt(() => JSON.stringify(body)) ?? 'null';
  if (random.oneIn(6)) text = changedText(text, TEXTS, random);
  if (random.oneIn(30)) text = text.replace(/"(\w+)":/, '"__proto__":{"polluted":1},"$1":');
  const type = random.pick([
    'application/problem+json',
    'application/json',
    'text/html',
    'application/vnd.api+json',
    '',
  ]);
  const headers: Record<string, string> = type ? { 'content-type': type } : {};
  if (random.oneIn(3))
    headers['retry-after'] = random.pick(['1', '0', '-1', '1e9', 'Wed, 21 Oct 2026 07:28:00 GMT', 'x', '0x10', '']);
  if (random.oneIn(4)) headers.etag = random.pick(['"v4"', 'W/"v4"', '"', 'v4', '""', 'x'.repeat(1000)]);
  const way = random.pick(['Response', 'axios', 'ky', 'got', 'ofetch', 'openapi-fetch', 'plain', 'body', 'cause']);
  return { way, status: random.pick(STATUSES), headers, body, text };
}

/** The input as the client has it. */
function inputOf({ way, status, headers, body, text }: Input): unknown {
  const data = attempt(() => JSON.parse(text)) ?? text;
  const response = () => new Response(text, { status, headers });
  switch (way) {
    case 'Response':
      return response();
    case 'axios':
      return Object.assign(new Error('Request failed'), {
        isAxiosError: true,
        status,
        response: { status, headers, data },
      });
    case 'ky':
      return Object.assign(new Error('a'), { response: response(), data });
    case 'got':
      return Object.assign(new Error('a'), { response: { statusCode: status, headers, body: text } });
    case 'ofetch':
      return Object.assign(new Error('a'), { response: response(), data, status, statusCode: status });
    case 'openapi-fetch':
      return { error: data, response: response() };
    case 'plain':
      return { status, headers, body };
    case 'body':
      return data;
    default:
      return new Error('a', { cause: data });
  }
}

function changed(value: unknown, random: Random, depth = 0): unknown {
  if (random.oneIn(12)) return anything(random);
  if (typeof value === 'string') return changedText(value, TEXTS, random);
  if (typeof value !== 'object' || value === null || depth > 4) return random.pick(BODIES);
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
  const keys = Object.keys(copy);
  const key = random.pick(keys.length > 0 && random.below(4) ? keys : NAMES);
  switch (random.below(5)) {
    case 0:
      Reflect.deleteProperty(copy, key);
      return copy;
    case 1:
      return { ...copy, [random.pick(NAMES)]: copy[key] };
    case 2:
      return {
        ...copy,
        [key]: isLarge(value) ? [copy[key]] : random.oneIn(20) ? Array(1000).fill(copy[key]) : [copy[key], value],
      };
    default:
      return { ...copy, [key]: changed(copy[key], random, depth + 1) };
  }
}

/** True for what may not be multiplied again: a thousand times a thousand is too much for any machine. */
function isLarge(value: unknown): boolean {
  return (attempt(() => JSON.stringify(value)) ?? '').length > 20_000;
}

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

function namesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return [...Object.keys(value), ...Object.values(value).flatMap(namesIn)];
}

function attempt<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
