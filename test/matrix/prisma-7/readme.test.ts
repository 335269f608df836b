import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { describeEngines } from '../orms.ts';
import { generateClient } from './describe-prisma.ts';

const PROJECT = fileURLToPath(new URL('.', import.meta.url));

/** Where `@prisma/client` looks for what was generated. */
const DEFAULT = '../../.prisma/client';

describeEngines('The README’s Prisma', ['postgresql'], (database) => {
  test('throws conflicts', async () => {
    process.env.DATABASE_URL = database().url;
    generateClient(PROJECT, 7, 'postgresql', DEFAULT);
    const { prisma, addNote } = await import('./database.ts');
    try {
      const duplicate = await thrownBy(() => prisma.org.create({ data: { id: 3, slug: 'acme' } }));
      expect(duplicate).toMatchObject({ status: 409, code: 'duplicate', problem: { detail: 'This name is taken.' } });
      const missing = await thrownBy(() => addNote({ id: 1, orgId: 99 }));
      expect(missing).toMatchObject({ code: 'reference_missing', problem: { errors: [{ pointer: '#/org' }] } });
    } finally {
      await prisma.$disconnect();
    }
  });

  test('keeps the types of the client', () => {
    generateClient(PROJECT, 7, 'postgresql', DEFAULT);
    const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
    const run = () => execFileSync(process.execPath, [tsc, '-p', PROJECT], { encoding: 'utf8' });
    expect(run()).toBe('');
  });
});
