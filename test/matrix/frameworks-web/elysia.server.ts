import { elysiaConflicts } from 'db-http-errors/frameworks/elysia';
import { Elysia } from 'elysia';
import { serve } from 'srvx/node';
import { fail, hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = new Elysia();
if (hasAdapter) app.use(elysiaConflicts(conflicts));
app.get('/ok', () => 'ok');
app.all('/:route', ({ params }) => fail(params.route));

const server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', silent: true });
await server.ready();
listening(Number(new URL(server.url as string).port));
