import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createService, type Service } from './service.ts';
import { welcome } from './welcome.ts';

/** The demo: `npm start`. PORT, HOST and DATABASE_URL are read from the environment. */

const { PORT = '3000', HOST = '127.0.0.1', DATABASE_URL } = process.env;

try {
  const port = Number(PORT);
  if (PORT === '' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`Expected PORT to be a number from 0 to 65535, got "${PORT}"`);
  }
  await listen(createServer(), port).then((server) => server.close()); // before a database is touched
  const service = await createService(DATABASE_URL);
  closeOnSignal(service);
  await listen(service.server, port);
  console.log(welcome(service.engine, (service.server.address() as AddressInfo).port));
} catch (error) {
  console.error(`The demo cannot start: ${reasonOf(error)}`);
  process.exitCode = 1;
}

async function listen(server: Server, port: number): Promise<Server> {
  try {
    await once(server.listen(port, HOST), 'listening');
    return server;
  } catch (error) {
    if ((error as { code?: string }).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${port} is in use. Choose another one: PORT=${port < 65_535 ? port + 1 : 0} npm start`);
  }
}

/** The first signal closes, the second one kills. */
function closeOnSignal(service: Service): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      service.close().catch((error) => {
        console.error(`The demo did not close cleanly: ${reasonOf(error)}`);
        process.exitCode = 1;
      });
    });
  }
}

/** One line. A host with several addresses fails with an AggregateError that has no message. */
function reasonOf(error: unknown): string {
  const { errors, message, code } = error as { errors?: Error[]; message?: string; code?: string };
  return errors?.map((error) => error.message).join(', ') || message || code || String(error);
}
