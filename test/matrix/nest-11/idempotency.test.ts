import { describeKeys } from './keys.ts';
import { nest } from './nest.ts';

describeKeys(nest, '11');
