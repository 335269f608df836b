import { setTimeout } from 'node:timers/promises';
import Knex, { type Knex as KnexInstance } from 'knex';
import { describe, expect, onTestFinished, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { defineConflicts, isConflict } from '../../../src/index.ts';
import knexConflicts from '../../../src/orms/knex.ts';
import { crowded } from '../orm-crowded.ts';
import type { OrmDatabase } from '../orm-database.ts';
import { HOSTILE } from '../orm-hostile.ts';
import { describeEngines } from '../orms.ts';
import { ENGINES, open } from './open.ts';

const conflicts = defineConflicts({ onUnregistered: () => {} });

function use(database: OrmDatabase, isAdapted = true): KnexInstance {
  const knex = open(database, isAdapted ? conflicts : undefined);
  onTestFinished(() => knex.destroy());
  return knex;
}

const DUPLICATES = [
  { id: 3, slug: 'initech' },
  { id: 4, slug: 'acme' },
];

const SILENT = { error: () => {}, warn: () => {} };

const STATEMENTS = [
  'CREATE TABLE projects (id INTEGER PRIMARY KEY, org_id INTEGER REFERENCES orgs (id) ON UPDATE RESTRICT ON DELETE RESTRICT)',
  'INSERT INTO projects VALUES (1, 2)',
  "CREATE TRIGGER stop BEFORE UPDATE ON orgs BEGIN SELECT RAISE(ABORT, 'order_already_shipped'); END",
];

describeEngines('SQLite behind the messages of Knex 3', ['sqlite'], (database) => {
  test.each(HOSTILE)('reads RESTRICT and RAISE beside the value %j', async (value) => {
    const knex = use(database(), false);
    await knex.transaction(async (trx) => {
      for (const statement of STATEMENTS) await trx.raw(statement);
      const restricted = await thrownBy(() => trx('orgs').where({ id: 2 }).whereNot({ slug: value }).delete());
      expect(conflicts.classify(restricted)).toEqual({
        ...{ kind: 'foreign_key_violation', driver: 'better-sqlite3', dialect: 'sqlite' },
        ...{ code: 'SQLITE_CONSTRAINT_TRIGGER', direction: 'still_referenced' },
      });
      const raised = await thrownBy(() => trx('orgs').where({ id: 2 }).update({ slug: value }));
      expect(conflicts.classify(raised)).toEqual({
        ...{ kind: 'raise_exception', driver: 'better-sqlite3', dialect: 'sqlite' },
        ...{ code: 'SQLITE_CONSTRAINT_TRIGGER', condition: 'order_already_shipped' },
      });
      await trx.rollback();
    });
  });

  const RESTRICTED: Record<string, (trx: KnexInstance) => PromiseLike<unknown>> = {
    'an update by an alias': (trx) => trx('orgs as o').where({ 'o.id': 2 }).update({ id: 9 }),
    'a recursive query before it': (trx) =>
      trx
        .withRecursive('t', trx.raw('select 2 as id'))
        .from('orgs')
        .whereIn('id', trx.raw('select id from t'))
        .delete(),
    'a comment before it': (trx) => trx.raw("/* app - it's */ delete from orgs where id = 2"),
    'a subtraction in parentheses': (trx) => trx.raw('delete from orgs where (id - version) > -9 and id = 2'),
  };

  test.each(Object.keys(RESTRICTED))('reads RESTRICT of %s', async (name) => {
    const knex = use(database(), false);
    await knex.transaction(async (trx) => {
      for (const statement of STATEMENTS.slice(0, 2)) await trx.raw(statement);
      const thrown = await thrownBy(() => RESTRICTED[name]?.(trx));
      expect(conflicts.classify(thrown), String(thrown)).toMatchObject({
        kind: 'foreign_key_violation',
        direction: 'still_referenced',
      });
      await trx.rollback();
    });
  });

  test('takes a raised value for no foreign key', async () => {
    const knex = use(database(), false);
    const value = 'x - FOREIGN KEY constraint failed';
    await knex.transaction(async (trx) => {
      await trx.raw('CREATE TRIGGER echo BEFORE UPDATE ON orgs BEGIN SELECT RAISE(ABORT, NEW.slug); END');
      const raised = await thrownBy(() => trx('orgs').where({ id: 2 }).update({ slug: value }));
      expect(conflicts.classify(raised)?.kind).toBe('raise_exception');
      await trx.rollback();
    });
  });
});

describeEngines('PostgreSQL behind the messages of Knex 3', ['postgresql'], (database) => {
  const registered = defineConflicts({
    rules: { order_already_shipped: { code: 'invalid_state', detail: 'This order is on its way.' } },
    onUnregistered: () => {},
  });

  test.each(HOSTILE)('reads RAISE beside the value %j', async (value) => {
    const knex = open(database(), registered);
    onTestFinished(() => knex.destroy());
    const echo = async (raise: string, trx: KnexInstance) => {
      await trx.raw(`CREATE OR REPLACE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS
        $stop$ BEGIN RAISE EXCEPTION ${raise}; END $stop$`);
      await trx.raw('CREATE TRIGGER stop BEFORE UPDATE ON orgs FOR EACH ROW EXECUTE FUNCTION stop()');
      return thrownBy(() => trx('orgs as o').where({ id: 2 }).update({ slug: value }));
    };
    const refused = (raise: string) =>
      thrownBy(() =>
        knex.transaction(async (trx) => {
          throw await echo(raise, trx);
        }),
      );
    const stopped = await refused("'order_already_shipped'");
    expect(isConflict(stopped, 'invalid_state'), String(stopped)).toBe(true);
    const raised = await refused("'%', NEW.slug");
    expect(isConflict(raised), String(raised)).toBe(false);
    expect(registered.classify(raised)?.kind).toBe('raise_exception');
    const { condition } = registered.classify(raised) ?? {};
    expect([undefined, value]).toContain(condition);
  });
});

describeEngines('Every way through Knex 3', ENGINES, (database, engine) => {
  describe('throws the conflict', () => {
    const WAYS: Record<string, (knex: KnexInstance) => PromiseLike<unknown>> = {
      'of many rows in one insert': (knex) => knex('orgs').insert(DUPLICATES),
      'of batchInsert()': (knex) => knex.batchInsert('orgs', DUPLICATES, 1),
      'of raw()': (knex) => knex.raw('INSERT INTO orgs (id, slug) VALUES (?, ?)', [3, 'acme']),
      'of an update': (knex) => knex('orgs').where({ id: 2 }).update({ slug: 'acme' }),
      'of a merge': (knex) => knex('orgs').insert({ id: 2, slug: 'globex' }).onConflict('id').merge({ slug: 'acme' }),
      'of transacting()': (knex) =>
        knex.transaction(async (trx) => {
          await knex('orgs').insert({ id: 3, slug: 'acme' }).transacting(trx);
        }),
      'of a transaction that is ended by hand': async (knex) => {
        const trx = await knex.transaction();
        try {
          await trx('orgs').insert({ id: 3, slug: 'acme' });
        } finally {
          await trx.rollback();
        }
      },
      'of a transaction provider': async (knex) => {
        const trx = await knex.transactionProvider()();
        try {
          await trx('orgs').insert({ id: 3, slug: 'acme' });
        } finally {
          await trx.rollback();
        }
      },
      'of withUserParams()': (knex) => knex.withUserParams({ tenant: 1 })('orgs').insert({ id: 3, slug: 'acme' }),
      'to a callback': (knex) =>
        new Promise((resolve, reject) => {
          knex('orgs')
            .insert({ id: 3, slug: 'acme' })
            .asCallback((error: unknown, rows: unknown) => (error ? reject(error) : resolve(rows)));
        }),
    };

    test.each(Object.keys(WAYS))('%s', async (name) => {
      const knex = use(database());
      const thrown = await thrownBy(() => WAYS[name]?.(knex));
      expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
      expect(await knex('orgs').pluck('id').orderBy('id')).toEqual([1, 2]);
    });
  });

  test('rolls back to the savepoint of a nested transaction', async () => {
    const knex = use(database());
    const seen = await knex.transaction(async (outer) => {
      await outer('orgs').insert({ id: 3, slug: 'initech' });
      const thrown = await thrownBy(() =>
        outer.transaction(async (inner) => {
          await inner('orgs').insert({ id: 4, slug: 'umbrella' });
          await inner('orgs').insert({ id: 5, slug: 'acme' });
        }),
      );
      await outer('orgs').insert({ id: 6, slug: 'hooli' });
      return thrown;
    });
    expect(isConflict(seen, 'duplicate')).toBe(true);
    expect(await knex('orgs').pluck('id').orderBy('id')).toEqual([1, 2, 3, 6]);
  });

  test('tells the listeners that were there before of the native error', async () => {
    const knex = open(database(), undefined);
    onTestFinished(() => knex.destroy());
    const seen: unknown[] = [];
    knex.on('query-error', (error) => seen.push(error));
    knex.on('query-error', knexConflicts(conflicts));
    const thrown = await thrownBy(() => knex('orgs').insert({ id: 3, slug: 'acme' }));
    expect(seen).toEqual([(thrown as Error).cause]);
  });

  test('shows where a query was made, if Knex is asked to', async () => {
    const knex = use(database());
    knex.client.config.asyncStackTraces = true;
    const thrown = (await thrownBy(() => knex('orgs').insert({ id: 3, slug: 'acme' }))) as Error;
    expect(isConflict(thrown, 'duplicate'), String(thrown)).toBe(true);
    expect(thrown.stack).toContain('knex-ways.test.ts');
    expect(JSON.stringify(thrown)).not.toContain('acme');
  });

  test('leaves every other error as it is', async () => {
    const knex = use(database());
    const native = (await thrownBy(() => use(database(), false).raw('SELEC 1'))) as Error;
    const same = (await thrownBy(() => knex.raw('SELEC 1'))) as Error;
    expect({ ...same, message: same.message }).toEqual({ ...native, message: native.message });
    const bug = new TypeError('a bug');
    const thrown = await thrownBy(() =>
      knex.transaction(() => {
        throw bug;
      }),
    );
    expect(thrown).toBe(bug);
  });

  test('leaves the error of a stream to translate()', async () => {
    const knex = use(database());
    const stream = knex.raw('INSERT INTO orgs (id, slug) VALUES (?, ?)', [3, 'acme']).stream();
    const closed = new Promise((resolve) => stream.on('close', resolve));
    const thrown = await thrownBy(async () => {
      for await (const _row of stream);
    });
    await closed;
    expect(isConflict(conflicts.translate(thrown), 'duplicate'), String(thrown)).toBe(true);
    expect(await knex('orgs').pluck('id').orderBy('id')).toEqual([1, 2]);
  });

  test('lets go of a transaction that waits for its turn', async () => {
    const knex = use(database());
    const thrown = await Promise.all(
      Array.from({ length: 6 }, (_, at) =>
        thrownBy(() =>
          knex.transaction(async (trx) => {
            await trx('orgs').insert({ id: 10 + at, slug: `org-${at}` });
            await setTimeout(5);
            await trx('orgs').insert({ id: 20 + at, slug: 'acme' });
          }),
        ),
      ),
    );
    expect(thrown.map((error) => isConflict(error))).toEqual(Array(6).fill(true));
    expect(await knex('orgs').pluck('id').orderBy('id')).toEqual([1, 2]);
  });

  test.runIf(engine === 'postgresql')('leaves a server that is full to translate()', async () => {
    const knex = Knex({ client: 'pg', connection: await crowded(database().url), log: SILENT });
    onTestFinished(() => knex.destroy());
    knex.on('query-error', knexConflicts(conflicts));
    const thrown = await thrownBy(() => knex('orgs').insert({ id: 3, slug: 'acme' }));
    expect(isConflict(thrown)).toBe(false);
    expect(isConflict(conflicts.translate(thrown), 'busy'), String(thrown)).toBe(true);
  });

  test.runIf(engine !== 'sqlite')('gives a refused connection as it is', async () => {
    const client = engine === 'postgresql' ? 'pg' : 'mysql2';
    const knex = Knex({ client, connection: { host: '127.0.0.1', port: 1 }, log: SILENT });
    onTestFinished(() => knex.destroy());
    knex.on('query-error', knexConflicts(conflicts));
    const thrown = await thrownBy(() => knex('orgs').insert({ id: 3, slug: 'acme' }));
    expect(isConflict(thrown)).toBe(false);
    expect(thrown).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
