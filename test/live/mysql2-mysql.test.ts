import { describeMysql2 } from './mysql2.ts';

describeMysql2('mysql');
