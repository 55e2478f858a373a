/** What clients say about themselves: at either end of a statement, and in application_name. */

import { expect, test } from 'vitest';
import { claimsOf } from '../../src/audit/claims.js';

test.each<[string, string | null, string[]]>([
  ['no statement', null, []],
  ['no comment', 'DELETE FROM a', []],
  ['one at the beginning', "/* user='kari' */ DELETE FROM a", ["user='kari'"]],
  ['a line at the beginning', '-- kari\nDELETE FROM a', ['kari']],
  ["sqlcommenter's", "DELETE FROM a /*user='kari',tool='x'*/", ["user='kari',tool='x'"]],
  ['one before semicolons and white space', 'DELETE FROM a /* kari */ ; \n;', ['kari']],
  ['a line at the end', 'DELETE FROM a -- kari', ['kari']],
  ['both', '/* kari */ DELETE FROM a /* ola */', ['kari', 'ola']],
  ['one that is all', '/* kari */', ['kari']],
  ['the last of several', 'DELETE /* ola */ FROM a /* kari */', ['kari']],
  ['none of an earlier line', 'DELETE FROM a -- ola\nWHERE id = 1', []],
  ['one that does not begin within 4,096 characters', `DELETE FROM a /*${'x'.repeat(5000)}*/`, []],
])('%s', (_name, statement, expected) => {
  expect(claimsOf(statement, null)).toEqual(expected);
  expect(claimsOf(statement, 'psql')).toEqual([...expected, 'psql']);
});
