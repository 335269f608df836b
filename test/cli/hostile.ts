import type { Catalog, Constraint } from '../../src/catalog/index.ts';
import { generatedOf, newFile, stubsOf } from '../../src/cli/emit.ts';
import { defineKeys } from '../../src/cli/keys.ts';

/** Names that would end a text, a comment, a line or a key, or be something else as one. */
export const HOSTILE: readonly string[] = [
  "it's",
  'say "hi"',
  'back\\slash',
  'line\nbreak',
  'tab\t',
  '*/ alert(1) /*',
  `\`\${process.exit(1)}\``,
  '// #endregion',
  '\n// #endregion\n',
  '__proto__',
  'constructor',
  'toString',
  'a, b',
  'x.y',
  'f(x)',
  ' spaces ',
  '\u2028line\u2029',
  '\u202eright to left',
  '\ud800',
  '名前',
  'Straße',
  'e\u0301',
  '1st',
  'rules: Rules = {',
  'x'.repeat(64),
];

export function catalogOf(names: readonly string[]): Catalog {
  const constraints = names.flatMap((name, at): Constraint[] => [
    { kind: 'primary_key', name: 'PRIMARY', schema: 'shop', table: name, columns: ['id'] },
    { kind: 'unique', name, schema: 'shop', table: name, columns: [name] },
    { kind: 'unique', name: `${name}_pair`, schema: 'shop', table: name, columns: [name, `other ${at}`] },
    { kind: 'not_null', schema: 'shop', table: name, columns: [name] },
    { kind: 'check', name: `${name}_check`, schema: 'shop', table: name, expression: `${name} > 0` },
    {
      kind: 'foreign_key',
      name: `${name}_fkey`,
      schema: 'shop',
      table: name,
      columns: [name],
      referencedTable: name,
      referencedColumns: ['id'],
      onDelete: 'no_action',
      onUpdate: 'no_action',
    },
  ]);
  return { dialect: 'mysql', constraints };
}

export function fileOf(catalog: Catalog, conditions: readonly string[] = []): string {
  const keys = defineKeys(catalog, conditions);
  return newFile(generatedOf(catalog, keys), stubsOf(catalog, keys));
}
