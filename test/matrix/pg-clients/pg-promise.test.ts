import pgPromise, { type IBaseProtocol } from 'pg-promise';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { defineConflicts, isConflict } from '../../../src/index.ts';
import pgPromiseConflicts from '../../../src/orms/pg-promise.ts';
import { describeEngines, describeOrm } from '../orms.ts';

type Queryable = IBaseProtocol<object>;

const noWarnings = true;
const INSERT = 'INSERT INTO orgs (id, slug) VALUES ($1, $2)';
const bump = (on: Queryable, id: number) => on.none('UPDATE orgs SET version = version + 1 WHERE id = $1', id);
const { TransactionMode, isolationLevel } = pgPromise.txMode;

describeOrm({
  title: 'pg-promise 12',
  engines: ['postgresql'],
  connect: async ({ url }, conflicts) => {
    const pgp = pgPromise({ noWarnings, ...(conflicts && { extend: pgPromiseConflicts(conflicts) }) });
    const db = pgp({ connectionString: url, max: 2 });
    const member = (...values: unknown[]) => db.none('INSERT INTO members VALUES ($1, $2, $3, $4)', values);
    return {
      scenarios: {
        unique: () => db.none(INSERT, [3, 'acme']),
        uniqueComposite: () => member(2, 1, 'alice@example.com', 40),
        parentMissing: () => member(3, 99, 'bob@example.com', 40),
        stillReferenced: () => db.result('DELETE FROM orgs WHERE id = $1', 1),
        check: () => member(4, 1, 'carol@example.com', 5),
        notNull: () => member(5, 1, null, 40),
        deferred: () => db.tx((trx) => trx.none('INSERT INTO notes VALUES (1, 99)')),
        inTransaction: () =>
          db.tx(async (trx) => {
            await trx.none(INSERT, [4, 'initech']);
            await trx.none(INSERT, [5, 'acme']);
          }),
        serialization: (rival) =>
          db.tx({ mode: new TransactionMode({ tiLevel: isolationLevel.repeatableRead }) }, async (trx) => {
            await trx.one('SELECT * FROM orgs WHERE id = 1');
            await rival.change();
            await bump(trx, 1);
          }),
        deadlock: (rival) =>
          db.tx(async (trx) => {
            await bump(trx, 1);
            await rival.lock();
            await bump(trx, 2);
          }),
        syntaxError: () => db.none('SELEC 1'),
      },
      insert: (table, row) => db.none(pgp.helpers.insert(row, null, table)),
      countOrgs: async () => Number((await db.one('SELECT count(*) FROM orgs')).count),
      close: () => db.$pool.end(),
    };
  },
});

describeEngines('Every way through pg-promise 12', ['postgresql'], (database) => {
  const conflicts = defineConflicts({ onUnregistered: () => {} });
  const native: unknown[] = [];
  const use = () => {
    const pgp = pgPromise({
      noWarnings,
      extend: pgPromiseConflicts(conflicts),
      error: (error: unknown) => void native.push(error),
    });
    const db = pgp({ connectionString: database().url, max: 2 });
    onTestFinished(() => db.$pool.end());
    return db;
  };

  describe('throws the conflict', () => {
    const WAYS: Record<string, (db: ReturnType<typeof use>) => Promise<unknown>> = {
      'of one()': (db) => db.one(`${INSERT} RETURNING id`, [3, 'acme']),
      'of multi()': (db) => db.multi("SELECT 1; INSERT INTO orgs (id, slug) VALUES (3, 'acme')"),
      'of a prepared statement': (db) => db.none({ name: 'insert', text: INSERT, values: [3, 'acme'] }),
      'of a task': (db) => db.task((task) => task.none(INSERT, [3, 'acme'])),
      'of txIf()': (db) => db.txIf((trx) => trx.none(INSERT, [3, 'acme'])),
      'of a connection': async (db) => {
        const connection = await db.connect();
        try {
          await connection.none(INSERT, [3, 'acme']);
        } finally {
          await connection.done();
        }
      },
    };

    test.each(Object.keys(WAYS))('%s', async (name) => {
      const db = use();
      const thrown = await thrownBy(() => WAYS[name]?.(db));
      expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
      expect(native.at(-1)).toBe((thrown as Error).cause);
      expect(await db.map('SELECT id FROM orgs ORDER BY id', [], ({ id }) => id)).toEqual([1, 2]);
    });
  });

  test('rolls back to the savepoint of a nested transaction', async () => {
    const db = use();
    const thrown = await db.tx(async (outer) => {
      await outer.none(INSERT, [3, 'initech']);
      const error = await thrownBy(() => outer.tx((inner) => inner.none(INSERT, [4, 'acme'])));
      await outer.none(INSERT, [5, 'hooli']);
      return error;
    });
    expect(isConflict(thrown, 'duplicate')).toBe(true);
    expect(await db.map('SELECT id FROM orgs ORDER BY id', [], ({ id }) => id)).toEqual([1, 2, 3, 5]);
  });

  test('leaves the first conflict of a batch to translate(), with those that follow it', async () => {
    const slugs = ['initech', 'acme', 'hooli'];
    const batch = (db: ReturnType<typeof use>) =>
      db.tx((trx) => trx.batch(slugs.map((slug, at) => trx.none(INSERT, [10 + at, slug]))));
    const thrown = await thrownBy(() => batch(use()));
    expect((thrown as Error).name).toBe('BatchError');
    expect(isConflict(conflicts.translate(thrown), 'duplicate'), String(thrown)).toBe(true);
    const bare = pgPromise({ noWarnings })({ connectionString: database().url, max: 2 });
    onTestFinished(() => bare.$pool.end());
    expect(conflicts.classify(await thrownBy(() => batch(bare)))).toMatchObject({
      kind: 'unique_violation',
      constraint: 'orgs_slug_key',
    });
  });

  test('leaves every other error as it is', async () => {
    const db = use();
    const none = await thrownBy(() => db.one('SELECT id FROM orgs WHERE id = 99'));
    expect(none).toBeInstanceOf(pgPromise.errors.QueryResultError);
    const bug = new TypeError('a bug');
    const thrown = await thrownBy(() =>
      db.tx(async () => {
        throw bug;
      }),
    );
    expect(thrown).toBe(bug);
  });

  test('is as the README has it', async () => {
    process.env.DATABASE_URL = database().url;
    const { db } = await import('./database.ts');
    onTestFinished(() => db.$pool.end());
    const thrown = await thrownBy(() => db.none(INSERT, [3, 'acme']));
    expect(isConflict(thrown) && thrown.problem.detail).toBe('This slug is taken.');
  });
});
