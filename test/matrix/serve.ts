import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { THROWN } from './thrown.ts';

// What the server of a framework is made with. `describeFramework` runs it as `<module> adapter` or `<module> bare`.

/** True when the adapter is to be installed. */
export const hasAdapter: boolean = process.argv[2] === 'adapter';

/** Throws what the route of this name throws. */
export function fail(route: string | undefined): never {
  const made = THROWN[route ?? ''];
  if (made === undefined) throw new Error(`Expected a route to be one of ${Object.keys(THROWN)}, got ${route}`);
  throw made();
}

/** Says where the server listens, and ends with the test. */
export function listening(port: number): void {
  console.log(`listening on ${port}`);
}

/** Listens on a free port, and says on which. */
export async function serve(server: Server): Promise<void> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  listening((server.address() as AddressInfo).port);
}

for (const event of ['unhandledRejection', 'uncaughtException']) {
  process.on(event, (error) => {
    console.error(`${event}: ${error instanceof Error ? error.stack : error}`);
  });
}
process.once('SIGTERM', () => process.exit());
process.once('disconnect', () => process.exit());
