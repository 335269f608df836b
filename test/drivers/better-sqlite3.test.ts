import { betterSqlite3 } from '../../src/drivers/better-sqlite3.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(betterSqlite3);
