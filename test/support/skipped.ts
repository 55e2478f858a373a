/** Decides a log with and without skipping, to see that it makes no difference. */

import { pino } from 'pino';
import { expect } from 'vitest';
import { timeReader } from '../../src/audit/time.js';
import { Health } from '../../src/daemon/health.js';
import { createMetrics } from '../../src/daemon/metrics.js';
import type { Deciders } from '../../src/daemon/records/outcome.js';
import { decide } from '../../src/daemon/records/record.js';
import { Skipper } from '../../src/daemon/records/skipper.js';
import { Telemetry } from '../../src/daemon/telemetry/telemetry.js';
import { Filter, type FilterRules } from '../../src/decide/filter.js';
import { Users } from '../../src/decide/users.js';
import { countRecord, noRecords, type RecordCounts } from '../../src/event/counts.js';
import { COLUMN } from '../../src/lib/csvlog.js';
import type { LogFormat } from '../../src/lib/log-format.js';
import { createFramer } from '../../src/read/frame/framers.js';
import type { Frame } from '../../src/read/record.js';
import { createRedactor } from '../../src/redact/redact.js';
import { SessionFacts } from '../../src/session/facts.js';

const FILE = { fileId: 'f', path: '/log/a.csv' };

export const RULES: FilterRules = {
  classes: new Set(['WRITE', 'DDL', 'ROLE']),
  users: new Users({
    serviceUsers: [{ test: user => user.startsWith('app') }],
    personalUsers: [{ test: user => user.startsWith('Z') }],
    memberships: null,
  }),
  otherUsers: 'drop',
  backgroundWorkers: 'ship',
  rows: 'ship',
};

const telemetry = new Telemetry(pino({ level: 'silent' }), createMetrics(), new Health());

export function decidersOf(overrides: Partial<Deciders> = {}): Deciders {
  const times = timeReader(undefined);
  return {
    times,
    facts: new SessionFacts(times, null, 0),
    heartbeat: null,
    filter: new Filter(RULES),
    identify: async ({ user }) => ({ user, status: 'unresolved', resolvedBy: [] }),
    redact: createRedactor([]),
    escrow: null,
    relations: async () => ({}),
    isWrite: () => false,
    classesOf: sql => (sql.startsWith('UPDATE') ? ['WRITE'] : []),
    auditedClasses: () => RULES.classes,
    large: null,
    decoderOf: () => null,
    genuine: { isWarning: false },
    isTwin: () => false,
    daemon: { instance: 'i', node: 'n' },
    telemetry,
    ...overrides,
  };
}

/** All outcomes of a log. */
export interface Outcome {
  readonly counts: RecordCounts;
  /** Events of shipped and rejected records. */
  readonly events: readonly object[];
  readonly facts: object;
  readonly lastTime: string;
  readonly columns: number;
  readonly position: number;
  /** Records that were decided one by one. */
  readonly decided: number;
}

/** Reads a log in these pieces, as a follower does. */
export async function outcomeOf(
  pieces: readonly Buffer[],
  isSkipping: boolean,
  {
    maxRecordSize = 1 << 26,
    format = 'csvlog',
    ...overrides
  }: Partial<Deciders> & { maxRecordSize?: number; format?: LogFormat } = {},
): Promise<Outcome> {
  const deciders = decidersOf(overrides);
  const skipper = new Skipper(deciders);
  const framer = createFramer({ format, offset: 0, maxRecordSize });
  const counts = noRecords();
  const events: object[] = [];
  let lastTime = '';
  let decided = 0;
  const take = async (frame: Frame): Promise<void> => {
    const reading = { file: FILE, record: { offset: frame.offset, length: frame.length }, now: 1 };
    const result = await decide(frame, reading, deciders);
    countRecord(counts, result.outcome, result.reason);
    if (result.derived !== undefined) events.push(await result.derived);
    if (result.outcome !== 'dropped') events.push(await result.event);
    skipper.learn(frame);
  };
  for (const piece of [...pieces, null]) {
    if (piece === null) framer.finish();
    else framer.push(piece);
    for (;;) {
      if (isSkipping) lastTime = framer.skip(skipper, lastTime);
      const frame = framer.next();
      if (frame === null) break;
      decided++;
      if (frame.kind === 'record') {
        const time = frame.text(COLUMN.logTime);
        if (time > lastTime || time.slice(24) !== lastTime.slice(24)) lastTime = time;
      }
      await take(frame);
    }
  }
  skipper.countInto(counts);
  const { columns, position } = framer;
  framer.close();
  return { counts, events, facts: deciders.facts.saved, lastTime, columns, position, decided };
}

/** What comes of a log with and without skipping, and how many records were skipped. */
export async function compare(
  pieces: readonly Buffer[],
  options: Parameters<typeof outcomeOf>[2] = {},
): Promise<{
  readonly skipping: Omit<Outcome, 'decided'>;
  readonly plain: object;
  readonly skipped: number;
}> {
  const { decided, ...skipping } = await outcomeOf(pieces, true, options);
  const { decided: all, ...plain } = await outcomeOf(pieces, false, options);
  return { skipping, plain, skipped: all - decided };
}

/** Both must come to the same. Returns how many records were skipped. */
export async function expectSame(
  pieces: readonly Buffer[],
  options: Parameters<typeof compare>[1] = {},
): Promise<number> {
  const { skipping, plain, skipped } = await compare(pieces, options);
  expect(skipping).toEqual(plain);
  expect(JSON.stringify(skipping.facts)).toBe(JSON.stringify(Reflect.get(plain, 'facts')));
  return skipped;
}
