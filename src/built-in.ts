import { betterSqlite3 } from './drivers/better-sqlite3.ts';
import { mysql2 } from './drivers/mysql2.ts';
import { pg } from './drivers/pg.ts';
import { prisma } from './drivers/prisma.ts';
import { firstOf, type Reading, type Translator } from './translator.ts';

/**
 * The drivers that need no import, and Prisma, whose errors nothing but its own translator can read. Every other driver
 * is passed in `drivers`. In the order of what they cost: they are asked one after another.
 */
export const BUILT_IN: readonly Translator[] = [pg, betterSqlite3, mysql2, prisma];

/** All of them as one translator. */
export const builtIn: Reading = /* @__PURE__ */ firstOf(BUILT_IN);

/**
 * False for what is certainly none of their errors, which most errors are: it costs no more than this. A SQLSTATE and
 * Prisma's codes have five characters, MySQL's numbers are positive where those of sockets are negative, and a lost
 * connection of mysql2 is `fatal`.
 */
export function isLikely(error: object): boolean {
  const { code } = error as { readonly code?: unknown };
  if (typeof code === 'string' && (code.length === 5 || code.startsWith('SQLITE_'))) return true;
  const { errno } = error as { readonly errno?: unknown };
  if (typeof errno === 'number' && errno > 0) return true;
  return (code !== undefined && (error as { readonly fatal?: unknown }).fatal === true) || isOfAdapter(error);
}

/** Prisma's errors at COMMIT have no code. */
function isOfAdapter(error: object): boolean {
  return (error as { readonly name?: unknown }).name === 'DriverAdapterError';
}
