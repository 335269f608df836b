import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import type { Violation } from '../../src/index.ts';

/** What every ORM maps: the same tables, columns and constraint names on every engine, and the same rows to begin with. */
export const TABLES: readonly string[] = [
  `CREATE TABLE orgs (
    id INTEGER NOT NULL PRIMARY KEY,
    slug VARCHAR(64) NOT NULL,
    version INTEGER NOT NULL DEFAULT 1,
    CONSTRAINT orgs_slug_key UNIQUE (slug)
  )`,
  `CREATE TABLE members (
    id INTEGER NOT NULL PRIMARY KEY,
    org_id INTEGER NOT NULL,
    email VARCHAR(64) NOT NULL,
    age INTEGER NOT NULL,
    CONSTRAINT members_org_id_email_key UNIQUE (org_id, email),
    CONSTRAINT members_org_id_fkey FOREIGN KEY (org_id) REFERENCES orgs (id),
    CONSTRAINT members_age_check CHECK (age >= 18)
  )`,
];

/** Only where constraints can be deferred: PostgreSQL and SQLite. */
export const DEFERRED_TABLE = `CREATE TABLE notes (
    id INTEGER NOT NULL PRIMARY KEY,
    org_id INTEGER NOT NULL,
    CONSTRAINT notes_org_id_fkey FOREIGN KEY (org_id) REFERENCES orgs (id) DEFERRABLE INITIALLY DEFERRED
  )`;

export const ROWS: readonly string[] = [
  "INSERT INTO orgs (id, slug) VALUES (1, 'acme')",
  "INSERT INTO orgs (id, slug) VALUES (2, 'globex')",
  "INSERT INTO members (id, org_id, email, age) VALUES (1, 1, 'alice@example.com', 30)",
];

/** Refusals that every ORM provokes, where the engine has them. */
export const SCENARIOS = {
  unique: "insert the org { id: 3, slug: 'acme' }",
  uniqueComposite: "insert the member { id: 2, org_id: 1, email: 'alice@example.com', age: 40 }",
  parentMissing: "insert the member { id: 3, org_id: 99, email: 'bob@example.com', age: 40 }",
  stillReferenced: 'delete the org with the id 1',
  check: "insert the member { id: 4, org_id: 1, email: 'carol@example.com', age: 5 }",
  notNull: 'insert the member { id: 5, org_id: 1, email: null, age: 40 }',
  deferred: 'in a transaction, insert the note { id: 1, org_id: 99 }, and commit',
  inTransaction: "in a transaction, insert the org { id: 4, slug: 'initech' }, then { id: 5, slug: 'acme' }",
  serialization:
    'in a REPEATABLE READ transaction (a plain one on SQLite), read the org 1, await rival.change(), update its version',
  deadlock:
    'in a transaction, update the version of org 1, await rival.lock(), update the version of org 2, which ends in a deadlock',
  syntaxError: "run the statement 'SELEC 1'",
} as const;

export type Scenario = keyof typeof SCENARIOS;

const ENGINES: Readonly<Partial<Record<Scenario, readonly Engine[]>>> = {
  deferred: ['postgresql', 'sqlite'],
  serialization: ['postgresql', 'sqlite'],
  deadlock: ['postgresql', 'mysql', 'mariadb'],
};

/** False where the engine has no such thing. */
export function has(engine: Engine, scenario: Scenario): boolean {
  return ENGINES[scenario]?.includes(engine) ?? true;
}

/** A violation, field by field: what an ORM's own shape can be told from. */
export type Facts = Readonly<Record<string, unknown>> & Pick<Violation, 'kind' | 'driver' | 'code'>;

/**
 * The truth about a scenario as the engine's own driver reports it, known from the schema; `undefined` for what is no
 * violation. An ORM may lose fields, it may not invent any.
 *
 * @param database name of the database, which MySQL and MariaDB report as the schema
 */
export function truthOf(engine: Engine, scenario: Scenario, database: string): Facts | undefined {
  switch (engine) {
    case 'postgresql':
      return postgresql(scenario);
    case 'sqlite':
      return sqlite(scenario);
    default:
      return mysql(engine, scenario, database);
  }
}

function postgresql(scenario: Scenario): Facts | undefined {
  const facts = (kind: Violation['kind'], code: string, rest: object = {}): Facts => ({
    ...{ kind, driver: 'pg', dialect: 'postgresql', code, sqlState: code },
    ...rest,
  });
  const orgs = { schema: 'public', table: 'orgs' };
  const members = { schema: 'public', table: 'members' };
  switch (scenario) {
    case 'unique':
    case 'inTransaction':
      return facts('unique_violation', '23505', { ...orgs, columns: ['slug'], constraint: 'orgs_slug_key' });
    case 'uniqueComposite':
      return facts('unique_violation', '23505', {
        ...{ ...members, columns: ['org_id', 'email'], constraint: 'members_org_id_email_key' },
      });
    case 'parentMissing':
      return facts('foreign_key_violation', '23503', {
        ...{ ...members, columns: ['org_id'], constraint: 'members_org_id_fkey' },
        ...{ direction: 'parent_missing', referencedTable: 'orgs' },
      });
    case 'stillReferenced':
      return facts('foreign_key_violation', '23503', {
        ...{ ...members, constraint: 'members_org_id_fkey' },
        ...{ direction: 'still_referenced', referencedTable: 'orgs', referencedColumns: ['id'] },
      });
    case 'check':
      return facts('check_violation', '23514', { ...members, constraint: 'members_age_check' });
    case 'notNull':
      return facts('not_null_violation', '23502', { ...members, columns: ['email'] });
    case 'deferred':
      return facts('foreign_key_violation', '23503', {
        ...{ schema: 'public', table: 'notes', columns: ['org_id'], constraint: 'notes_org_id_fkey' },
        ...{ direction: 'parent_missing', referencedTable: 'orgs' },
      });
    case 'serialization':
      return facts('serialization_failure', '40001', { retryable: true });
    case 'deadlock':
      return facts('deadlock_detected', '40P01', { retryable: true });
    case 'syntaxError':
      return undefined;
  }
}

function mysql(engine: 'mysql' | 'mariadb', scenario: Scenario, database: string): Facts | undefined {
  const isMysql = engine === 'mysql';
  const facts = (kind: Violation['kind'], code: string, rest: object = {}, sqlState = '23000'): Facts => ({
    ...{ kind, driver: 'mysql2', code, sqlState },
    ...rest,
  });
  // MariaDB does not say the table of a key.
  const key = (table: string, constraint: string) => ({ ...(isMysql && { table }), constraint });
  const reference = {
    ...{ schema: database, table: 'members', columns: ['org_id'], constraint: 'members_org_id_fkey' },
    ...{ referencedTable: 'orgs', referencedColumns: ['id'] },
  };
  switch (scenario) {
    case 'unique':
    case 'inTransaction':
      return facts('unique_violation', '1062', key('orgs', 'orgs_slug_key'));
    case 'uniqueComposite':
      return facts('unique_violation', '1062', key('members', 'members_org_id_email_key'));
    case 'parentMissing':
      return facts('foreign_key_violation', '1452', { ...reference, direction: 'parent_missing' });
    case 'stillReferenced':
      return facts('foreign_key_violation', '1451', { ...reference, direction: 'still_referenced' });
    case 'check':
      return isMysql
        ? facts('check_violation', '3819', { dialect: 'mysql', constraint: 'members_age_check' }, 'HY000')
        : facts('check_violation', '4025', {
            ...{ dialect: 'mariadb', schema: database, table: 'members', constraint: 'members_age_check' },
          });
    case 'notNull':
      return facts('not_null_violation', '1048', { columns: ['email'] });
    case 'deadlock':
      return facts('deadlock_detected', '1213', { retryable: true }, '40001');
    case 'deferred':
    case 'serialization':
    case 'syntaxError':
      return undefined;
  }
}

function sqlite(scenario: Scenario): Facts | undefined {
  const facts = (kind: Violation['kind'], code: string, rest: object = {}): Facts => ({
    ...{ kind, driver: 'better-sqlite3', dialect: 'sqlite', code },
    ...rest,
  });
  switch (scenario) {
    case 'unique':
    case 'inTransaction':
      return facts('unique_violation', 'SQLITE_CONSTRAINT_UNIQUE', { table: 'orgs', columns: ['slug'] });
    case 'uniqueComposite':
      return facts('unique_violation', 'SQLITE_CONSTRAINT_UNIQUE', { table: 'members', columns: ['org_id', 'email'] });
    case 'parentMissing':
    case 'stillReferenced':
    case 'deferred':
      return facts('foreign_key_violation', 'SQLITE_CONSTRAINT_FOREIGNKEY');
    case 'check':
      return facts('check_violation', 'SQLITE_CONSTRAINT_CHECK', { constraint: 'members_age_check' });
    case 'notNull':
      return facts('not_null_violation', 'SQLITE_CONSTRAINT_NOTNULL', { table: 'members', columns: ['email'] });
    case 'serialization':
      return facts('serialization_failure', 'SQLITE_BUSY_SNAPSHOT', { retryable: true });
    case 'deadlock':
    case 'syntaxError':
      return undefined;
  }
}
