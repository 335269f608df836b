import { readdirSync } from 'node:fs';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import type { ConflictError, Conflicts } from '../src/index.ts';
import { defineConflicts, isConflict } from '../src/index.ts';
import { CODES, type ProblemCode } from '../src/problem.ts';
import { captured } from './violations.ts';

const INSTANCE = 'urn:uuid:00000000-0000-4000-8000-000000000000';
const EVERY_CODE = Object.keys(CODES) as ProblemCode[];
const FORMATS = ['problem', 'simple', 'jsonapi'] as const;

/** An error that gives the code by default, where a database gives it at all. */
const NATIVE: { readonly [Code in ProblemCode]?: string } = {
  duplicate: 'pg/postgresql-18/unique',
  reference_missing: 'pg/postgresql-18/foreign-key-parent-missing',
  reference_in_use: 'pg/postgresql-18/foreign-key-still-referenced',
  reference_conflict: 'better-sqlite3/sqlite-3/foreign-key-parent-missing',
  check_failed: 'pg/postgresql-18/check',
  overlap: 'pg/postgresql-18/exclusion',
  contention: 'pg/postgresql-18/deadlock',
  busy: 'pg/postgresql-18/lock-timeout',
  required: 'pg/postgresql-18/not-null',
  invalid_value: 'pg/postgresql-18/string-too-long',
};

/** Members that the application gives, to see all of them in a body. */
const MEMBERS: { readonly [Code in ProblemCode]?: object } = {
  version_mismatch: { resource: 'post', current_version: 'v4', expected_version: 'v3' },
  precondition_required: { resource: 'post', current_version: 'v4' },
  merge_conflict: { resource: 'branch', current_version: 'f3a1', expected_version: '09bc' },
  invalid_state: {
    resource: 'order',
    current_status: 'shipped',
    requested_transition: 'cancel',
    allowed_transitions: ['return', 'refund'],
  },
  contention: { retry_after: 2 },
  busy: { resource: 'seat', retry_after: 5 },
  idempotency_in_progress: { retry_after: 1 },
  idempotency_key_missing: { fields: ['Idempotency-Key'] },
};

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

/** The answer as text, as it goes out, and with one instance for all. */
function golden(error: ConflictError): string {
  const head = Object.entries(error.headers).map(([name, value]) => `${name.toLowerCase()}: ${value}\n`);
  const text = `HTTP/1.1 ${error.status}\n${head.join('')}\n${JSON.stringify(error, null, 2)}\n`;
  return text.replace(/urn:uuid:[0-9a-f-]{36}/g, INSTANCE);
}

describe('the answer to every code in every format', () => {
  const cases = EVERY_CODE.flatMap((code) => FORMATS.map((format) => ({ code, format })));
  const optIn = { required: 422, invalid_value: 422 };

  test.each(cases)('$code as $format', async ({ code, format }) => {
    const conflicts = defineConflicts({ format, status: optIn });
    await expect(golden(made(conflicts, code))).toMatchFileSnapshot(`golden/${format}/${code}.http`);
  });

  test.each(cases)('$code as $format, with the words of a rule and a type', async ({ code, format }) => {
    const words = {
      resource: 'thing',
      fields: ['name', '/owner/id'],
      detail: 'Words of the rule.',
    };
    const key = keyOf(code);
    const rules = key === undefined ? {} : { [key]: { [code]: words } };
    const conflicts = defineConflicts({ format, rules, status: optIn, typeBase: 'https://example.com/problems/' });
    await expect(golden(made(conflicts, code, words))).toMatchFileSnapshot(`golden/${format}/${code}-words.http`);
  });

  test('is all that there is of golden answers', () => {
    const files = readdirSync(new URL('golden/', import.meta.url), { recursive: true, encoding: 'utf8' });
    const expected = cases.flatMap(({ code, format }) => [`${format}/${code}.http`, `${format}/${code}-words.http`]);
    expect(files.filter((file) => file.endsWith('.http')).sort()).toEqual(expected.sort());
  });

  test('is the same under every NODE_ENV', () => {
    const answers = new Set<string>();
    for (const environment of ['development', 'test', 'production', undefined]) {
      vi.stubEnv('NODE_ENV', environment);
      const translated = defineConflicts().translate(captured('pg/postgresql-18/unique')) as ConflictError;
      answers.add(golden(translated));
    }
    vi.unstubAllEnvs();
    expect(answers.size).toBe(1);
  });

  /** The conflict as a database raises it, where one does and a rule can name it; else as the application does. */
  function made(conflicts: Conflicts, code: ProblemCode, words?: object): ConflictError {
    const path = NATIVE[code];
    if (path === undefined || (words && keyOf(code) === undefined)) {
      return conflicts.conflict(code, { ...MEMBERS[code], ...words });
    }
    const error: unknown = conflicts.translate(captured(path));
    if (!isConflict(error, code)) throw new Error(`Expected ${path} to be answered as ${code}`);
    if (words && error.rule === undefined) throw new Error(`Expected ${path} to be found by its rule`);
    return error;
  }

  /** The key of the rule for what the database reports. */
  function keyOf(code: ProblemCode): string | undefined {
    const violation = NATIVE[code] && defineConflicts().classify(captured(NATIVE[code]));
    if (!violation) return undefined;
    if ('constraint' in violation) return violation.constraint;
    return violation.table && violation.columns && `${violation.table}(${violation.columns.join(', ')})`;
  }
});
