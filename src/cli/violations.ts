import type { Catalog, Constraint } from '../catalog/index.ts';
import type { ProblemCode } from '../problem.ts';
import type { Violation } from '../violation.ts';

/** The driver and the code that a violation of each kind comes with. */
const NATIVE = {
  postgresql: [
    'pg',
    {
      duplicate: '23505',
      reference_missing: '23503',
      reference_in_use: '23503',
      check_failed: '23514',
      overlap: '23P01',
      required: '23502',
    },
  ],
  mysql: [
    'mysql2',
    { duplicate: '1062', reference_missing: '1452', reference_in_use: '1451', check_failed: '3819', required: '1048' },
  ],
  mariadb: [
    'mysql2',
    { duplicate: '1062', reference_missing: '1452', reference_in_use: '1451', check_failed: '4025', required: '1048' },
  ],
  sqlite: [
    'better-sqlite3',
    {
      duplicate: 'SQLITE_CONSTRAINT_UNIQUE',
      reference_missing: 'SQLITE_CONSTRAINT_FOREIGNKEY',
      reference_in_use: 'SQLITE_CONSTRAINT_FOREIGNKEY',
      check_failed: 'SQLITE_CONSTRAINT_CHECK',
      required: 'SQLITE_CONSTRAINT_NOTNULL',
    },
  ],
} as const satisfies Record<Catalog['dialect'], readonly [string, { readonly [Code in ProblemCode]?: string }]>;

const KINDS: Readonly<Record<Constraint['kind'], Violation['kind']>> = {
  primary_key: 'unique_violation',
  unique: 'unique_violation',
  foreign_key: 'foreign_key_violation',
  check: 'check_violation',
  exclusion: 'exclusion_violation',
  not_null: 'not_null_violation',
};

/** What is known of a violation of a constraint, from its error and the catalog. */
export function violationOf(constraint: Constraint, dialect: Catalog['dialect'], code: ProblemCode): Violation {
  const { kind, name, schema, table, columns, referencedTable, referencedColumns } = constraint;
  const [driver, codes] = NATIVE[dialect];
  const directions: { readonly [Code in ProblemCode]?: string } = {
    reference_missing: 'parent_missing',
    reference_in_use: 'still_referenced',
  };
  const facts = {
    kind: KINDS[kind],
    driver,
    dialect,
    code: (codes as { readonly [Code in ProblemCode]?: string })[code] ?? '',
    schema,
    table,
    columns,
    constraint: name,
    primaryKey: kind === 'primary_key' || undefined,
    direction: directions[code],
    referencedTable,
    referencedColumns,
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined)) as unknown as Violation;
}
