/** Lines that are certainly missing from a session are reported once, and saved state never changes (I11). */

import { describe, expect, test } from 'vitest';
import { timeReader } from '../../src/audit/time.js';
import type { Gap, Missing } from '../../src/event/gap.js';
import type { SourceFile } from '../../src/event/position.js';
import { COLUMN } from '../../src/lib/csvlog.js';
import { Sessions } from '../../src/session/sessions.js';
import type { Columns } from '../support/csvlog.js';
import { recordOf } from '../support/frames.js';
import { sessionLine } from '../support/log.js';

const NOW = Date.parse('2026-11-21T21:00:00Z');
const PATIENCE = 10_000;
const times = timeReader(undefined);
const FILE: SourceFile = { fileId: 'f', path: '/log/a.csv' };

function record(session: string, number: number, second = 1, more: Partial<Columns> = {}) {
  return recordOf(Buffer.from(sessionLine(session, number, second, more)));
}

function read(sessions: Sessions, session: string, ...numbers: number[]): void {
  for (const number of numbers) sessions.note(record(session, number), FILE, NOW);
}

function begun(session: string, ...numbers: number[]): Sessions {
  const sessions = new Sessions(times, undefined);
  read(sessions, session, ...numbers);
  return sessions;
}

/** A record was read that was written as soon as its session began. */
function early(forgotten?: number): Sessions {
  const sessions = new Sessions(times, undefined, forgotten);
  sessions.note(record('a', 1, 1, { logTime: '2026-11-21 20:40:01.000 UTC' }), FILE, NOW);
  return sessions;
}

const idOf = (session: string, second = 1): string => record(session, 1, second).text(COLUMN.sessionId);

function gap(length: number, more: Partial<Gap> = {}): Gap {
  return { kind: 'gap', reason: 'torn', offset: 0, length, ...more };
}

function rangesOf(missing: readonly Missing[]): [number, number][] {
  return missing.map(({ first, last }) => [first, last]);
}

describe('a tear', () => {
  // A record takes 100 bytes at least.
  test.each<[number, [number, number][]]>([
    [12, []],
    [13, [[2, 12]]],
  ])('of 1000 bytes before line %i', (next, reported) => {
    const sessions = begun('a', 1);
    sessions.noteGap(gap(1000), FILE);
    read(sessions, 'a', next);
    expect(rangesOf(sessions.takeAll())).toEqual(reported);
  });

  test('has no room for lines after a later line of the session', () => {
    const sessions = begun('a', 1);
    sessions.noteGap(gap(1000), FILE);
    read(sessions, 'a', 2, 4);
    expect(rangesOf(sessions.takeAll())).toEqual([[3, 3]]);
  });

  test('still has room after a copy brought a line that was read before it', () => {
    const sessions = begun('a', 1);
    sessions.noteGap(gap(1000), FILE);
    read(sessions, 'a', 1, 12);
    expect(rangesOf(sessions.takeAll())).toEqual([]);
  });

  test('that ended before the shipper was restarted has room as before', () => {
    const sessions = begun('a', 1);
    sessions.noteGap(gap(500), FILE);
    const next = new Sessions(times, sessions.saved);
    next.noteGap(gap(500), FILE);
    read(next, 'a', 12);
    expect(rangesOf(next.takeAll())).toEqual([]);
  });

  test('that is found late takes back as many lines of its folder as it has room for', () => {
    const left = (length: number, more?: Partial<Gap>, path = FILE.path): [number, number][] => {
      const sessions = begun('a', 1, 4);
      sessions.noteGap(gap(length, more), { ...FILE, path });
      return rangesOf(sessions.takeAll());
    };
    expect(left(200)).toEqual([]);
    expect(left(100)).toEqual([[2, 3]]);
    expect(left(200, { reason: 'vanished' })).toEqual([[2, 3]]);
    expect(left(200, {}, '/other/a.csv')).toEqual([[2, 3]]);
  });

  test('may hold the first lines of a session that began before the next record of its folder', () => {
    const sessions = early();
    sessions.noteGap(gap(1), FILE);
    sessions.note(record('b', 3, 2), FILE, NOW);
    expect(sessions.takeAll()).toEqual([]);
  });
});

describe('a gap whose record is known', () => {
  const known = (line: number): Gap =>
    gap(1, { reason: 'oversize', record: { session: idOf('a'), line: String(line) } });

  test('accounts for its line, whether the next, one that was missed, or the first', () => {
    const sessions = begun('a', 1);
    sessions.noteGap(known(2), FILE);
    read(sessions, 'a', 3, 6);
    sessions.noteGap(known(5), FILE);
    expect(rangesOf(sessions.takeAll())).toEqual([[4, 4]]);
    const fresh = new Sessions(times, undefined);
    fresh.noteGap(known(1), FILE);
    read(fresh, 'a', 3);
    expect(rangesOf(fresh.takeAll())).toEqual([[2, 2]]);
  });

  test('hides no line before it', () => {
    const sessions = begun('a', 1);
    sessions.noteGap(known(3), FILE);
    read(sessions, 'a', 4);
    expect(rangesOf(sessions.takeAll())).toEqual([[2, 3]]);
  });
});

describe('what is saved', () => {
  test('stays as it was, whatever is found, found late or postponed afterwards', () => {
    const sessions = begun('a', 1, 4);
    const { saved } = sessions;
    const copy = structuredClone(saved);
    expect(copy.missing).toMatchObject([{ foundAt: NOW, lines: { firstLine: 2, lastLine: 3 } }]);
    read(sessions, 'b', 1, 3);
    sessions.postpone(NOW + 1);
    expect(saved).toEqual(copy);
    expect(sessions.saved.missing).toHaveLength(2);
  });

  test('is empty if nothing was read', () => {
    const nothing = { known: [], torn: 0, since: [], forgotten: 0, missing: [] };
    Object.assign(nothing, { statements: [], missingStatements: [] });
    expect(new Sessions(times, undefined).saved).toEqual(nothing);
  });

  test('comes back: the same is known, missing, dropped and postponed', () => {
    const sessions = new Sessions(times, undefined, Date.parse('2026-11-21T20:40:01Z'));
    read(sessions, 'a', 1, 4);
    sessions.noteGap(gap(1), { ...FILE, path: '/other/a.csv' });
    read(sessions, 'b', 1);
    const { saved } = sessions;
    expect(new Sessions(times, saved).saved).toEqual(saved);
    expect(saved).toMatchObject({ torn: 1, forgotten: Date.parse('2026-11-21T20:40:01Z') });
    expect([saved.known, saved.since, saved.missing].map(list => list.length)).toEqual([2, 1, 1]);
  });
});

describe('what is missing', () => {
  test('is taken once, after the wait, and not sooner', () => {
    const sessions = begun('a', 1, 3);
    sessions.note(record('a', 6), FILE, NOW + 1);
    expect(sessions.takeOverdue(NOW + PATIENCE - 1)).toEqual([]);
    expect(rangesOf(sessions.takeOverdue(NOW + PATIENCE))).toEqual([[2, 2]]);
    expect(rangesOf(sessions.takeOverdue(NOW + PATIENCE))).toEqual([]);
    expect(rangesOf(sessions.takeOverdue(NOW + PATIENCE + 1))).toEqual([[4, 5]]);
    read(sessions, 'a', 8);
    expect(rangesOf(sessions.takeAll())).toEqual([[7, 7]]);
    expect(sessions.takeAll()).toEqual([]);
  });

  test('is reported with the times of the lines around it, if they are known', () => {
    const sessions = early();
    read(sessions, 'a', 3);
    sessions.noteGap(gap(1, { reason: 'oversize', record: { session: idOf('a'), line: '4' } }), FILE);
    read(sessions, 'a', 6);
    sessions.note(record('b', 3, 2), FILE, NOW);
    expect(sessions.takeAll().map(({ after, before }) => [after, before])).toEqual([
      ['2026-11-21 20:40:01.000 UTC', '2026-11-21 20:41:13.000 UTC'],
      [null, '2026-11-21 20:41:16.000 UTC'],
      [null, '2026-11-21 20:41:23.000 UTC'],
    ]);
  });

  test('waits for files that cannot be read, as long as there is not too much of it (I9)', () => {
    const sessions = begun('a', ...Array.from({ length: 1001 }, (_, n) => 1 + 2 * n));
    sessions.postpone(NOW + PATIENCE);
    expect(sessions.takeOverdue(NOW + PATIENCE)).toEqual([]);
    read(sessions, 'a', 2003);
    sessions.postpone(NOW + 2 * PATIENCE);
    expect(sessions.takeOverdue(NOW + 2 * PATIENCE)).toHaveLength(1001);
  });

  test('is taken back line by line as late files bring it', () => {
    const left = (...late: number[]): [number, number][] => {
      const sessions = begun('a', 1, 6);
      read(sessions, 'b', 1, 6);
      read(sessions, 'a', ...late);
      return rangesOf(sessions.takeAll());
    };
    const other: [number, number] = [2, 5];
    expect(left(1, 6)).toEqual([[2, 5], other]);
    expect(left(7, 8, 8)).toEqual([[2, 5], other]);
    expect(left(2)).toEqual([[3, 5], other]);
    expect(left(5)).toEqual([[2, 4], other]);
    expect(left(4)).toEqual([[2, 3], [5, 5], other]);
    expect(left(3, 2, 5, 4)).toEqual([other]);
  });

  test('is found late as soon as if it had come in order: a late file postpones nothing', () => {
    const sessions = begun('a', 1, 6);
    sessions.note(record('a', 3), FILE, NOW + 5000);
    expect(rangesOf(sessions.takeOverdue(NOW + PATIENCE))).toEqual([
      [2, 2],
      [4, 5],
    ]);
    read(sessions, 'a', 7);
    expect(sessions.takeAll()).toEqual([]);
  });
});

describe('the first lines of a session', () => {
  function left(sessions: Sessions, second: number, more?: Partial<Columns>, path = FILE.path) {
    sessions.note(record('b', 3, second, more), { ...FILE, path }, NOW);
    return rangesOf(sessions.takeAll());
  }

  test('are missing if it began after the first record of its folder was written', () => {
    expect(left(early(), 1)).toEqual([]);
    expect(left(early(), 2)).toEqual([[1, 2]]);
    expect(left(early(), 2, { sessionStart: '2026-11-21 20:40:01 UTC' })).toEqual([]);
    expect(left(early(), 2, { sessionStart: '2026-11-21 20:40:02 XYZ' })).toEqual([]);
    expect(left(early(), 2, {}, '/other/a.csv')).toEqual([]);
    expect(left(begun('a', 1), 2)).toEqual([]);
    const later = early();
    later.note(record('c', 1, 9), FILE, NOW);
    expect(left(later, 2)).toEqual([[1, 2]]);
  });

  test('are not known to be missing if the first record of its folder has no time', () => {
    const sessions = new Sessions(times, undefined);
    sessions.note(record('a', 1, 1, { logTime: '2026-11-21 20:40:01.000 XYZ' }), FILE, NOW);
    expect(left(sessions, 2)).toEqual([]);
  });

  test('may have been read if the state was lost since', () => {
    expect(left(early(Date.parse('2026-11-21T20:40:02Z')), 2)).toEqual([]);
    expect(left(early(Date.parse('2026-11-21T20:40:02Z')), 3)).toEqual([[1, 2]]);
  });
});

describe('sessions beyond those that are remembered (I9)', () => {
  const MOST = 2500;
  const KEPT = 2000;

  test('are dropped if they were quiet longest, many at once, and count as seen from the middle when they continue', () => {
    const sessions = early();
    for (let n = 1; n < MOST; n++) sessions.note(record(n.toString(16), 1, 3), FILE, NOW);
    const forgotten: string[] = [];
    sessions.onForget = session => void forgotten.push(session);
    read(sessions, 'a', 2);
    sessions.note(record('ffff', 1, 2), FILE, NOW);
    expect([sessions.known(idOf('a')), sessions.known(idOf('1', 3))]).toMatchObject([{ line: 2 }, undefined]);
    const quiet = Array.from({ length: MOST + 1 - KEPT }, (_, index) => idOf((index + 1).toString(16), 3));
    expect(forgotten).toEqual(quiet);
    expect([sessions.room, sessions.saved.known.length]).toEqual([MOST - KEPT, KEPT]);
    expect(sessions.saved).toMatchObject({ forgotten: Date.parse('2026-11-21T20:40:03Z') });
    sessions.note(record('1', 9, 3), FILE, NOW);
    expect(sessions.takeAll()).toEqual([]);
    expect(sessions.saved.known).toHaveLength(KEPT + 1);
  });

  test('leave the time until which they began: an older one changes nothing', () => {
    const sessions = begun('a', 1);
    sessions.note(record('b', 1, 5), FILE, NOW);
    read(sessions, 'a', 2);
    const start = (n: number): number => (n < MOST - KEPT ? 3 : 9);
    for (let n = 1; n < MOST; n++) sessions.note(record(n.toString(16), 1, start(n)), FILE, NOW);
    expect([sessions.known(idOf('b', 5)), sessions.known(idOf('a'))]).toEqual([undefined, undefined]);
    expect(sessions.saved).toMatchObject({ forgotten: Date.parse('2026-11-21T20:40:05Z') });
  });
});

describe('in a file that is read again', () => {
  const UNTIL = '2026-11-21 20:41:14.000 UTC';
  const anew = (rereadUntil: string): SourceFile => ({ ...FILE, rereadUntil });

  test('the known session shows what was read', () => {
    const sessions = begun('a', 1, 2, 3);
    expect(sessions.wasRead(record('a', 3), FILE)).toBe(false);
    expect(sessions.wasRead(record('a', 3), anew(UNTIL))).toBe(true);
    expect(sessions.wasRead(record('a', 4), anew(UNTIL))).toBe(false);
  });

  test('records later than everything that was read were not read, nor records without a time', () => {
    const sessions = begun('a', 1, 2, 3, 4, 5);
    expect(sessions.wasRead(record('a', 4), anew(UNTIL))).toBe(true);
    expect(sessions.wasRead(record('a', 5), anew(UNTIL))).toBe(false);
    expect(sessions.wasRead(record('a', 4, 1, { logTime: '2026-11-21 20:41:14.000 XYZ' }), anew(UNTIL))).toBe(
      false,
    );
    expect(sessions.wasRead(record('a', 4), anew('2026-11-21 20:41:14.000 XYZ'))).toBe(false);
  });

  test('a session that may have been dropped was read, another not', () => {
    const sessions = new Sessions(times, undefined, Date.parse('2026-11-21T20:40:01Z'));
    const late = anew('2026-11-21 20:42:00.000 UTC');
    expect(sessions.wasRead(record('a', 1, 1), late)).toBe(true);
    expect(sessions.wasRead(record('a', 1, 2), late)).toBe(false);
  });
});
