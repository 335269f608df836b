import { readdirSync, readFileSync } from 'node:fs';
import { STATUS_CODES } from 'node:http';
import { describe, expect, test } from 'vitest';

// RFC 9457, rule by rule, over every answer in the format `problem` as it came out of a socket.

const GOLDEN = new URL('../golden/problem/', import.meta.url);

interface Answer {
  readonly file: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

const answers: readonly Answer[] = readdirSync(GOLDEN).map((file) => {
  const [head = '', body = ''] = readFileSync(new URL(file, GOLDEN), 'utf8').split('\n\n');
  const [line = '', ...fields] = head.split('\n');
  const headers = Object.fromEntries(fields.map((field) => field.split(': ') as [string, string]));
  return { file, status: Number(line.split(' ')[1]), headers, body: JSON.parse(body) as Answer['body'] };
});

/** Node has the name of RFC 4918. Source: RFC 9110 section 15.5.21 */
const PHRASES: Readonly<Record<number, string | undefined>> = { ...STATUS_CODES, 422: 'Unprocessable Content' };
const REGISTERED = ['type', 'title', 'status', 'detail', 'instance'];

/** True for what `URL` takes as it is. */
const isUri = (value: unknown): boolean => typeof value === 'string' && URL.canParse(value) && !/[^!-~]/.test(value);
const extensionsOf = ({ body }: Answer): string[] => Object.keys(body).filter((name) => !REGISTERED.includes(name));
const errorsOf = ({ body }: Answer) => (body.errors ?? []) as { pointer: string; code: string; detail?: string }[];
const pointersOf = (answer: Answer): string[] => errorsOf(answer).map(({ pointer }) => pointer);

const RULES: Readonly<Record<string, (answer: Answer) => unknown>> = {
  'section 3: the media type is application/problem+json': ({ headers }) =>
    headers['content-type'] === 'application/problem+json',
  'section 3.1: the registered members come first, each with the type that it has to have': ({ body }) =>
    Object.keys(body).slice(0, 3).join() === 'type,title,status' &&
    typeof body.title === 'string' &&
    ['string', 'undefined'].includes(typeof body.detail) &&
    typeof body.instance === 'string',
  'section 3.1.1: type is an absolute URI': ({ body }) => isUri(body.type),
  'section 3.1.2: status is the status of the answer': ({ body, status }) => body.status === status,
  'section 3.1.5: instance is a URI of this occurrence': ({ body }) => isUri(body.instance),
  'section 3.2: a name of an extension is three characters or more: a letter, then letters, digits and underscores': (
    answer,
  ) => extensionsOf(answer).every((name) => /^[A-Za-z][A-Za-z0-9_]{2,}$/.test(name)),
  'section 4.2.1: the title of about:blank is the phrase of the status': ({ body, status }) =>
    body.type !== 'about:blank' || body.title === PHRASES[status],
  'RFC 6901 section 6: pointers are fragments of a URI': (answer) =>
    pointersOf(answer).every((pointer) => /^#(\/([\w.!$&'()*+,;=:@/?-]|%[0-9A-F]{2}|~[01])*)*$/.test(pointer)),
  'RFC 9110 section 10.2.3: Retry-After is a whole number of seconds, and the same in the body': ({ headers, body }) =>
    headers['retry-after'] === (body.retry_after === undefined ? undefined : String(body.retry_after)) &&
    /^\d+$/.test(headers['retry-after'] ?? '0'),
  'RFC 9110 section 8.8.3: ETag is a strong tag, and there where the current version is': ({ headers, body }) =>
    (headers.etag === undefined) === (body.current_version === undefined) &&
    /^"[!#-~\x80-\xff]*"$/.test(headers.etag ?? '""'),
  'RFC 6585 section 3, and because an answer is about one moment: no cache keeps it': ({ headers }) =>
    headers['cache-control'] === 'no-store',
};

describe('a problem document', () => {
  test('is there for every code, with words of a rule and without', () => {
    const names = answers.map(({ file }) => file.replace(/(-words)?\.http$/, ''));
    const codes = [...new Set(names)];
    expect(codes.length).toBeGreaterThan(15);
    expect(answers.map(({ body }) => body.code)).toEqual(names);
    expect(names.length).toBe(codes.length * 2);
  });

  test.each(Object.entries(RULES))('%s', (_, holds) => {
    expect(answers.filter((answer) => !holds(answer)).map(({ file }) => file)).toEqual([]);
  });

  test('section 3.1.3: the title of a type is the same each time', () => {
    const titles = new Map<unknown, Set<unknown>>();
    for (const { body } of answers.filter(({ body }) => body.type !== 'about:blank')) {
      titles.set(body.type, (titles.get(body.type) ?? new Set()).add(body.title));
    }
    expect(titles.size).toBeGreaterThan(15);
    expect([...titles].filter(([, each]) => each.size !== 1)).toEqual([]);
  });
});
