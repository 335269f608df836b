import { createServer } from 'node:http';
import next from 'next';
import { fail, hasAdapter, serve } from '../serve.ts';
import { BUILT, copyApp } from './project.ts';

// The routes run in this process: what they throw is made here.
Object.assign(globalThis, { fail });
const variant = hasAdapter ? 'adapter' : 'bare';
Object.assign(process.env, { VARIANT: variant, NEXT_TELEMETRY_DISABLED: '1' });

const dev = process.env.NODE_ENV === 'development';
const app = next({
  dev,
  dir: dev ? copyApp(`development-${variant}`) : BUILT,
  quiet: true,
  hostname: '127.0.0.1',
  port: 0,
});
await app.prepare();
await serve(createServer(app.getRequestHandler()));
