import type * as Core from '@mikro-orm/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../../fixtures/scenarios/scenario.ts';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { defineConflicts, isConflict, translate } from '../../../src/index.ts';
import { mikroOrmConflicts } from '../../../src/orms/mikro-orm.ts';
import type { OrmDatabase } from '../orm-database.ts';
import { describeEngines, describeOrm } from '../orms.ts';

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const;

/** The library's enum cannot be imported here: it is another one in each version. */
const OPTIMISTIC = 1 as Core.LockMode.OPTIMISTIC;

type DriverClass = new (config: Core.Configuration) => Core.IDatabaseDriver;

/** A version of MikroORM, which has to be imported in its own project. */
export interface Version {
  readonly title: string;
  readonly MikroORM: typeof Core.MikroORM;
  readonly EntitySchema: typeof Core.EntitySchema;
  readonly drivers: Readonly<Record<Engine, DriverClass>>;
}

/** All that is asked of a version of MikroORM. */
export function describeMikroOrm({ title, MikroORM, EntitySchema, drivers }: Version): void {
  const id = { type: 'integer', primary: true } as const;
  const Org = new EntitySchema<{ id: number; slug: string; version?: number }>({
    name: 'Org',
    tableName: 'orgs',
    properties: { id, slug: { type: 'string' }, version: { type: 'integer', version: true, default: 1 } },
  });
  const Member = new EntitySchema<{ id: number; org_id: number; email: string | null; age: number }>({
    name: 'Member',
    tableName: 'members',
    properties: {
      id,
      org_id: { type: 'integer' },
      email: { type: 'string', nullable: true },
      age: { type: 'integer' },
    },
  });
  const Note = new EntitySchema<{ id: number; org_id: number }>({
    name: 'Note',
    tableName: 'notes',
    properties: { id, org_id: { type: 'integer' } },
  });

  function open(database: OrmDatabase, driver: DriverClass): Promise<Core.MikroORM> {
    const { engine, url, name, host, port, user, password } = database;
    return MikroORM.init({
      ...{ driver, entities: [Org, Member, Note], pool: { min: 0, max: 2 }, debug: false },
      ...(engine === 'sqlite' ? { dbName: url } : { dbName: name, host, port, user, password }),
    });
  }

  describeOrm({
    title,
    engines: ENGINES,
    async connect(database, conflicts) {
      const { engine } = database;
      const driver = drivers[engine];
      const orm = await open(database, conflicts ? mikroOrmConflicts(conflicts)(driver) : driver);
      const fork = () => orm.em.fork();
      const options = engine === 'sqlite' ? {} : { isolationLevel: 'repeatable read' as Core.IsolationLevel };
      return {
        scenarios: {
          unique: () => fork().insert(Org, { id: 3, slug: 'acme' }),
          async uniqueComposite() {
            const em = fork();
            em.persist(em.create(Member, { id: 2, org_id: 1, email: 'alice@example.com', age: 40 }));
            await em.flush();
          },
          parentMissing: () => fork().insert(Member, { id: 3, org_id: 99, email: 'bob@example.com', age: 40 }),
          stillReferenced: () => fork().nativeDelete(Org, { id: 1 }),
          check: () => fork().insert(Member, { id: 4, org_id: 1, email: 'carol@example.com', age: 5 }),
          notNull: () => fork().insert(Member, { id: 5, org_id: 1, email: null, age: 40 }),
          async deferred() {
            try {
              await fork().transactional((em) => em.insert(Note, { id: 1, org_id: 99 }));
            } finally {
              // MikroORM 6 leaves the transaction open when a COMMIT of SQLite fails, and gives the connection back.
              if (engine === 'sqlite') await fork().getConnection().execute('ROLLBACK').catch(String);
            }
          },
          inTransaction: () =>
            fork().transactional(async (em) => {
              await em.insert(Org, { id: 4, slug: 'initech' });
              em.persist(em.create(Org, { id: 5, slug: 'acme' }));
            }),
          serialization: (rival) =>
            fork().transactional(async (em) => {
              await em.findOne(Org, { id: 1 });
              await rival.change();
              await em.nativeUpdate(Org, { id: 1 }, { version: 3 });
            }, options),
          deadlock: (rival) =>
            fork().transactional(async (em) => {
              await em.nativeUpdate(Org, { id: 1 }, { version: 3 });
              await rival.lock();
              await em.nativeUpdate(Org, { id: 2 }, { version: 3 });
            }),
          syntaxError: () => fork().getConnection().execute('SELEC 1'),
        },
        async optimisticLock(rival) {
          const em = fork();
          const org = await em.findOneOrFail(Org, { id: 1 });
          await rival.change();
          org.slug = 'renamed';
          await em.flush();
        },
        findOrCreate: (slug) => fork().upsert(Org, { id: 3, slug }, { onConflictFields: ['slug'] }),
        insert: (table, row) => fork().insert<object>(table === 'orgs' ? Org : Member, row),
        countOrgs: () => fork().count(Org),
        close: () => orm.close(),
      };
    },
  });

  describeEngines(`The adapter of ${title}`, ENGINES, (database, engine) => {
    let orm: Core.MikroORM;

    beforeAll(async () => {
      const conflicts = defineConflicts({ onUnregistered() {} });
      orm = await open(database(), mikroOrmConflicts(conflicts)(drivers[engine]));
    });

    afterAll(() => orm?.close());

    async function slugs(): Promise<string[]> {
      const orgs = await orm.em.fork().find(Org, {}, { orderBy: { id: 'ASC' } });
      return orgs.map(({ slug }) => slug);
    }

    test('covers flushes, batches and statements of the application', async () => {
      const org = { id: 3, slug: 'acme' };
      const flush = async (change: (em: Core.EntityManager) => unknown) => {
        const em = orm.em.fork();
        await change(em);
        await em.flush();
      };
      const inserts: readonly (() => Promise<unknown>)[] = [
        () => flush((em) => em.persist(em.create(Org, org))),
        () => flush((em) => em.persist([em.create(Org, { id: 4, slug: 'initech' }), em.create(Org, org)])),
        () => flush(async (em) => Object.assign(await em.findOneOrFail(Org, { id: 2 }), { slug: 'acme' })),
        () => orm.em.fork().insertMany(Org, [{ id: 4, slug: 'initech' }, org]),
        () => orm.em.fork().nativeUpdate(Org, { id: 2 }, { slug: 'acme' }),
        () => orm.em.fork().getConnection().execute("insert into orgs (id, slug) values (3, 'acme')"),
      ];
      for (const insert of inserts) {
        const error = await thrownBy(insert);
        expect(isConflict(error, 'duplicate'), String(insert)).toBe(true);
        expect((error as Error).cause).not.toHaveProperty('name', 'UniqueConstraintViolationException');
      }
      expect(await slugs()).toEqual(['acme', 'globex']);
    });

    test('keeps a transaction whose inner transaction is rolled back', async () => {
      await orm.em.fork().transactional(async (em) => {
        await em.insert(Org, { id: 3, slug: 'initech' });
        const error = await thrownBy(() =>
          em.transactional(async (inner) => {
            await inner.insert(Org, { id: 4, slug: 'umbrella' });
            await inner.insert(Org, { id: 5, slug: 'acme' });
          }),
        );
        expect(isConflict(error, 'duplicate')).toBe(true);
        await em.insert(Org, { id: 6, slug: 'hooli' });
      });
      expect(await slugs()).toEqual(['acme', 'globex', 'initech', 'hooli']);
    });

    test('lets upserts win a race', async () => {
      const upsert = () => orm.em.fork().upsertMany(Org, [{ id: 3, slug: 'initech' }], { onConflictFields: ['slug'] });
      await Promise.all(Array.from({ length: 8 }, upsert));
      expect(await slugs()).toEqual(['acme', 'globex', 'initech']);
    });

    test('tells a stale version from an entity without one', async () => {
      const em = orm.em.fork();
      const org = await em.findOneOrFail(Org, { id: 1 });
      const member = await em.findOneOrFail(Member, { id: 1 });
      const stale = await thrownBy(() => em.lock(org, OPTIMISTIC, 7));
      const unversioned = await thrownBy(() => em.lock(member, OPTIMISTIC, 7));
      expect([stale, unversioned]).toMatchObject([{ name: 'OptimisticLockError' }, { name: 'OptimisticLockError' }]);
      expect(isConflict(translate(stale), 'version_mismatch')).toBe(true);
      expect(translate(unversioned)).toBe(unversioned);
    });

    test('leaves all other errors to MikroORM', async () => {
      const error = new Error('nothing to do with it');
      const rejected = orm.em.fork().transactional(() => {
        throw error;
      });
      await expect(rejected).rejects.toBe(error);
      // No conflict by default.
      const member = { id: 5, org_id: 1, email: null, age: 40 };
      const missing = await thrownBy(() => orm.em.fork().insert(Member, member));
      expect(missing).toMatchObject({ name: 'NotNullConstraintViolationException' });
    });
  });
}
