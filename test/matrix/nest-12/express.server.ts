import { runContract } from '../nest-11/app.ts';
import { nest } from './nest.ts';

await runContract(nest, 'express');
