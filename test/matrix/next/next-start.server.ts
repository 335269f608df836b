import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { fail, hasAdapter, listening } from '../serve.ts';
import { BUILT } from './project.ts';

// `next start`, with what the routes throw made in its process.
Object.assign(globalThis, { fail });
Object.assign(process.env, { VARIANT: hasAdapter ? 'adapter' : 'bare', NEXT_TELEMETRY_DISABLED: '1' });

const port = await freePort();
const next = new URL('node_modules/next/dist/bin/next', import.meta.url);
process.argv = [process.execPath, fileURLToPath(next), 'start', BUILT, '-p', `${port}`, '-H', '127.0.0.1'];
await import(next.href);
while (!(await isOpen(port))) await new Promise((resolve) => setTimeout(resolve, 50));
listening(port);

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address() as AddressInfo;
  server.close();
  return free;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true));
    socket.on('error', () => resolve(false)).on('connect', () => socket.end());
  });
}
