import { createServer } from 'node:http';
import { h3Conflicts } from 'db-http-errors/frameworks/h3';
import { createApp, createRouter, defineEventHandler, toNodeListener } from 'h3-1';
import { fail, hasAdapter, serve } from '../serve.ts';
import { conflicts } from '../thrown.ts';

const app = hasAdapter ? createApp({ onError: h3Conflicts(conflicts) }) : createApp();
const router = createRouter();
router.get(
  '/ok',
  defineEventHandler(() => 'ok'),
);
router.use(
  '/:route',
  defineEventHandler(({ context }) => fail(context.params?.route)),
);
app.use(router);

await serve(createServer(toNodeListener(app)));
