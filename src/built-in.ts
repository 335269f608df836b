import { betterSqlite3 } from './drivers/better-sqlite3.ts';
import { mysql2 } from './drivers/mysql2.ts';
import { pg } from './drivers/pg.ts';
import type { Translator } from './translator.ts';

/** The drivers that need no import. Every other driver is passed in `drivers`. */
export const BUILT_IN: readonly Translator[] = [pg, mysql2, betterSqlite3];
