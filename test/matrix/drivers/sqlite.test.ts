import BetterSqlite3 from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { classify } from '../../../src/index.ts';
import { HOSTILE } from '../orm-hostile.ts';
import { describeEngines, describeOrm } from '../orms.ts';

// The control: drivers alone, with `wrap`, give the whole truth.

describeOrm({
  title: 'better-sqlite3 12',
  engines: ['sqlite'],
  connect: async ({ url }, conflicts) => {
    const database = new BetterSqlite3(url);
    const repository = {
      run: (sql: string, ...values: unknown[]) => database.prepare(sql).run(...values),
      exec: (sql: string) => database.exec(sql),
      insertNote: database.transaction(() => database.exec('INSERT INTO notes (id, org_id) VALUES (1, 99)')),
      insertOrgs: database.transaction(() => {
        database.exec("INSERT INTO orgs (id, slug) VALUES (4, 'initech')");
        database.exec("INSERT INTO orgs (id, slug) VALUES (5, 'acme')");
      }),
    };
    const { run, exec, insertNote, insertOrgs } = conflicts ? conflicts.wrap(repository) : repository;
    const insertMember = (...values: unknown[]) => run('INSERT INTO members VALUES (?, ?, ?, ?)', ...values);
    return {
      scenarios: {
        unique: async () => run('INSERT INTO orgs (id, slug) VALUES (?, ?)', 3, 'acme'),
        uniqueComposite: async () => insertMember(2, 1, 'alice@example.com', 40),
        parentMissing: async () => insertMember(3, 99, 'bob@example.com', 40),
        stillReferenced: async () => run('DELETE FROM orgs WHERE id = ?', 1),
        check: async () => insertMember(4, 1, 'carol@example.com', 5),
        notNull: async () => insertMember(5, 1, null, 40),
        deferred: async () => insertNote(),
        inTransaction: async () => insertOrgs(),
        serialization: async (rival) => {
          exec('BEGIN');
          try {
            database.prepare('SELECT * FROM orgs WHERE id = 1').get();
            await rival.change();
            run('UPDATE orgs SET version = version + 1 WHERE id = ?', 1);
          } finally {
            exec('ROLLBACK');
          }
        },
        syntaxError: async () => exec('SELEC 1'),
      },
      insert: async (table, row) => {
        const columns = Object.keys(row);
        run(`INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`, ...Object.values(row));
      },
      countOrgs: async () => database.prepare('SELECT count(*) FROM orgs').pluck().get() as number,
      close: async () => void database.close(),
    };
  },
});

describeEngines('A raised value of better-sqlite3 12', ['sqlite'], (database) => {
  test.each(HOSTILE)('is no fact: %j', (value) => {
    const file = new BetterSqlite3(database().url);
    onTestFinished(() => void file.close());
    file.exec('CREATE TEMP TRIGGER echo BEFORE UPDATE ON main.orgs BEGIN SELECT RAISE(ABORT, NEW.slug); END');
    let thrown: unknown;
    try {
      file.prepare('UPDATE orgs SET slug = ? WHERE id = 2').run(value);
    } catch (error) {
      thrown = error;
    }
    // Beyond SQLite's own words, which a trigger can say as well as SQLite.
    const expected = value === 'FOREIGN KEY constraint failed' ? 'foreign_key_violation' : 'raise_exception';
    expect(classify(thrown)?.kind).toBe(expected);
  });
});
