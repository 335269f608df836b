import { afterAll, beforeAll, expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { libsql } from '../../../src/drivers/libsql.ts';
import { postgres } from '../../../src/drivers/postgres.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../../src/index.ts';
import { drizzleConflicts, type Run } from '../../../src/orms/drizzle.ts';
import type { OrmDatabase, Rival } from '../orm-database.ts';
import { describeEngines, describeOrm, type Orm, type OrmSession } from '../orms.ts';

type Row = Readonly<Record<string, unknown>>;
type Table = Readonly<Record<'id' | 'slug' | 'version', unknown>>;
type Builder = PromiseLike<unknown> & { run(): unknown };

/** What is needed of a Drizzle database, of each dialect. Source: https://orm.drizzle.team/docs/insert and the like */
export interface Drizzle {
  insert(table: Table): {
    values(row: Row | readonly Row[]): Builder & { onConflictDoNothing(): Builder };
    ignore(): { values(row: Row): Builder };
  };
  update(table: Table): { set(row: Row): { where(condition: unknown): Builder } };
  delete(table: Table): { where(condition: unknown): Builder };
  select(): { from(table: Table): PromiseLike<readonly unknown[]> };
  transaction(run: (tx: Drizzle) => unknown, options?: object): unknown;
  execute(statement: unknown): PromiseLike<unknown>;
  run(statement: unknown): PromiseLike<unknown>;
}

export interface Tables {
  readonly orgs: Table;
  readonly members: Table;
  readonly notes: Table;
}

/** What a project's own Drizzle gives. */
export interface Installed {
  readonly title: string;
  readonly tables: Readonly<Record<'pg' | 'mysql' | 'sqlite', Tables>>;
  readonly sql: { (parts: TemplateStringsArray, ...values: unknown[]): unknown; raw(text: string): unknown };
  readonly eq: (column: unknown, value: unknown) => unknown;
  readonly connect: Readonly<Record<DriverName, (database: OrmDatabase) => Promise<Connection>>>;
}

type DriverName = 'pg' | 'mysql2' | 'better-sqlite3' | 'postgres' | 'libsql';

export interface Connection {
  readonly db: Drizzle;
  /** Where Drizzle's transactions lock from the start and cannot be out of date: one of the driver's own. */
  stale?(rival: Rival): Promise<unknown>;
  close(): void | Promise<void>;
}

interface Driver extends Pick<Orm, 'engines' | 'drivers' | 'tells'> {
  readonly name: DriverName;
  readonly dialect: keyof Installed['tables'];
}

const DRIVERS: readonly Driver[] = [
  { name: 'pg', dialect: 'pg', engines: ['postgresql'] },
  { name: 'mysql2', dialect: 'mysql', engines: ['mysql', 'mariadb'] },
  { name: 'better-sqlite3', dialect: 'sqlite', engines: ['sqlite'] },
  {
    ...{ name: 'postgres', dialect: 'pg', engines: ['postgresql'], drivers: [postgres] },
    tells: (facts) => ({ ...facts, driver: 'postgres' }),
  },
  {
    ...{ name: 'libsql', dialect: 'sqlite', engines: ['sqlite'], drivers: [libsql] },
    tells: (facts) => ({ ...facts, driver: 'libsql' }),
  },
];

/** Runs a Drizzle with each of its drivers. */
export function describeDrizzle(installed: Installed): void {
  for (const driver of DRIVERS) {
    describeOrm({
      ...driver,
      title: `${installed.title} with ${driver.name}`,
      connect: (database, conflicts) => open(installed, driver, database, conflicts),
    });
  }
  describeUse(`${installed.title} with what it documents`, installed.tables.pg, installed.connect.pg);
}

const unprotected: Run = async (query: unknown) => await (typeof query === 'function' ? query() : query);

async function open(
  { tables, sql, eq, connect }: Installed,
  { name, dialect }: Driver,
  database: OrmDatabase,
  conflicts: Conflicts | undefined,
): Promise<OrmSession> {
  const { db, stale, close } = await connect[name](database);
  const { orgs, members, notes } = tables[dialect];
  const run = conflicts ? drizzleConflicts(conflicts) : unprotected;
  const raw = (statement: string) =>
    dialect === 'sqlite' ? db.run(sql.raw(statement)) : db.execute(sql.raw(statement));
  const bump = (on: Drizzle, id: number) =>
    on
      .update(orgs)
      .set({ version: sql`${orgs.version} + 1` })
      .where(eq(orgs.id, id));
  /** Transactions of better-sqlite3 are synchronous. */
  const inTransaction = (on: Drizzle, ...statements: ((tx: Drizzle) => Builder)[]) =>
    name === 'better-sqlite3'
      ? on.transaction((tx) => statements.map((statement) => statement(tx).run()))
      : on.transaction(async (tx) => {
          for (const statement of statements) await statement(tx);
        });
  let id = 10;
  return {
    scenarios: {
      unique: () => run(db.insert(orgs).values({ id: 3, slug: 'acme' })),
      uniqueComposite: () => run(db.insert(members).values({ id: 2, orgId: 1, email: 'alice@example.com', age: 40 })),
      parentMissing: () => run(db.insert(members).values({ id: 3, orgId: 99, email: 'bob@example.com', age: 40 })),
      stillReferenced: () => run(db.delete(orgs).where(eq(orgs.id, 1))),
      check: () => run(db.insert(members).values({ id: 4, orgId: 1, email: 'carol@example.com', age: 5 })),
      notNull: () => run(db.insert(members).values({ id: 5, orgId: 1, email: null, age: 40 })),
      deferred: async () => {
        const insert = (on: Drizzle) =>
          run(() => inTransaction(on, (tx) => tx.insert(notes).values({ id: 1, orgId: 99 })));
        if (name !== 'libsql') return insert(db);
        // A connection of libsql of which a COMMIT was refused reads the state of that moment from then on.
        const lost = await connect.libsql(database);
        return insert(lost.db).finally(lost.close);
      },
      inTransaction: () =>
        run(() =>
          inTransaction(
            db,
            (tx) => tx.insert(orgs).values({ id: 4, slug: 'initech' }),
            (tx) => tx.insert(orgs).values({ id: 5, slug: 'acme' }),
          ),
        ),
      serialization: async (rival) => {
        if (stale !== undefined) return run(() => stale(rival));
        if (name === 'better-sqlite3') {
          // Nothing can be awaited inside of its transactions.
          await raw('BEGIN');
          await db.select().from(orgs);
          await rival.change();
          try {
            return await run(bump(db, 1));
          } finally {
            await raw('ROLLBACK');
          }
        }
        return run(() =>
          db.transaction(
            async (tx) => {
              await tx.select().from(orgs);
              await rival.change();
              await bump(tx, 1);
            },
            dialect === 'pg' ? { isolationLevel: 'repeatable read' } : {},
          ),
        );
      },
      deadlock: (rival) =>
        run(() =>
          db.transaction(async (tx) => {
            await bump(tx, 1);
            await rival.lock();
            await bump(tx, 2);
          }),
        ),
      syntaxError: () => run(() => raw('SELEC 1')),
    },
    findOrCreate: (slug) => {
      const row = { id: id++, slug };
      return run(
        dialect === 'mysql' ? db.insert(orgs).ignore().values(row) : db.insert(orgs).values(row).onConflictDoNothing(),
      );
    },
    insert: (table, { org_id: orgId, ...row }) =>
      run(table === 'orgs' ? db.insert(orgs).values(row) : db.insert(members).values({ ...row, orgId })),
    countOrgs: async () => (await db.select().from(orgs)).length,
    close: async () => close(),
  };
}

/** Two statements of a user's code, and what the adapter's documentation says of them. */
function describeUse(title: string, tables: Tables, connect: (database: OrmDatabase) => Promise<Connection>): void {
  describeEngines(title, ['postgresql'], (database) => {
    const conflicts = defineConflicts({ rules: { orgs_slug_key: { resource: 'org', fields: ['slug'] } } });
    const run = drizzleConflicts(conflicts);
    let connection: Connection;

    beforeAll(async () => {
      connection = await connect(database());
    });

    afterAll(() => connection.close());

    test('gives the result of the query, and hands other errors on', async () => {
      const { db } = connection;
      expect(await run(db.select().from(tables.orgs))).toHaveLength(2);
      expect(await run(() => db.transaction((tx) => tx.select().from(tables.orgs)))).toHaveLength(2);
      expect(await run(() => 7)).toBe(7);
      const other = new Error('other');
      const thrown = await thrownBy(() => run(() => db.transaction(() => Promise.reject(other))));
      expect(thrown).toBe(other);
    });

    test('catches a conflict inside of a transaction, by a savepoint', async () => {
      const { db } = connection;
      await run(() =>
        db.transaction(async (tx) => {
          const acme = () => tx.transaction((nested) => nested.insert(tables.orgs).values({ id: 5, slug: 'acme' }));
          const thrown = await thrownBy(() => run(acme));
          expect(isConflict(thrown, 'duplicate')).toBe(true);
          await tx.insert(tables.orgs).values({ id: 6, slug: 'hooli' });
        }),
      );
      expect(await db.select().from(tables.orgs)).toHaveLength(3);
    });

    test('several rows in one statement are one conflict', async () => {
      const rows = [
        { id: 4, slug: 'initech' },
        { id: 5, slug: 'acme' },
      ];
      const thrown = await thrownBy(() => run(connection.db.insert(tables.orgs).values(rows)));
      expect(isConflict(thrown, 'duplicate') && thrown.problem.errors?.[0]?.pointer).toBe('#/slug');
      expect(await connection.db.select().from(tables.orgs)).toHaveLength(2);
    });
  });
}
