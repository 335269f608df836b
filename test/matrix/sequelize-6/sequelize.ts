import type * as Library from 'sequelize';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../../fixtures/scenarios/scenario.ts';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { mariadb } from '../../../src/drivers/mariadb.ts';
import { sqlite3 } from '../../../src/drivers/sqlite3.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../../src/index.ts';
import { sequelizeConflicts } from '../../../src/orms/sequelize.ts';
import type { OrmDatabase } from '../orm-database.ts';
import type { Facts, Scenario } from '../orm-schema.ts';
import { describeEngines, describeOrm } from '../orms.ts';

const ENGINES = ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const;

/** A version of Sequelize, which has to be imported in its own project. */
export interface Version {
  readonly title: string;
  readonly DataTypes: typeof Library.DataTypes;
  /** @default all of them */
  readonly engines?: readonly Engine[];
  /** Connects with a pool of at most two connections. */
  open(database: OrmDatabase): Sequelize;
}

interface Sequelize extends Library.Sequelize {
  /** What version 7 calls a transaction that the application ends itself. */
  startUnmanagedTransaction?(): Promise<Library.Transaction>;
}

/** What Sequelize loads and the library does not read by itself. */
const DRIVERS = [sqlite3, mariadb];

type Run = <T>(work: () => T | PromiseLike<T>) => Promise<T>;

/** All that is asked of a version of Sequelize. */
export function describeSequelize({ title, DataTypes, engines = ENGINES, open }: Version): void {
  function define(sequelize: Sequelize) {
    const id = { type: DataTypes.INTEGER, primaryKey: true };
    const model = (name: string, attributes: Library.ModelAttributes, version = false) =>
      sequelize.define(name, { id, ...attributes }, { tableName: `${name}s`, timestamps: false, version });
    return {
      Org: model('org', { slug: DataTypes.STRING }, true),
      Member: model('member', { org_id: DataTypes.INTEGER, email: DataTypes.STRING, age: DataTypes.INTEGER }),
      Note: model('note', { org_id: DataTypes.INTEGER }),
    };
  }

  function runner(conflicts: Conflicts | undefined): Run {
    return conflicts ? sequelizeConflicts(conflicts) : async (work) => work();
  }

  describeOrm({
    title,
    engines,
    drivers: DRIVERS,
    tells: (facts, scenario, engine) => tells(facts, scenario, engine, title),
    async connect(database, conflicts) {
      const sequelize = open(database);
      const { Org, Member, Note } = define(sequelize);
      const run = runner(conflicts);
      const isolationLevel = 'REPEATABLE READ' as Library.Transaction.ISOLATION_LEVELS;
      let id = 3;
      const isolated = database.engine === 'sqlite' ? {} : { isolationLevel };
      return {
        scenarios: {
          unique: () => run(() => Org.create({ id: 3, slug: 'acme' })),
          uniqueComposite: () => run(() => Member.create({ id: 2, org_id: 1, email: 'alice@example.com', age: 40 })),
          parentMissing: () => run(() => Member.create({ id: 3, org_id: 99, email: 'bob@example.com', age: 40 })),
          stillReferenced: () => run(() => Org.destroy({ where: { id: 1 } })),
          check: () => run(() => Member.create({ id: 4, org_id: 1, email: 'carol@example.com', age: 5 })),
          notNull: () => run(() => Member.create({ id: 5, org_id: 1, email: null, age: 40 })),
          deferred: () =>
            run(async () => {
              if (database.engine !== 'sqlite') {
                return sequelize.transaction((transaction) => Note.create({ id: 1, org_id: 99 }, { transaction }));
              }
              // Sequelize neither rolls back nor closes the connection when a COMMIT fails, and SQLite stays locked.
              const transaction = await (sequelize.startUnmanagedTransaction?.() ?? sequelize.transaction());
              try {
                await Note.create({ id: 1, org_id: 99 }, { transaction });
                return await sequelize.query('COMMIT', { transaction });
              } finally {
                await transaction.rollback();
              }
            }),
          inTransaction: () =>
            run(() =>
              sequelize.transaction(async (transaction) => {
                await Org.create({ id: 4, slug: 'initech' }, { transaction });
                await Org.create({ id: 5, slug: 'acme' }, { transaction });
              }),
            ),
          serialization: (rival) =>
            run(() =>
              sequelize.transaction(isolated, async (transaction) => {
                await Org.findByPk(1, { transaction });
                await rival.change();
                await Org.increment('version', { where: { id: 1 }, transaction });
              }),
            ),
          deadlock: (rival) =>
            run(() =>
              sequelize.transaction(async (transaction) => {
                await Org.increment('version', { where: { id: 1 }, transaction });
                await rival.lock();
                await Org.increment('version', { where: { id: 2 }, transaction });
              }),
            ),
          syntaxError: () => run(() => sequelize.query('SELEC 1')),
        },
        optimisticLock: (rival) =>
          run(async () => {
            const org = await Org.findByPk(1);
            await rival.change();
            await sequelize.transaction(async (transaction) => org?.update({ slug: 'renamed' }, { transaction }));
          }),
        findOrCreate(slug) {
          const options = { where: { slug }, defaults: { id: id++ } };
          // A transaction of SQLite that reads and then writes fails in a race, whatever stands around it.
          return run(() => (database.engine === 'sqlite' ? Org.findCreateFind(options) : Org.findOrCreate(options)));
        },
        insert: (table, row) => run(() => (table === 'orgs' ? Org : Member).create(row)),
        countOrgs: () => Org.count(),
        close: () => sequelize.close(),
      };
    },
  });

  describeEngines(`The adapter of ${title}`, engines, (database, engine) => {
    const run = sequelizeConflicts(defineConflicts({ drivers: DRIVERS, onUnregistered() {} }));
    let sequelize: Sequelize;
    let Org: ReturnType<typeof define>['Org'];

    beforeAll(() => {
      sequelize = open(database());
      ({ Org } = define(sequelize));
    });

    afterAll(() => sequelize?.close());

    async function slugs(): Promise<unknown[]> {
      const orgs = await Org.findAll({ order: ['id'] });
      return orgs.map((org) => org.get('slug'));
    }

    test('covers models, bulk inserts and raw queries', async () => {
      const org = { id: 3, slug: 'acme' };
      const inserts: readonly (() => Promise<unknown>)[] = [
        () => run(Org.create(org)),
        () => run(Org.build(org).save()),
        () => run(Org.bulkCreate([{ id: 4, slug: 'initech' }, org])),
        () => run(Org.bulkCreate([org], { individualHooks: true })),
        () => run(Org.update({ slug: 'acme' }, { where: { id: 2 } })),
        () => run(sequelize.query("INSERT INTO orgs (id, slug) VALUES (3, 'acme')")),
      ];
      for (const insert of inserts) {
        const error = await thrownBy(insert);
        expect(isConflict(error, 'duplicate'), String(insert)).toBe(true);
        expect((error as Error).cause).toMatchObject({ name: 'SequelizeUniqueConstraintError' });
      }
      expect(await slugs()).toEqual(['acme', 'globex']);
    });

    test('keeps a transaction that goes on after a conflict', async () => {
      await run(() =>
        sequelize.transaction(async (transaction) => {
          await Org.create({ id: 3, slug: 'initech' }, { transaction });
          await sequelize.query('SAVEPOINT inner_one', { transaction });
          const error = await thrownBy(() => run(Org.create({ id: 4, slug: 'acme' }, { transaction })));
          expect(isConflict(error, 'duplicate')).toBe(true);
          await sequelize.query('ROLLBACK TO SAVEPOINT inner_one', { transaction });
          await Org.create({ id: 5, slug: 'hooli' }, { transaction });
        }),
      );
      expect(await slugs()).toEqual(['acme', 'globex', 'initech', 'hooli']);
    });

    test('lets findCreateFind and upsert win a race', async () => {
      let id = 3;
      const find = () => Org.findCreateFind({ where: { slug: 'initech' }, defaults: { id: id++ } });
      await Promise.all(Array.from({ length: 8 }, () => run(find)));
      await Promise.all(Array.from({ length: 8 }, () => run(() => Org.upsert({ id: 20, slug: 'hooli' }))));
      expect(await slugs()).toEqual(['acme', 'globex', 'initech', 'hooli']);
    });

    if (engine === 'postgresql') {
      test('reads the duplicate that findOrCreate has caught on the server', async () => {
        const find = () => Org.findOrCreate({ where: { slug: 'initech' }, defaults: { id: 1 } });
        const error = await thrownBy(() => run(find));
        if (!isConflict(error, 'duplicate')) throw error;
        expect(error.violation).toMatchObject({ kind: 'unique_violation', code: '23505', columns: ['id'] });
        expect(await slugs()).toEqual(['acme', 'globex']);
      });
    }

    test('hands results and all other errors on', async () => {
      const error = new Error('nothing to do with it');
      const rejected = run(() =>
        sequelize.transaction(() => {
          throw error;
        }),
      );
      await expect(rejected).rejects.toBe(error);
      expect(await run(Org.count())).toBe(2);
    });
  });
}

/** node-sqlite3 reports the primary result codes only. */
function tells(facts: Facts, scenario: Scenario, engine: Engine, title: string): Facts {
  if (title.endsWith('mariadb')) return { ...facts, driver: 'mariadb' };
  if (engine !== 'sqlite') return facts;
  const busy = { kind: 'lock_not_available', code: 'SQLITE_BUSY' } as const;
  return { ...facts, driver: 'sqlite3', code: 'SQLITE_CONSTRAINT', ...(scenario === 'serialization' && busy) };
}
