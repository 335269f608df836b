import { mysql2 } from '../../src/drivers/mysql2.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(mysql2);
