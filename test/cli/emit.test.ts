import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import type { Catalog, Constraint } from '../../src/catalog/index.ts';
import { generatedOf, newFile, stubsOf, updated } from '../../src/cli/emit.ts';
import { defineKeys } from '../../src/cli/keys.ts';
import { stubOf } from '../../src/cli/words.ts';
import { defineConflicts } from '../../src/index.ts';
import { catalogOf, fileOf, HOSTILE } from './hostile.ts';

describe('the file that is written', () => {
  const modules = mkdtempSync(join(tmpdir(), 'db-http-errors-emit-'));

  afterAll(() => rmSync(modules, { recursive: true }));

  async function load(name: string, text: string): Promise<{ catalog: Catalog; rules: Record<string, object> }> {
    const file = join(modules, `${name}.mjs`);
    writeFileSync(file, transformSync(text, { loader: 'ts', format: 'esm' }).code);
    return import(pathToFileURL(file).href);
  }

  test.each(['postgresql', 'sqlite', 'mysql'] as const)('keeps every name as it is on %s', async (dialect) => {
    const catalog = { ...catalogOf(HOSTILE), dialect };
    const text = fileOf(catalog, ['it_is_closed', 'constructor', '__proto__']);
    const loaded = await load(dialect, text);
    expect(loaded.catalog).toEqual(catalog);
    const { classify } = defineConflicts({ catalog: loaded.catalog, rules: loaded.rules as never });
    expect(classify(new Error('any'))).toBeUndefined();
    for (const name of HOSTILE) expect(Object.keys(loaded.rules).some((key) => key.includes(name))).toBe(true);
    expect(Object.getPrototypeOf(loaded.rules)).toBe(Object.prototype);
    // Nothing in it is invisible, and no line but the last of the region ends it.
    expect(text).not.toMatch(/[^\P{C}\n]|[\p{Zl}\p{Zp}]/u);
    expect(text.split('\n').filter((line) => line.startsWith('// #endregion'))).toHaveLength(1);
  });

  test('is written again without a change, whatever the names are', () => {
    const catalog = catalogOf(HOSTILE);
    const keys = defineKeys(catalog, []);
    const text = newFile(generatedOf(catalog, keys), stubsOf(catalog, keys));
    expect(updated(text, generatedOf(catalog, keys), stubsOf(catalog, keys), (key) => [key])).toEqual({
      text,
      added: [],
      left: [],
    });
  });

  test('keeps all that is not its own, and says what it has no place for', () => {
    const before = catalogOf(['users']);
    const after = catalogOf(['users', 'posts']);
    const old = `import './mine.ts';\n\n${fileOf(before)}\nexport const mine = 1;\n`;
    const keys = defineKeys(after, []);
    const args = [generatedOf(after, keys), stubsOf(after, keys), (key: string) => [key]] as const;
    const update = updated(old, ...args);
    expect(update?.text.startsWith("import './mine.ts';\n\n// #region")).toBe(true);
    expect(update?.text.endsWith('\nexport const mine = 1;\n')).toBe(true);
    expect(update?.added).toEqual(['posts', 'posts_pair', 'posts_check', 'posts_fkey']);

    const renamed = old.replace('export const rules: Rules = {', 'const words = {');
    expect(updated(renamed, ...args)).toMatchObject({ added: [], left: { length: 4 } });
    expect(updated('export const rules = {};\n', ...args)).toBeUndefined();
  });

  test('has rules added for what is called like a member of a rule', () => {
    const catalog = catalogOf(['users', 'detail', 'resource', 'fields', 'todo', 'duplicate', 'quoted key']);
    const keys = defineKeys(catalog, []);
    const [generated, stubs] = [generatedOf(catalog, keys), stubsOf(catalog, keys)];
    const own = `
/* todo: { fields: 1 } */
const more = { 'quoted key': { detail: 'Spread: yes.', resource: "x{", fields: [] } };
export const rules: Rules = {
  ...more, // detail: none
  users: { resource: 'user', fields: ['name'], detail: (it) => (it ? 'resource: a' : \`}\${1}\`) },
  users_pair: { duplicate: { detail: 'todo: {' } },
  users_check, 'users_fkey' : { detail: 'Is { open.' },
};
export const other = { detail: 1, resource: { fields: 2 } };
`;
    const update = updated(generated + own, generated, stubs, (key) => [key]);
    const missing = ['detail', 'resource', 'fields', 'todo', 'duplicate'];
    expect(update?.added.filter((key) => !/_(?:pair|check|fkey)$/.test(key)).sort()).toEqual([...missing].sort());
    expect(update?.added.some((key) => key.startsWith('users') || key === 'quoted key')).toBe(false);
    expect(updated(update?.text ?? '', generated, stubs, (key) => [key])).toEqual({
      text: update?.text,
      added: [],
      left: [],
    });
  });

  test('has the primary keys of MySQL by their table', () => {
    const primary = (table: string): Constraint => ({
      kind: 'primary_key',
      name: 'PRIMARY',
      schema: 'shop',
      table,
      columns: ['code'],
    });
    const catalog: Catalog = { dialect: 'mysql', constraints: [primary('countries'), primary('currencies')] };
    const keys = defineKeys(catalog, []);
    expect([...keys.entries.keys()]).toEqual([
      'countries.PRIMARY',
      'currencies.PRIMARY',
      'countries(code)',
      'currencies(code)',
    ]);
    expect([...stubsOf(catalog, keys).keys()]).toEqual(['countries(code)', 'currencies(code)']);
  });

  test('tells tables of the same name in two schemas apart', () => {
    const unique = (schema: string): Constraint => ({
      kind: 'unique',
      name: 'users_email_key',
      schema,
      table: 'users',
      columns: ['email'],
    });
    const catalog: Catalog = { dialect: 'postgresql', constraints: [unique('a'), unique('b')] };
    const keys = defineKeys(catalog, []);
    expect([...keys.entries.keys()]).toEqual([
      'a.users.users_email_key',
      'b.users.users_email_key',
      'a.users(email)',
      'b.users(email)',
    ]);
    expect([...stubsOf(catalog, keys).keys()]).toEqual(['a.users.users_email_key', 'b.users.users_email_key']);
  });
});

describe('the words of a stub', () => {
  const table = 'order_items';
  const DUE = 'The due date must be at or after the ordered date.';
  const STATES = 'The state must be new, in use or old.';

  test.each([
    [{ kind: 'unique', table: 'users', columns: ['email'] }, 'A user with this email already exists.'],
    [
      { kind: 'unique', table: 'addresses', columns: ['zip', 'street'] },
      'An address with this combination of zip and street already exists.',
    ],
    [
      { kind: 'unique', table: 'categories', expression: 'lower((name)::text)' },
      'A category with this name already exists.',
    ],
    [{ kind: 'unique', table: 'UserStatus', columns: ['userId'] }, 'A user status with this user already exists.'],
    [
      { kind: 'exclusion', table: 'bookings', columns: ['room', 'during'] },
      'This booking overlaps with another booking.',
    ],
    [
      { kind: 'foreign_key', table, columns: ['author_id'], referencedTable: 'people' },
      'This author does not exist.',
      'This person still has order items.',
    ],
    [
      { kind: 'foreign_key', table, columns: ['country'], referencedTable: 'countries' },
      'This country does not exist.',
      'This country still has order items.',
    ],
    [
      { kind: 'foreign_key', table, columns: ['product_id'], referencedTable: 'products', onDelete: 'cascade' },
      'This product does not exist.',
    ],
    [{ kind: 'check', table, name: 'x', expression: '(`quantity` > 0)' }, 'The quantity must be greater than 0.'],
    [{ kind: 'check', table, name: 'x', expression: '((price >= (0)::numeric))' }, 'The price must not be negative.'],
    [{ kind: 'check', table, name: 'x', expression: 'rating BETWEEN 1 AND 5' }, 'The rating must be from 1 to 5.'],
    [{ kind: 'check', table, name: 'x', expression: 'rating >= 1 AND rating <= 5' }, 'The rating must be from 1 to 5.'],
    [
      { kind: 'check', table, name: 'x', expression: 'char_length(title) <= 80' },
      'The title must have at most 80 characters.',
    ],
    [{ kind: 'check', table, name: 'x', expression: 'length(title) > 0' }, 'The title must not be empty.'],
    [
      { kind: 'check', table, name: 'x', expression: 'starts_at < ends_at' },
      'The start time must be before the end time.',
    ],
    [{ kind: 'check', table, name: 'x', expression: '((`due_on` >= `ordered_on`))' }, DUE],
    [{ kind: 'check', table, name: 'x', expression: 'due_on::date >= ordered_on' }, DUE],
    [{ kind: 'check', table, name: 'x', expression: 'low < high' }, 'The low must be less than the high.'],
    // As PostgreSQL, MySQL, MariaDB and SQLite write it.
    [
      {
        ...{ kind: 'check', table, name: 'x' },
        expression:
          "((state)::text = ANY ((ARRAY['new'::character varying, 'in use'::character varying, 'old'::character varying])::text[]))",
      },
      STATES,
    ],
    [
      {
        kind: 'check',
        table,
        name: 'x',
        expression: "(`state` in (_utf8mb4\\'new\\',_utf8mb4\\'in use\\',_utf8mb4\\'old\\'))",
      },
      STATES,
    ],
    [{ kind: 'check', table, name: 'x', expression: "`state` in ('new','in use','old')" }, STATES],
    [{ kind: 'check', table, name: 'x', expression: "state IN ('new', 'in use', 'old')" }, STATES],
    [{ kind: 'check', table, name: 'x', expression: "state IN ('it''s', 'a,b')" }, 'This state is not valid.'],
    [
      { kind: 'check', table, name: 'x', expression: "state IN ('a') OR size IN ('b')" },
      'This order item is not valid.',
    ],
    // The key that an update would change is one that people write.
    [
      {
        ...{
          kind: 'foreign_key',
          table,
          columns: ['country'],
          referencedTable: 'countries',
          referencedColumns: ['code'],
        },
        ...{ onDelete: 'set_null', onUpdate: 'no_action' },
      },
      'This country does not exist.',
      'This country still has order items.',
    ],
    [
      {
        ...{ kind: 'foreign_key', table, columns: ['team_id'], referencedTable: 'teams', referencedColumns: ['id'] },
        ...{ onDelete: 'cascade', onUpdate: 'no_action' },
      },
      'This team does not exist.',
    ],
    [
      {
        ...{ kind: 'foreign_key', table, columns: ['team_id'], referencedTable: 'teams', referencedColumns: ['id'] },
        ...{ onDelete: 'cascade', onUpdate: 'restrict' },
      },
      'This team does not exist.',
      'This team still has order items.',
    ],
    [{ kind: 'check', domain: 'amount', name: 'x', expression: 'VALUE > 0' }, 'The value must be greater than 0.'],
    [
      { kind: 'check', table, name: 'order_items_state_check', expression: "state <> 'x' OR y" },
      'This state is not valid.',
    ],
    [{ kind: 'check', table, name: 'weird', expression: 'f(x)' }, 'This order item is not valid.'],
  ] as const satisfies readonly (readonly [Constraint, ...string[]])[])('%j', (constraint, ...sentences) => {
    expect(Object.values(stubOf(constraint)).map(({ detail }) => detail)).toEqual(sentences);
  });

  test('names the column of a check, and none for a domain', () => {
    const fieldsOf = (constraint: Constraint) => stubOf(constraint).check_failed?.fields;
    const expression = 'VALUE > 0';
    expect(fieldsOf({ kind: 'check', table, name: 'x', expression: 'size > 0' })).toEqual(['size']);
    expect(fieldsOf({ kind: 'check', table, name: 'x', expression: "state IN ('a', 'b')" })).toEqual(['state']);
    expect(fieldsOf({ kind: 'check', domain: 'amount', name: 'x', expression })).toBeUndefined();
  });

  test('takes what MariaDB calls no action for none', () => {
    const reference: Constraint = {
      ...{ kind: 'foreign_key', table, columns: ['team_id'], referencedTable: 'teams', referencedColumns: ['id'] },
      ...{ onDelete: 'cascade', onUpdate: 'restrict' },
    };
    expect(Object.keys(stubOf(reference, 'mysql'))).toEqual(['reference_missing', 'reference_in_use']);
    expect(Object.keys(stubOf(reference, 'mariadb'))).toEqual(['reference_missing']);
  });
});
