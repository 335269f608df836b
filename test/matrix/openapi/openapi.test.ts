import { readdirSync, readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { JsonSchema } from 'db-http-errors/openapi';
import { describe, expect, test } from 'vitest';

// The components are an OpenAPI 3.1 document's, their schemas are JSON Schema's, and every recorded body is what they
// say: by validators that others have written.

// #region readme: OpenAPI
import { defineConflicts } from 'db-http-errors';
import { openapi } from 'db-http-errors/openapi';

const conflicts = defineConflicts({
  rules: { users_email_key: { resource: 'user', fields: ['email'], detail: 'This email address is taken.' } },
});
const document = {
  openapi: '3.1.1',
  info: { title: 'Users', version: '1.0.0' },
  paths: { '/users': { post: { responses: { 409: { $ref: '#/components/responses/Conflict' } } } } },
  components: openapi(conflicts),
};
// #endregion

const RULES = {
  users_email_key: { resource: 'user', fields: ['email', '/owner/id'], detail: 'Taken.' },
  orders_customer_id_fkey: { reference_missing: { fields: ['customer'] }, reference_in_use: { resource: 'customer' } },
  users_name: { required: { detail: 'A name, please.' } },
  order_items_quantity_check: { status: 423, detail: 'Positive.' },
  order_already_shipped: { code: 'invalid_state', detail: 'Shipped.' },
  accounts_email_key: { conceal: true },
  "it's / odd~ name": { detail: 'Odd.' },
} as const;

const FORMATS = ['problem', 'simple', 'jsonapi'] as const;
const SUFFIXES = { problem: 'Problem', simple: 'Simple', jsonapi: 'JsonApi' } as const;
const ALL = { problem: 'Problem', simple: 'SimpleProblem', jsonapi: 'JsonApiProblem' } as const;

/** The components as one schema, to which others can refer. */
function compiler(components: object): (path: string) => ValidateFunction {
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  addFormats.default(ajv);
  ajv.addVocabulary(['components', 'discriminator']);
  ajv.addSchema({ $id: 'https://example.com/document', components });
  return (path) => {
    const validate = ajv.getSchema(`https://example.com/document#/components/${path}`);
    if (validate === undefined) throw new Error(`Expected a schema at ${path}`);
    return validate as ValidateFunction;
  };
}

/** The same schema, which allows no member that it does not know. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const own = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return own.type === 'object' ? { ...own, additionalProperties: false } : own;
}

function errorsOf(validate: ValidateFunction, value: unknown): unknown {
  return validate(value) ? [] : validate.errors;
}

describe('the document', () => {
  const documents = [
    document,
    ...FORMATS.map((format) => ({ ...document, components: openapi(defineConflicts({ rules: RULES, format })) })),
    {
      ...document,
      components: openapi(
        defineConflicts({ format: () => ({ body: { own: true }, contentType: 'application/json' }) }),
      ),
    },
  ];

  test.each(documents)('is valid', async (each) => {
    const result = await new Validator().validate(structuredClone(each) as object);
    expect(result).toEqual({ valid: true });
  });

  test('that is none is told from one', async () => {
    const [response] = Object.values(document.components.responses);
    const broken = { ...document, components: { responses: { Conflict: { ...response, description: undefined } } } };
    const { valid } = await new Validator().validate(JSON.parse(JSON.stringify(broken)) as object);
    expect(valid).toBe(false);
  });

  test.each(documents.slice(0, -1))('has examples that are what their schemas say', ({ components }) => {
    const compile = compiler(closed(components) as object);
    let count = 0;
    for (const [name, { content }] of Object.entries(components.responses)) {
      for (const [type, { examples }] of Object.entries(content)) {
        const validate = compile(
          `responses/${name}/content/${encodeURIComponent(type.replaceAll('~', '~0').replaceAll('/', '~1'))}/schema`,
        );
        for (const { value } of Object.values(examples)) {
          expect(errorsOf(validate, value)).toEqual([]);
          count++;
        }
      }
    }
    expect(count).toBeGreaterThan(15);
  });
});

describe.each(FORMATS)('the bodies of the format %s', (format) => {
  const folder = new URL(`../../golden/${format}/`, import.meta.url);
  const bodies = readdirSync(folder).map((file) => {
    const text = readFileSync(new URL(file, folder), 'utf8');
    return {
      file,
      code: file.replace(/(-words)?\.http$/, ''),
      body: JSON.parse(text.slice(text.indexOf('\n\n'))) as object,
    };
  });
  const { schemas } = openapi(defineConflicts({ status: { required: 422, invalid_value: 422 } }));
  const open = compiler({ schemas });
  const strict = compiler({ schemas: closed(schemas) });
  const nameOf = (code: string) =>
    code.replace(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase()) + SUFFIXES[format];

  test('are recorded for every code', () => {
    const names = Object.keys(schemas).filter(
      (name) => name.endsWith(SUFFIXES[format]) && !Object.values<string>(ALL).includes(name),
    );
    expect(new Set(bodies.map(({ code }) => nameOf(code)))).toEqual(new Set(names));
    expect(bodies).toHaveLength(2 * names.length);
  });

  test.each(bodies)('are what the schema says: $file', ({ code, body }) => {
    for (const compile of [open, strict]) {
      expect(errorsOf(compile(`schemas/${nameOf(code)}`), body)).toEqual([]);
      expect(errorsOf(compile(`schemas/${ALL[format]}`), body)).toEqual([]);
    }
  });

  test.each(bodies)('are no other code, and whole: $file', ({ code, body }) => {
    const others = bodies.filter((other) => other.code !== code).map((other) => open(`schemas/${nameOf(other.code)}`));
    expect(others.some((validate) => validate(body))).toBe(false);
    const validate = open(`schemas/${nameOf(code)}`);
    const { required } = schemas[nameOf(code)] as JsonSchema & { required: readonly string[] };
    for (const member of required) {
      const { [member as keyof object]: _, ...rest } = body;
      expect(validate(rest)).toBe(false);
    }
  });
});
