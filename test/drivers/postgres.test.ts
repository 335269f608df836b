import { postgres } from '../../src/drivers/postgres.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(postgres);
