import { describe, expect, test } from 'vitest';
import { classify } from '../src/index.ts';

// Texts of servers that nothing here runs: the templates are the servers' own (errmsg files), or as reported.

function mysqlError(errno: number, sqlState: string, sqlMessage: string): Error {
  return Object.assign(new Error(sqlMessage), { errno, sqlState, sqlMessage });
}

describe('a message of MySQL or MariaDB', () => {
  test('in Chinese has its foreign key in full-width parentheses', () => {
    const text =
      '无法添加或更新子行：外键约束失败（`shop`.`orders`, CONSTRAINT `fk` FOREIGN KEY (`c`) REFERENCES `d` (`id`)）';
    expect(classify(mysqlError(1452, '23000', text))).toEqual({
      kind: 'foreign_key_violation',
      driver: 'mysql2',
      code: '1452',
      sqlState: '23000',
      direction: 'parent_missing',
      schema: 'shop',
      table: 'orders',
      constraint: 'fk',
      columns: ['c'],
      referencedTable: 'd',
      referencedColumns: ['id'],
    });
  });

  test('in Italian has a backtick for an accent', () => {
    expect(classify(mysqlError(1048, '23000', "La colonna 'email' non puo` essere nulla"))).toMatchObject({
      columns: ['email'],
    });
  });

  test('in Dutch names more than the table in quotes, and then none is read', () => {
    const text = "Kan niet opslaan naar table 'users' vanwege 'unique' beperking";
    expect(classify(mysqlError(1169, '23000', text))).not.toHaveProperty('table');
  });

  test('of MariaDB doubles a backtick inside a name', () => {
    expect(classify(mysqlError(4025, '23000', 'CONSTRAINT `q` failed for `shop`.`it``ems`'))).toMatchObject({
      constraint: 'q',
      schema: 'shop',
      table: 'it`ems',
    });
  });

  test('that Vitess has put into its own, with the statement, gives no name', () => {
    const text =
      "target: ks.-.primary: vttablet: rpc error: code = AlreadyExists desc = Duplicate entry 'a' for key 'users.uq' " +
      `(errno 1062) (sqlstate 23000) (CallerID: x): Sql: "insert into t values ('s3cret')"`;
    expect(classify(mysqlError(1062, '23000', text))).toEqual({
      kind: 'unique_violation',
      driver: 'mysql2',
      code: '1062',
      sqlState: '23000',
    });
  });

  test('with the state of SIGNAL does not tell the server by its number', () => {
    expect(classify(mysqlError(3819, '45000', "Check constraint 'x' is violated."))).toEqual({
      kind: 'check_violation',
      driver: 'mysql2',
      code: '3819',
      sqlState: '45000',
    });
  });

  test('with the state of SIGNAL gives no name, whatever its number', () => {
    expect(classify(mysqlError(1062, '45000', "Duplicate entry 'a' for key 'users.uq'"))).toEqual({
      kind: 'unique_violation',
      driver: 'mysql2',
      code: '1062',
      sqlState: '45000',
    });
  });
});
