import { existsSync, readdirSync } from 'node:fs';
import BetterSqlite3 from 'better-sqlite3';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dropPostgres } from '../../fixtures/scenarios/run-postgresql.ts';
import { loadCatalog } from '../../src/catalog/index.ts';
import { type Catalog, type Conflicts, type Constraint, type Context, defineConflicts } from '../../src/index.ts';
import { ownName } from '../catalog/databases.ts';
import { startDebianPostgres } from '../servers/postgresql.ts';
import { describeLive } from './describe-live.ts';

/** A statement that fails, and facts of its violation; `null` for what is none. An absent fact is `undefined`. */
type Case = readonly [about: string, sql: string, facts: Readonly<Record<string, unknown>> | null, context?: Context];

/** Sixty bytes of letters beyond ASCII: a name that is longer loses its end, within a letter or not. */
const LONG = 'ü'.repeat(30);

const POSTGRESQL = `
CREATE SCHEMA archive;
CREATE TABLE users (id integer PRIMARY KEY, email text CONSTRAINT users_email_key UNIQUE, name text CONSTRAINT "UQ_97672ac88f789774dd47f7c8be3" UNIQUE);
CREATE TABLE archive.users (mail text CONSTRAINT users_email_key UNIQUE);
INSERT INTO users VALUES (1, 'a', 'n');
INSERT INTO archive.users VALUES ('a');
CREATE TABLE "a ""b"". (c)" ("we""ird, x" integer, "y)=(z" integer, CONSTRAINT "Größe ""k"".y, 'q'" UNIQUE ("we""ird, x", "y)=(z"),
  CONSTRAINT "${LONG}abcdefgh" CHECK ("we""ird, x" < 100), CONSTRAINT "x${LONG}abcdefgh" CHECK ("y)=(z" < 100));
INSERT INTO "a ""b"". (c)" VALUES (1, 1);
CREATE TABLE parents (id integer PRIMARY KEY, n integer NOT NULL CONSTRAINT parents_n_check CHECK (n > 0));
CREATE TABLE children () INHERITS (parents);
CREATE TABLE refs (id integer PRIMARY KEY);
INSERT INTO refs VALUES (1);
CREATE TABLE events (id integer, day integer, kind text NOT NULL, amount integer, ref integer CONSTRAINT events_ref_fkey REFERENCES refs,
  CONSTRAINT events_key UNIQUE (id, day), CONSTRAINT events_amount_check CHECK (amount > 0)) PARTITION BY RANGE (day);
CREATE UNIQUE INDEX events_kind_idx ON events (kind, day);
CREATE UNIQUE INDEX events_lower_idx ON events (lower(kind), day, id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (day);
CREATE TABLE events_1_a PARTITION OF events_1 FOR VALUES FROM (0) TO (50);
ALTER TABLE events_1_a ALTER amount SET NOT NULL;
ALTER TABLE events_1_a ADD CONSTRAINT events_1_a_check CHECK (amount < 1000);
INSERT INTO events VALUES (1, 1, 'x', 1, 1);
CREATE TABLE marks (event_id integer, event_day integer, CONSTRAINT marks_event_fkey FOREIGN KEY (event_id, event_day) REFERENCES events (id, day));
INSERT INTO marks VALUES (1, 1);
CREATE TABLE gens (a integer, b integer GENERATED ALWAYS AS (a * 2) STORED CONSTRAINT gens_b_key UNIQUE);
INSERT INTO gens VALUES (1);
CREATE DOMAIN amount AS integer CONSTRAINT amount_check CHECK (VALUE > 0);
CREATE DOMAIN dozen AS amount CHECK (VALUE % 12 = 0);
CREATE TABLE sums (sum amount, other integer CONSTRAINT amount_check CHECK (other > 0));
CREATE VIEW cheap AS SELECT id, email FROM users WHERE id < 100 WITH CHECK OPTION;
`;

const OF = (table: string, facts: object = {}, schema = 'public') => ({ schema, table, ...facts });
/** RAISE with these fields, in a block of its own. */
const raise = (fields: string) => `DO $$ BEGIN RAISE EXCEPTION 'no' USING ${fields}; END $$`;
const EVENTS = OF('events', { columns: ['id', 'day'], constraint: 'events_key' });

const POSTGRESQL_CASES: readonly Case[] = [
  ['a table whose name another schema has', `INSERT INTO users VALUES (2, 'a')`, OF('users', { columns: ['email'] })],
  ['that other one', `INSERT INTO archive.users VALUES ('a')`, OF('users', { columns: ['mail'] }, 'archive')],
  ['a hashed name', `INSERT INTO users VALUES (2, 'b', 'n')`, OF('users', { columns: ['name'] })],
  [
    'odd names',
    'INSERT INTO "a ""b"". (c)" VALUES (1, 1)',
    OF('a "b". (c)', { constraint: `Größe "k".y, 'q'`, columns: ['we"ird, x', 'y)=(z'] }),
  ],
  // 63 bytes: three letters are left behind the umlauts; behind an x, two.
  ['a name that was cut', 'INSERT INTO "a ""b"". (c)" VALUES (100, 1)', OF('a "b". (c)', { constraint: `${LONG}abc` })],
  ['another one', 'INSERT INTO "a ""b"". (c)" VALUES (2, 100)', OF('a "b". (c)', { constraint: `x${LONG}ab` })],
  ['an inherited check', 'INSERT INTO children VALUES (1, 0)', OF('children', { constraint: 'parents_n_check' })],
  ['an inherited NOT NULL', 'INSERT INTO children VALUES (1, NULL)', OF('children', { columns: ['n'] })],
  ['a key of a partition', `INSERT INTO events VALUES (1, 1, 'y', 1)`, EVENTS],
  ['a key of a partition’s partition, written directly', `INSERT INTO events_1_a VALUES (1, 1, 'y', 1)`, EVENTS],
  [
    'a unique index of partitions',
    `INSERT INTO events VALUES (2, 1, 'x', 1)`,
    OF('events', { constraint: 'events_kind_idx', columns: ['kind', 'day'] }),
  ],
  [
    'a unique index of partitions on an expression',
    `INSERT INTO events VALUES (1, 1, 'X', 1)`,
    OF('events', { constraint: expect.stringMatching(/^events_(key|lower_idx)$/) }),
  ],
  [
    'a check of a partitioned table',
    `INSERT INTO events VALUES (2, 2, 'y', 0)`,
    OF('events', { constraint: 'events_amount_check' }),
  ],
  [
    'a check of the partition alone',
    `INSERT INTO events VALUES (2, 2, 'y', 1000)`,
    OF('events_1_a', { constraint: 'events_1_a_check' }),
  ],
  ['NOT NULL of a partitioned table', 'INSERT INTO events VALUES (2, 2, NULL, 1)', OF('events', { columns: ['kind'] })],
  [
    'NOT NULL of the partition alone',
    `INSERT INTO events VALUES (2, 2, 'y', NULL)`,
    OF('events_1_a', { columns: ['amount'] }),
  ],
  [
    'a foreign key of partitions',
    `INSERT INTO events VALUES (2, 2, 'y', 1, 42)`,
    OF('events', {
      ...{ constraint: 'events_ref_fkey', columns: ['ref'], direction: 'parent_missing' },
      ...{ referencedTable: 'refs', referencedColumns: ['id'] },
    }),
  ],
  [
    'the same from the parent’s side',
    'DELETE FROM refs',
    OF('events', {
      ...{ constraint: 'events_ref_fkey', columns: ['ref'], direction: 'still_referenced' },
      ...{ referencedTable: 'refs', referencedColumns: ['id'] },
    }),
  ],
  [
    'a foreign key to partitions',
    'DELETE FROM events',
    OF('marks', {
      ...{ constraint: 'marks_event_fkey', columns: ['event_id', 'event_day'], direction: 'still_referenced' },
      ...{ referencedTable: 'events', referencedColumns: ['id', 'day'] },
    }),
  ],
  [
    'the same from the child’s side',
    'INSERT INTO marks VALUES (7, 7)',
    OF('marks', {
      ...{ constraint: 'marks_event_fkey', columns: ['event_id', 'event_day'], direction: 'parent_missing' },
      ...{ referencedTable: 'events', referencedColumns: ['id', 'day'] },
    }),
  ],
  ['a generated column', 'INSERT INTO gens VALUES (1)', OF('gens', { columns: ['b'], constraint: 'gens_b_key' })],
  [
    'a check of a domain',
    'INSERT INTO sums VALUES (0, 1)',
    { schema: 'public', constraint: 'amount_check', domain: 'amount', table: undefined, columns: undefined },
  ],
  [
    'a check of a domain of that domain',
    'SELECT 9::dozen',
    { schema: 'public', constraint: 'dozen_check', domain: 'dozen', table: undefined, columns: undefined },
  ],
  ['a check of the same name', 'INSERT INTO sums VALUES (1, 0)', OF('sums', { constraint: 'amount_check' })],
  [
    'RAISE in the name of a constraint',
    raise(`ERRCODE = 'check_violation', CONSTRAINT = 'events_amount_check'`),
    { kind: 'check_violation', constraint: 'events_amount_check', table: undefined, schema: undefined },
  ],
  [
    'RAISE of another kind than the constraint’s',
    raise(`ERRCODE = 'unique_violation', CONSTRAINT = 'events_amount_check'`),
    { kind: 'raise_exception', constraint: 'events_amount_check' },
  ],
  [
    'RAISE in the name of another table’s constraint',
    raise(`ERRCODE = 'check_violation', CONSTRAINT = 'events_amount_check', TABLE = 'users', SCHEMA = 'public'`),
    { kind: 'raise_exception', table: 'users' },
  ],
  ['a view', `INSERT INTO cheap VALUES (1, 'b')`, OF('users', { primaryKey: true, columns: ['id'] })],
  ['the check option of a view', `INSERT INTO cheap VALUES (100, 'b')`, null],
  [
    'a temporary table of the same name',
    'CREATE TEMP TABLE users (mail text CONSTRAINT users_email_key UNIQUE) ON COMMIT DROP; INSERT INTO users VALUES (1), (1)',
    { schema: expect.stringMatching(/^pg_temp_/), table: 'users', constraint: 'users_email_key', columns: ['mail'] },
  ],
  [
    'a table that came after the catalog',
    'CREATE TABLE later (id integer PRIMARY KEY); INSERT INTO later VALUES (1), (1)',
    { table: 'later', columns: ['id'], primaryKey: undefined },
  ],
];

/** The catalog and what it makes of a statement. */
interface Session {
  readonly catalog: Catalog;
  readonly fail: (sql: string) => Promise<unknown>;
  readonly end: () => Promise<void>;
}

function testCases(cases: readonly Case[], session: () => Session): void {
  let conflicts: Conflicts;
  beforeAll(() => {
    conflicts = defineConflicts({ catalog: session().catalog });
  });
  test.for(cases)('knows %s', async ([, sql, facts, context]) => {
    const violation = conflicts.classify(await session().fail(sql), context);
    if (facts === null) expect(violation).toBeUndefined();
    else expect({ ...absent(facts), ...violation }).toMatchObject(facts);
  });
}

const absent = (facts: object) => Object.fromEntries(Object.keys(facts).map((name) => [name, undefined]));

async function postgresSession(url: string): Promise<Session> {
  const name = ownName();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`);
  const within = new URL(url);
  within.pathname = `/${name}`;
  const pool = new pg.Pool({ connectionString: within.href, max: 1 });
  pool.on('error', () => undefined);
  await pool.query(POSTGRESQL);
  return {
    catalog: await loadCatalog(pool),
    async fail(sql) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        return await client.query(sql).catch((error: unknown) => error);
      } finally {
        await client.query('ROLLBACK');
        client.release();
      }
    },
    async end() {
      await pool.end();
      await dropPostgres(admin, name);
      await admin.end();
    },
  };
}

describeLive('postgresql', ({ url = '' }) => {
  let session: Session;
  beforeAll(async () => {
    session = await postgresSession(url);
  });
  afterAll(() => session?.end());
  testCases(POSTGRESQL_CASES, () => session);

  test('is plain JSON, marks what is partial or an expression, and reads the schemas that are asked for', async () => {
    const { catalog } = session;
    expect(JSON.parse(JSON.stringify(catalog))).toEqual(catalog);
    expect(byName(catalog, 'events_lower_idx')[0]).toEqual({
      ...{ kind: 'unique', name: 'events_lower_idx', schema: 'public', table: 'events' },
      expression: 'lower(kind), day, id',
    });
    expect(byName(catalog, 'amount_check')).toEqual([
      { kind: 'check', name: 'amount_check', schema: 'public', table: 'sums', expression: 'other > 0' },
      { kind: 'check', name: 'amount_check', schema: 'public', domain: 'amount', expression: 'VALUE > 0' },
    ]);
  });
});

const debian = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : [];

describe.skipIf(debian.length === 0)('PostgreSQL of Debian', () => {
  let session: Session;
  let stop: () => Promise<void>;
  beforeAll(async () => {
    // Under load a start fails now and then.
    const server = await startDebianPostgres().catch(startDebianPostgres);
    stop = server.stop;
    session = await postgresSession(server.url);
  }, 60_000);
  afterAll(async () => {
    await session?.end();
    await stop?.();
  });
  testCases(POSTGRESQL_CASES, () => session);
});

const byName = ({ constraints }: Catalog, name: string): readonly Constraint[] =>
  constraints.filter((constraint) => constraint.name === name);

/** MySQL and MariaDB: 64 letters, not bytes; a longer name is refused. */
const LETTERS = 'ü'.repeat(64);

const mysqlSchema = (name: string) => `
CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(20), UNIQUE KEY users_email_key (email));
INSERT INTO users VALUES (1, 'a');
CREATE TABLE ${name}_two.users (mail VARCHAR(20), UNIQUE KEY users_email_key (mail));
CREATE TABLE ${name}_two.others (code VARCHAR(20), UNIQUE KEY others_code_key (code));
INSERT INTO ${name}_two.others VALUES ('a');
CREATE TABLE \`a \`\`b\`\`'s (c)\` (\`we\`\`ird, x\` INT, \`${LETTERS}\` INT, CONSTRAINT \`Größe "k", (y)\` UNIQUE (\`we\`\`ird, x\`, \`${LETTERS}\`),
  CONSTRAINT \`${LETTERS}\` CHECK (\`${LETTERS}\` < 100));
INSERT INTO \`a \`\`b\`\`'s (c)\` VALUES (1, 1);
CREATE TABLE people (email VARCHAR(20), UNIQUE KEY same_key (email));
CREATE TABLE pets (name VARCHAR(20), UNIQUE KEY same_key (name));
CREATE TABLE gens (a INT, b INT AS (a * 2) STORED, c INT AS (a * 3) VIRTUAL, UNIQUE KEY gens_b_key (b), UNIQUE KEY gens_c_key (c));
INSERT INTO gens (a) VALUES (1);
CREATE TABLE \`UQ\` (email VARCHAR(20), UNIQUE KEY IDX_97672ac88f789774dd47f7c8be (email));
INSERT INTO \`UQ\` VALUES ('a');
CREATE VIEW cheap AS SELECT id, email FROM users WHERE id < 100 WITH CHECK OPTION;
`;

const mysqlCases = (name: string, engine: 'mysql' | 'mariadb'): readonly Case[] => {
  const of = (table: string, facts: object) => ({ schema: name, table, ...facts });
  return [
    // Two databases have a key of this name, and neither server says which it was: what they share is not much.
    [
      'a key whose name another database has',
      `INSERT INTO users VALUES (2, 'a')`,
      { constraint: 'users_email_key', table: 'users', schema: undefined, columns: undefined },
    ],
    [
      'a key of another database',
      `INSERT INTO ${name}_two.others VALUES ('a')`,
      { schema: `${name}_two`, table: 'others', columns: ['code'] },
    ],
    // MariaDB tells the key and no table.
    [
      'a key that two tables call the same',
      "INSERT INTO people VALUES ('a'), ('a')",
      engine === 'mysql'
        ? of('people', { columns: ['email'] })
        : { schema: name, constraint: 'same_key', table: undefined, columns: undefined },
    ],
    [
      'it by the table of the statement',
      "INSERT INTO people VALUES ('a'), ('a')",
      of('people', { constraint: 'same_key', columns: ['email'] }),
      { operation: 'insert', table: 'people' },
    ],
    [
      'odd names',
      `INSERT INTO \`a \`\`b\`\`'s (c)\` VALUES (1, 1)`,
      of(`a \`b\`'s (c)`, { constraint: 'Größe "k", (y)', columns: ['we`ird, x', LETTERS] }),
    ],
    [
      'the longest name',
      `INSERT INTO \`a \`\`b\`\`'s (c)\` VALUES (1, 100)`,
      of(`a \`b\`'s (c)`, { constraint: LETTERS }),
    ],
    [
      'a generated column',
      'INSERT INTO gens (a) VALUES (1)',
      of('gens', { columns: [expect.stringMatching(/^[bc]$/)] }),
    ],
    ['a hashed name', `INSERT INTO \`UQ\` VALUES ('a')`, of('UQ', { columns: ['email'] })],
    [
      'a view',
      `INSERT INTO cheap VALUES (1, 'b')`,
      // MariaDB says PRIMARY alone, and there is one only.
      of('users', { primaryKey: true, columns: ['id'] }),
    ],
    ['the check option of a view', `INSERT INTO cheap VALUES (100, 'b')`, null],
    [
      'a temporary table',
      'CREATE TEMPORARY TABLE brief (mail INT, UNIQUE KEY brief_key (mail)); INSERT INTO brief VALUES (1), (1)',
      { constraint: 'brief_key', columns: undefined, schema: undefined },
    ],
  ];
};

for (const engine of ['mysql', 'mariadb'] as const) {
  describeLive(engine, ({ url = '' }) => {
    const name = ownName();
    let session: Session;
    beforeAll(async () => {
      const connection = await createConnection({ uri: url, multipleStatements: true });
      await connection.query(`CREATE DATABASE ${name} CHARACTER SET utf8mb4; CREATE DATABASE ${name}_two; USE ${name}`);
      await connection.query(mysqlSchema(name));
      session = {
        catalog: await loadCatalog(connection, { schemas: [name, `${name}_two`] }),
        fail: (sql) => connection.query(sql).catch((error: unknown) => error),
        async end() {
          await connection.query(`DROP DATABASE ${name}; DROP DATABASE ${name}_two`);
          await connection.end();
        },
      };
    });
    afterAll(() => session?.end());
    testCases(mysqlCases(name, engine), () => session);

    test.each([{ rowsAsArray: true }, { nestTables: true }, { nestTables: '_' }] as const)(
      'reads a connection that gives its rows another shape: %o',
      async (options) => {
        const shaped = await createConnection({ uri: url, database: `${name}_two`, ...options });
        const plain = await createConnection({ uri: url, database: `${name}_two` });
        try {
          const catalog = await loadCatalog(shaped);
          expect(catalog.constraints).toHaveLength(2);
          expect(catalog).toEqual(await loadCatalog(plain));
        } finally {
          await shaped.end();
          await plain.end();
        }
      },
    );

    test('reads the database of the connection, and of callbacks', async () => {
      const { createPool } = await import('mysql2');
      const pool = createPool({ uri: url, database: `${name}_two` });
      const { constraints, dialect } = await loadCatalog(pool);
      await pool.promise().end();
      expect(dialect).toBe(engine);
      expect(constraints).toEqual([
        { kind: 'unique', name: 'others_code_key', schema: `${name}_two`, table: 'others', columns: ['code'] },
        { kind: 'unique', name: 'users_email_key', schema: `${name}_two`, table: 'users', columns: ['mail'] },
      ]);
    });
  });
}

const SQLITE = `
PRAGMA foreign_keys = ON;
CREATE TABLE users (id INTEGER NOT NULL, email TEXT, "we""ird, x" INTEGER, CONSTRAINT "users key" PRIMARY KEY (id DESC),
  CONSTRAINT [users email] UNIQUE (email COLLATE NOCASE), /* CONSTRAINT not_one UNIQUE (id) */
  CONSTRAINT \`odd "name"\` UNIQUE ("we""ird, x") -- , CONSTRAINT nor_one UNIQUE (email)
);
INSERT INTO users VALUES (1, 'a', 1);
CREATE TABLE "(" (a INTEGER DEFAULT (max(1, 2)) CONSTRAINT first_key UNIQUE CONSTRAINT first_check CHECK (a IN (1, 2)) CHECK (a <> ')'),
  b TEXT AS (a || ',') STORED CONSTRAINT generated_key UNIQUE, 'c' INTEGER CONSTRAINT "c null" NOT NULL ON CONFLICT ABORT);
INSERT INTO "(" (a, c) VALUES (1, 1);
CREATE UNIQUE INDEX users_lower ON users (lower(email), id) WHERE email <> 'x' AND id > 0;
CREATE TABLE copied AS SELECT * FROM users;
CREATE TEMP TABLE brief (id INTEGER CONSTRAINT brief_key UNIQUE);
CREATE TEMP TABLE "(" (d INTEGER CONSTRAINT other_key UNIQUE);
ATTACH ':memory:' AS "odd ""base'";
CREATE TABLE "odd ""base'".invoices (number TEXT CONSTRAINT invoices_key UNIQUE);
CREATE VIRTUAL TABLE texts USING fts5(body);
`;

const SQLITE_CASES: readonly Case[] = [
  ['a name of a primary key', `INSERT INTO users VALUES (1, 'b', 2)`, { table: 'users', constraint: 'users key' }],
  ['a name in brackets', `INSERT INTO users VALUES (2, 'a', 2)`, { columns: ['email'], constraint: 'users email' }],
  ['a name in backticks', `INSERT INTO users VALUES (2, 'b', 1)`, { constraint: 'odd "name"', columns: ['we"ird, x'] }],
  [
    'an index on an expression',
    `INSERT INTO users VALUES (1, 'A', 2)`,
    { constraint: expect.any(String), table: 'users' },
  ],
  ['a generated column', 'INSERT INTO main."(" (a, c) VALUES (1, 2)', { constraint: 'generated_key', table: '(' }],
  ['a check', 'INSERT INTO main."(" (a, c) VALUES (3, 2)', { constraint: 'first_check', table: '(' }],
  ['NOT NULL', 'INSERT INTO main."(" (a) VALUES (2)', { columns: ['c'], table: '(', constraint: undefined }],
  ['a table of the same name', 'INSERT INTO "(" VALUES (1), (1)', { constraint: 'other_key', columns: ['d'] }],
  ['a temporary table', 'INSERT INTO brief VALUES (1), (1)', { constraint: 'brief_key' }],
  ['an attached database', 'INSERT INTO invoices VALUES (1), (1)', { constraint: 'invoices_key', table: 'invoices' }],
];

describeLive('sqlite', () => {
  const database = new BetterSqlite3(':memory:').exec(SQLITE);
  let session: Session;
  beforeAll(async () => {
    session = {
      catalog: await loadCatalog(database),
      fail: async (sql) => {
        try {
          return database.exec(sql);
        } catch (error) {
          return error;
        }
      },
      end: async () => void database.close(),
    };
  });
  afterAll(() => session?.end());
  testCases(SQLITE_CASES, () => session);

  test('reads expressions, conditions and what is written between them', () => {
    expect(byName(session.catalog, 'users_lower')).toEqual([
      {
        ...{ kind: 'unique', name: 'users_lower', table: 'users' },
        ...{ expression: 'lower(email), id', predicate: "email <> 'x' AND id > 0" },
      },
    ]);
    expect(session.catalog.constraints.filter(({ kind }) => kind === 'check')).toEqual([
      { kind: 'check', name: 'first_check', table: '(', expression: 'a IN (1, 2)' },
      { kind: 'check', table: '(', expression: "a <> ')'" },
    ]);
  });

  test('reads numbers beyond 53 bits where the driver is told to', async () => {
    database.defaultSafeIntegers(true);
    const catalog = await loadCatalog(database);
    database.defaultSafeIntegers(false);
    expect(catalog).toEqual(session.catalog);
  });
});
