import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';

/**
 * What happens to the connections between the service and the database:
 * - `pass`: nothing
 * - `commit`: every second COMMIT breaks the connection, before it has arrived or after it has been carried out
 * - `replies`: one reply of the server in fifty is lost, and the connection with it
 * - `stall`: nothing goes through, in either direction
 */
export type Mode = 'pass' | 'commit' | 'replies' | 'stall';

/** A TCP server before a database, on a port of 127.0.0.1 that stays the same. */
export interface DatabaseProxy {
  readonly port: number;
  /** How many connections were broken on purpose. */
  readonly broken: number;
  set(mode: Mode): void;
  /** Refuses connections, as the port of a server that is down does. */
  close(): Promise<void>;
  /** Takes connections again. */
  open(): Promise<void>;
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  /** The next reply of the server is the one that must not arrive. */
  isDoomed: boolean;
}

export async function startProxy(target: number): Promise<DatabaseProxy> {
  const pairs = new Set<Pair>();
  let mode: Mode = 'pass';
  let broken = 0;
  let commits = 0;

  const breakOff = (pair: Pair) => {
    broken++;
    pair.client.resetAndDestroy();
    pair.upstream.destroy();
  };

  const server = createServer((client) => {
    const upstream = createConnection(target, '127.0.0.1');
    const pair: Pair = { client, upstream, isDoomed: false };
    pairs.add(pair);
    const end = () => {
      client.destroy();
      upstream.destroy();
      pairs.delete(pair);
    };
    for (const socket of [client, upstream]) socket.setNoDelay(true).on('error', end).on('close', end);
    if (mode === 'stall') stop(pair);
    client.on('data', (chunk) => {
      if (mode === 'commit' && chunk.includes('COMMIT') && ++commits % 2 === 0) {
        if (commits % 4 === 0) {
          breakOff(pair);
          return;
        }
        pair.isDoomed = true;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (pair.isDoomed || (mode === 'replies' && Math.random() < 0.02)) breakOff(pair);
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  return {
    port,
    get broken() {
      return broken;
    },
    set(next) {
      if (next === 'stall') for (const pair of pairs) stop(pair);
      if (mode === 'stall')
        for (const { client, upstream } of pairs) for (const each of [client, upstream]) each.resume();
      mode = next;
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const { client, upstream } of pairs) for (const each of [client, upstream]) each.destroy();
      await closed;
    },
    async open() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}

function stop({ client, upstream }: Pair): void {
  client.pause();
  upstream.pause();
}
