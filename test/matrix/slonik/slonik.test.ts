import { createPool, sql } from 'slonik';
import { describeSlonik } from '../slonik/describe.ts';

describeSlonik('slonik 47', { createPool, sql });
