import { betterSqlite3 } from './drivers/better-sqlite3.ts';
import { mysql2 } from './drivers/mysql2.ts';
import { pg } from './drivers/pg.ts';
import { firstOf, safe, type Translator } from './translator.ts';

const drivers = /* @__PURE__ */ firstOf([pg, mysql2, betterSqlite3]);

/** The drivers that need no import, as one translator. Every other driver is passed in `drivers`. */
export const builtIn: Translator = /* @__PURE__ */ safe({
  name: drivers.name,
  owns: (error) => isLikely(error) && drivers.owns(error),
  classify: (error, dialect) => (isLikely(error) ? drivers.classify(error, dialect) : undefined),
  values: (error) => drivers.values?.(error),
});

/** Errors of these drivers have one or the other. Most errors are none of theirs, and cost no more than this. */
function isLikely(error: unknown): boolean {
  const { code, errno } = error as { code?: unknown; errno?: unknown };
  return code !== undefined || errno !== undefined;
}
