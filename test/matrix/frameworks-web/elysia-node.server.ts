import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { node } from '@elysiajs/node';
import { elysiaConflicts } from 'db-http-errors/frameworks/elysia';
import { Elysia } from 'elysia';
import { fail, hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = new Elysia({ adapter: node() });
if (hasAdapter) app.use(elysiaConflicts(conflicts));
app.get('/ok', () => 'ok');
app.all('/:route', ({ params }) => fail(params.route));

app.listen({ port: 0, hostname: '127.0.0.1' }, async (running) => {
  const { server } = (running as unknown as { node: { server: Server } }).node;
  if (!server.listening) await once(server, 'listening');
  listening((server.address() as AddressInfo).port);
});
