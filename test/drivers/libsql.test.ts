import { libsql } from '../../src/drivers/libsql.ts';
import { describeTranslator } from '../translator-contract.ts';

describeTranslator(libsql);
