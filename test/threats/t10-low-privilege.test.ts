import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { classify, defineConflicts } from '../../src/index.ts';
import { describeLive } from '../live/describe-live.ts';
import { openSession, type Session } from '../live/session.ts';
import { serveFailing, thrownBy, withoutIds } from './attack.ts';

// T10: PostgreSQL tells a role that may not read the table less (no `detail`); the client must see no difference.

describeLive('postgresql', (database) => {
  const role = `writer_${randomBytes(6).toString('hex')}`;
  let session: Session;
  let writer: pg.PoolClient;

  beforeAll(async () => {
    session = await openSession(database, 2);
    await session.script(
      'CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(40), CONSTRAINT users_email_key UNIQUE (email))',
      'CREATE TABLE notes (id INT PRIMARY KEY, author INT CONSTRAINT notes_author_fkey REFERENCES users (id))',
      `INSERT INTO users VALUES (1, 'a')`,
      `CREATE ROLE ${role}`,
      `GRANT INSERT ON users, notes TO ${role}`,
    );
    const [{ schema } = { schema: '' }] = await session.rows<{ schema: string }>('SELECT current_schema() AS schema');
    await session.script(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`);
    writer = await (session.pool as pg.Pool).connect();
    await writer.query(`SET ROLE ${role}`);
  });

  afterAll(async () => {
    await writer?.query('RESET ROLE');
    writer?.release();
    await session?.script(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
    await session?.close();
  });

  const rules = {
    users_email_key: { resource: 'user', fields: ['email'], detail: 'Taken.' },
    notes_author_fkey: { reference_missing: { resource: 'note', fields: ['author'], detail: 'Unknown.' } },
  };

  test.each([
    ['a duplicate', `INSERT INTO users VALUES (2, 'a')`, false],
    ['a missing parent', 'INSERT INTO notes VALUES (1, 99)', true],
  ])('%s is answered with the same bytes', async (_name, sql, isTold) => {
    const conflicts = defineConflicts({ rules });
    const owner = await serveFailing(() => session.run(sql), conflicts);
    const other = await serveFailing(() => writer.query(sql), conflicts);
    const answer = withoutIds(await owner());
    expect(answer).toMatch(/^HTTP\/1\.1 409 Conflict/);
    expect(withoutIds(await other())).toBe(answer);
    const error = (await thrownBy(() => writer.query(sql))) as { detail?: string };
    expect(error.detail?.includes(')=(') ?? false).toBe(isTold && error.detail?.includes(')=('));
  });

  test('less is reported to a role that may not read, and no fact is invented', async () => {
    const sql = `INSERT INTO users VALUES (2, 'a')`;
    const [full, less] = [await thrownBy(() => session.run(sql)), await thrownBy(() => writer.query(sql))];
    expect((less as { detail?: string }).detail).toBeUndefined();
    expect(classify(full)).toMatchObject({ columns: ['email'] });
    const { columns, ...known } = classify(full) as object & { columns?: unknown };
    expect(classify(less)).toEqual(known);
  });
});
