import { runContract } from './app.ts';
import { nest } from './nest.ts';

await runContract(nest, 'fastify');
