/** A service's log, and skimming it. */

import { timeReader } from '../../src/audit/time.js';
import { Skimmer } from '../../src/daemon/skim/skim.js';
import { noRecords } from '../../src/event/counts.js';
import { Framer } from '../../src/read/frame/framer.js';
import { SessionFacts } from '../../src/session/facts.js';
import { auditMessage, csvRecord } from './csvlog.js';
import { pieces } from './frames.js';

export const RECORDS = 40_000;
export const SESSIONS = 4;
const PIECE = 1024 * 1024;
const FILE = { fileId: 'f', path: '/log/a.csv' };

/** Of four sessions, with statements that differ and parameters in quotes. */
export function serviceLog(): Buffer {
  const records = Array.from({ length: RECORDS }, (_, index) => {
    const pid = 21_805 + (index % SESSIONS);
    const statement = `UPDATE pgbench_accounts SET abalance = abalance + ${index} WHERE aid = $1`;
    const message = auditMessage(['SESSION', '1', '1', 'WRITE', 'UPDATE', '', '', statement, `${index},7`]);
    const sessionLine = 1 + Math.floor(index / SESSIONS);
    return csvRecord({ user: 'app', pid, sessionId: `6b0201a1.${pid.toString(16)}`, sessionLine, message });
  });
  return Buffer.from(records.join(''));
}

/** Returns how many records were decided one by one. */
export function skim(pieces: readonly Buffer[]): number {
  const { sessions } = new SessionFacts(timeReader(undefined), null, 0);
  const skimmer = new Skimmer(sessions);
  const framer = new Framer({ offset: 0, maxRecordSize: 1 << 26 });
  let lastTime = '';
  let decided = 0;
  for (const piece of pieces) {
    framer.push(piece);
    for (;;) {
      lastTime = framer.skim(skimmer, lastTime);
      const frame = framer.next();
      if (frame === null) break;
      if (frame.kind !== 'record') throw new Error('the test wrote only records');
      decided++;
      lastTime = frame.text(0);
      sessions.note(frame, FILE, 1);
      sessions.noteStatement(frame, 1, FILE, 1);
      skimmer.learn(frame, 'service-user');
    }
  }
  const counts = noRecords();
  skimmer.countInto(counts);
  if (counts.read + decided !== RECORDS) throw new Error('not all records were counted');
  return decided;
}

export function inPieces(log: Buffer): Buffer[] {
  return pieces(log, PIECE);
}
