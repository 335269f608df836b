import type { Knex } from 'knex';
import { Model, raw } from 'objection';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict } from '../../../src/index.ts';
import objectionConflicts from '../../../src/orms/objection.ts';
import type { OrmDatabase } from '../orm-database.ts';
import { describeEngines, describeOrm, type OrmSession } from '../orms.ts';
import { ENGINES, open } from './open.ts';

interface Models {
  readonly Org: typeof Model;
  readonly Member: typeof Model;
  readonly Note: typeof Model;
}

function modelsOf(Base: typeof Model, knex: Knex): Models {
  class Member extends Base {
    static override tableName = 'members';
  }
  class Org extends Base {
    static override tableName = 'orgs';
    static override relationMappings = {
      members: {
        relation: Model.HasManyRelation,
        modelClass: Member,
        join: { from: 'orgs.id', to: 'members.org_id' },
      },
    };
  }
  class Note extends Base {
    static override tableName = 'notes';
  }
  return { Org: Org.bindKnex(knex), Member: Member.bindKnex(knex), Note: Note.bindKnex(knex) };
}

function sessionOf({ engine }: OrmDatabase, knex: Knex, { Org, Member, Note }: Models): OrmSession {
  const insert = (model: typeof Model, row: object, trx?: Knex.Transaction) => model.query(trx).insert(row);
  const bump = (id: number, trx: Knex.Transaction) =>
    Org.query(trx)
      .findById(id)
      .patch({ version: raw('version + 1') } as object);
  return {
    scenarios: {
      unique: () => insert(Org, { id: 3, slug: 'acme' }),
      uniqueComposite: () => insert(Member, { id: 2, org_id: 1, email: 'alice@example.com', age: 40 }),
      parentMissing: () => insert(Member, { id: 3, org_id: 99, email: 'bob@example.com', age: 40 }),
      stillReferenced: () => Org.query().deleteById(1),
      check: () => insert(Member, { id: 4, org_id: 1, email: 'carol@example.com', age: 5 }),
      notNull: () => insert(Member, { id: 5, org_id: 1, email: null, age: 40 }),
      // As with Knex alone: what SQLite refuses to commit stays open.
      deferred: () =>
        Note.transaction(async (trx) => insert(Note, { id: 1, org_id: 99 }, trx)).finally(() =>
          engine === 'sqlite' ? knex.raw('ROLLBACK') : undefined,
        ),
      inTransaction: () =>
        Org.transaction(async (trx) => {
          await insert(Org, { id: 4, slug: 'initech' }, trx);
          await insert(Org, { id: 5, slug: 'acme' }, trx);
        }),
      serialization: (rival) =>
        Org.transaction(async (trx) => {
          if (engine === 'postgresql') await trx.raw('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ');
          await Org.query(trx).findById(1);
          await rival.change();
          await bump(1, trx);
        }),
      deadlock: (rival) =>
        Org.transaction(async (trx) => {
          await bump(1, trx);
          await rival.lock();
          await bump(2, trx);
        }),
      syntaxError: () => Org.query().select(raw('SELEC 1')),
    },
    insert: (table, row) => insert(table === 'orgs' ? Org : Member, row),
    countOrgs: () => Org.query().resultSize(),
    close: () => knex.destroy(),
  };
}

describeOrm({
  title: 'Objection 3 with its mixin',
  engines: ENGINES,
  connect: async (database, conflicts) => {
    const knex = open(database, undefined);
    return sessionOf(database, knex, modelsOf(conflicts ? objectionConflicts(conflicts)(Model) : Model, knex));
  },
});

describeOrm({
  title: 'Objection 3 on an adapted Knex 3',
  engines: ENGINES,
  connect: async (database, conflicts) => {
    const knex = open(database, conflicts);
    return sessionOf(database, knex, modelsOf(Model, knex));
  },
});

const conflicts: Conflicts = defineConflicts({ onUnregistered: () => {} });

const BOTH: Record<string, (database: OrmDatabase) => { knex: Knex; models: Models }> = {
  'the mixin': (database) => {
    const knex = open(database, undefined);
    return { knex, models: modelsOf(objectionConflicts(conflicts)(Model), knex) };
  },
  'an adapted Knex': (database) => {
    const knex = open(database, conflicts);
    return { knex, models: modelsOf(Model, knex) };
  },
};

describeEngines('Every way through Objection 3', ENGINES, (database, engine) => {
  describe.each(Object.keys(BOTH))('with %s', (name) => {
    const use = () => {
      const used = BOTH[name]?.(database());
      if (used === undefined) throw new Error(`Expected a name of BOTH, got ${name}`);
      onTestFinished(() => used.knex.destroy());
      return used;
    };

    const WAYS: Record<string, (models: Models) => PromiseLike<unknown>> = {
      'a graph': ({ Org }) => {
        const members = [8, 8].map((id, at) => ({ id, email: `${at}@example.com`, age: 30 }));
        return Org.transaction(async (trx) =>
          Org.query(trx).insertGraph({ id: 3, slug: 'initech', members } as object),
        );
      },
      'an upserted graph': ({ Org }) =>
        Org.query().upsertGraph({ id: 1, slug: 'globex' } as object, { noDelete: true }),
      'a relation': async ({ Org }) => {
        const org = await Org.query().findById(1).throwIfNotFound();
        return org.$relatedQuery('members').insert({ id: 1, email: 'dave@example.com', age: 30 } as object);
      },
      'a related query': ({ Org }) =>
        Org.relatedQuery('members')
          .for(2)
          .insert({ id: 1, email: 'dave@example.com', age: 30 } as object),
      'an instance': async ({ Org }) => {
        const org = await Org.query().findById(2).throwIfNotFound();
        return org.$query().patch({ slug: 'acme' } as object);
      },
      'a transaction of many models': ({ Org }) =>
        Org.transaction(async (trx) => Org.query(trx).insertGraph({ id: 1, slug: 'initech' } as object)),
    };

    test.each(Object.keys(WAYS))('throws the conflict of %s', async (way) => {
      const { models } = use();
      const thrown = await thrownBy(() => WAYS[way]?.(models));
      expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
      expect(await models.Member.query().resultSize()).toBe(1);
    });

    test('lets queries be what they were', async () => {
      const { Org, Member } = use().models;
      const withMembers = Org.query().whereIn('id', Member.query().select('org_id'));
      expect(await withMembers.clone().resultSize()).toBe(1);
      expect(await Org.query().range(0, 0)).toMatchObject({ total: 2, results: [{ id: 1 }] });
      expect(await withMembers.first().withGraphFetched('members')).toMatchObject({ id: 1, members: [{ id: 1 }] });
      expect(await Org.query().joinRelated('members').select('orgs.id')).toMatchObject([{ id: 1 }]);
      expect(
        await Org.query()
          .orderBy('id')
          .onError(() => 'a handler of its own'),
      ).toHaveLength(2);
    });

    test('leaves the errors of the application and of Objection as they are', async () => {
      const { models } = use();
      const wrapper = new Error('Could not save', { cause: await thrownBy(() => models.Org.query().deleteById(1)) });
      for (const own of [wrapper, new TypeError('a bug'), 'a string']) {
        const thrown = await models.Org.transaction(async () => {
          throw own;
        }).catch((error: unknown) => error);
        expect(thrown).toBe(own);
      }
      const none = await thrownBy(() => models.Org.query().findById(99).throwIfNotFound());
      expect((none as Error).name).toBe('NotFoundError');
    });
  });

  test('shows the error of Objection as the cause, or the native one', async () => {
    for (const [name, make] of Object.entries(BOTH)) {
      const { knex, models } = make(database());
      const { cause } = (await thrownBy(() => models.Org.query().insert({ id: 3, slug: 'acme' } as object))) as Error;
      // Objection does not know better-sqlite3's errors.
      const isOwn = name === 'the mixin' && engine !== 'sqlite';
      expect((cause as Error).name === 'UniqueViolationError', name).toBe(isOwn);
      await knex.destroy();
    }
  });

  test('keeps the name and the type of the model', () => {
    class Project extends Model {
      static override tableName = 'projects';
      static readonly own = 1;
    }
    const Adapted: typeof Project = objectionConflicts()(Project);
    expect(Adapted.name).toBe('Project');
    expect(Adapted.own).toBe(1);
    expect(new Adapted()).toBeInstanceOf(Project);
  });

  test('lets a callback without a promise commit by hand', async () => {
    const { knex, models } = BOTH['the mixin']?.(database()) ?? {};
    onTestFinished(() => knex?.destroy());
    await models?.Org.transaction(((trx: Knex.Transaction) => {
      void models.Org.query(trx)
        .insert({ id: 3, slug: 'initech' } as object)
        .then(() => trx.rollback(new Error('by hand')));
    }) as never).catch((error: Error) => expect(error.message).toBe('by hand'));
    expect(await models?.Org.query().resultSize()).toBe(2);
  });
});
