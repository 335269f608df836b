import { drizzleConflicts } from 'db-http-errors/orms/drizzle';
import { addOrg, db } from './database.ts';
import { orgs } from './schema.ts';

// Compiled by readme.test.ts: the results have the types of Drizzle.

const run = drizzleConflicts();
const [org] = await addOrg({ id: 3, slug: 'acme' });
const slug: string | undefined = org?.slug;
const found: { id: number }[] = await run(() => db.transaction((tx) => tx.select({ id: orgs.id }).from(orgs)));
const sync: number = await run(() => 7);
// @ts-expect-error The column is a text.
const wrong: number | undefined = org?.slug;

export { found, slug, sync, wrong };
