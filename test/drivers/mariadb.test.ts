import { mariadb } from '../../src/drivers/mariadb.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(mariadb);
