/**
 * What ORMs throw when a row has not the version that it was read with, by `name`. No database took part: the ORM
 * counted the rows that its UPDATE changed. Objection, Knex, Kysely and Drizzle have no such check; Prisma's P2025 says
 * the same of a row that is gone.
 *
 * MikroORM throws the same class at a lock on an entity without a version, which is a mistake in the program: only its
 * message tells the two apart, and it is always English.
 *
 * Source: https://github.com/typeorm/typeorm/blob/master/src/error/OptimisticLockVersionMismatchError.ts,
 * https://github.com/sequelize/sequelize/blob/v6/src/errors/optimistic-lock-error.ts,
 * https://github.com/mikro-orm/mikro-orm/blob/master/packages/core/src/errors.ts
 */
type Name = 'OptimisticLockVersionMismatchError' | 'SequelizeOptimisticLockError' | 'OptimisticLockError';

const UNVERSIONED = 'Cannot obtain optimistic lock on unversioned entity ';

/** True when an ORM says that a row was changed since it was read. Never throws. */
export function isOptimisticLockError(error: unknown): boolean {
  try {
    // Compared one by one: every error that is none of a database's comes here.
    switch ((error as { readonly name?: Name }).name) {
      case 'OptimisticLockVersionMismatchError':
      case 'SequelizeOptimisticLockError':
      case 'OptimisticLockError':
        return error instanceof Error && !error.message.startsWith(UNVERSIONED);
      default:
        return false;
    }
  } catch {
    return false;
  }
}
