import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { thrownBy } from '../../../fixtures/scenarios/scenario.ts';
import { describeEngines } from '../orms.ts';

describeEngines('The README’s Drizzle', ['postgresql'], (database) => {
  test('throws conflicts', async () => {
    process.env.DATABASE_URL = database().url;
    const { addOrg, db } = await import('./database.ts');
    try {
      expect(await addOrg({ id: 3, slug: 'initech' })).toEqual([{ id: 3, slug: 'initech', version: 1 }]);
      const duplicate = await thrownBy(() => addOrg({ id: 4, slug: 'acme' }));
      expect(duplicate).toMatchObject({ status: 409, code: 'duplicate', problem: { detail: 'This name is taken.' } });
    } finally {
      await db.$client.end();
    }
  });

  test('keeps the types of the results', () => {
    const tsc = fileURLToPath(new URL('../../../node_modules/typescript/bin/tsc', import.meta.url));
    const project = fileURLToPath(new URL('.', import.meta.url));
    expect(execFileSync(process.execPath, [tsc, '-p', project], { encoding: 'utf8' })).toBe('');
  });
});
