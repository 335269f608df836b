import { integer, pgTable, varchar } from 'drizzle-orm/pg-core';

export const orgs = pgTable('orgs', {
  id: integer().primaryKey(),
  slug: varchar({ length: 64 }).notNull(),
  version: integer().notNull().default(1),
});
