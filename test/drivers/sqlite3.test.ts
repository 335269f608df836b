import { sqlite3 } from '../../src/drivers/sqlite3.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(sqlite3);
