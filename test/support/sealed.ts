/** Archives that are whole in every way, of events that a test makes up. */

import { gzipSync } from 'node:zlib';
import type { Draft, SealContent } from '../../src/event.js';
import { formatObjectName } from '../../src/object-name.js';
import { noRecords, type RecordCounts } from '../../src/record.js';
import { sha256 } from './archive.js';
import { writeObject } from './search.js';

const CHAIN = '20250901T000000Z-0001';
const FILE = { file: 'a.csv', fileId: 'f' };
const OF_LOG = ['statement', 'suspect', 'failure'];

export interface SealedSegment {
  readonly date: string;
  /** They get places in the log file in this order. */
  readonly events: readonly Draft[];
}

/** One segment for each UTC day of events that come in order. */
export function byDay(events: readonly Draft[]): SealedSegment[] {
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
  place: Place = { instance: 'prod', node: 'pg-0' },
): Promise<{ names: string[]; lastHash: string }> {
  let end: End = { seq: 0, hash: '0'.repeat(64), offset: 0 };
  const names: string[] = [];
  for (const segment of segments) {
    const made = makeObject(segment, end, place);
    await writeObject(folder, made);
    names.push(made.name);
    end = made.end;
  }
  return { names, lastHash: end.hash };
}

function makeObject(
  { date, events }: SealedSegment,
  before: End,
  place: Place,
): { name: string; body: Buffer; end: End } {
  const first = before.seq === 0 ? [started(date, place)] : [];
  const drafts = [...first, ...events].map((draft, index) => placed(draft, before.offset + index * 100));
  const seal = sealOf(drafts, before, `${date}T23:30:00.000Z`, place);
  let { seq, hash } = before;
  const lines = [...drafts, seal.draft].map(({ kind, id, ...rest }) => {
    seq += 1;
    const head = { v: 1, chain: CHAIN, seq, previousHash: hash, kind };
    const line = JSON.stringify({
      ...head,
      id: id ?? `${place.instance}/${CHAIN}/${seq}`,
      ...rest,
      ...place,
    });
    hash = sha256(Buffer.from(line));
    return line;
  });
  const content = Buffer.from(`${lines.join('\n')}\n`);
  const name = formatObjectName(
    { prefix: '', ...place },
    { date, chain: CHAIN, firstSeq: before.seq + 1, lastSeq: seq, hash: sha256(content).slice(0, 16) },
  );
  return { name, body: gzipSync(content), end: { seq, hash, offset: seal.offset } };
}

function placed(draft: Draft, offset: number): Draft {
  return OF_LOG.includes(draft.kind) && 'source' in draft
    ? { ...draft, source: { ...draft.source, offset, length: 100 } }
    : draft;
}

function started(date: string, place: Place): Draft {
  const lifecycle = { action: 'started', version: '1.0.0', newChain: true, reason: 'archive-empty' } as const;
  return { kind: 'lifecycle', time: `${date}T00:00:00.000Z`, ...place, lifecycle };
}

function sealOf(
  drafts: readonly Draft[],
  { seq, offset }: End,
  time: string,
  place: Place,
): { draft: Draft; offset: number } {
  const kinds = drafts.map(({ kind }) => kind);
  const events = Object.fromEntries(
    [...new Set(kinds)].map(kind => [kind, kinds.filter(one => one === kind).length]),
  );
  const records = recordsOf(drafts);
  const ends = drafts.map(draft => ('source' in draft ? draft.source.offset + draft.source.length : 0));
  const to = Math.max(offset, ...ends);
  const seal: SealContent['seal'] = {
    reason: 'age',
    firstSeq: seq + 1,
    events,
    records,
    coverage: [{ ...FILE, from: offset, to, records }],
    files: [],
  };
  return { draft: { kind: 'seal', time, ...place, seal }, offset: to };
}

function recordsOf(drafts: readonly Draft[]): RecordCounts {
  const shipped = drafts.filter(({ kind }) => OF_LOG.includes(kind)).length;
  const torn = drafts.filter(
    draft => draft.kind === 'gap' && !draft.gap.reason.startsWith('missing-'),
  ).length;
  return {
    ...noRecords(),
    read: shipped + torn + 3,
    shipped,
    dropped: { 'service-user': 3 },
    rejected: torn === 0 ? {} : { torn },
  };
}
