import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { nodeHttpConflicts } from 'db-http-errors/frameworks/node-http';
import { fail, hasAdapter, serve } from '../serve.ts';
import { conflicts } from '../thrown.ts';

// Node then answers the rejections of handlers with a 500, instead of ending the process.
// Source: https://nodejs.org/api/events.html#capture-rejections-of-promises
EventEmitter.captureRejections = true;

async function handler({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (url !== '/ok') fail(url.slice(1));
  response.end('ok');
}

await serve(createServer(hasAdapter ? nodeHttpConflicts(conflicts)(handler) : handler));
