import { afterAll, beforeAll, beforeEach, describe, expect, inject, test, vi } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import { thrownBy } from '../../fixtures/scenarios/scenario.ts';
import { type Conflicts, defineConflicts, isConflict, type ProblemCode, type Translator } from '../../src/index.ts';
import { ENGINES } from '../live/databases.ts';
import { createDatabase, type OrmDatabase, type Rival } from './orm-database.ts';
import { HOSTILE } from './orm-hostile.ts';
import { type Facts, has, SCENARIOS, type Scenario, truthOf } from './orm-schema.ts';

/** An ORM as the matrix sees it. */
export interface Orm {
  /** With its major version: `Knex 3`. */
  readonly title: string;
  readonly engines: readonly Engine[];
  /** Translators of drivers that are not built in. */
  readonly drivers?: readonly Translator[];
  /**
   * Connects to a database whose tables exist, with a pool of at most two connections.
   *
   * @param conflicts what the adapter is given; without it the ORM runs without the adapter
   */
  connect(database: OrmDatabase, conflicts: Conflicts | undefined): Promise<OrmSession>;
  /**
   * What the ORM's errors say of the truth: fields that its shape does not carry are left out, and the driver may be
   * another. `undefined`: it says nothing that can be told. Without this function: everything.
   */
  readonly tells?: (facts: Facts, scenario: Scenario, engine: Engine) => Facts | undefined;
  /** Where the ORM throws past the adapter's hook, as its documentation says: there the error is translated by hand. */
  readonly past?: (scenario: Scenario, engine: Engine) => boolean;
}

export interface OrmSession {
  /** Does what `SCENARIOS` says through the ORM, and rejects with what the ORM throws. */
  readonly scenarios: { readonly [S in Scenario]?: (rival: Rival) => PromiseLike<unknown> };
  /** Updates an org by a version that is out of date, where the ORM has optimistic locks; it rejects. */
  readonly optimisticLock?: (rival: Rival) => PromiseLike<unknown>;
  /** Finds or creates the org with this slug, as the ORM has it, where it catches the duplicate of a race itself. */
  readonly findOrCreate?: (slug: string) => PromiseLike<unknown>;
  /** Inserts a row with values of any kind through the ORM's ordinary call. */
  readonly insert?: (table: 'orgs' | 'members', row: Readonly<Record<string, string | number>>) => PromiseLike<unknown>;
  /** How many orgs there are, by the ORM. */
  countOrgs(): Promise<number>;
  close(): Promise<void>;
}

const CODES: Readonly<Record<Scenario, ProblemCode | undefined>> = {
  unique: 'duplicate',
  uniqueComposite: 'duplicate',
  parentMissing: 'reference_missing',
  stillReferenced: 'reference_in_use',
  check: 'check_failed',
  notNull: 'required',
  deferred: 'reference_missing',
  inTransaction: 'duplicate',
  serialization: 'contention',
  deadlock: 'contention',
  syntaxError: undefined,
};

/** What the conflict is called, by what the ORM's error tells. */
function codeOf(facts: Facts | undefined, scenario: Scenario): ProblemCode | undefined {
  if (facts?.kind === 'foreign_key_violation' && facts.direction === undefined) return 'reference_conflict';
  return facts?.kind === 'lock_not_available' ? 'busy' : CODES[scenario];
}

/** Runs an ORM on every engine that it supports: without its adapter, and with it. */
export function describeOrm(orm: Orm): void {
  describeEngines(orm.title, orm.engines, (database, engine) => {
    describe('without the adapter', () => testThrown(orm, database, engine));
    describe('with the adapter', () => testReplaced(orm, database, engine));
  });
}

/** Tests on a database of their own, once per engine. Its rows are the first ones again before each test. */
export function describeEngines(
  title: string,
  engines: readonly Engine[],
  define: (database: () => OrmDatabase, engine: Engine) => void,
): void {
  for (const engine of engines) {
    describe(`${title} on ${ENGINES[engine].title}`, () => {
      const address = inject('databases').find(({ server }) => server.engine === engine);
      describe.skipIf(!address)('needs the database', () => {
        let database: OrmDatabase;

        beforeAll(async () => {
          database = await createDatabase(engine, address?.url);
        });

        afterAll(() => database?.drop());

        beforeEach(({ task }) => {
          task.meta.engine = engine;
          return database.reset();
        });

        define(() => database, engine);
      });
    });
  }
}

function scenariosOf(engine: Engine): Scenario[] {
  return (Object.keys(SCENARIOS) as Scenario[]).filter((scenario) => has(engine, scenario));
}

/** A session for all tests of a block. */
function useSession(orm: Orm, database: () => OrmDatabase, conflicts: Conflicts | undefined): () => OrmSession {
  let session: OrmSession;
  beforeAll(async () => {
    session = await orm.connect(database(), conflicts);
  });
  afterAll(() => session?.close());
  return () => session;
}

async function provoke(session: OrmSession, scenario: Scenario, { rival }: OrmDatabase): Promise<unknown> {
  const run = session.scenarios[scenario];
  if (run === undefined) throw new Error(`Expected a function that does this: ${SCENARIOS[scenario]}`);
  try {
    return await thrownBy(() => run(rival));
  } finally {
    await rival.unlock();
  }
}

/** What the thrown error tells, or should tell. */
function expected(orm: Orm, engine: Engine, scenario: Scenario, { name }: OrmDatabase): Facts | undefined {
  const facts = truthOf(engine, scenario, name);
  return facts && (orm.tells ? orm.tells(facts, scenario, engine) : facts);
}

function testThrown(orm: Orm, database: () => OrmDatabase, engine: Engine): void {
  const { classify, translate, owns } = defineConflicts({ drivers: orm.drivers ?? [] });
  const session = useSession(orm, database, undefined);

  test.each(scenariosOf(engine))('tells the facts: %s', async (scenario) => {
    const error = await provoke(session(), scenario, database());
    expect(isConflict(error)).toBe(false);
    expect(classify(error), String(error)).toEqual(expected(orm, engine, scenario, database()));
    expect(owns(error)).toBe(true);
    if (scenario === 'syntaxError') expect(translate(error)).toBe(error);
  });

  test('tells the same facts whatever the values', async ({ skip }) => {
    const { insert } = session();
    if (insert === undefined) return skip('The ORM has no such call');
    for (const [at, value] of HOSTILE.entries()) {
      await insert('orgs', { id: 10 + at, slug: value });
      await insert('members', { id: 10 + at, org_id: 1, email: value, age: 30 });
      const provocations: Partial<Record<Scenario, () => Promise<unknown>>> = {
        unique: () => insert('orgs', { id: 3, slug: value }),
        uniqueComposite: () => insert('members', { id: 2, org_id: 1, email: value, age: 40 }),
        parentMissing: () => insert('members', { id: 3, org_id: 99, email: value, age: 40 }),
        check: () => insert('members', { id: 4, org_id: 2, email: value, age: 5 }),
      };
      for (const [scenario, provocation] of Object.entries(provocations)) {
        const facts = expected(orm, engine, scenario as Scenario, database());
        expect(classify(await thrownBy(provocation)), `${scenario} of ${value}`).toEqual(facts);
      }
    }
  });

  test('makes a stale version a version mismatch', async ({ skip }) => {
    const { optimisticLock } = session();
    if (optimisticLock === undefined) return skip('The ORM has no optimistic locks');
    const error = await thrownBy(() => optimisticLock(database().rival));
    expect(classify(error)).toBeUndefined();
    expect(isConflict(translate(error), 'version_mismatch'), String(error)).toBe(true);
  });
}

function testReplaced(orm: Orm, database: () => OrmDatabase, engine: Engine): void {
  const onUnregistered = vi.fn();
  const conflicts = defineConflicts({ drivers: orm.drivers ?? [], status: { required: 422 }, onUnregistered });
  const session = useSession(orm, database, conflicts);

  test.each(scenariosOf(engine))('throws the conflict: %s', async (scenario) => {
    const thrown = await provoke(session(), scenario, database());
    if (scenario === 'syntaxError') {
      expect(isConflict(thrown)).toBe(false);
      return;
    }
    const isPast = orm.past?.(scenario, engine) ?? false;
    expect(isConflict(thrown), String(thrown)).toBe(!isPast);
    const conflict = isPast ? conflicts.translate(thrown) : thrown;
    const facts = expected(orm, engine, scenario, database());
    if (!isConflict(conflict)) throw new Error(`Expected a conflict, got ${conflict}`);
    expect(conflict.code).toBe(codeOf(facts, scenario));
    expect(conflict.violation).toEqual(facts);
  });

  test('makes a stale version a version mismatch', async ({ skip }) => {
    const { optimisticLock } = session();
    if (optimisticLock === undefined) return skip('The ORM has no optimistic locks');
    const thrown = await thrownBy(() => optimisticLock(database().rival));
    expect(isConflict(conflicts.translate(thrown), 'version_mismatch'), String(thrown)).toBe(true);
  });

  test('rolls the transaction back', async () => {
    await provoke(session(), 'inTransaction', database());
    expect(await session().countOrgs()).toBe(2);
  });

  test('gives every connection back to the pool', async () => {
    for (let time = 0; time < 5; time++) await provoke(session(), 'inTransaction', database());
    for (let time = 0; time < 5; time++) await provoke(session(), 'unique', database());
    expect(await session().countOrgs()).toBe(2);
  });

  test('lets the ORM find or create in a race', async ({ skip }) => {
    const { findOrCreate } = session();
    if (findOrCreate === undefined) return skip('The ORM has no such thing');
    await Promise.all(Array.from({ length: 8 }, () => findOrCreate('initech')));
    expect(await session().countOrgs()).toBe(3);
  });
}
