import { runWays } from '../nest-11/app.ts';
import { nest } from './nest.ts';

await runWays(nest, 'fastify');
