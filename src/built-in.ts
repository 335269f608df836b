import { betterSqlite3 } from './drivers/better-sqlite3.ts';
import { mysql2 } from './drivers/mysql2.ts';
import { pg } from './drivers/pg.ts';
import { firstOf, safe, type Translator } from './translator.ts';

const drivers = /* @__PURE__ */ firstOf([pg, mysql2, betterSqlite3]);

/** The drivers that need no import, as one translator. Every other driver is passed in `drivers`. */
export const builtIn: Translator = /* @__PURE__ */ safe({
  name: drivers.name,
  owns: drivers.owns,
  classify(error, dialect) {
    const { code, errno } = error as { code?: unknown; errno?: unknown };
    // Errors of these drivers have one or the other. Most errors are none of theirs, and cost no more than this.
    return code === undefined && errno === undefined ? undefined : drivers.classify(error, dialect);
  },
});
