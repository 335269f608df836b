import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of a dialect, its driver and the driver's connections.
 * Source: https://kysely-org.github.io/kysely-apidoc/interfaces/Dialect.html,
 * https://kysely-org.github.io/kysely-apidoc/interfaces/Driver.html,
 * https://kysely-org.github.io/kysely-apidoc/interfaces/DatabaseConnection.html
 */
interface Dialect {
  createDriver(): Driver;
}

interface Driver {
  acquireConnection(options?: never): Promise<Connection>;
}

interface Connection {
  executeQuery(...args: never[]): unknown;
  streamQuery(...args: never[]): unknown;
}

/**
 * Makes Kysely throw conflicts: the same dialect, of whatever database, whose driver and connections do.
 *
 *     const dialect = kyselyConflicts(conflicts)(new PostgresDialect({ pool }));
 *     const db = new Kysely<Database>({ dialect });
 *
 * Covered is every statement: builders, `sql`, streams, transactions, savepoints, COMMIT with its deferred constraints,
 * migrations, and connections that cannot be had. Kysely rolls back and gives the connection back as ever. Its `log`
 * sees the conflict, with the native error as its `cause`. All other errors stay the very same objects, Kysely's
 * `NoResultError` among them.
 *
 * Source: https://github.com/kysely-org/kysely/blob/v0.29.9/src/driver/runtime-driver.ts, which replaces methods of
 * connections in the same way
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function kyselyConflicts(conflicts: Conflicts = unbound): <D extends Dialect>(dialect: D) => D {
  const covered = new WeakSet<object>();

  function cover(connection: Connection): Connection {
    if (!covered.has(connection)) {
      covered.add(connection);
      // On the connection itself: drivers know theirs by identity when they are given back.
      for (const method of ['executeQuery', 'streamQuery'] as const) {
        const original = connection[method];
        if (typeof original === 'function') Reflect.set(connection, method, conflicts.wrap(original));
      }
    }
    return connection;
  }

  return (dialect) => {
    const createDriver = dialect.createDriver.bind(dialect);
    const wrapped = conflicts.wrap(dialect);
    wrapped.createDriver = () => {
      const driver = conflicts.wrap(createDriver());
      const { acquireConnection } = driver;
      driver.acquireConnection = async (options) => cover(await acquireConnection(options));
      return driver;
    };
    return wrapped;
  };
}

export default kyselyConflicts;
