import { betterSqlite3 } from './drivers/better-sqlite3.ts';
import { mysql2 } from './drivers/mysql2.ts';
import { pg } from './drivers/pg.ts';
import { prisma } from './drivers/prisma.ts';
import { firstOf, type Translator } from './translator.ts';

/**
 * The drivers that need no import, and Prisma, whose errors nothing but its own translator can read. Every other driver
 * is passed in `drivers`.
 */
export const BUILT_IN: readonly Translator[] = [pg, mysql2, betterSqlite3, prisma];

/** All of them as one translator. */
export const builtIn: Translator = /* @__PURE__ */ firstOf(BUILT_IN);

/**
 * Errors of these drivers have one or the other, and Prisma's at COMMIT their name. Most errors are none of theirs, and
 * cost no more than this.
 */
export function isLikely(error: object): boolean {
  const { code, errno, name } = error as { code?: unknown; errno?: unknown; name?: unknown };
  return code !== undefined || errno !== undefined || name === 'DriverAdapterError';
}
