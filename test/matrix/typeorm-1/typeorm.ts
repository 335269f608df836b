import type * as Typeorm from 'typeorm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { defineConflicts, isConflict } from '../../../src/index.ts';
import { typeormConflicts } from '../../../src/orms/typeorm.ts';
import type { OrmDatabase } from '../orm-database.ts';
import { describeEngines, describeOrm } from '../orms.ts';

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const;

interface Org {
  id: number;
  slug: string;
  version: number;
}

interface Member {
  id: number;
  org_id: number;
  email: string | null;
  age: number;
}

interface Note {
  id: number;
  org_id: number;
}

/** All that is asked of a version of TypeORM, which has to be imported in its own project. */
export function describeTypeorm(title: string, { DataSource, EntitySchema }: typeof Typeorm): void {
  const Orgs = new EntitySchema<Org>({
    name: 'Org',
    tableName: 'orgs',
    columns: {
      id: { type: 'int', primary: true },
      slug: { type: 'varchar', length: 64 },
      version: { type: 'int', version: true },
    },
  });
  const Members = new EntitySchema<Member>({
    name: 'Member',
    tableName: 'members',
    columns: {
      id: { type: 'int', primary: true },
      org_id: { type: 'int' },
      email: { type: 'varchar', length: 64, nullable: true },
      age: { type: 'int' },
    },
  });
  const Notes = new EntitySchema<Note>({
    name: 'Note',
    tableName: 'notes',
    columns: { id: { type: 'int', primary: true }, org_id: { type: 'int' } },
  });
  const entities = [Orgs, Members, Notes];

  function open({ engine, url }: OrmDatabase): Typeorm.DataSource {
    switch (engine) {
      case 'sqlite':
        return new DataSource({ type: 'better-sqlite3', database: url, entities });
      case 'postgresql':
        return new DataSource({ type: 'postgres', url, entities, poolSize: 2 });
      default:
        return new DataSource({ type: engine, url, entities, poolSize: 2 });
    }
  }

  describeOrm({
    title,
    engines: ENGINES,
    async connect(database, conflicts) {
      const plain = open(database);
      const dataSource = conflicts ? typeormConflicts(conflicts)(plain) : plain;
      await dataSource.initialize();
      const { manager } = dataSource;
      const isolated: <T>(run: (manager: Typeorm.EntityManager) => Promise<T>) => Promise<T> =
        database.engine === 'sqlite'
          ? (run) => dataSource.transaction(run)
          : (run) => dataSource.transaction('REPEATABLE READ', run);
      return {
        scenarios: {
          unique: () => manager.insert(Orgs, { id: 3, slug: 'acme' }),
          uniqueComposite: () => manager.insert(Members, { id: 2, org_id: 1, email: 'alice@example.com', age: 40 }),
          parentMissing: () => manager.save(Members, { id: 3, org_id: 99, email: 'bob@example.com', age: 40 }),
          stillReferenced: () => manager.delete(Orgs, 1),
          check: () => manager.insert(Members, { id: 4, org_id: 1, email: 'carol@example.com', age: 5 }),
          notNull: () => manager.insert(Members, { id: 5, org_id: 1, email: null, age: 40 }),
          deferred: () => dataSource.transaction((manager) => manager.insert(Notes, { id: 1, org_id: 99 })),
          inTransaction: () =>
            dataSource.transaction(async (manager) => {
              await manager.insert(Orgs, { id: 4, slug: 'initech' });
              await manager.save(Orgs, { id: 5, slug: 'acme' });
            }),
          serialization: (rival) =>
            isolated(async (manager) => {
              await manager.findOneBy(Orgs, { id: 1 });
              await rival.change();
              await manager.increment(Orgs, { id: 1 }, 'version', 1);
            }),
          deadlock: (rival) =>
            dataSource.transaction(async (manager) => {
              await manager.increment(Orgs, { id: 1 }, 'version', 1);
              await rival.lock();
              await manager.increment(Orgs, { id: 2 }, 'version', 1);
            }),
          syntaxError: () => dataSource.query('SELEC 1'),
        },
        optimisticLock: async (rival) => {
          const { version } = await manager.findOneByOrFail(Orgs, { id: 1 });
          await rival.change();
          await dataSource.transaction((manager) =>
            manager.findOne(Orgs, { where: { id: 1 }, lock: { mode: 'optimistic', version } }),
          );
        },
        findOrCreate: (slug) => manager.upsert(Orgs, { id: 3, slug }, ['slug']),
        insert: (table, row) => manager.insert<Org | Member>(table === 'orgs' ? Orgs : Members, row),
        countOrgs: () => manager.count(Orgs),
        close: () => dataSource.destroy(),
      };
    },
  });

  describeEngines(`The adapter of ${title}`, ENGINES, (database) => {
    let dataSource: Typeorm.DataSource;

    beforeAll(async () => {
      dataSource = typeormConflicts(defineConflicts({ onUnregistered() {} }))(await open(database()).initialize());
    });

    afterAll(() => dataSource?.destroy());

    async function slugs(): Promise<string[]> {
      const orgs = await dataSource.manager.find(Orgs, { order: { id: 'ASC' } });
      return orgs.map(({ slug }) => slug);
    }

    test('covers repositories, query builders and raw queries', async () => {
      const repository = dataSource.getRepository(Orgs);
      const org = { id: 3, slug: 'acme' };
      const inserts: readonly (() => Promise<unknown>)[] = [
        () => repository.save(org),
        () => repository.insert([{ id: 4, slug: 'initech' }, org]),
        () => repository.update(2, { slug: 'acme' }),
        () => dataSource.createQueryBuilder().insert().into(Orgs).values(org).execute(),
        () => dataSource.query("INSERT INTO orgs (id, slug) VALUES (3, 'acme')"),
        () => repository.manager.query("INSERT INTO orgs (id, slug) VALUES (3, 'acme')"),
      ];
      for (const insert of inserts) {
        const error = await thrownBy(insert);
        expect(isConflict(error, 'duplicate'), String(insert)).toBe(true);
        expect((error as Error).cause).toMatchObject({ name: 'QueryFailedError' });
      }
      expect(await slugs()).toEqual(['acme', 'globex']);
    });

    test('keeps a transaction whose inner transaction is rolled back', async () => {
      await dataSource.transaction(async (manager) => {
        await manager.insert(Orgs, { id: 3, slug: 'initech' });
        const error = await thrownBy(() =>
          manager.transaction(async (inner) => {
            await inner.insert(Orgs, { id: 4, slug: 'umbrella' });
            await inner.insert(Orgs, { id: 5, slug: 'acme' });
          }),
        );
        expect(isConflict(error, 'duplicate')).toBe(true);
        await manager.insert(Orgs, { id: 6, slug: 'hooli' });
      });
      expect(await slugs()).toEqual(['acme', 'globex', 'initech', 'hooli']);
    });

    test('covers a query runner that is used by hand', async () => {
      const runner = dataSource.createQueryRunner();
      try {
        await runner.startTransaction();
        await runner.manager.insert(Orgs, { id: 3, slug: 'initech' });
        const error = await thrownBy(() => runner.manager.insert(Orgs, { id: 4, slug: 'acme' }));
        expect(isConflict(error, 'duplicate')).toBe(true);
        await runner.rollbackTransaction();
      } finally {
        await runner.release();
      }
      expect(await slugs()).toEqual(['acme', 'globex']);
    });

    test('replaces the query of a runner once', async () => {
      const runner = dataSource.createQueryRunner();
      const { query } = runner;
      const next = dataSource.createQueryRunner();
      expect(next.query === query).toBe(next === runner);
      for (const used of [runner, next]) await used.release();
    });

    test('hands on what is no error of a database', async () => {
      const error = new Error('nothing to do with it');
      await expect(
        dataSource.transaction(() => {
          throw error;
        }),
      ).rejects.toBe(error);
    });
  });
}
