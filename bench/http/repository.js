import { makers, openSqlite } from '../natives.js';

/** What the routes call: an INSERT that is refused, as `pg` reports it, and one that succeeds. */
export function makeRepository() {
  const { unique } = makers().pg;
  const database = openSqlite();
  database.exec('CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)');
  const insertNote = database.prepare('INSERT INTO notes (text) VALUES (?)');
  return {
    /** No server takes part: all that is measured is what becomes of the error. */
    async createUser(_email) {
      await null;
      throw unique();
    },
    async createNote(text) {
      const { lastInsertRowid } = insertNote.run(text);
      return { id: Number(lastInsertRowid), text };
    },
  };
}
