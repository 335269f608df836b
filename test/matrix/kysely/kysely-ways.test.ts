import { Kysely, NoResultError, sql } from 'kysely';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { defineConflicts, isConflict } from '../../../src/index.ts';
import kyselyConflicts from '../../../src/orms/kysely.ts';
import { crowded } from '../orm-crowded.ts';
import { describeEngines } from '../orms.ts';
import { dialectOf, ENGINES, open } from './open.ts';
import type { Tables } from './tables.ts';

const conflicts = defineConflicts({ onUnregistered: () => {} });

describeEngines('Every way through Kysely 0.29', ENGINES, (database, engine) => {
  const use = () => {
    const db = open(database(), conflicts);
    onTestFinished(() => db.destroy());
    return db;
  };
  const ids = async (db: Kysely<Tables>) =>
    (await db.selectFrom('orgs').select('id').orderBy('id').execute()).map(({ id }) => id);
  const acme = { id: 3, slug: 'acme' };

  describe('throws the conflict', () => {
    const WAYS: Record<string, (db: Kysely<Tables>) => Promise<unknown>> = {
      'of many rows in one insert': (db) =>
        db
          .insertInto('orgs')
          .values([{ id: 4, slug: 'initech' }, acme])
          .execute(),
      'of executeTakeFirstOrThrow()': (db) => db.insertInto('orgs').values(acme).executeTakeFirstOrThrow(),
      'of sql': (db) => sql`INSERT INTO orgs (id, slug) VALUES (${3}, ${'acme'})`.execute(db),
      'of an update': (db) => db.updateTable('orgs').set({ slug: 'acme' }).where('id', '=', 2).execute(),
      'of a compiled query': (db) => db.executeQuery(db.insertInto('orgs').values(acme).compile()),
      'of a connection': (db) => db.connection().execute((one) => one.insertInto('orgs').values(acme).execute()),
      'of withPlugin()': (db) =>
        db
          .withPlugin({ transformQuery: ({ node }) => node, transformResult: async ({ result }) => result })
          .insertInto('orgs')
          .values(acme)
          .execute(),
      'of an abortable query': (db) =>
        db.insertInto('orgs').values(acme).execute({ signal: new AbortController().signal }),
      'of a transaction that is ended by hand': async (db) => {
        const trx = await db.startTransaction().execute();
        try {
          await trx.insertInto('orgs').values(acme).execute();
        } finally {
          await trx.rollback().execute();
        }
      },
    };

    test.each(Object.keys(WAYS))('%s', async (name) => {
      const db = use();
      const thrown = await thrownBy(() => WAYS[name]?.(db));
      expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
      expect(await ids(db)).toEqual([1, 2]);
    });
  });

  test('rolls back to a savepoint', async () => {
    const db = use();
    const trx = await db.startTransaction().execute();
    await trx.insertInto('orgs').values({ id: 4, slug: 'initech' }).execute();
    const inner = await trx.savepoint('inner').execute();
    const thrown = await thrownBy(() => inner.insertInto('orgs').values(acme).execute());
    const outer = await inner.rollbackToSavepoint('inner').execute();
    await outer.insertInto('orgs').values({ id: 5, slug: 'hooli' }).execute();
    await outer.commit().execute();
    expect(isConflict(thrown, 'duplicate')).toBe(true);
    expect(await ids(db)).toEqual([1, 2, 4, 5]);
  });

  test('logs the conflict, with the native error as its cause, and COMMIT', async () => {
    const logged: { level: string; error?: unknown; query: { sql: string } }[] = [];
    const dialect = kyselyConflicts(conflicts)(dialectOf(database()));
    const db = new Kysely<Tables>({ dialect, log: (event) => void logged.push(event) });
    onTestFinished(() => db.destroy());
    await db.transaction().execute((trx) => trx.insertInto('orgs').values({ id: 4, slug: 'initech' }).execute());
    expect(logged.map(({ query }) => query.sql.split(' ')[0])).toEqual(['begin', 'insert', 'commit']);
    await thrownBy(() => db.insertInto('orgs').values(acme).execute());
    const error = logged.at(-1)?.error as Error;
    expect(isConflict(error, 'duplicate')).toBe(true);
    expect(error.cause).toBeInstanceOf(Error);
  });

  test.runIf(engine === 'postgresql')('throws the conflict of a server that is full', async () => {
    const db = open({ ...database(), url: await crowded(database().url) }, conflicts);
    onTestFinished(() => db.destroy());
    expect(isConflict(await thrownBy(() => ids(db)), 'busy')).toBe(true);
  });

  test('leaves every other error as it is', async () => {
    const db = use();
    const none = await thrownBy(() => db.selectFrom('orgs').selectAll().where('id', '=', 99).executeTakeFirstOrThrow());
    expect(none).toBeInstanceOf(NoResultError);
    const bug = new TypeError('a bug');
    const thrown = await thrownBy(() =>
      db.transaction().execute(() => {
        throw bug;
      }),
    );
    expect(thrown).toBe(bug);
  });

  test('streams', async () => {
    const db = use();
    const seen: number[] = [];
    for await (const { id } of db.selectFrom('orgs').select('id').orderBy('id').stream()) seen.push(id);
    expect(seen).toEqual([1, 2]);
    const broken = db.selectFrom('orgs').select(sql<number>`nonsense`.as('id'));
    const thrown = await thrownBy(async () => {
      for await (const _ of broken.stream());
    });
    expect(conflicts.owns(thrown) && !isConflict(thrown), String(thrown)).toBe(true);
    expect(await ids(db)).toEqual([1, 2]);
  });

  // MySQL streams rows of SELECT only, and SQLite too.
  test.runIf(engine === 'postgresql')('throws the conflict of a stream', async () => {
    const db = use();
    const thrown = await thrownBy(async () => {
      for await (const _ of db.insertInto('orgs').values(acme).returning('id').stream());
    });
    expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
    expect(await ids(db)).toEqual([1, 2]);
  });
});
