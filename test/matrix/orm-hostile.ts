/**
 * Values that read like the text of an error, of at most 64 characters. ORMs put values into messages, and databases
 * quote them: no value may change a fact.
 */
export const HOSTILE: readonly string[] = [
  "it's",
  'a - b',
  '"quoted" and `ticked`',
  'FOREIGN KEY constraint failed',
  'x - FOREIGN KEY constraint failed',
  'x - UNIQUE constraint failed: users.admin',
  "UNIQUE constraint failed: index 'users_email'",
  'CHECK constraint failed: fake_check',
  'SQLITE_CONSTRAINT_NOTNULL: NOT NULL constraint failed: a.b',
  "Duplicate entry 'a' for key 'fake_key'",
  "a' for key 'fake.fake_key'",
  "Column 'fake' cannot be null",
  'CONSTRAINT `fake` FOREIGN KEY (`a`) REFERENCES `b` (`c`)',
  'duplicate key value violates unique constraint "fake_key"',
  ') already exists. Key (email)=(x',
  'is still referenced from table "fake".',
  'deadlock detected',
  'two\nlines - UNIQUE constraint failed: a.b',
  '? ?? $1 :id %s \\',
];
