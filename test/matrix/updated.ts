import { assertUpdated } from 'db-http-errors/concurrency';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Engine } from '../../fixtures/scenarios/scenario.ts';
import type { OrmDatabase } from './orm-database.ts';
import { describeEngines } from './orms.ts';

// Whether `assertUpdated` reads what ORMs and drivers give for an UPDATE that asks for a version.

/** `UPDATE orgs SET version = version + 1 WHERE id = … AND version = …`, in each way that the ORM has. */
export interface Edits {
  readonly ways: Readonly<Record<string, (id: number, version: number) => unknown>>;
  close(): unknown;
}

/** Describes the edits of an ORM, with its own results. */
export function describeUpdated(
  title: string,
  engines: readonly Engine[],
  connect: (database: OrmDatabase) => Edits | Promise<Edits>,
): void {
  describeEngines(`assertUpdated with ${title}`, engines, (database) => {
    let edits: Edits;

    beforeAll(async () => {
      edits = await connect(database());
    });

    afterAll(() => edits?.close());

    test('knows whether an edit was made, came late or is of what is gone', async () => {
      const ways = Object.entries(edits.ways);
      expect(ways.length).toBeGreaterThan(0);
      const seen: unknown[] = [];
      for (const [way, edit] of ways) {
        await database().reset();
        const made = async (id: number, expected: number): Promise<unknown> => {
          // The version of org 1 is 2 after the first edit; there is no org 99.
          const current = () => (id === 1 ? 2 : undefined);
          try {
            await assertUpdated(await edit(id, expected), { current, expected });
            return 'made';
          } catch (error) {
            const { code, status, message } = error as { code?: string; status?: number; message: string };
            return code ?? status ?? message;
          }
        };
        seen.push([way, await made(1, 1), await made(1, 1), await made(99, 1), await made(1, 2)]);
      }
      expect(seen).toEqual(ways.map(([way]) => [way, 'made', 'version_mismatch', 404, 'made']));
    });
  });
}
