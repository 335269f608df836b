import { isConflictError } from '../conflict-error.ts';
import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of MikroORM's connection: COMMIT, and the statements that the application has written itself.
 * Source: https://github.com/mikro-orm/mikro-orm/blob/v7.2.1/packages/core/src/connections/Connection.ts
 */
interface Connection {
  commit(...args: never[]): Promise<unknown>;
  execute(...args: never[]): Promise<unknown>;
}

/**
 * What is used of MikroORM's driver. What `convertException` gives is thrown.
 * Source: https://github.com/mikro-orm/mikro-orm/blob/v7.2.1/packages/core/src/drivers/DatabaseDriver.ts
 */
interface Driver {
  convertException(exception: Error): Error;
  getConnection(...args: never[]): Connection;
}

/**
 * For MikroORM's option `driver`: a subclass of the driver that throws conflicts. Their `cause` is the database driver's
 * own error, which MikroORM's exceptions only copy. What is no conflict is thrown as MikroORM throws it.
 *
 *     const orm = await MikroORM.init({ driver: mikroOrmConflicts(conflicts)(PostgreSqlDriver), … });
 *
 * Covered: flushes, the query builder, native inserts, updates and deletes, `execute`, transactions and their COMMIT.
 * Not covered: queries past MikroORM (`em.getKnex()`, `em.getKysely()`), and the `OptimisticLockError`, which no query
 * reports: `translate` turns both into conflicts, as every framework's adapter does.
 *
 * Source: https://mikro-orm.io/docs/custom-driver
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function mikroOrmConflicts(
  conflicts: Conflicts = unbound,
): <D extends new (...args: never[]) => Driver>(driver: D) => D {
  const known = new WeakSet<Connection>();

  function translated(connection: Connection, method: Connection['execute']): Connection['execute'] {
    return async (...args) => {
      try {
        return await method.apply(connection, args);
      } catch (error) {
        throw conflicts.translate(error);
      }
    };
  }

  return <D extends new (...args: never[]) => Driver>(driver: D) => {
    const Base: new (...args: never[]) => Driver = driver;
    class ConflictDriver extends Base {
      override convertException(exception: Error): Error {
        const conflict = conflicts.translate(exception);
        // A conflict of the connection comes by here too, and must not become one of MikroORM's exceptions.
        return isConflictError(conflict) ? conflict : super.convertException(exception);
      }

      override getConnection(...args: never[]): Connection {
        const connection = super.getConnection(...args);
        if (!known.has(connection)) {
          known.add(connection);
          connection.commit = translated(connection, connection.commit);
          connection.execute = translated(connection, connection.execute);
        }
        return connection;
      }
    }
    Object.defineProperty(ConflictDriver, 'name', { value: driver.name });
    // A subclass with the constructor of the driver, which cannot be said of a type parameter.
    return ConflictDriver as unknown as D;
  };
}

export default mikroOrmConflicts;
