import type { RequestListener } from 'node:http';
import { toNodeHandler } from 'srvx/node';

/** What `createServer` takes, of what frameworks call `fetch`. */
export function handlerOf(app: { fetch(request: Request): Response | Promise<Response> }): RequestListener {
  return toNodeHandler((request) => app.fetch(request)) as RequestListener;
}
