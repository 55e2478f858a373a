/** Statements that are certainly missing by pgAudit's numbers are reported, and nothing else (I11). */

import { describe, expect, test } from 'vitest';
import { timeReader } from '../../src/audit/time.js';
import type { Gap } from '../../src/event/gap.js';
import { Sessions } from '../../src/session/sessions.js';
import { recordOf } from '../support/frames.js';
import { sessionLine } from '../support/log.js';

const NOW = Date.parse('2026-11-21T21:00:00Z');
const times = timeReader(undefined);
const FILE = { fileId: 'f', path: '/log/a.csv' };

/** Reads a session's records: line, and pgAudit's number if it is one of pgAudit's. */
function read(sessions: Sessions, session: string, ...records: (readonly [number, number?])[]): void {
  for (const [line, statement] of records) {
    const record = recordOf(Buffer.from(sessionLine(session, line, 2)));
    sessions.note(record, FILE, NOW);
    if (statement !== undefined) sessions.noteStatement(record, statement, FILE, NOW);
  }
}

/** The folder's first record was written before any tested session began. */
function early(): Sessions {
  const sessions = new Sessions(times, undefined);
  const first = sessionLine('0', 7, 1, { logTime: '2026-11-21 20:40:01.000 UTC' });
  sessions.note(recordOf(Buffer.from(first)), FILE, NOW);
  return sessions;
}

function missingOf(...records: (readonly [number, number?])[]): (string | number)[][] {
  const sessions = early();
  read(sessions, 'a', ...records);
  return left(sessions);
}

function left(sessions: Sessions): (string | number)[][] {
  return sessions.takeAll().map(({ of, first, last }) => [of, first, last]);
}

const lineOf = (line: number): Gap => {
  const session = recordOf(Buffer.from(sessionLine('a', 1, 2))).text(5);
  return {
    kind: 'gap',
    reason: 'oversize',
    offset: 0,
    length: 1,
    record: { session, line: String(line) },
  };
};

describe('a gap in the numbers of statements', () => {
  test.each<[string, (readonly [number, number?])[], (string | number)[][]]>([
    ['none, with several records of one statement', [[1], [2, 1], [3, 1], [4, 2], [5], [6, 3]], []],
    ['in the middle', [[1], [2, 1], [3, 4]], [['statements', 2, 3]]],
    ['at the start', [[1], [2, 3]], [['statements', 1, 2]]],
    [
      'twice',
      [
        [1, 2],
        [2, 3],
        [3, 5],
      ],
      [
        ['statements', 1, 1],
        ['statements', 4, 4],
      ],
    ],
    [
      'of a session that was met half-way',
      [
        [5, 7],
        [6, 8],
      ],
      [['lines', 1, 4]],
    ],
    [
      'after such a meeting',
      [
        [5, 7],
        [6, 9],
      ],
      [
        ['lines', 1, 4],
        ['statements', 8, 8],
      ],
    ],
    [
      'that fits into missing lines',
      [
        [1, 1],
        [4, 4],
      ],
      [['lines', 2, 3]],
    ],
    [
      'that does not',
      [
        [1, 1],
        [3, 4],
      ],
      [
        ['lines', 2, 2],
        ['statements', 2, 3],
      ],
    ],
    ['with its missing line before another one', [[1, 1], [3], [4, 3]], [['lines', 2, 2]]],
    [
      'behind the missing lines',
      [
        [1, 1],
        [3, 3],
        [4, 5],
      ],
      [
        ['lines', 2, 2],
        ['statements', 4, 4],
      ],
    ],
  ])('%s', (_name, records, missing) => {
    expect(missingOf(...records)).toEqual(missing);
  });

  test('is not reported at the start of a session that may have logged elsewhere before', () => {
    const sessions = new Sessions(times, undefined);
    read(sessions, 'a', [1, 5], [2, 6]);
    expect(left(sessions)).toEqual([]);
  });

  test('fits into a record that was too large to read', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1]);
    sessions.noteGap(lineOf(2), FILE);
    read(sessions, 'a', [3, 3], [4, 5]);
    expect(left(sessions)).toEqual([['statements', 4, 4]]);
  });

  test('fits into a tear', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1]);
    sessions.noteGap({ kind: 'gap', reason: 'torn', offset: 0, length: 1000 }, FILE);
    read(sessions, 'a', [4, 4]);
    expect(left(sessions)).toEqual([]);
  });

  test('fits into a record that looked like one of pgAudit’s, and has no number that can be trusted', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1], [2]);
    sessions.noteUnread(recordOf(Buffer.from(sessionLine('a', 2, 2))));
    read(sessions, 'a', [3, 3], [4, 5]);
    expect(left(sessions)).toEqual([['statements', 4, 4]]);
  });

  test('is filled by a file that appears late', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1], [5, 9]);
    read(sessions, 'a', [2, 2], [3, 4]);
    expect(left(sessions)).toEqual([
      ['lines', 4, 4],
      ['statements', 3, 3],
      ['statements', 5, 8],
    ]);
  });

  test('is reported with the times of the statements around it', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1], [2], [3, 3]);
    expect(sessions.takeAll()).toMatchObject([
      { user: 'Z990001', after: '2026-11-21 20:41:21.000 UTC', before: '2026-11-21 20:41:23.000 UTC' },
    ]);
  });
});

describe('after a restart', () => {
  test('what is known and what is missing stay', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1], [2, 3], [4]);
    const { saved } = sessions;
    const copy = structuredClone(saved);
    const next = new Sessions(times, saved);
    read(next, 'a', [5, 6]);
    expect(left(next)).toEqual([
      ['lines', 3, 3],
      ['statements', 2, 2],
      ['statements', 4, 5],
    ]);
    expect(saved).toEqual(copy);
  });

  test('a state of version 0.1 says nothing about earlier statements', () => {
    const sessions = early();
    read(sessions, 'a', [1, 1]);
    const { statements: _, missingStatements: __, ...old } = sessions.saved;
    const next = new Sessions(times, old);
    read(next, 'a', [2, 5], [3, 7]);
    expect(left(next)).toEqual([['statements', 6, 6]]);
  });
});
