import { pglite } from '../../src/drivers/pglite.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(pglite);
