import type { Database } from './database.ts';

/** Opens the database that a URL names; in memory without one. */
export async function openDatabase(url: string | undefined): Promise<Database> {
  if (url === undefined || url === '') return (await import('./sqlite.ts')).openSqlite();
  const scheme = url.slice(0, Math.max(url.indexOf(':'), 0));
  switch (scheme) {
    case 'postgres':
    case 'postgresql':
      return (await import('./postgresql.ts')).openPostgresql(url);
    case 'mysql':
    case 'mariadb':
      return (await import('./mysql.ts')).openMysql(url.replace(/^mariadb:/, 'mysql:'));
    default:
      throw new Error('Expected DATABASE_URL to begin with postgres:// or mysql://, or to be absent for SQLite');
  }
}
