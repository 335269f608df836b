import { createServer } from 'node:http';
import { h3Conflicts } from 'db-http-errors/frameworks/h3';
import { H3 } from 'h3';
import { toNodeHandler } from 'h3/node';
import { fail, hasAdapter, serve as listen } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = new H3(hasAdapter ? { onError: h3Conflicts(conflicts) } : {});
app.get('/ok', () => 'ok');
app.all('/:route', ({ context }) => fail(context.params?.route));

await listen(createServer(toNodeHandler(app)));
