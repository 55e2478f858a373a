/** What the journal knows, and how it changes: by nothing but what came, and when. */

import { basename } from 'node:path';
import { addRecords, noRecords, type RecordCounts } from '../event/counts.js';
import type { PreviousChain } from '../event/lifecycle.js';
import { type EventJson, jsonOf, type Sign } from '../event/line.js';
import type { NewChainReason, SealReason } from '../event/names.js';
import type { SourceFile } from '../event/position.js';
import type { ChainEnd, Coverage, SealFields } from '../event/seal.js';
import { hasPassed } from '../lib/clock.js';
import { Lines } from '../lib/line-buffer.js';
import { type ChainState, link } from './chain.js';
import type { Sealed, SegmentName } from './segments.js';
import { filesOf, marked, OWN, type Resume, type Resumes, resumesOf } from './sources.js';

/** A segment that is still written to. */
export interface OpenSegment extends SegmentName {
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** Its events by kind. */
  readonly events: Readonly<Record<string, number>>;
}

export interface JournalState {
  /** Part of the archive's paths: a chain keeps the name under which it began. */
  readonly node: string;
  readonly chain: ChainState;
  /** Sealed and not delivered everywhere, in writing order. */
  readonly sealed: readonly Sealed[];
  readonly segment: OpenSegment | null;
  /** The newest segment's date: names must sort in writing order even where the clock is set back. */
  readonly lastDate: string;
  /** When the last seal was written, in milliseconds since the epoch. */
  readonly sealedAt: number;
  /** What was read since the last seal; the file read last comes last. */
  readonly coverage: readonly Coverage[];
  /** By server. */
  readonly resumes: Resumes;
  /** How this state came to be, until the first event of the run tells it. */
  readonly origin: Origin | null;
  /** Of a chain that has just begun: the one before it, where the archive could tell. */
  readonly previousChain?: PreviousChain;
}

/** A chain that has just begun, and why, or one that the archive's newest seal told of. */
export type Origin = NewChainReason | 'taken-up';

/** What one batch of the log came to. */
export interface Progress {
  readonly file: SourceFile;
  /** Bytes `from` to `to` of the file were read; these records were in them. */
  readonly from: number;
  readonly to: number;
  readonly records: RecordCounts;
}

/** Events that belong together, what was read to make them, and where reading goes on. They become durable together. */
export interface JournalEntry {
  /** The server whose log it is of, where there are several. */
  readonly source?: string;
  readonly contents: readonly EventJson[];
  readonly progress?: Progress;
  /** Of this server: another one's batch may be half judged at that moment. */
  readonly resume?: Resume;
}

export interface SealLimits {
  readonly instance: string;
  /** Bytes. */
  readonly maxSize: number;
  /** Milliseconds that a segment stays open, and between two seals where nothing happens. */
  readonly maxAge: number;
  readonly maxQuiet: number;
  /** Signs the seals; `null` where they are not signed. */
  readonly sign: Sign | null;
}

/** Lines to be written to one segment from byte `at`. */
export interface SegmentWrite {
  readonly segment: SegmentName;
  readonly at: number;
  /** How many lines, and their bytes. */
  readonly lines: number;
  readonly chunks: readonly Buffer[];
}

export interface Commit {
  readonly writes: readonly SegmentWrite[];
  /** What is so once they are written. */
  readonly state: JournalState;
  /** The time in the log of the first statement (ISO); `null` where there is none. */
  readonly loggedAt: string | null;
}

/** When the next seal is due if nothing comes, in milliseconds since the epoch. */
export function nextSealAt({ segment, sealedAt, origin }: JournalState, limits: SealLimits): number {
  if (segment === null) return origin === null ? sealedAt + limits.maxQuiet : Number.POSITIVE_INFINITY;
  const midnight = Date.parse(segment.date) + 24 * 60 * 60 * 1000;
  return Math.min(segment.openedAt + limits.maxAge, midnight);
}

type BeingWritten = { -readonly [K in keyof OpenSegment]: OpenSegment[K] };

/** For what an entry holds besides its events: the place to resume, with all that is remembered. */
const LEAST_SIZE = 64 * 1024;

/**
 * The next commit: what to write for the entries that are added, and the seals that are due. A seal stands only between
 * entries, so that its coverage fits its events. Times are in milliseconds since the epoch.
 */
export class Plan {
  /** About so many bytes are kept for it. */
  size = 0;
  readonly #writes: { readonly segment: SegmentName; readonly at: number; readonly lines: Lines }[] = [];
  /** But for what changes with every event. */
  #state: JournalState;
  #chain: ChainState;
  #segment: BeingWritten | null;
  /** Of the open segment. */
  #events: Record<string, number>;
  #loggedAt: string | null = null;
  readonly #limits: SealLimits;
  /** For the first write; others are rare. */
  readonly #lines: Lines;
  readonly #untils: ReadonlyMap<string, number>;

  /**
   * @param lines empty; theirs are the commit's bytes
   * @param untils by server: all that its log held at that time was added
   */
  constructor(before: JournalState, limits: SealLimits, lines: Lines, untils: ReadonlyMap<string, number>) {
    this.#state = before;
    this.#chain = before.chain;
    this.#segment = before.segment && { ...before.segment };
    this.#events = { ...before.segment?.events };
    this.#limits = limits;
    this.#lines = lines;
    this.#untils = untils;
  }

  get commit(): Commit {
    const segment = this.#segment && { ...this.#segment, events: this.#events };
    return {
      writes: this.#writes.map(({ segment: name, at, lines }) => ({
        segment: name,
        at,
        lines: lines.count,
        chunks: lines.chunks,
      })),
      state: { ...this.#state, chain: this.#chain, segment },
      loggedAt: this.#loggedAt,
    };
  }

  add({ contents, source = OWN, progress, resume }: JournalEntry, now: number): void {
    this.sealIfDue(now);
    for (const content of contents) this.#write(content, now);
    this.size += LEAST_SIZE;
    const { coverage, origin, resumes } = this.#state;
    this.#state = {
      ...this.#state,
      origin: contents.length > 0 ? null : origin,
      coverage: progress === undefined ? coverage : cover(coverage, progress, source),
      resumes: resume === undefined ? resumes : new Map([...resumes, [source, resume]]),
    };
  }

  sealIfDue(now: number): void {
    const reason = this.#dueSeal(now);
    if (reason !== null) this.#seal(reason, now);
  }

  /** Seals whatever is open. */
  sealAll(now: number): void {
    const hasNews = this.#state.coverage.some(({ from, to }) => to > from);
    if (this.#segment !== null || hasNews) this.#seal('shutdown', now);
  }

  #dueSeal(now: number): SealReason | null {
    const { maxSize, maxAge, maxQuiet } = this.#limits;
    const segment = this.#segment;
    if (segment === null) {
      const { origin, sealedAt } = this.#state;
      // How a chain began, or was taken up, is told by its first event; a seal is none.
      return origin === null && hasPassed(sealedAt, now, maxQuiet) ? 'quiet' : null;
    }
    if (segment.bytes >= maxSize) return 'size';
    if (segment.date < dateOf(now)) return 'date';
    return hasPassed(segment.openedAt, now, maxAge) ? 'age' : null;
  }

  #seal(reason: SealReason, now: number): void {
    const { instance, sign, maxAge } = this.#limits;
    const { node, coverage, resumes } = this.#state;
    const { date, chain, firstSeq } = this.#segment ?? this.#openSegment(now);
    const records = coverage.map(one => one.records).reduce(addRecords, noRecords());
    const events = { ...this.#events };
    const files = filesOf(resumes);
    const until = [...this.#untils].map(([source, at]) =>
      marked(source, { time: new Date(at).toISOString() }),
    );
    const seal: SealFields['seal'] = { reason, firstSeq, events, records, coverage, files, until, maxAge };
    const time = new Date(now).toISOString();
    this.#write(jsonOf({ kind: 'seal', time, instance, node, seal }), now, sign);
    const { nextSeq, lastHash } = this.#chain;
    const bytes = this.#segment?.bytes ?? 0;
    const sealed = { date, chain, firstSeq, bytes, lastSeq: nextSeq - 1, lastHash };
    this.#segment = null;
    this.#state = {
      ...this.#state,
      origin: null,
      sealed: [...this.#state.sealed, sealed],
      sealedAt: now,
      coverage: restarted(coverage),
    };
  }

  #write(content: EventJson, now: number, sign: Sign | null = null): void {
    const segment = this.#segment ?? this.#openSegment(now);
    const lines = this.#linesOf(segment);
    this.#chain = link(this.#chain, content, lines, sign);
    segment.bytes += lines.lastLength;
    this.size += lines.lastLength;
    this.#loggedAt ??= content.loggedAt ?? null;
    this.#events[content.kind] = (this.#events[content.kind] ?? 0) + 1;
  }

  #linesOf(segment: OpenSegment): Lines {
    const last = this.#writes.at(-1);
    if (last?.segment.firstSeq === segment.firstSeq) return last.lines;
    const { date, chain, firstSeq } = segment;
    const lines = last === undefined ? this.#lines : new Lines();
    this.#writes.push({ segment: { date, chain, firstSeq }, at: segment.bytes, lines });
    return lines;
  }

  #openSegment(now: number): BeingWritten {
    const today = dateOf(now);
    const date = today < this.#state.lastDate ? this.#state.lastDate : today;
    const { chain, nextSeq: firstSeq } = this.#chain;
    this.#state = { ...this.#state, lastDate: date };
    this.#events = {};
    this.#segment = { date, chain, firstSeq, bytes: 0, openedAt: now, events: {} };
    return this.#segment;
  }
}

export function dateOf(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function cover(coverage: readonly Coverage[], progress: Progress, source: string): Coverage[] {
  const { file, from, to, records } = progress;
  const before = coverage.find(one => one.fileId === file.fileId && (one.source ?? OWN) === source);
  const name = basename(file.path);
  const covered: Coverage =
    before === undefined
      ? marked(source, { file: name, fileId: file.fileId, from, to, records })
      : { ...before, file: name, to, records: addRecords(before.records, records) };
  return [...coverage.filter(one => one !== before), covered];
}

/** The state of a journal that was lost, as of the archive's newest seal; `memory` is lost with it. */
export function stateAfter(node: string, end: ChainEnd): JournalState {
  const { chain, lastSeq, lastHash, date, sealedAt, coverage, files } = end;
  return {
    node,
    chain: { chain, nextSeq: lastSeq + 1, lastHash },
    sealed: [],
    segment: null,
    lastDate: date,
    sealedAt,
    coverage: restarted(coverage),
    resumes: resumesOf(files),
    origin: 'taken-up',
  };
}

/** After a seal, coverage begins anew where it ended; the last file of each server stays in view, to prove silence. */
function restarted(coverage: readonly Coverage[]): Coverage[] {
  const last = new Map(coverage.map(one => [one.source, one]));
  return coverage
    .filter(one => last.get(one.source) === one)
    .map(one => ({ ...one, from: one.to, records: noRecords() }));
}
