import { afterAll, beforeAll, expect, test } from 'vitest';
import { classify } from '../../src/index.ts';
import { describeLive } from '../live/describe-live.ts';
import { openSession, type Session } from '../live/session.ts';
import { thrownBy } from './attack.ts';

// T8: a value that reads like the text of an error must not choose the constraint that is reported.

const SPOOFS = [
  `x' for key 'other`,
  `x' for key 'targets.targets_other_key`,
  `x' for key 'PRIMARY'`,
  'x)=(y) already exists.',
  'other)=(x',
  'UNIQUE constraint failed: targets.other',
  'duplicate key value violates unique constraint "targets_other_key"',
  'CONSTRAINT `targets_other_key` FOREIGN KEY (`a`) REFERENCES `b` (`c`)',
  'a, b',
  `a'--\r\n' for key 'other'`,
  '"quoted" «quoted» „quoted“ `quoted`',
  "'".repeat(60),
  '\u2028\u0085\t',
  'é\u0301 日本語',
];

for (const engine of ['postgresql', 'mysql', 'mariadb', 'sqlite'] as const) {
  describeLive(engine, (database) => {
    let session: Session;

    beforeAll(async () => {
      session = await openSession(database, 1);
      await session.script(
        `CREATE TABLE targets (id INT NOT NULL PRIMARY KEY, victim VARCHAR(100), other VARCHAR(100),
          CONSTRAINT targets_victim_key UNIQUE (victim), CONSTRAINT targets_other_key UNIQUE (other))${engine === 'mariadb' ? ' CHARSET utf8mb4' : ''}`,
      );
    });

    afterAll(() => session?.close());

    test.each(SPOOFS)('%j is reported by the constraint that it violates', async (value) => {
      const id = SPOOFS.indexOf(value) * 2;
      await session.run('INSERT INTO targets VALUES (?, ?, ?)', id, value, `other ${id}`);
      const error = await thrownBy(() =>
        session.run('INSERT INTO targets VALUES (?, ?, ?)', id + 1, value, `new ${id}`),
      );
      const violation = classify(error);
      expect(violation?.kind).toBe('unique_violation');
      if (engine === 'sqlite') expect(violation).toMatchObject({ table: 'targets', columns: ['victim'] });
      else expect(violation).toMatchObject({ constraint: 'targets_victim_key' });
    });
  });
}
