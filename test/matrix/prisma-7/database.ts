// #region readme: Prisma
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@prisma/client';
import { prismaConflicts } from 'db-http-errors/orms/prisma';
import { conflicts } from './conflicts.ts';

const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });
export const prisma = new PrismaClient({ adapter }).$extends(prismaConflicts(conflicts));

// COMMIT is beyond an extension's reach: wrap what has deferred constraints or runs serializable.
export const addNote = conflicts.wrap((data: { id: number; orgId: number }) =>
  prisma.$transaction((tx) => tx.note.create({ data })),
);
// #endregion
