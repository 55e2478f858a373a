/** What it costs to pass over a record, against what it costs to look at its bytes at all, in one process on one machine. */

import { expect, test, vi } from 'vitest';
import { Memory } from '../../src/parse/memory.js';
import { Skimmer } from '../../src/parse/skim.js';
import { timeReader } from '../../src/parse/time.js';
import { noRecords } from '../../src/record.js';
import { Framer } from '../../src/tail/frame.js';
import { auditMessage, csvRecord } from '../support/csvlog.js';

const RECORDS = 40_000;
const SESSIONS = 4;
const PIECE = 1024 * 1024;
const QUOTE = 0x22;
const NEWLINE = 0x0a;

/** Of four sessions, with statements that differ and parameters in quotes. */
function serviceLog(): Buffer {
  const records = Array.from({ length: RECORDS }, (_, index) => {
    const pid = 21_805 + (index % SESSIONS);
    const statement = `UPDATE pgbench_accounts SET abalance = abalance + ${index} WHERE aid = $1`;
    const message = auditMessage(['SESSION', '1', '1', 'WRITE', 'UPDATE', '', '', statement, `${index},7`]);
    const sessionLine = 1 + Math.floor(index / SESSIONS);
    return csvRecord({ user: 'app', pid, sessionId: `6b0201a1.${pid.toString(16)}`, sessionLine, message });
  });
  return Buffer.from(records.join(''));
}

/** Returns how many records were judged one by one. */
function skim(pieces: readonly Buffer[]): number {
  const { sessions } = new Memory(timeReader(undefined), null, 0);
  const skimmer = new Skimmer(sessions);
  const framer = new Framer({ offset: 0, maxRecordSize: 1 << 26 });
  let lastTime = '';
  let judged = 0;
  for (const piece of pieces) {
    framer.push(piece);
    for (;;) {
      lastTime = framer.skim(skimmer, lastTime);
      const frame = framer.next();
      if (frame === null) break;
      if (frame.kind !== 'record') throw new Error('the test wrote only records');
      judged++;
      lastTime = frame.text(0);
      sessions.note(frame, { fileId: 'f', path: '/log/a.csv' }, 1);
      skimmer.learn(frame, 'service-user');
    }
  }
  const counts = noRecords();
  skimmer.countInto(counts);
  expect(counts.read + judged).toBe(RECORDS);
  return judged;
}

/** Records by the quote rule alone, a byte at a time. */
function countRecords(pieces: readonly Buffer[]): number {
  let isQuoted = 0;
  let records = 0;
  for (const piece of pieces) {
    for (let i = 0; i < piece.length; i++) {
      if (piece[i] === QUOTE) isQuoted ^= 1;
      else if (piece[i] === NEWLINE) records += 1 - isQuoted;
    }
  }
  return records;
}

function shortest(run: () => unknown): number {
  const times = Array.from({ length: 9 }, () => {
    const started = performance.now();
    run();
    return performance.now() - started;
  });
  return Math.min(...times);
}

const log = serviceLog();
const pieces = Array.from({ length: Math.ceil(log.length / PIECE) }, (_, index) =>
  log.subarray(index * PIECE, (index + 1) * PIECE),
);

test('not much more than a look at each byte, where it is under one', () => {
  expect(countRecords(pieces)).toBe(RECORDS);
  const plain = shortest(() => countRecords(pieces));
  const skimmed = shortest(() => skim(pieces));
  expect(skimmed / plain).toBeLessThan(4);
});

test('no text of its own: there is one for each session, piece and second', () => {
  const texts = vi.spyOn(Buffer.prototype, 'toString');
  const judged = skim(pieces);
  const made = texts.mock.calls.length;
  texts.mockRestore();
  expect(judged).toBeLessThanOrEqual(SESSIONS + 1 + 3 * pieces.length);
  expect(made).toBeLessThan(RECORDS / 50);
});
