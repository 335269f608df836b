import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { classify, isConflict, translate } from '../../src/index.ts';
import { describeLive } from '../live/describe-live.ts';
import { openSession, type Session } from '../live/session.ts';
import { everyFixture, thrownBy, withoutIds } from './attack.ts';

// T9: a server that does not speak English must be understood as well.

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
});

const fixtures = await everyFixture();

describe('captured in other languages', () => {
  const foreign = fixtures.filter(({ captured }) => captured.locale !== 'en');

  test('there are some of every language', () => {
    expect(new Set(foreign.map(({ captured }) => captured.locale)).size).toBeGreaterThan(3);
  });

  test('an error has the facts and the answer that it has in English', () => {
    let compared = 0;
    for (const { name, error, captured, translator } of foreign) {
      const scenario = name.split('/')[1];
      const english = fixtures.find(
        (other) =>
          other.translator.name === translator.name &&
          other.name === `${captured.engine}-${Number.parseInt(captured.version, 10)}/${scenario}`,
      );
      if (english === undefined) continue;
      expect(translator.classify(error), name).toEqual(translator.classify(english.error));
      const [here, there] = [translate(error), translate(english.error)].map((answer) => isConflict(answer) && answer);
      expect(withoutIds(JSON.stringify(here)), name).toBe(withoutIds(JSON.stringify(there)));
      compared++;
    }
    expect(compared).toBeGreaterThan(50);
  });
});

/** Languages that both servers bring with them. Source: share/mysql/, share/errmsg-*.txt of the servers */
const LOCALES = ['de_DE', 'fr_FR', 'ja_JP', 'ru_RU', 'es_ES', 'cs_CZ'];

for (const engine of ['mysql', 'mariadb'] as const) {
  describeLive(engine, (database) => {
    let session: Session;

    beforeAll(async () => {
      session = await openSession(database, 1);
      await session.script(
        'CREATE TABLE users (id INT NOT NULL PRIMARY KEY, email VARCHAR(40), CONSTRAINT users_email_key UNIQUE (email))',
        `INSERT INTO users VALUES (1, 'a')`,
      );
    });

    afterAll(() => session?.close());

    test('the same duplicate is the same in every language', async () => {
      const messages = new Set<string>();
      for (const locale of ['en_US', ...LOCALES]) {
        await session.script(`SET lc_messages = '${locale}'`);
        const error = (await thrownBy(() => session.run(`INSERT INTO users VALUES (2, 'a')`))) as Error;
        messages.add(error.message);
        expect(classify(error), locale).toMatchObject({ kind: 'unique_violation', constraint: 'users_email_key' });
      }
      expect(messages.size).toBeGreaterThan(4);
    });
  });
}
