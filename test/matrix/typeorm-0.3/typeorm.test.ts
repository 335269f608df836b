import * as typeorm from 'typeorm';
import { describeTypeorm } from '../typeorm-1/typeorm.ts';

describeTypeorm('TypeORM 0.3', typeorm);
