// A connection to an SQLite file in a process of its own: node sqlite-process.mjs FILE, statements by message.
//
// Two copies of SQLite in one process (an ORM's driver and ours) do not see each other's locks, for closing a file gives
// back all locks that the process has on it: what they write is damaged.
// Source: https://www.sqlite.org/howtocorrupt.html (2.2, 2.2.1)

const [, , file] = process.argv;
const database = await open();

process.on('message', (sql) => {
  try {
    database.exec(sql);
    process.send({});
  } catch (error) {
    process.send({ message: error.message });
  }
});
process.on('disconnect', () => database.close());

/** Node's own SQLite where it has one: the addon is built for the root's Node. */
async function open() {
  if (process.versions.sqlite) {
    const { DatabaseSync } = await import('node:sqlite');
    return new DatabaseSync(file);
  }
  const { default: BetterSqlite3 } = await import('better-sqlite3');
  return new BetterSqlite3(file);
}
