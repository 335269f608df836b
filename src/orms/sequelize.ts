import { type Conflicts, unbound } from '../define-conflicts.ts';

/** Something to be done: a promise, or a function that is called and may return one. */
type Work<T> = PromiseLike<T> | (() => T | PromiseLike<T>);

/**
 * Makes a function that awaits Sequelize's promises and throws conflicts; Sequelize's own error is their `cause`. What is
 * no conflict is thrown as it is.
 *
 *     const run = sequelizeConflicts(conflicts);
 *     await run(User.create({ email }));
 *     await run(() => sequelize.transaction((transaction) => User.create({ email }, { transaction })));
 *
 * Covered is what is inside: models, associations, raw queries, transactions, their COMMIT, and the optimistic lock. On
 * SQLite Sequelize uses `sqlite3`, whose translator the rules need: `defineConflicts({ drivers: [sqlite3] })`.
 *
 * It stands outside because Sequelize has no hook for failed queries, and because a query that throws anything but
 * Sequelize's own `UniqueConstraintError` breaks `findOrCreate` and `findCreateFind`: both catch that class to find the row
 * that somebody else was faster to create. So it goes around these calls, and not into a subclass of `Sequelize`.
 *
 * Source: https://github.com/sequelize/sequelize/blob/v6.37.8/src/model.js (`findOrCreate`),
 * https://github.com/sequelize/sequelize/blob/v7.0.0-alpha.48/packages/core/src/model.js (`findOrCreate`)
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function sequelizeConflicts(conflicts: Conflicts = unbound): <T>(work: Work<T>) => Promise<T> {
  return async (work) => {
    try {
      return await (typeof work === 'function' ? work() : work);
    } catch (error) {
      throw conflicts.translate(error);
    }
  };
}

export default sequelizeConflicts;
