import { describe, expect, test } from 'vitest';
import type { Catalog } from '../src/catalog/index.ts';
import { defineConflicts } from '../src/index.ts';
import { type OpenApiComponents, openapi } from '../src/openapi.ts';

// What the components say about bodies is validated by real validators: test/matrix/openapi.

const INSTANCE = 'urn:uuid:00000000-0000-4000-8000-000000000000';

const rules = {
  users_email_key: { resource: 'user', fields: ['email'], detail: 'A user with this email address already exists.' },
  orders_customer_id_fkey: {
    reference_missing: { resource: 'order', fields: ['customer'], detail: 'This customer does not exist.' },
    reference_in_use: { resource: 'customer', detail: 'The customer still has orders.' },
  },
  order_items_quantity_check: { status: 422, fields: ['quantity'], detail: 'The quantity must be positive.' },
  order_already_shipped: { code: 'invalid_state', detail: () => 'It has left.' },
  accounts_email_key: { conceal: true },
} as const;

function examplesOf(components: OpenApiComponents, response: string): Record<string, unknown> {
  const [content] = Object.values(components.responses[response]?.content ?? {});
  return Object.fromEntries(Object.entries(content?.examples ?? {}).map(([name, { value }]) => [name, value]));
}

describe('the components of an OpenAPI document', () => {
  const components = openapi(defineConflicts({ rules }));

  test('have a response for each status in use', () => {
    expect(Object.keys(components.responses)).toEqual([
      'BadRequest',
      'Conflict',
      'PreconditionFailed',
      'UnprocessableContent',
      'PreconditionRequired',
      'ServiceUnavailable',
    ]);
    expect(components.responses.ServiceUnavailable?.headers).toHaveProperty('Retry-After');
    expect(components.responses.PreconditionFailed?.headers).toHaveProperty('ETag');
  });

  test('have an example for each rule, which is the body that the rule gives', () => {
    const examples = examplesOf(components, 'Conflict');
    expect(examples.users_email_key).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      detail: 'A user with this email address already exists.',
      instance: INSTANCE,
      code: 'duplicate',
      resource: 'user',
      errors: [{ pointer: '#/email', code: 'taken' }],
      retryable: false,
      recovery: 'change_input',
    });
    expect(examples).toMatchObject({
      'orders_customer_id_fkey reference_missing': {
        code: 'reference_missing',
        detail: 'This customer does not exist.',
      },
      'orders_customer_id_fkey reference_in_use': { code: 'reference_in_use', resource: 'customer' },
      order_already_shipped: { code: 'invalid_state', detail: 'It has left.' },
      accounts_email_key: { code: 'conflict', detail: 'The request conflicts with the current state of the resource.' },
      contention: { code: 'contention', retryable: true, retry_after: 1 },
    });
    expect(examples).not.toHaveProperty('order_items_quantity_check');
    expect(examplesOf(components, 'UnprocessableContent')).toMatchObject({
      order_items_quantity_check: {
        status: 422,
        code: 'check_failed',
        errors: [{ pointer: '#/quantity', code: 'invalid' }],
      },
    });
    expect(examplesOf(components, 'PreconditionFailed')).toMatchObject({
      'version_mismatch 412': { status: 412, current_version: 'v4' },
      'duplicate 412': { status: 412, code: 'duplicate' },
    });
  });

  test('refer to nothing that is not there, and are plain JSON', () => {
    const text = JSON.stringify(components);
    const references = Array.from(text.matchAll(/"#\/components\/schemas\/(\w+)"/g), ([, name]) => name as string);
    expect(references.length).toBeGreaterThan(70);
    expect(Object.keys(components.schemas)).toEqual(expect.arrayContaining(references));
    expect(JSON.parse(text)).toEqual(components);
    expect(openapi(defineConflicts({ rules }))).toEqual(components);
  });

  test('have the content type, the discriminator and the statuses of the options', () => {
    const { responses } = openapi(
      defineConflicts({ format: 'simple', status: { busy: 429, required: 400, version_mismatch: 409 } }),
    );
    expect(Object.keys(responses)).toEqual([
      'BadRequest',
      'Conflict',
      'PreconditionFailed',
      'UnprocessableContent',
      'PreconditionRequired',
      'TooManyRequests',
    ]);
    const simple = responses.BadRequest?.content['application/json'];
    expect(simple?.schema).toEqual({
      oneOf: [
        { $ref: '#/components/schemas/RequiredSimple' },
        { $ref: '#/components/schemas/IdempotencyKeyMissingSimple' },
      ],
      discriminator: {
        propertyName: 'code',
        mapping: {
          required: '#/components/schemas/RequiredSimple',
          idempotency_key_missing: '#/components/schemas/IdempotencyKeyMissingSimple',
        },
      },
    });
    const jsonapi = openapi(defineConflicts({ format: 'jsonapi' })).responses.Conflict?.content;
    expect(jsonapi?.['application/vnd.api+json']?.schema).not.toHaveProperty('discriminator');
    const own = openapi(
      defineConflicts({ format: ({ code }) => ({ body: { code }, contentType: 'application/x+json' }) }),
    );
    expect(own.responses.ServiceUnavailable?.content).toEqual({
      'application/x+json': {
        schema: {},
        examples: { busy: { summary: expect.any(String), value: { code: 'busy' } } },
      },
    });
  });

  test('know the media type of a format that fails', () => {
    const failing = defineConflicts({
      format: () => {
        throw new Error('a bug of the application');
      },
    });
    expect(Object.keys(openapi(failing).responses.ServiceUnavailable?.content ?? {})).toEqual([
      'application/problem+json',
    ]);
  });

  test('know from a catalog what a rule is about', () => {
    const catalog: Catalog<{ odd?: object; raised?: object }> = {
      dialect: 'postgresql',
      constraints: [{ kind: 'exclusion', name: 'odd', schema: 'public', table: 'bookings' }],
    };
    const known = openapi(
      defineConflicts({ catalog, rules: { odd: { detail: 'Odd.' }, raised: { detail: 'Raised.' } } }),
    );
    expect(examplesOf(known, 'Conflict')).toMatchObject({
      odd: { code: 'overlap', detail: 'Odd.' },
      raised: { code: 'invalid_state', detail: 'Raised.' },
    });
  });

  test('guess without a catalog from the name of a rule what it is about', () => {
    const guessed = openapi(
      defineConflicts({
        rules: {
          'users(email)': { detail: 'Taken.' },
          orders_customer_id_fk: { detail: 'Refers.' },
          bookings_room_excl: { detail: 'Overlaps.' },
          items_price_check: { detail: 'Wrong.' },
          users_name: { code: 'required', detail: 'No name.' },
          users_age: { code: 'invalid_value', status: 418, detail: 'No age.' },
          users_lock: { contention: { detail: 'Locked.' } },
        },
      }),
    );
    expect(Object.keys(guessed.responses)).toContain('Status418');
    expect(examplesOf(guessed, 'Conflict')).toMatchObject({
      'users(email)': { code: 'duplicate', detail: 'Taken.' },
      'orders_customer_id_fk reference_missing': { code: 'reference_missing', detail: 'Refers.' },
      'orders_customer_id_fk reference_in_use': { code: 'reference_in_use', detail: 'Refers.' },
      bookings_room_excl: { code: 'overlap', detail: 'Overlaps.' },
      items_price_check: { code: 'check_failed', detail: 'Wrong.' },
    });
    expect(examplesOf(guessed, 'UnprocessableContent')).toMatchObject({
      users_name: { code: 'required', detail: 'No name.' },
    });
    expect(examplesOf(guessed, 'Status418')).toMatchObject({ users_age: { code: 'invalid_value', detail: 'No age.' } });
    expect(examplesOf(guessed, 'Conflict')).not.toHaveProperty('users_lock');
  });

  test('keep the name of any rule', () => {
    const named = openapi(defineConflicts({ rules: JSON.parse('{ "__proto__": { "detail": "Any." } }') }));
    expect(Object.keys(named.responses.Conflict?.content['application/problem+json']?.examples ?? {})).toContain(
      '__proto__',
    );
  });

  test('are of conflicts that are defined, and of nothing else', () => {
    expect(() => openapi({} as never)).toThrow(
      new TypeError('Expected what defineConflicts() has made, got something else'),
    );
    expect(() => openapi(undefined as never)).toThrow(TypeError);
  });
});
