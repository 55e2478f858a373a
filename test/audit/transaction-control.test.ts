/** What a text says about the end of transactions. */

import { describe, expect, test } from 'vitest';
import { controlOf } from '../../src/audit/transaction-control.js';
import type { Audit } from '../../src/event/audit.js';

function audit(command: string, statement: string | null): Audit {
  const rest = { objectType: null, objectName: null, parameters: [], rows: null };
  return { type: 'SESSION', statementId: 1, substatementId: 1, class: 'MISC', command, statement, ...rest };
}

describe('ROLLBACK', () => {
  test.each<[string, string | null, string | null]>([
    ['alone', 'ROLLBACK', 'transaction'],
    ['with its words', 'rollback Work AND CHAIN;', 'transaction'],
    ['ABORT', 'abort transaction', 'transaction'],
    ['to a savepoint', 'ROLLBACK WORK TO SAVEPOINT "to"', 'savepoint'],
    ['behind a long comment', `ROLLBACK /*${'x'.repeat(2000)}*/ TO s`, 'savepoint'],
    ['behind a nested comment', 'ROLLBACK /* /* */ x */ TO s', 'savepoint'],
    ['behind a line that ends with a carriage return', 'ROLLBACK --x\rTO s', 'savepoint'],
    ['behind a thousand blanks', `ROLLBACK${' '.repeat(1000)}TO s`, 'savepoint'],
    ['among others that say "to"', "BEGIN; UPDATE a SET b = 'x to y'; ROLLBACK", 'transaction'],
    ['among others, far behind', `SELECT '${'x'.repeat(2000)}'; ROLLBACK TO s`, 'savepoint'],
    ['in a literal', "SELECT 'ROLLBACK'; ROLLBACK TO s", 'savepoint'],
    ['of a prepared one beside it', "ROLLBACK PREPARED 'x'; ROLLBACK TO s", 'savepoint'],
    ['of both kinds', 'ROLLBACK TO s; ROLLBACK', 'unclear'],
    ['in a text that does not show it', "SELECT '; ROLLBACK", 'unclear'],
    ['without its text', null, null],
  ])('%s', (_name, statement, expected) => {
    expect(controlOf(audit('ROLLBACK', statement))).toEqual({ rollback: expected, names: [] });
  });
});

describe('the names of two-phase commit', () => {
  const namesIn = (statement: string, command = 'ROLLBACK PREPARED'): readonly string[] =>
    controlOf(audit(command, statement)).names;

  test('are the same in any notation, and are kept only as hashes', () => {
    const [name = ''] = namesIn("PREPARE TRANSACTION 'ola''s'", 'PREPARE TRANSACTION');
    expect(name).toMatch(/^[0-9a-f]{32}$/);
    for (const text of [
      "ROLLBACK PREPARED 'ola''s' -- x",
      "rollback /* */ prepared E'ola''s';",
      "SELECT 'a'; ROLLBACK PREPARED $$ola's$$ ; SELECT 1",
    ])
      expect([text, namesIn(text)]).toEqual([text, [name]]);
  });

  test('are all names of that command in a text, in order', () => {
    const [a, b] = [namesIn("ROLLBACK PREPARED 'a'"), namesIn("ROLLBACK PREPARED 'b'")].flat();
    expect(a).not.toBe(b);
    expect(namesIn("ROLLBACK PREPARED 'b'; COMMIT PREPARED 'c'; ROLLBACK PREPARED 'a'")).toEqual([b, a]);
  });
});
