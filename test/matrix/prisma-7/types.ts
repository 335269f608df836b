import { prisma } from './database.ts';

// Compiled by readme.test.ts: the extended client has the types of the client.

const org: { id: number; slug: string; version: number } = await prisma.org.create({ data: { id: 3, slug: 'acme' } });
const members: number = await prisma.member.count({ where: { orgId: org.id } });
const slugs: { slug: string }[] = await prisma.$transaction((tx) => tx.org.findMany({ select: { slug: true } }));
// @ts-expect-error A field that the model does not have.
await prisma.org.create({ data: { id: 3, slogan: 'acme' } });

export { members, slugs };
