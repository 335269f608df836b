import { mysql } from '../../src/drivers/mysql.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(mysql);
