import { neon } from '../../src/drivers/neon.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(neon);
