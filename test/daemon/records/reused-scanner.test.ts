/** Scanners are used again for other files and other sources, and what was learnt in one stays there. */

import { expect, test } from 'vitest';
import { decide } from '../../../src/daemon/records/record.js';
import { Skipper } from '../../../src/daemon/records/skipper.js';
import { Filter } from '../../../src/decide/filter.js';
import { Users } from '../../../src/decide/users.js';
import { countRecord, noRecords } from '../../../src/event/counts.js';
import { COLUMN } from '../../../src/lib/csvlog.js';
import { CsvFramer } from '../../../src/read/frame/csv-framer.js';
import { csvRecord, DEFAULTS, writeMessage } from '../../support/csvlog.js';
import { decidersOf, RULES } from '../../support/skipped.js';

/** A source whose services are these; its files are read and closed one after the other. */
function source(service: string) {
  const isService = { test: (user: string) => user === service };
  const users = new Users({ serviceUsers: [isService], personalUsers: [], memberships: null });
  const deciders = decidersOf({ filter: new Filter({ ...RULES, users, otherUsers: 'ship' }) });
  const skipper = new Skipper(deciders);
  const counts = noRecords();
  const begin = (): CsvFramer => new CsvFramer({ offset: 0, maxRecordSize: 1 << 26 });
  /** Reads more of a file. */
  const readOn = async (framer: CsvFramer, log: string, isSkipping = true): Promise<void> => {
    framer.push(Buffer.from(log));
    let lastTime = framer.columns === 0 ? '' : DEFAULTS.logTime;
    for (;;) {
      if (isSkipping) lastTime = framer.skip(skipper, lastTime);
      const frame = framer.next();
      if (frame === null) break;
      if (frame.kind === 'record') lastTime = frame.text(COLUMN.logTime);
      const { offset, length } = frame;
      const reading = { file: { fileId: 'f', path: '/log/a.csv' }, record: { offset, length }, now: 1 };
      const { outcome, reason } = await decide(frame, reading, deciders);
      countRecord(counts, outcome, reason);
      if (isSkipping) skipper.learn(frame);
    }
    skipper.countInto(counts);
  };
  const read = async (log: string): Promise<void> => {
    const framer = begin();
    await readOn(framer, log);
    framer.close();
  };
  return { begin, readOn, read, counts, facts: deciders.facts };
}

const record = (user: string, pid: string, sessionLine: number): string =>
  csvRecord({ user, sessionId: `6b0201a1.${pid}`, sessionLine, message: writeMessage('x', [], sessionLine) });

test('a person of one server is not the service of the same name of another, in a session of the same id (I1)', async () => {
  const [a, b] = [source('app_a'), source('app_b')];
  await a.read(record('app_a', '1', 1) + record('app_a', '1', 2));
  await b.read(record('app_b', '2', 1) + record('app_b', '7', 1) + record('app_b', '7', 2));
  await a.read(record('app_a', '1', 3) + record('app_b', '7', 3) + record('app_b', '7', 4));
  expect(a.counts).toMatchObject({ read: 5, shipped: 2, dropped: { 'service-user': 3 } });
  expect(a.facts.sessions.saved.known.map(([id, line]) => [id, line])).toEqual([
    ['6b0201a1.1', 3],
    ['6b0201a1.7', 4],
  ]);
  expect(b.counts).toMatchObject({ read: 3, dropped: { 'service-user': 3 } });
});

test('what is read meanwhile without skipping is known to the scanner, too', async () => {
  const { begin, readOn, facts } = source('app_a');
  const [first, other] = [begin(), begin()];
  const lines = (pid: string, from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, index) => record('app_a', pid, from + index)).join('');
  await readOn(first, lines('1', 1, 3));
  await readOn(other, lines('1', 4, 6) + lines('f', 1, 5), false);
  await readOn(first, lines('1', 4, 5) + lines('f', 1, 2));
  expect(facts.sessions.saved.known.map(([id, line]) => [id, line])).toEqual([
    ['6b0201a1.1', 6],
    ['6b0201a1.f', 5],
  ]);
});

test('a file that begins with a record larger than the scanner has room for is read after another one', async () => {
  const a = source('app_a');
  await a.read(record('app_a', '1', 1) + record('app_a', '1', 2));
  const large = csvRecord({ sessionId: '6b0201a1.1', sessionLine: 3, message: 'x'.repeat(3 * 1024 * 1024) });
  await a.read(large + record('app_a', '1', 4));
  expect(a.counts).toMatchObject({ read: 4, dropped: { 'service-user': 3, 'not-audit': 1 } });
});
