import * as typeorm from 'typeorm';
import { describeTypeorm } from './typeorm.ts';

describeTypeorm('TypeORM 1', typeorm);
