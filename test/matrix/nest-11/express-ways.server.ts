import { runWays } from './app.ts';
import { nest } from './nest.ts';

await runWays(nest, 'express');
