import { type Conflicts, unbound } from '../define-conflicts.ts';

/**
 * A query extension, as much of one as is needed. Prisma takes the plain object: `Prisma.defineExtension` only types it.
 * Source: https://www.prisma.io/docs/orm/prisma-client/client-extensions/query
 */
export interface PrismaExtension {
  readonly name: string;
  readonly query: {
    $allOperations(operation: PrismaOperation): Promise<unknown>;
  };
}

/** What Prisma tells of an operation. */
interface PrismaOperation {
  readonly args: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: Prisma gives each operation another argument; it goes back as it came
  query(args: any): PromiseLike<unknown>;
}

/**
 * Makes Prisma throw conflicts: an extension of the client.
 *
 *     const prisma = new PrismaClient({ adapter }).$extends(prismaConflicts(conflicts));
 *
 * Prisma 6 and 7 with driver adapters, which Prisma 7 always has. Covered is every operation: of models, raw ones, in
 * interactive transactions and in batches, also on a deferred constraint at the COMMIT of a batch.
 *
 * Not covered is the COMMIT of an interactive transaction: `$transaction` throws past every extension what a deferred
 * constraint or a serialization failure says there. `conflicts.translate` reads that error, and so does every framework's
 * adapter; `conflicts.wrap` covers it in place:
 *
 *     const order = conflicts.wrap((input) => prisma.$transaction(async (tx) => { … }));
 *
 * Two errors of Prisma's own are left alone, for no database has reported them:
 *
 * - P2025, a record that is required was not found. It means a missing row (404) as well as an optimistic lock whose
 *   `where: { id, version }` found nothing (409), and the error does not tell which. Say what it is where you know it:
 *   `throw conflicts.conflict('version_mismatch', { resource: 'post' }, { cause: error })`.
 * - P2014, the change would violate a required relation. Prisma refuses it before the database is asked.
 *
 * Prisma's Rust engine, the default up to version 6, leaves no facts of the database's, and its errors stay as they are.
 *
 * Source: https://www.prisma.io/docs/orm/reference/error-reference, and for COMMIT
 * https://github.com/prisma/prisma/blob/7.10.0/packages/client-engine-runtime/src/transaction-manager/transaction-manager.ts
 *
 * @param conflicts your rules
 * @default the unbound functions, which know no rules
 */
export function prismaConflicts(conflicts: Conflicts = unbound): PrismaExtension {
  return {
    name: 'db-http-errors',
    query: {
      async $allOperations({ args, query }) {
        try {
          return await query(args);
        } catch (error) {
          throw conflicts.translate(error);
        }
      },
    },
  };
}

export default prismaConflicts;
