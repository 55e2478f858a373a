/** Archives that are intact in every way, with a test's own events. */

import { gzipSync } from 'node:zlib';
import { noRecords, type RecordCounts } from '../../src/event/counts.js';
import type { NewEvent } from '../../src/event/event.js';
import type { LifecycleFields } from '../../src/event/lifecycle.js';
import type { SealReason } from '../../src/event/names.js';
import type { SealFields } from '../../src/event/seal.js';
import { formatObjectName } from '../../src/lib/object-name.js';
import { sha256 } from './archive.js';
import { writeObject } from './search.js';

const FIRST: SealedChain = {
  instance: 'prod',
  node: 'pg-0',
  chain: '20250901T000000Z-0001',
  lifecycle: { action: 'started', version: '1.0.0', newChain: true, reason: 'archive-empty' },
  fileId: 'f',
};
const OF_LOG = ['statement', 'suspect', 'failure'];

/** How a chain begins after one whose end was damaged. */
export const AFTER_DAMAGE = {
  action: 'started',
  version: '1.0.0',
  newChain: true,
  reason: 'archive-damaged',
} as const;

export interface SealedSegment {
  readonly date: string;
  /** They get positions in the log file in this order. */
  readonly events: readonly NewEvent[];
  /** Version 0.1 has none. */
  readonly until?: SealFields['seal']['until'];
  /** 23:30 of its day. */
  readonly sealedAt?: string;
  readonly reason?: SealReason;
  /** Milliseconds; version 0.1 has none. */
  readonly maxAge?: number;
  readonly positions?: SealFields['seal']['positions'];
}

export interface SealedChain extends Place {
  readonly chain: string;
  /** Of its first event; null if it is not new. */
  readonly lifecycle: LifecycleFields['lifecycle'];
  /** Of its first event; midnight of the first day. */
  readonly startedAt?: string;
  /** Of the log file that it reads. */
  readonly fileId: string;
}

/** One segment for each UTC day of events that come in order. */
export function byDay(events: readonly NewEvent[]): SealedSegment[] {
  return [...Map.groupBy(events, ({ time }) => time.slice(0, 10))].map(([date, ofDay]) => ({
    date,
    events: ofDay,
  }));
}

interface Place {
  readonly instance: string;
  readonly node: string;
}

interface End {
  readonly seq: number;
  readonly hash: string;
  /** In the log file. */
  readonly offset: number;
}

/** Writes one chain to a folder and returns the names of its objects, and the hash of the last line. */
export async function writeSealed(
  folder: string,
  segments: readonly SealedSegment[],
  given: Partial<SealedChain> = {},
): Promise<{ names: string[]; lastHash: string; lastSeq: number; offset: number }> {
  const chain: SealedChain = { ...FIRST, ...given };
  let end: End = { seq: 0, hash: '0'.repeat(64), offset: 0 };
  const names: string[] = [];
  for (const segment of segments) {
    const made = makeObject(segment, end, chain);
    await writeObject(folder, made);
    names.push(made.name);
    end = made.end;
  }
  return { names, lastHash: end.hash, lastSeq: end.seq, offset: end.offset };
}

function makeObject(
  { date, events, until, sealedAt = `${date}T23:30:00.000Z`, reason = 'date', ...rest }: SealedSegment,
  before: End,
  { instance, node, chain, lifecycle, fileId, startedAt = `${date}T00:00:00.000Z` }: SealedChain,
): { name: string; body: Buffer; end: End } {
  const place = { instance, node };
  const started: NewEvent = { kind: 'lifecycle', time: startedAt, ...place, lifecycle };
  const first = before.seq === 0 ? [started] : [];
  const newEvents = [...first, ...events].map((newEvent, index) =>
    placed(newEvent, before.offset + index * 100, fileId),
  );
  const seal = sealOf(
    newEvents,
    before,
    { ...rest, time: sealedAt, fileId, reason, ...(until && { until }) },
    place,
  );
  let { seq, hash } = before;
  const lines = [...newEvents, seal.newEvent].map(({ kind, id, ...rest }) => {
    seq += 1;
    const head = { v: 1, chain, seq, previousHash: hash, kind };
    const line = JSON.stringify({
      ...head,
      id: id?.replace(/^[^/]*/, instance) ?? `${instance}/${chain}/${seq}`,
      ...rest,
      ...place,
    });
    hash = sha256(Buffer.from(line));
    return line;
  });
  const content = Buffer.from(`${lines.join('\n')}\n`);
  const name = formatObjectName(
    { prefix: '', ...place },
    { date, chain, firstSeq: before.seq + 1, lastSeq: seq, hash: sha256(content).slice(0, 16) },
  );
  return { name, body: gzipSync(content), end: { seq, hash, offset: seal.offset } };
}

function placed(newEvent: NewEvent, offset: number, fileId: string): NewEvent {
  return OF_LOG.includes(newEvent.kind) && 'source' in newEvent
    ? { ...newEvent, source: { ...newEvent.source, fileId, offset, length: 100 } }
    : newEvent;
}

interface Closing extends Pick<SealedSegment, 'until' | 'maxAge' | 'positions'> {
  readonly time: string;
  readonly fileId: string;
  readonly reason: SealReason;
}

function sealOf(
  newEvents: readonly NewEvent[],
  { seq, offset }: End,
  { time, until, fileId, reason, maxAge, positions }: Closing,
  place: Place,
): { newEvent: NewEvent; offset: number } {
  const kinds = newEvents.map(({ kind }) => kind);
  const events = Object.fromEntries(
    [...new Set(kinds)].map(kind => [kind, kinds.filter(one => one === kind).length]),
  );
  const records = recordsOf(newEvents);
  const ends = newEvents.map(newEvent =>
    'source' in newEvent ? newEvent.source.offset + newEvent.source.length : 0,
  );
  const to = Math.max(offset, ...ends);
  const seal: SealFields['seal'] = {
    reason,
    firstSeq: seq + 1,
    events,
    records,
    coverage: [{ file: 'a.csv', fileId, from: offset, to, records }],
    // Only for the chain's own server.
    files: (until ?? []).flatMap(({ source }) => (source === undefined ? [positionAt(to, fileId)] : [])),
    ...(until === undefined ? {} : { until }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(positions === undefined ? {} : { positions }),
  };
  return { newEvent: { kind: 'seal', time, ...place, seal }, offset: to };
}

function recordsOf(newEvents: readonly NewEvent[]): RecordCounts {
  const shipped = newEvents.filter(({ kind }) => OF_LOG.includes(kind)).length;
  const torn = newEvents.filter(
    newEvent => newEvent.kind === 'gap' && !newEvent.gap.reason.startsWith('missing-'),
  ).length;
  return {
    ...noRecords(),
    read: shipped + torn + 3,
    shipped,
    dropped: { 'service-user': 3 },
    rejected: torn === 0 ? {} : { torn },
  };
}

function positionAt(offset: number, fileId: string): SealFields['seal']['files'][number] {
  const tail = { length: 0, sha256: sha256(Buffer.alloc(0)) };
  return {
    fileId,
    contentId: fileId,
    path: 'a.csv',
    firstTime: 0,
    lastTime: '',
    columns: 26,
    offset,
    size: offset,
    tail,
  };
}
