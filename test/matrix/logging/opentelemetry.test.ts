import { SpanStatusCode, trace } from '@opentelemetry/api';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import * as conventions from '@opentelemetry/semantic-conventions';
import { recordConflict } from 'db-http-errors/logging';
import { beforeEach, describe, expect, test } from 'vitest';
import { captured } from '../../violations.ts';
import { versionOf } from '../frameworks.ts';
import { CANARIES, conflicts, THROWN } from '../thrown.ts';

const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
const tracer = provider.getTracer('test');

/** The span of a request that failed with this. */
function recorded(error: unknown) {
  const span = tracer.startSpan('POST /users');
  recordConflict(span, error, conflicts);
  span.end();
  const [finished] = exporter.getFinishedSpans();
  if (finished === undefined) throw new Error('Expected a span');
  const { attributes, status, events } = finished;
  return { attributes, status, events };
}

const answered = (route: string): unknown => conflicts.translate(THROWN[route]?.());

beforeEach(() => exporter.reset());

describe(`OpenTelemetry (${versionOf(new URL(import.meta.url), '@opentelemetry/sdk-trace-base')})`, () => {
  test('gets a conflict under the names of its conventions, which is no failure of the server', () => {
    const { attributes, status, events } = recorded(answered('native'));
    expect(attributes).toEqual({
      [conventions.ATTR_DB_SYSTEM_NAME]: conventions.DB_SYSTEM_NAME_VALUE_POSTGRESQL,
      [conventions.ATTR_DB_RESPONSE_STATUS_CODE]: '23505',
      [conventions.ATTR_DB_COLLECTION_NAME]: 'users',
      [conventions.ATTR_DB_NAMESPACE]: 'public',
      'db_http_errors.instance': expect.stringMatching(/^urn:uuid:/),
      'db_http_errors.code': 'duplicate',
      'db_http_errors.rule': 'users_email_key',
      'db_http_errors.kind': 'unique_violation',
      'db_http_errors.constraint': 'users_email_key',
    });
    expect(status).toEqual({ code: SpanStatusCode.UNSET });
    expect(events).toEqual([]);
  });

  test('gets a 503 as a failure, without a description', () => {
    const { attributes, status } = recorded(conflicts.translate(captured('pg/postgresql-18/nowait')));
    expect(attributes).toMatchObject({
      [conventions.ATTR_ERROR_TYPE]: '55P03',
      'db_http_errors.code': 'busy',
    });
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
  });

  test('gets a failure of the application’s own conflict by its code', () => {
    const { attributes, status } = recorded(answered('busy'));
    expect(attributes).toEqual({
      [conventions.ATTR_ERROR_TYPE]: 'busy',
      'db_http_errors.code': 'busy',
      'db_http_errors.instance': expect.any(String),
    });
    expect(status.code).toBe(SpanStatusCode.ERROR);
  });

  test.each([
    ['syntax', '42601'],
    ['required', '23502'],
    ['native', '23505'],
    ['refused', 'ECONNREFUSED'],
  ])('gets %s, which nobody has answered, as a failure', (route, code) => {
    const { attributes, status } = recorded(THROWN[route]?.());
    expect(attributes).toMatchObject({
      [conventions.ATTR_ERROR_TYPE]: code,
      [conventions.ATTR_DB_RESPONSE_STATUS_CODE]: code,
    });
    expect(status).toEqual({ code: SpanStatusCode.ERROR });
  });

  test('knows the conventions’ names of the other systems', () => {
    expect([conventions.DB_SYSTEM_NAME_VALUE_MYSQL, conventions.DB_SYSTEM_NAME_VALUE_MARIADB]).toEqual([
      'mysql',
      'mariadb',
    ]);
  });

  test.each(['bug', 'missing', 'string'])('gets nothing of %s', (route) => {
    expect(recorded(THROWN[route]?.())).toEqual({ attributes: {}, status: { code: SpanStatusCode.UNSET }, events: [] });
  });

  test('gets no value, no SQL and no text, whatever is recorded', () => {
    const secrets = CANARIES.filter((canary) => !['users_email_key', 'products', 'ECONNREFUSED'].includes(canary));
    for (const route of Object.keys(THROWN)) {
      exporter.reset();
      const text = JSON.stringify([recorded(THROWN[route]?.())]);
      expect(secrets.filter((secret) => text.includes(secret))).toEqual([]);
    }
  });

  test('may have no active span', () => {
    recordConflict(trace.getActiveSpan(), answered('native'));
    expect(exporter.getFinishedSpans()).toEqual([]);
  });
});
