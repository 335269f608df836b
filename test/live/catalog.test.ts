import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MYSQL } from '../../fixtures/scenarios/mysql.ts';
import { POSTGRESQL } from '../../fixtures/scenarios/postgresql.ts';
import { provokeSqlite, sqliteDatabase } from '../../fixtures/scenarios/run-sqlite.ts';
import { type Engine, type Scenario, type Server, truthOf } from '../../fixtures/scenarios/scenario.ts';
import { SQLITE } from '../../fixtures/scenarios/sqlite.ts';
import { loadCatalog } from '../../src/catalog/index.ts';
import { type Catalog, type Conflicts, type Context, defineConflicts, type Violation } from '../../src/index.ts';
import { type Own, ownMysql, ownPostgres } from '../catalog/databases.ts';
import { startDebianPostgres } from '../servers/postgresql.ts';
import type { Database } from './databases.ts';
import { describeLive } from './describe-live.ts';

/** What a catalog can add: facts that the schema declares, written down from `fixtures/schema`. */
type Added = Readonly<Record<string, unknown>>;

/** The facts that a violation of a kind has when all is known. SQLite has no schemas. */
const WANTED: { readonly [Kind in Violation['kind']]?: readonly string[] } = {
  unique_violation: ['table', 'constraint', 'columns'],
  foreign_key_violation: ['direction', 'table', 'constraint', 'columns', 'referencedTable', 'referencedColumns'],
  check_violation: ['table', 'constraint'],
  exclusion_violation: ['table', 'constraint', 'columns'],
  not_null_violation: ['table', 'columns'],
};

function missingIn(violation: Violation): string {
  const facts = WANTED[violation.kind] ?? [];
  const wanted = violation.dialect === 'sqlite' || facts.length === 0 ? facts : [...facts, 'schema'];
  return wanted.filter((fact) => !(fact in violation)).join(' ');
}

interface Expectations {
  /** What is added to the scenario's own truth, by its name; a scenario that is not here gets nothing. */
  readonly added: Readonly<Record<string, Added>>;
  /** What is still unknown with the catalog, by the scenario's name: all such cases, each for a reason. */
  readonly missing: Readonly<Record<string, string | ((server: Server) => string)>>;
  /** What the application's context adds to that. */
  readonly told: readonly (readonly [scenario: string, context: Context, added: Added])[];
}

function describeCatalog<Session>(
  engine: Engine,
  scenarios: readonly Scenario<Session>[],
  expectations: Expectations | ((server: Server) => Expectations),
  prepare: Prepare<Session>,
): void {
  describeLive(engine, (database) => {
    const expected = typeof expectations === 'function' ? expectations(database.server) : expectations;
    testCatalog(database, scenarios, expected, prepare);
  });
}

type Prepare<Session> = (
  database: Database,
) => Promise<Pick<Own<Session, unknown>, 'provoke' | 'renamed' | 'drop'> & { catalog: Catalog }>;

function testCatalog<Session>(
  database: Database,
  scenarios: readonly Scenario<Session>[],
  { added, missing, told }: Expectations,
  prepare: Prepare<Session>,
): void {
  const { engine } = database.server;
  const possible = scenarios.filter((scenario) => {
    const truth = truthOf(scenario, database.server);
    return truth !== null && WANTED[truth.kind] !== undefined && (scenario.on?.(database.server) ?? true);
  });
  const unknown: Record<string, string> = {};
  let own: Awaited<ReturnType<typeof prepare>>;
  let conflicts: Conflicts;

  beforeAll(async () => {
    own = await prepare(database);
    conflicts = defineConflicts({ catalog: JSON.parse(JSON.stringify(own.catalog)) as Catalog });
  }, 60_000);
  afterAll(() => own?.drop());

  describe('error and catalog', () => {
    test.each(possible)('$name', async (scenario) => {
      const violation = conflicts.classify(await own.provoke(scenario)) as Violation;
      const truth = own.renamed(truthOf(scenario, database.server));
      expect(violation).toEqual({ ...truth, dialect: engine, ...own.renamed(added[scenario.name] ?? {}) });
      const facts = missingIn(violation);
      if (facts !== '') unknown[scenario.name] = facts;
    });

    test('leave these facts out, and no others', () => {
      const facts = Object.entries(missing).map(([name, text]) => [
        name,
        typeof text === 'function' ? text(database.server) : text,
      ]);
      expect(unknown).toEqual(Object.fromEntries(facts));
    });

    test('are expected of scenarios that exist', () => {
      const names = possible.map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining([...Object.keys(added), ...Object.keys(missing)]));
    });
  });

  describe('error, catalog and context', () => {
    test.each(told)('%s with %o', async (name, context, facts) => {
      const scenario = possible.find((each) => each.name === name) as Scenario<Session>;
      const error = await own.provoke(scenario);
      const without = conflicts.classify(error);
      expect(conflicts.classify(error, context)).toEqual({ ...without, ...own.renamed(facts) });
    });
  });
}

const NAME = 'db_http_errors';

const EMAIL = { schema: NAME, table: 'users', columns: ['email'] };
const SEAT = { schema: NAME, table: 'memberships', columns: ['org_id', 'seat'] };
const PRODUCTS = { schema: NAME, table: 'products' };

/** What MySQL and MariaDB have in common: a key, and never its columns. */
const MYSQL_ADDED: Expectations['added'] = {
  unique: EMAIL,
  'unique-update': EMAIL,
  'unique-multi-row': EMAIL,
  'unique-empty-string': EMAIL,
  'unique-hostile-value': EMAIL,
  'unique-newline-value': EMAIL,
  'unique-emoji-value': EMAIL,
  'unique-long-value': EMAIL,
  'unique-quote-at-end-of-value': EMAIL,
  'unique-composite': SEAT,
  'unique-composite-dash-value': SEAT,
  'unique-unnamed': { schema: NAME, table: 'pairs', columns: ['label', 'side'] },
  'unique-prefix': { schema: NAME, table: 'handles', columns: ['name'] },
  'unique-other-database': { schema: `${NAME}_other`, table: 'invoices', columns: ['number'] },
  'unique-space-in-table': { schema: NAME, table: 'odd table', constraint: 'odd_code_key', columns: ['code'] },
  'unique-dash-in-key': { schema: NAME, table: 'odd_keys', columns: ['two'] },
  'unique-letters-beyond-ascii': { schema: NAME, table: 'maße', columns: ['code'] },
  'unique-cascade': { schema: NAME, columns: ['folder'] },
  'not-null': PRODUCTS,
  'not-null-left-out': PRODUCTS,
};

const ADD_FOREIGN_KEY = {
  // The constraint is not there yet: the error is about the statement that adds it.
  'foreign-key-add-constraint': 'table',
};

const BY_HAND = {
  // SIGNAL with a number of the server's: nothing is known of it, whatever it says.
  'signal-as-unique': 'table constraint columns schema',
  'signal-as-foreign-key': 'table constraint columns referencedTable referencedColumns schema',
};

const VIEW = {
  // A column that a view lacks: neither is named.
  'not-null-view': 'table columns schema',
};

const ORDERS = {
  ...{ constraint: 'orders_customer_id_fkey', table: 'orders', columns: ['customer_id'] },
  ...{ referencedTable: 'customers', referencedColumns: ['id'] },
};
const CITIES = {
  ...{ constraint: 'cities_country_fkey', table: 'cities', columns: ['country'] },
  ...{ referencedTable: 'countries', referencedColumns: ['code'] },
};
const BOOKS = {
  ...{ constraint: 'books_author_id_fkey', table: 'books', columns: ['author_id'] },
  ...{ referencedTable: 'authors', referencedColumns: ['id'] },
};

async function prepareMysql(database: Database) {
  const own = await ownMysql(database);
  return { ...own, catalog: await loadCatalog(own.client, { schemas: [own.name, `${own.name}_other`] }) };
}

/** MySQL cuts its text: the catalog has the rest. */
const CUT: Expectations['added'] = {
  'foreign-key-long-names': {
    columns: ['long_parent_of_a_child_with_a_name_that_needs_sixty_four_chars__'],
    referencedTable: 'long_parents_with_a_name_that_needs_sixty_four_characters_______',
    referencedColumns: ['long_parent_id_with_a_name_that_needs_sixty_four_characters_____'],
  },
  'foreign-key-middling-names': { referencedColumns: ['middling_id_of_forty_characters_________'] },
  'foreign-key-long-names-beyond-ascii': { referencedColumns: ['schlüsselgrößenübersicht'] },
};

const MYSQL_EXPECTATIONS: Expectations = {
  added: {
    ...MYSQL_ADDED,
    'unique-expression': { schema: NAME },
    'primary-key': { schema: NAME, columns: ['id'] },
    'primary-key-composite': { schema: NAME, columns: ['org_id', 'user_id'] },
    'primary-key-partition': { schema: NAME, columns: ['id', 'taken'] },
    'auto-increment-exhausted': { schema: NAME, columns: ['id'] },
    // Which of the two ways to read `a.b.c` is right, the catalog knows.
    'unique-dot-in-table': {
      ...{ schema: NAME, table: 'dotted.table', constraint: 'dotted_code_key', columns: ['code'] },
    },
    'unique-dot-in-key': {
      ...{ schema: NAME, table: 'odd_keys', constraint: 'odd.key (one), name', columns: ['one'] },
    },
    ...CUT,
    check: PRODUCTS,
    'check-unnamed-column': PRODUCTS,
    'check-odd-name': PRODUCTS,
  },
  missing: {
    ...ADD_FOREIGN_KEY,
    ...BY_HAND,
    ...VIEW,
    'signal-as-check': 'table constraint schema',
    // Neither is there before the statement has succeeded.
    'unique-add-key': 'columns schema',
    'check-add-constraint': 'table schema',
    // An expression is no column.
    'unique-expression': 'columns',
    // The server hides the other table from users without rights on it.
    'foreign-key-no-rights': 'table constraint columns referencedTable referencedColumns schema',
    'foreign-key-no-rights-still-referenced': 'table constraint columns referencedTable referencedColumns schema',
  },
  told: [
    ['foreign-key-no-rights', { operation: 'insert', table: 'books' }, { schema: NAME, ...BOOKS }],
    ['foreign-key-no-rights', { table: 'books' }, { schema: NAME, ...BOOKS }],
    [
      'foreign-key-no-rights-still-referenced',
      { operation: 'delete', table: 'countries' },
      { schema: NAME, ...CITIES },
    ],
    // Customers refer to nothing: the application named another table than the statement's.
    ['foreign-key-no-rights', { operation: 'insert', table: 'customers' }, {}],
  ],
};

const MARIADB_EXPECTATIONS: Expectations = {
  added: {
    ...MYSQL_ADDED,
    'unique-dot-in-table': { schema: NAME, table: 'dotted.table', columns: ['code'] },
    'unique-dot-in-key': { schema: NAME, table: 'odd_keys', constraint: 'odd.key (one), name', columns: ['one'] },
    // MariaDB doubles a backtick: that it is MariaDB, the catalog knows.
    'foreign-key-backtick-in-name': { columns: ['we`ird'] },
  },
  missing: {
    ...ADD_FOREIGN_KEY,
    ...BY_HAND,
    ...VIEW,
    'unique-add-key': 'table columns schema',
    // Every table has a key of this name.
    'primary-key': 'table columns schema',
    'primary-key-composite': 'table columns schema',
    'primary-key-partition': 'table columns schema',
    // DROP TABLE names nothing.
    'foreign-key-drop-table': 'table constraint columns referencedTable referencedColumns schema',
  },
  told: [
    ['primary-key', { table: 'users' }, { schema: NAME, table: 'users', columns: ['id'] }],
    [
      'primary-key-composite',
      { table: 'memberships' },
      { schema: NAME, table: 'memberships', columns: ['org_id', 'user_id'] },
    ],
    ['primary-key', { table: 'nowhere' }, {}],
    ['foreign-key-drop-table', { table: 'customers' }, { schema: NAME, ...ORDERS }],
  ],
};

/** MySQL 5.6 names the key alone, as MariaDB does, and cuts its text, as later versions do. */
const MYSQL_5_EXPECTATIONS: Expectations = {
  ...MARIADB_EXPECTATIONS,
  added: { ...MARIADB_EXPECTATIONS.added, ...CUT },
  missing: {
    ...MARIADB_EXPECTATIONS.missing,
    'auto-increment-exhausted': 'table columns schema',
    'signal-as-check': 'table constraint schema',
  },
};

describeCatalog('mysql', MYSQL, ({ major }) => (major >= 8 ? MYSQL_EXPECTATIONS : MYSQL_5_EXPECTATIONS), prepareMysql);
describeCatalog('mariadb', MYSQL, MARIADB_EXPECTATIONS, prepareMysql);

const PRIMARY = { primaryKey: true };

/** No constraint: no partition takes the row. PostgreSQL names the table since 13. */
const PARTITION = ({ major }: Server): string => (major >= 13 ? 'constraint' : 'table constraint schema');

const POSTGRESQL_EXPECTATIONS: Expectations = {
  added: {
    // A role without rights, or row-level security: there is no DETAIL.
    'unique-no-select-right': { columns: ['token'] },
    'unique-row-level-security': { columns: ['title'] },
    'primary-key': PRIMARY,
    'primary-key-composite': PRIMARY,
    'primary-key-partition': { ...PRIMARY, table: 'measurements', constraint: 'measurements_pkey' },
    'foreign-key-parent-missing': { referencedColumns: ['id'] },
    'foreign-key-parent-missing-update': { referencedColumns: ['id'] },
    'foreign-key-still-referenced': { columns: ['customer_id'] },
    'foreign-key-still-referenced-update': { columns: ['customer_id'] },
    'foreign-key-restrict': { columns: ['country'] },
    'foreign-key-restrict-update': { columns: ['country'] },
    'foreign-key-composite-parent-missing': { referencedColumns: ['venue', 'number'] },
    'foreign-key-composite-comma-value': {
      columns: ['at_venue', 'at_seat'],
      referencedColumns: ['venue', 'number'],
    },
    'foreign-key-composite-still-referenced': { columns: ['at_venue', 'at_seat'] },
    'foreign-key-self-parent-missing': { referencedColumns: ['id'] },
    'foreign-key-self-still-referenced': { columns: ['manager_id'] },
    'foreign-key-deferred-commit': { referencedColumns: ['id'] },
    'foreign-key-deferred-commit-still-referenced': { columns: ['customer_id'] },
    'foreign-key-other-schema': { columns: ['user_id'] },
    'foreign-key-cascade': { columns: ['team_id'] },
    'foreign-key-hostile-value': { referencedColumns: ['name'] },
    'foreign-key-hostile-value-still-referenced': { columns: ['tag'] },
    'foreign-key-descriptor-value': { columns: ['tag'], referencedColumns: ['name'] },
    'foreign-key-empty-value': { referencedColumns: ['name'] },
    'foreign-key-comma-value': { referencedColumns: ['name'] },
    'foreign-key-quoted-names': { referencedColumns: ['Parent Id'] },
    'foreign-key-quoted-names-still-referenced': { columns: ['first, second'] },
    'foreign-key-descriptor-name': { columns: ['k)=(v'], referencedColumns: ['k)=(v'] },
    'foreign-key-no-select-right': { columns: ['author_id'], referencedColumns: ['id'] },
    'foreign-key-no-select-right-still-referenced': { columns: ['author_id'], referencedColumns: ['id'] },
    'check-domain': { domain: 'positive_amount' },
    // RAISE in the name of a constraint that does not exist: it is the schema's own code that speaks.
    'raise-as-unique': { kind: 'raise_exception' },
    'raise-as-foreign-key': { kind: 'raise_exception' },
    'raise-as-check': { kind: 'raise_exception' },
    'foreign-key-partitioned-parent': {
      ...{ constraint: 'moves_account_fkey', columns: ['account_id', 'account_year'] },
      referencedTable: 'accounts',
    },
  },
  missing: {
    // An expression is no column.
    'unique-expression': 'columns',
    'unique-column-and-expression': 'columns',
    'unique-expression-with-descriptor': 'columns',
    'unique-expression-constant': 'columns',
    'exclusion-expression': 'columns',
    // The constraint is not there yet.
    'foreign-key-add-constraint': 'referencedColumns',
    // A domain belongs to no table.
    'check-domain': 'table',
    'not-null-domain': 'table columns',
    'check-no-partition': PARTITION,
    'check-partition-bound': PARTITION,
    // RAISE: what the server did not say is not the schema's.
    'raise-as-unique-lying-detail': 'table constraint columns schema',
  },
  told: [
    // A raised error is nobody's, whatever the statement was.
    ['raise-as-check', { operation: 'insert', table: 'orders' }, {}],
    ['raise-as-unique-lying-detail', { operation: 'insert', table: 'users' }, {}],
  ],
};

async function preparePostgres(database: Database) {
  const own = await ownPostgres(database);
  return { ...own, catalog: await loadCatalog(own.client) };
}

describeCatalog('postgresql', POSTGRESQL, POSTGRESQL_EXPECTATIONS, preparePostgres);

const installed = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];
const [debian] = installed.sort((a, b) => Number(b) - Number(a));

describe.skipIf(debian === undefined)('PostgreSQL of Debian', () => {
  const server = { engine: 'postgresql', version: `${debian}`, major: Number(debian) } as const;
  testCatalog({ server }, POSTGRESQL, POSTGRESQL_EXPECTATIONS, async () => {
    // Under load a start fails now and then.
    const { url, stop } = await startDebianPostgres().catch(startDebianPostgres);
    const own = await preparePostgres({ server, url });
    return { ...own, drop: () => own.drop().finally(stop) };
  });
});

const USERS_EMAIL = { constraint: 'users_email_key' };
const UNNAMED = 'constraint';
const NAMELESS = 'direction table constraint columns referencedTable referencedColumns';
/** SQLite's schema gives its foreign keys no names. */
const nameless = ({ constraint: _, ...facts }: Added): Added => facts;
const CHILD = { direction: 'parent_missing' };
const PARENT = { direction: 'still_referenced' };
const SEATS = {
  ...{ table: 'tickets', columns: ['at_venue', 'at_seat'] },
  ...{ referencedTable: 'seats', referencedColumns: ['venue', 'number'] },
};
const MANAGER = {
  ...{ table: 'employees', columns: ['manager_id'] },
  ...{ referencedTable: 'employees', referencedColumns: ['id'] },
};

describeCatalog(
  'sqlite',
  SQLITE,
  {
    added: {
      unique: USERS_EMAIL,
      'unique-update': USERS_EMAIL,
      'unique-multi-row': USERS_EMAIL,
      'unique-empty-string': USERS_EMAIL,
      'unique-hostile-value': USERS_EMAIL,
      'unique-partial': { constraint: 'handles_active_phone' },
      'unique-expression': { table: 'handles' },
      'unique-column-and-expression': { table: 'handles' },
      'unique-expression-quoted-name': { table: 'handles' },
      check: { table: 'products' },
      // What could be read in two ways, the catalog reads in one.
      'unique-dot-in-column': { table: 'odd table', columns: ['x.y'] },
      'unique-dot-in-table': { table: 'dotted.table', columns: ['code'] },
      'primary-key-dot-in-table': { table: 'dotted.table', columns: ['id'] },
      'check-unnamed': { table: 'products' },
      'check-odd-name': { table: 'products', constraint: 'products state, (odd)' },
    },
    missing: {
      // An expression is no column.
      'unique-expression': 'columns',
      'unique-column-and-expression': 'columns',
      'unique-expression-quoted-name': 'columns',
      // The schema gives them no name.
      'unique-composite': UNNAMED,
      'unique-comma-in-name': UNNAMED,
      'unique-quote-in-name': UNNAMED,
      'unique-letters-beyond-ascii': UNNAMED,
      'unique-attached-database': UNNAMED,
      'primary-key': UNNAMED,
      'primary-key-composite': UNNAMED,
      'primary-key-without-rowid': UNNAMED,
      rowid: UNNAMED,
      // The index is not there yet.
      'unique-create-index': UNNAMED,
      'unique-dot-in-column': UNNAMED,
      'unique-dot-in-table': UNNAMED,
      'primary-key-dot-in-table': UNNAMED,
      'check-unnamed': UNNAMED,
      // SQLite names nothing: `explainForeignKey()` does.
      'foreign-key-parent-missing': NAMELESS,
      'foreign-key-still-referenced': NAMELESS,
      'foreign-key-composite': NAMELESS,
      'foreign-key-self': NAMELESS,
      'foreign-key-deferred-commit': NAMELESS,
      'foreign-key-drop-table': NAMELESS,
      'foreign-key-restrict': 'table constraint columns referencedTable referencedColumns',
      'foreign-key-restrict-update': 'table constraint columns referencedTable referencedColumns',
    },
    told: [
      ['foreign-key-parent-missing', { operation: 'insert', table: 'orders' }, { ...CHILD, ...nameless(ORDERS) }],
      ['foreign-key-parent-missing', { operation: 'update', table: 'orders' }, { ...CHILD, ...nameless(ORDERS) }],
      ['foreign-key-parent-missing', { table: 'orders' }, { ...CHILD, ...nameless(ORDERS) }],
      ['foreign-key-composite', { operation: 'insert', table: 'tickets' }, { ...CHILD, ...SEATS }],
      ['foreign-key-self', { operation: 'delete', table: 'employees' }, { ...PARENT, ...MANAGER }],
      // Which of the two it was does not follow.
      ['foreign-key-self', { operation: 'update', table: 'employees' }, MANAGER],
      ['foreign-key-restrict', { operation: 'delete', table: 'countries' }, nameless(CITIES)],
      ['foreign-key-restrict-update', { operation: 'update', table: 'countries' }, nameless(CITIES)],
      // Orders and payments refer to customers: what they share follows.
      [
        'foreign-key-still-referenced',
        { operation: 'delete', table: 'customers' },
        { ...PARENT, columns: ['customer_id'], referencedTable: 'customers', referencedColumns: ['id'] },
      ],
    ],
  },
  async () => {
    const client = sqliteDatabase();
    const catalog = await loadCatalog(client);
    client.close();
    return { catalog, provoke: provokeSqlite, renamed: (value) => value, drop: async () => {} };
  },
);
