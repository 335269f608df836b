import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Conflicts } from 'db-http-errors';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import type pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { conflict, isConflict } from '../../src/index.ts';
import { describeLive } from '../live/describe-live.ts';
import { openSession, type Session } from '../live/session.ts';
import { deployBranch, signUp } from './browser.ts';
import { deploy, deploymentConflicts, memberConflicts, openShop, openShopFile } from './server.ts';
import { ENVIRONMENTS, SHOP, TABLES } from './tables.ts';

// The code of docs/recipes about duplicates, constraints and deployments, on every database and over real sockets.

/** Without its `instance`, which is another one each time. */
function bodyOf(error: unknown): unknown {
  const { instance, ...body } = JSON.parse(JSON.stringify(error)) as { instance: string };
  expect(instance).toMatch(/^urn:uuid:/);
  return body;
}

/** What the client gets for what is thrown; the error itself where it has no answer. */
async function answered(conflicts: Conflicts, run: Promise<unknown>): Promise<unknown> {
  const error = await run.then(
    () => new Error('Expected an error'),
    (thrown: unknown) => thrown,
  );
  const answer = conflicts.translate(error);
  return isConflict(answer) ? bodyOf(answer) : answer;
}

async function currentSchema(db: Session): Promise<string> {
  return (await db.rows<{ name: string }>('SELECT current_schema() AS name'))[0]?.name ?? '';
}

const EMAIL_TAKEN = {
  type: 'about:blank',
  title: 'Conflict',
  status: 409,
  detail: 'A member with this e-mail address already exists.',
  code: 'duplicate',
  resource: 'member',
  errors: [{ pointer: '#/email', code: 'taken' }],
  retryable: false,
  recovery: 'change_input',
};

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, (database) => {
    let db: Session;

    beforeAll(async () => {
      db = await openSession(database, 10);
      await db.script(...TABLES[engine].members, ...TABLES[engine].deployments, ENVIRONMENTS);
    });

    afterAll(() => db?.close());

    test('a member signs up once, however the address is written', async () => {
      const insert = (id: number, email: string): Promise<unknown> =>
        db.run('INSERT INTO members (id, email) VALUES (?, ?)', id, email);
      await insert(1, 'ada@example.com');
      expect(await answered(memberConflicts, insert(2, 'ada@example.com'))).toEqual(EMAIL_TAKEN);
      expect(await answered(memberConflicts, insert(2, 'Ada@Example.com'))).toEqual(EMAIL_TAKEN);
      await insert(2, 'ben@example.com');
    });

    test('one set of rules answers for what the schema refuses', async () => {
      // Made before the statements: on SQLite it explains those that fail.
      const explained = db.driver === 'better-sqlite3' ? openShopFile(db.pool) : undefined;
      // Others come and go in the same database.
      const options = db.driver === 'pg' ? { schemas: [await currentSchema(db)] } : undefined;
      await db.script(...SHOP, `INSERT INTO customers VALUES (1, 'Acme')`, 'INSERT INTO purchases VALUES (1, 1, 1)');
      const conflicts = explained ?? (await openShop(db.pool as pg.Pool, options));
      const common = { type: 'about:blank', retryable: false };
      const missing = {
        ...common,
        ...{ title: 'Conflict', status: 409, detail: 'This customer does not exist.', code: 'reference_missing' },
        ...{ resource: 'purchase', errors: [{ pointer: '#/customer', code: 'not_found' }], recovery: 'change_input' },
      };
      expect(await answered(conflicts, db.run('INSERT INTO purchases VALUES (2, 999, 1)'))).toEqual(missing);
      expect(await answered(conflicts, db.run('DELETE FROM customers WHERE id = 1'))).toEqual({
        ...common,
        ...{ title: 'Conflict', status: 409, detail: 'The customer still has purchases.', code: 'reference_in_use' },
        ...{ resource: 'customer', recovery: 'none' },
      });
      expect(await answered(conflicts, db.run('INSERT INTO purchases VALUES (2, 1, 0)'))).toEqual({
        ...common,
        ...{ title: 'Unprocessable Content', status: 422, detail: 'The quantity must be positive.' },
        ...{ code: 'check_failed', resource: 'purchase', errors: [{ pointer: '#/quantity', code: 'invalid' }] },
        recovery: 'change_input',
      });
      const without = await answered(conflicts, db.run('INSERT INTO purchases VALUES (2, 1, NULL)'));
      expect([without instanceof Error, isConflict(without)]).toEqual([true, false]);
    });

    test('one deployment of an environment runs at a time, and the next when it has finished', async () => {
      const start = (id: number, environment: string): Promise<unknown> =>
        db.run('INSERT INTO deployments (id, environment) VALUES (?, ?)', id, environment);
      await start(1, 'live');
      await start(2, 'test');
      expect(await answered(deploymentConflicts, start(3, 'live'))).toEqual({
        type: 'about:blank',
        title: 'Conflict',
        status: 409,
        detail: 'A deployment of this environment is running. Wait until it has finished.',
        code: 'invalid_state',
        resource: 'environment',
        retryable: false,
        recovery: 'none',
      });
      await db.run(`UPDATE deployments SET finished_at = '2027-01-01 00:00:00' WHERE id = 1`);
      await start(3, 'live');
    });

    if (engine === 'postgresql') {
      test('one of fifty deployments from one base goes live', async () => {
        await db.script(`INSERT INTO environments VALUES ('live', 'a1')`);
        const runs = Array.from({ length: 50 }, (_, at) =>
          deploy(db.pool as pg.Pool, 'live', { base: 'a1', revision: `b${at}` }),
        );
        const outcomes = await Promise.allSettled(runs);
        const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
        expect(refused).toHaveLength(49);
        const { rows } = await (db.pool as pg.Pool).query(`SELECT revision FROM environments WHERE name = 'live'`);
        for (const error of refused) {
          expect(bodyOf(error)).toEqual({
            type: 'about:blank',
            title: 'Conflict',
            status: 409,
            detail: 'Something else has been deployed since. Rebase on it, and deploy again.',
            code: 'merge_conflict',
            resource: 'environment',
            current_version: rows[0].revision,
            expected_version: 'a1',
            retryable: false,
            recovery: 'refetch_and_retry',
          });
        }
        await expect(deploy(db.pool as pg.Pool, 'none', { base: 'a', revision: 'b' })).rejects.toMatchObject({
          status: 404,
        });
      });
    }
  });
}

describe('in a client', () => {
  let close: (() => void) | undefined;

  afterEach(() => close?.());

  /** A server that answers with what `handle` gives or throws; what came to it. */
  async function listen(handle: (body: string, method: string) => unknown): Promise<{ url: string; came: string[] }> {
    const came: string[] = [];
    const server = createServer(
      nodeHttpConflicts()(async (request, response) => {
        let body = '';
        for await (const chunk of request) body += chunk;
        came.push(`${request.method} ${body} ${request.headers['idempotency-key'] ? 'with a key' : ''}`.trim());
        const given = await handle(body, request.method ?? '');
        response.setHeader('Content-Type', 'application/json').end(JSON.stringify(given));
      }),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => {
      server.closeAllConnections();
      server.close();
    };
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, came };
  }

  test('the form shows a duplicate at its field, any other conflict at the form, and nothing when all is well', async () => {
    const shown: (string | undefined)[][] = [];
    const answers = [
      () => {
        throw conflict('duplicate', { fields: ['email'], detail: 'Taken.' });
      },
      () => {
        throw conflict('invalid_state', { detail: 'Sign-up is closed.' });
      },
      () => ({ id: 1 }),
    ];
    const { url, came } = await listen(() => answers.shift()?.());
    const submit = (): Promise<boolean> =>
      signUp(url, { email: 'ada@example.com' }, (...message) => shown.push(message));
    expect([await submit(), await submit(), await submit()]).toEqual([false, false, true]);
    expect(shown).toEqual([
      ['email', 'Taken.'],
      [undefined, 'Sign-up is closed.'],
    ]);
    expect(came).toHaveLength(3);
  });

  test('a branch is rebased and deployed again, unless somebody has to look', async () => {
    let live = 'b2';
    const { url, came } = await listen((body, method) => {
      if (method === 'GET') return { revision: live };
      const { base, revision } = JSON.parse(body) as { base: string; revision: string };
      if (base !== live) throw conflict('merge_conflict', { current_version: live });
      live = revision;
      return {};
    });
    const branch = { base: 'b1', revision: 'c1' };
    const refused = await deployBranch(url, branch, async () => undefined);
    expect([refused.status, live, came.length]).toEqual([409, 'b2', 2]);
    const done = await deployBranch(url, branch, async (mine, onto) => ({
      base: onto,
      revision: `${mine.revision} on ${onto}`,
    }));
    expect([done.status, live]).toEqual([200, 'c1 on b2']);
    expect(came.slice(2)).toEqual([
      'POST {"base":"b1","revision":"c1"} with a key',
      'GET',
      'POST {"base":"b2","revision":"c1 on b2"} with a key',
    ]);
  });
});
