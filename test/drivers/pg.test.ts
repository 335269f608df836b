import { pg } from '../../src/drivers/pg.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(pg);
