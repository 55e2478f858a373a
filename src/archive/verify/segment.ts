/** The totals of one object's events, and whether its seal says the same. */

import { z } from 'zod';
import type { RecordCounts } from '../../event/counts.js';
import { MISSING_REASONS } from '../../event/names.js';
import { type Coverage, sealSchema } from '../../event/seal.js';
import type { DeepReadonly } from '../../lib/deep-readonly.js';
import { fileKey } from './file-key.js';
import { isOfRecord, notAnEvent, type ReadEvent } from './read-event.js';
import { Broken } from './result.js';
import { Tally } from './tally.js';

/** Reasons may be added. */
const sealOf = sealSchema.shape.seal.extend({ reason: z.string() });
const sealLine = z.object({ seal: sealOf });

export type Seal = DeepReadonly<z.infer<typeof sealOf>>;

/** Bytes `from` to `to` of a file, from which events of the segment were read. */
interface Range {
  readonly from: number;
  to: number;
}

export class Segment {
  readonly #firstSeq: number;
  /** The chain's instance; events of another belong to one of several servers. */
  readonly #instance: string;
  /** By kind. */
  readonly events = new Tally();
  /** Events that count as one record each. */
  #records = 0;
  /** By reason. */
  readonly gaps = new Tally();
  /** By the file's key. */
  readonly #ranges = new Map<string, Range>();
  /** The range of the event before, which nearly always comes from the same file. */
  #latest: { readonly instance: string; readonly fileId: string; readonly range: Range } | null = null;
  /** When its first, earliest and latest event was received, in milliseconds since the epoch. */
  firstReceived: number | null = null;
  earliest = Number.POSITIVE_INFINITY;
  latest = Number.NEGATIVE_INFINITY;

  constructor(firstSeq: number, instance: string) {
    this.#firstSeq = firstSeq;
    this.#instance = instance;
  }

  /** Takes an event other than a seal. Throws Broken if its record comes before an earlier event's in the log. */
  add(event: ReadEvent): void {
    const { kind, gap, source, instance, receivedAtMs } = event;
    const isRecord = isOfRecord(event);
    this.events.add(kind);
    if (isRecord) this.#records += 1;
    if (gap !== undefined) this.gaps.add(gap.reason);
    if (source !== undefined && isRecord) this.#addSource(instance, source);
    this.received(receivedAtMs);
  }

  received(time: number): void {
    this.firstReceived ??= time;
    this.earliest = Math.min(this.earliest, time);
    this.latest = Math.max(this.latest, time);
  }

  /** A file is read from its start to its end. */
  #addSource(
    instance: string,
    { fileId, offset, length }: { fileId: string; offset: number; length: number },
  ): void {
    const range = this.#rangeOf(instance, fileId) ?? this.#newRange(instance, fileId, offset);
    if (offset < range.to)
      throw new Broken('source', 'the event comes after one whose record is later in the log file');
    range.to = offset + length;
  }

  #rangeOf(instance: string, fileId: string): Range | null {
    if (this.#latest?.fileId === fileId && this.#latest.instance === instance) return this.#latest.range;
    const range = this.#ranges.get(this.#keyOf(instance, fileId)) ?? null;
    if (range !== null) this.#latest = { instance, fileId, range };
    return range;
  }

  #newRange(instance: string, fileId: string, from: number): Range {
    const range = { from, to: from };
    this.#ranges.set(this.#keyOf(instance, fileId), range);
    return range;
  }

  #keyOf(instance: string, fileId: string): string {
    return fileKey(instance === this.#instance ? { fileId } : { source: instance, fileId });
  }

  /** Throws Broken if the seal does not match these events. */
  close(event: ReadEvent): Seal {
    const parsed = sealLine.safeParse(event.whole);
    if (!parsed.success) throw notAnEvent(parsed.error);
    const { seal } = parsed.data;
    if (seal.firstSeq !== this.#firstSeq)
      throw new Broken('counts', "the seal names a first event other than its object's");
    if (!this.events.equals(seal.events))
      throw new Broken('counts', "the seal's counts of events do not match its object");
    this.#checkRecords(seal);
    this.#checkRows(seal);
    this.#checkRanges(seal.coverage);
    return seal;
  }

  #checkRecords({ records, coverage }: Seal): void {
    const perFile = coverage.map(one => one.records);
    for (const counts of [records, ...perFile]) checkSum(counts);
    const isTogether =
      records.read === total(perFile, one => one.read) &&
      records.shipped === total(perFile, one => one.shipped) &&
      together(perFile.map(one => one.dropped)).equals(records.dropped) &&
      together(perFile.map(one => one.rejected)).equals(records.rejected);
    if (!isTogether)
      throw new Broken('counts', "the seal's counts of records are not the sum of those of its files");
    const unread = this.gaps.sum(reason => !MISSING_REASONS.has(reason));
    if (records.shipped !== this.#records || sum(records.rejected) !== unread)
      throw new Broken('counts', "the seal's counts of shipped or rejected records do not match its object");
  }

  /** Each row that was read is a shipped or a dropped one. */
  #checkRows({ rows = [] }: Seal): void {
    for (const { records } of rows) checkSum(records);
    if (
      total(
        rows.map(({ records }) => records),
        one => one.shipped,
      ) !== this.events.of('row')
    )
      throw new Broken('counts', "the seal's counts of rows do not match its object");
  }

  /** Events must come from bytes that the seal covers. */
  #checkRanges(coverage: readonly Coverage[]): void {
    const byKey = new Map(coverage.map(one => [fileKey(one), one]));
    for (const [key, range] of this.#ranges) {
      const covered = byKey.get(key);
      if (covered === undefined || range.from < covered.from || range.to > covered.to)
        throw new Broken('coverage', 'events come from bytes that the seal does not cover');
    }
  }
}

function checkSum({ read, shipped, dropped, rejected }: RecordCounts): void {
  const all = [read, shipped, ...Object.values(dropped), ...Object.values(rejected)];
  if (!all.every(count => Number.isSafeInteger(count) && count >= 0))
    throw new Broken('counts', 'the seal has counts of records that are not valid numbers');
  if (read !== shipped + sum(dropped) + sum(rejected))
    throw new Broken('counts', 'the seal does not account for every record that was read');
}

function together(counts: readonly Readonly<Record<string, number>>[]): Tally {
  const tally = new Tally();
  for (const one of counts) tally.addAll(one);
  return tally;
}

function total(counts: readonly RecordCounts[], of: (one: RecordCounts) => number): number {
  return counts.reduce((all, one) => all + of(one), 0);
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, count) => all + count, 0);
}
