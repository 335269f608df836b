import { createServer } from 'node:http';
import { expressConflicts } from 'db-http-errors/frameworks/express';
import express from 'express';
import { fail, hasAdapter, serve } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = express();
app.get('/ok', (_request, response) => {
  response.send('ok');
});
app.all('/:route', async (request) => fail(request.params.route));
if (hasAdapter) app.use(expressConflicts(conflicts));
await serve(createServer(app));
