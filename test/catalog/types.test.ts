import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const TSC = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** A catalog as the command `db-http-errors catalog` writes one. */
const CATALOG = `
import type { Catalog, CheckRule, ExclusionRule, ForeignKeyRule, NotNullRule, UniqueRule } from 'db-http-errors/catalog';

export interface Rules {
  readonly users_email_key?: UniqueRule<'email'>;
  readonly 'memberships(org_id,user_id)'?: UniqueRule<'org_id' | 'user_id'>;
  readonly orders_customer_id_fkey?: ForeignKeyRule<'customer_id'>;
  readonly orders_quantity_check?: CheckRule;
  readonly bookings_no_overlap?: ExclusionRule<'room' | 'during'>;
  readonly 'users(name)'?: NotNullRule<'name'>;
}

export const catalog: Catalog<Rules> = { dialect: 'postgresql', constraints: [] };
`;

/** The same as `catalog --out catalog.json` writes it. */
const SAVED = {
  dialect: 'postgresql',
  constraints: [{ kind: 'unique', name: 'users_email_key', schema: 'public', table: 'users', columns: ['email'] }],
};

/** The way of docs/catalog.md. */
const FROM_JSON = `
import { defineConflicts } from 'db-http-errors';
import type { Catalog } from 'db-http-errors/catalog';
import json from './catalog.json' with { type: 'json' };

export const conflicts = defineConflicts({ catalog: json as Catalog, rules: { 'users(email)': { detail: 'Taken.' } } });
`;

/** Each file of rules, and what tsc says of it: the words, without its place. */
const FILES: readonly (readonly [about: string, rules: string, message: string | undefined])[] = [
  [
    'all that is right',
    `{
      users_email_key: { resource: 'user', fields: ['email', '/contact/address'], detail: 'Taken.', status: 422 },
      'memberships(org_id,user_id)': { fields: ['user_id', 'org_id'], detail: () => 'Already a member.' },
      orders_customer_id_fkey: {
        reference_missing: { resource: 'order', fields: ['customer_id'], detail: 'This customer does not exist.' },
        reference_in_use: { resource: 'customer', detail: 'The customer still has orders.' },
        reference_conflict: { detail: 'Either.' },
      },
      orders_quantity_check: { fields: ['anything'], status: 422 },
      bookings_no_overlap: { code: 'overlap', fields: ['room'] },
      'users(name)': { required: { status: 422, fields: ['name'] } },
    }`,
    undefined,
  ],
  [
    'a constraint that is called otherwise now',
    `{ users_emial_key: { detail: 'Taken.' } }`,
    `'users_emial_key' does not exist in type 'NoInfer<Rules> & UnknownRule<"users_emial_key">'. Did you mean to write 'users_email_key'?`,
  ],
  [
    'a constraint that is gone',
    `{ posts_slug_key: { detail: 'Taken.' } }`,
    `'posts_slug_key' does not exist in type 'NoInfer<Rules> & UnknownRule<"posts_slug_key">'`,
  ],
  [
    'a field that is no column',
    `{ users_email_key: { fields: ['emial'] } }`,
    `Type '"emial"' is not assignable to type '"email" | \`/\${string}\`'`,
  ],
  ['a member that does not exist', `{ users_email_key: { feilds: ['email'] } }`, `'feilds' does not exist in type`],
  [
    'one sentence for the two directions of a reference',
    `{ orders_customer_id_fkey: { detail: 'No.' } }`,
    `'detail' does not exist in type 'ForeignKeyRule<"customer_id">'`,
  ],
  [
    'two sentences for a key',
    `{ users_email_key: { reference_missing: { detail: 'No.' } } }`,
    `'reference_missing' does not exist in type`,
  ],
  [
    'another kind’s answer',
    `{ 'users(name)': { duplicate: { detail: 'No.' } } }`,
    `'duplicate' does not exist in type 'NotNullRule<"name">'`,
  ],
];

/** What stands before the rules, where these are a variable: TypeScript does not complain of its members by itself. */
const VARIABLES: readonly (readonly [about: string, before: string, rules: string, message: string | undefined])[] = [
  [
    'a variable that is right',
    `const own = { users_email_key: { fields: ['email'], detail: 'Taken.' }, orders_quantity_check: { status: 422 } } as const;`,
    'own',
    undefined,
  ],
  ['no rules', 'const own = {};', 'own', undefined],
  [
    'a variable with a constraint that is gone',
    `const own = { users_email_key: { detail: 'Taken.' }, posts_slug_key: { detail: 'Taken.' } };`,
    'own',
    `UnknownRule<"posts_slug_key">`,
  ],
  [
    'what is spread',
    `const own = { posts_slug_key: { detail: 'Taken.' } };`,
    `{ ...own, users_email_key: { detail: 'Taken.' } }`,
    `UnknownRule<"posts_slug_key">`,
  ],
  ['rules of any name', `const own: Record<string, import('db-http-errors').Rule> = {};`, 'own', 'UnknownRule<string>'],
];

describe('rules with a typed catalog', () => {
  test('are checked by the compiler, which says what is wrong', () => {
    const all = [...FILES.map(([about, rules, message]) => [about, '', rules, message] as const), ...VARIABLES];
    const folder = mkdtempSync(join(ROOT, 'test', 'catalog', '.types-'));
    try {
      writeFileSync(join(folder, 'catalog.ts'), CATALOG);
      for (const [at, [, before, rules]] of all.entries()) {
        writeFileSync(
          join(folder, `rules-${at}.ts`),
          `import { defineConflicts } from 'db-http-errors';\nimport { catalog } from './catalog.ts';\n${before}\nexport const conflicts = defineConflicts({ catalog, rules: ${rules} });\n`,
        );
      }
      writeFileSync(join(folder, 'catalog.json'), JSON.stringify(SAVED));
      writeFileSync(join(folder, 'json.ts'), FROM_JSON);
      writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configFor(folder)));
      const { stdout } = spawnSync(process.execPath, [TSC, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
      for (const [at, [about, , , message]] of all.entries()) {
        const lines = stdout.split('\n').filter((line) => line.includes(`rules-${at}.ts`));
        if (message === undefined) expect(lines, about).toEqual([]);
        else expect(lines.join('\n'), about).toContain(message);
      }
      expect(stdout).not.toMatch(/catalog\.ts|json\.ts|src\//);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 60_000);
});

/** As strict as can be, over the sources of this package. */
function configFor(folder: string): object {
  return {
    extends: join(ROOT, 'tsconfig.json'),
    compilerOptions: {
      paths: {
        'db-http-errors': [join(ROOT, 'src/index.ts')],
        'db-http-errors/catalog': [join(ROOT, 'src/catalog/index.ts')],
      },
      noEmit: true,
      resolveJsonModule: true,
      isolatedDeclarations: false,
    },
    include: [join(folder, '*.ts')],
  };
}
