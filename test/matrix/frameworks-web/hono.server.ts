import { serve } from '@hono/node-server';
import { honoConflicts } from 'db-http-errors/frameworks/hono';
import { Hono } from 'hono';
import { fail, hasAdapter, listening } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = new Hono();
if (hasAdapter) app.onError(honoConflicts(conflicts));
app.get('/ok', (c) => c.text('ok'));
app.all('/:route', (c) => fail(c.req.param('route')));

serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => listening(port));
