import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { enforcesChecks } from '../../fixtures/scenarios/mysql.ts';
import { defineConflicts, translate } from '../../src/index.ts';
import { facesOf, leaksOf, SECRET } from '../canaries.ts';
import { describeLive } from '../live/describe-live.ts';
import { openSession, type Session } from '../live/session.ts';
import { serveFailing, thrownBy } from './attack.ts';

// T1: values of rows, which PostgreSQL puts into `detail` and MySQL into the message, must not reach a client.

const ATTACKS = {
  duplicate: `INSERT INTO victims VALUES (1, 's3cr3t', 's3cr3t-2', 5, 's3cr3t')`,
  'two columns': `INSERT INTO victims VALUES (2, 's3cr3t-3', 's3cr3t-2', 5, 's3cr3t')`,
  'a missing parent': `INSERT INTO victims VALUES (3, 's3cr3t-4', 's3cr3t-4', 5, 's3cr3t-nobody')`,
  'a check': `INSERT INTO victims VALUES (4, 's3cr3t-5', 's3cr3t-5', -31337, 's3cr3t')`,
  'a parent in use': `DELETE FROM parents WHERE name = 's3cr3t'`,
  'a value that is too much': `INSERT INTO victims VALUES (NULL, NULL, 's3cr3t-6', 5, 's3cr3t')`,
  'a statement that is wrong': `INSERT INTO s3cr3t VALUES ('s3cr3t')`,
};

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, (database) => {
    let session: Session;

    beforeAll(async () => {
      session = await openSession(database, 2);
      await session.script(
        'CREATE TABLE parents (name VARCHAR(40) PRIMARY KEY)',
        `CREATE TABLE victims (id INT NOT NULL PRIMARY KEY, secret VARCHAR(40) NOT NULL UNIQUE, other VARCHAR(40), age INT,
          parent VARCHAR(40), CONSTRAINT together UNIQUE (other, parent), CONSTRAINT of_age CHECK (age > 0),
          FOREIGN KEY (parent) REFERENCES parents (name))`,
        `INSERT INTO parents VALUES ('s3cr3t')`,
        `INSERT INTO victims VALUES (1, 's3cr3t', 's3cr3t-2', 5, 's3cr3t')`,
      );
    });

    afterAll(() => session?.close());

    const omitted = enforcesChecks(database.server) ? [] : ['a check'];
    for (const name of omitted) test.skip(`'${name}' needs MySQL 8`);
    test.each(Object.entries(ATTACKS).filter(([name]) => !omitted.includes(name)))(
      'sends no value after %s',
      async (_name, sql) => {
        vi.spyOn(console, 'error').mockImplementation(() => {});
        vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
        const sentAs = [
          undefined,
          defineConflicts({ exposeColumns: true, status: { required: 422, invalid_value: 422 } }),
        ];
        for (const conflicts of sentAs) {
          const answer = await (await serveFailing(() => session.run(sql), conflicts))();
          expect(answer).toMatch(/^HTTP\/1\.1 (409|422|500) /);
          expect(leaksOf({ answer }, [SECRET, '31337'])).toEqual([]);
        }
        const error = await thrownBy(() => session.run(sql));
        const translated = translate(error);
        if (translated !== error) {
          expect(leaksOf(await facesOf(translated as Parameters<typeof facesOf>[0]), [SECRET, '31337'])).toEqual([]);
        }
      },
    );

    if (engine !== 'sqlite') {
      test('is an attack: the error of the driver has the value', async () => {
        const error = (await thrownBy(() => session.run(ATTACKS.duplicate))) as Error;
        expect(JSON.stringify({ ...error, message: error.message })).toContain(
          engine === 'postgresql' ? '(id)=(1)' : "'1'",
        );
      });
    }
  });
}
