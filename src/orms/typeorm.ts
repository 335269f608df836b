import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * What is used of TypeORM's query runner: everything that TypeORM sends goes through `query`, COMMIT included.
 * Source: https://typeorm.io/docs/query-runner
 */
interface QueryRunner {
  query(...args: never[]): Promise<unknown>;
}

/** Source: https://typeorm.io/docs/data-source/data-source-api (`createQueryRunner`) */
interface DataSource {
  createQueryRunner(...args: never[]): QueryRunner;
}

/**
 * For a TypeORM data source, before or after it is initialised: `typeormConflicts(conflicts)(new DataSource(options))`.
 * It is the same data source, whose query runners throw conflicts; the `QueryFailedError` is their `cause`. What is no
 * conflict is thrown as it is.
 *
 * Covered: repositories, entity managers, query builders, raw queries, migrations, transactions and their COMMIT.
 * Not covered: `queryRunner.stream()`, whose stream emits the driver's error, and the optimistic lock, which no query
 * reports: `translate` turns that into a `version_mismatch`, as every framework's adapter does.
 *
 * It is no subscriber and no logger, although both see failed queries: in TypeORM 0.3 what they throw on MySQL ends the
 * process, for they are called inside a callback of the driver, and subscribers do not hear of failures on SQLite.
 * Source: https://github.com/typeorm/typeorm/blob/0.3.31/src/driver/mysql/MysqlQueryRunner.ts (`query`),
 * https://github.com/typeorm/typeorm/blob/0.3.31/src/driver/better-sqlite3/BetterSqlite3QueryRunner.ts (`query`)
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function typeormConflicts(conflicts: Conflicts = unbound): <D extends DataSource>(dataSource: D) => D {
  // SQLite has one query runner, which is given out again and again.
  const known = new WeakSet<QueryRunner>();

  function replaceQuery(runner: QueryRunner): void {
    const { query } = runner;
    runner.query = async (...args) => {
      try {
        return await query.apply(runner, args);
      } catch (error) {
        throw conflicts.translate(error);
      }
    };
  }

  return (dataSource) => {
    const target: DataSource = dataSource;
    const { createQueryRunner } = target;
    target.createQueryRunner = (...args) => {
      const runner = createQueryRunner.apply(target, args);
      if (!known.has(runner)) {
        known.add(runner);
        replaceQuery(runner);
      }
      return runner;
    };
    return dataSource;
  };
}

export default typeormConflicts;
