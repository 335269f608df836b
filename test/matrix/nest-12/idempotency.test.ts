import { describeKeys } from '../nest-11/keys.ts';
import { nest } from './nest.ts';

describeKeys(nest, '12');
