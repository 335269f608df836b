import { nodeSqlite } from '../../src/drivers/node-sqlite.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(nodeSqlite);
