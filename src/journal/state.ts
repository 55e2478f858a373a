/** The journal's state. It changes only by what is appended, and when: no I/O here. */

import { addRecords, noRecords } from '../event/counts.js';
import type { PreviousChain } from '../event/lifecycle.js';
import { type EventJson, headOfLine, idByPlace, jsonOf, signed } from '../event/line.js';
import type { NewChainReason, SealReason } from '../event/names.js';
import type { ReadRows } from '../event/row.js';
import type { ChainEnd, Coverage, SealFields, SealId } from '../event/seal.js';
import { hasPassed } from '../lib/clock.js';
import { Lines } from '../lib/line-buffer.js';
import { leafHash, type MerkleTree } from '../lib/merkle.js';
import { type ChainState, link } from './chain.js';
import { cover, type Progress, restarted } from './covered.js';
import type { PositionChange, Positions } from './positions.js';
import { type RowProgress, restartedRows, type SealedRows, withoutGone, withRows } from './rows.js';
import type { Sealed, SegmentName } from './segments.js';
import { type Facts, marked, OWN, type SourceCheckpoint } from './sources.js';

/** The segment to which lines are added. */
export interface OpenSegment extends SegmentName {
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** Its events by kind. */
  readonly events: Readonly<Record<string, number>>;
}

export interface JournalState {
  /** Part of object names: a chain keeps the node's name under which it began. */
  readonly node: string;
  readonly chain: ChainState;
  /** Sealed segments that some sink does not have yet, in writing order. */
  readonly sealed: readonly Sealed[];
  readonly segment: OpenSegment | null;
  /** The newest segment's date: names must sort in writing order even if the clock is set back. */
  readonly lastDate: string;
  /** When the last seal was written, in milliseconds since the epoch. */
  readonly sealedAt: number;
  /** The chain's last seal, if it is known: a state of version 0.1 lacks it. */
  readonly lastSeal?: SealId;
  /** What was read since the last seal; the file that was read last is the last. */
  readonly coverage: readonly Coverage[];
  /** How far each server's history of rows was read. */
  readonly rows?: readonly ReadRows[];
  /** The same as of the last seal. */
  readonly sealedRows?: SealedRows;
  /** Session facts by server. */
  readonly facts: Facts;
  /** The day (UTC) of the last seal with all positions. */
  readonly allSealedOn?: string;
  /** How this state came about, until the first event of the run reports it. */
  readonly origin: Origin | null;
  /** The chain before one that has just begun, if the archive names it. */
  readonly previousChain?: PreviousChain;
}

/** Why a chain has just begun, or `taken-up` if it continues after the archive's newest seal. */
export type Origin = NewChainReason | 'taken-up';

/**
 * Events that belong together, the bytes that were read to make them, and the checkpoint after them. They become
 * durable together.
 */
export interface JournalEntry {
  /** The server whose log it comes from, if there are several. */
  readonly source?: string;
  readonly events: readonly EventJson[];
  readonly progress?: readonly Progress[];
  /** Only this server's: another server's batch may be half decided at that moment. */
  readonly checkpoint?: SourceCheckpoint;
  /** How far its history of rows was read, and what became of the rows in this entry. */
  readonly rows?: RowProgress;
  /** Nothing more will come of this server: its state is forgotten. */
  readonly isOver?: boolean;
}

export interface SealLimits {
  readonly instance: string;
  /** Bytes. */
  readonly maxSize: number;
  /** Milliseconds that a segment stays open (`maxAge`), and between two seals if nothing happens (`maxQuiet`). */
  readonly maxAge: number;
  readonly maxQuiet: number;
  /** Signs the seals; `null` if they are not signed. */
  readonly signer: Signer | null;
  /** What follows the chain's events, as of now; it is kept with each seal. */
  readonly follower?: { readonly saved: string };
}

/** A private key, wherever it is. */
export interface Signer {
  /** SHA-256 (hex) of the public key (DER) of the next signature; rejects as `sign` does. */
  fingerprint(): string | Promise<string>;
  /** The signature of these bytes, in base64; rejects with a ShipperError within two seconds if there is none now. */
  sign(line: Buffer): string | Promise<string>;
}

/** Lines to write to one segment at byte `at`. */
export interface SegmentWrite {
  readonly segment: SegmentName;
  readonly at: number;
  /** Number of lines in `chunks`. */
  readonly lines: number;
  readonly chunks: readonly Buffer[];
}

/** The follower's state after an event. */
export interface Snapshot {
  /** The event after which it was taken: its number in the chain, and the SHA-256 (hex) of its line. */
  readonly seq: number;
  readonly hash: string;
  /** Only the follower understands it. */
  readonly saved: string;
}

export interface Commit {
  readonly writes: readonly SegmentWrite[];
  /** The state once they are written. */
  readonly state: JournalState;
  /** Changes of positions. */
  readonly positions: readonly PositionChange[];
  /** Of the follower, at the last seal in it. */
  readonly snapshot: Snapshot | null;
  /** Log time of the first statement (ISO); `null` if there is no statement. */
  readonly loggedAt: string | null;
}

/** When the next seal is due if nothing else is appended, in milliseconds since the epoch. */
export function nextSealAt({ segment, sealedAt, origin }: JournalState, limits: SealLimits): number {
  if (segment === null) return origin === null ? sealedAt + limits.maxQuiet : Number.POSITIVE_INFINITY;
  const midnight = Date.parse(segment.date) + 24 * 60 * 60 * 1000;
  return Math.min(segment.openedAt + limits.maxAge, midnight);
}

type BeingWritten = { -readonly [K in keyof OpenSegment]: OpenSegment[K] };

/** Files that a seal covers besides the last one of each server, at most: each is in every checkpoint until then. */
const MOST_COVERED = 128;

/** Counted for each entry besides its events: the checkpoint with all session facts. */
const LEAST_SIZE = 64 * 1024;

/**
 * The next commit: what to write for the appended entries, and the seals. Seals are written only between entries, so
 * that a seal's coverage matches its events; while one is being signed, nothing may be added. Times are in milliseconds
 * since the epoch.
 */
export class Plan {
  /** Bytes in memory, roughly. */
  size = 0;
  readonly #writes: { readonly segment: SegmentName; readonly at: number; readonly lines: Lines }[] = [];
  /** Without what changes with every event: chain, segment, events. */
  #state: JournalState;
  #chain: ChainState;
  #segment: BeingWritten | null;
  /** The open segment's events by kind. */
  #events: Record<string, number>;
  #loggedAt: string | null = null;
  #snapshot: Snapshot | null = null;
  readonly #limits: SealLimits;
  /** For the first segment written; a commit rarely writes a second. */
  readonly #lines: Lines;
  readonly #untils: ReadonlyMap<string, number>;
  readonly #tree: MerkleTree;
  readonly #positions: Positions;
  readonly #changes: PositionChange[] = [];

  /**
   * @param lines empty; its chunks become the commit's
   * @param positions of all that was appended; what is added changes them
   * @param untils for each server, the time until which everything in its log was appended
   * @param tree of the open segment's lines; the plan goes on with it
   */
  constructor(
    before: JournalState,
    limits: SealLimits,
    lines: Lines,
    positions: Positions,
    untils: ReadonlyMap<string, number>,
    tree: MerkleTree,
  ) {
    this.#state = before;
    this.#chain = before.chain;
    this.#segment = before.segment && { ...before.segment };
    this.#events = { ...before.segment?.events };
    this.#limits = limits;
    this.#lines = lines;
    this.#positions = positions;
    this.#untils = untils;
    this.#tree = tree;
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
      positions: this.#changes,
      snapshot: this.#snapshot,
      loggedAt: this.#loggedAt,
    };
  }

  add({ events, source = OWN, progress = [], checkpoint, rows, isOver }: JournalEntry, now: number): void {
    for (const event of events) this.#writeWhole(event, now);
    this.size += LEAST_SIZE;
    const { coverage, origin, facts } = this.#state;
    if (checkpoint !== undefined) this.#move({ source, ...checkpoint });
    this.#state = {
      ...this.#state,
      origin: events.length > 0 ? null : origin,
      coverage: progress.reduce((before, one) => cover(before, one, source), coverage),
      facts: checkpoint === undefined ? facts : new Map([...facts, [source, checkpoint.facts]]),
      ...(rows !== undefined && { rows: withRows(this.#state.rows, rows, source) }),
    };
    if (isOver === true) this.#forget(source);
  }

  #forget(source: string): void {
    const { facts, rows } = this.#state;
    this.#state = {
      ...this.#state,
      facts: new Map([...facts].filter(([name]) => name !== source)),
      ...(rows !== undefined && { rows: withoutGone(rows, name => facts.has(name) && name !== source) }),
    };
    this.#positions.forget(source);
  }

  /** With what follows it: a seal never comes in between. */
  #writeWhole(event: EventJson, now: number): void {
    const { chain, nextSeq: seq } = this.#chain;
    this.#write(event, now);
    const { instance, following } = event;
    if (following === undefined) return;
    for (const next of following(idByPlace(instance ?? '', { chain, seq }))) this.#write(next, now);
  }

  /** Whether a segment is open, or something was read that no seal has yet. */
  get isUnsealed(): boolean {
    const { coverage, rows = [] } = this.#state;
    const isRead = coverage.some(({ from, to }) => to > from) || rows.some(({ records }) => records.read > 0);
    return this.#segment !== null || isRead;
  }

  #move({ source, files, gone = [] }: PositionChange): void {
    this.#positions.change({ source, files, gone });
    if (files.length + gone.length > 0) this.#changes.push({ source, files, gone });
  }

  /** The last file of each server stays in the coverage. */
  get #coversMany(): boolean {
    return this.#state.coverage.length > MOST_COVERED + this.#positions.sources.length;
  }

  /** Why a seal must come before anything else is added; `null` if none is due. */
  dueSeal(now: number): SealReason | null {
    const { maxSize, maxAge, maxQuiet } = this.#limits;
    const segment = this.#segment;
    if (segment === null) {
      const { origin, sealedAt } = this.#state;
      // The chain's first event must say how it began or was taken up: it must not be a seal.
      if (origin !== null) return null;
      if (this.#coversMany) return 'size';
      return hasPassed(sealedAt, now, maxQuiet) ? 'quiet' : null;
    }
    if (segment.bytes >= maxSize || this.#coversMany) return 'size';
    if (segment.date < dateOf(now)) return 'date';
    return hasPassed(segment.openedAt, now, maxAge) ? 'age' : null;
  }

  /** Rejects if it cannot be signed: then nothing was changed. */
  async seal(reason: SealReason, now: number): Promise<void> {
    const { instance, signer } = this.#limits;
    const today = dateOf(now);
    const key = await signer?.fingerprint();
    const seal = this.#sealOf(reason, today === this.#state.allSealedOn ? 'changed' : 'all', key);
    const time = new Date(now).toISOString();
    const event = jsonOf({ kind: 'seal', time, instance, node: this.#state.node, seal });
    const { date, chain, firstSeq, bytes } = this.#write(
      signer === null ? event : await this.#signed(event, signer),
      now,
    );
    this.#tree.clear();
    this.#positions.sealed();
    const { nextSeq, lastHash } = this.#chain;
    const { follower } = this.#limits;
    if (follower !== undefined) this.#snapshot = { seq: nextSeq - 1, hash: lastHash, saved: follower.saved };
    const sealed = { date, chain, firstSeq, bytes, lastSeq: nextSeq - 1, lastHash };
    const { rows } = this.#state;
    this.#segment = null;
    this.#state = {
      ...this.#state,
      origin: null,
      sealed: [...this.#state.sealed, sealed],
      sealedAt: now,
      lastSeal: { seq: nextSeq - 1, hash: lastHash },
      allSealedOn: today,
      coverage: restarted(this.#state.coverage, new Set(this.#positions.sources)),
      ...(rows !== undefined && { rows: restartedRows(rows), sealedRows: { seq: sealed.lastSeq, rows } }),
    };
  }

  #sealOf(reason: SealReason, positions: 'all' | 'changed', key: string | undefined): SealFields['seal'] {
    const { maxAge } = this.#limits;
    const { coverage, lastSeal, rows } = this.#state;
    return {
      reason,
      firstSeq: this.#segment?.firstSeq ?? this.#chain.nextSeq,
      events: this.#segment === null ? {} : { ...this.#events },
      records: coverage.map(one => one.records).reduce(addRecords, noRecords()),
      coverage,
      positions,
      files: positions === 'all' ? this.#positions.all : this.#positions.changed,
      ...(rows !== undefined && { rows }),
      until: [...this.#untils].map(([source, at]) => marked(source, { time: new Date(at).toISOString() })),
      maxAge,
      merkleRoot: this.#tree.root,
      ...(lastSeal !== undefined && { previousSeal: lastSeal }),
      ...(key !== undefined && { key }),
    };
  }

  async #signed(event: EventJson, signer: Signer): Promise<EventJson> {
    const { chain, nextSeq: seq, lastHash: previousHash } = this.#chain;
    const head = Buffer.from(headOfLine({ chain, seq, previousHash }, event));
    return { ...event, json: signed(event.json, await signer.sign(Buffer.concat([head, event.json]))) };
  }

  #write(event: EventJson, now: number): BeingWritten {
    const segment = this.#segment ?? this.#openSegment(now);
    const lines = this.#linesOf(segment);
    const { after, line } = link(this.#chain, event, lines);
    this.#chain = after;
    this.#tree.add(leafHash(...line));
    segment.bytes += lines.lastLength;
    this.size += lines.lastLength;
    this.#loggedAt ??= event.loggedAt ?? null;
    this.#events[event.kind] = (this.#events[event.kind] ?? 0) + 1;
    return segment;
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

/** The state of a lost journal, restored from the archive's newest seals; session facts are lost. */
export function stateAfter(node: string, end: ChainEnd): JournalState {
  const { chain, lastSeq, lastHash, date, sealedAt, coverage, rows } = end;
  return {
    node,
    chain: { chain, nextSeq: lastSeq + 1, lastHash },
    sealed: [],
    segment: null,
    lastDate: date,
    sealedAt,
    lastSeal: { seq: lastSeq, hash: lastHash },
    coverage: restarted(coverage, new Set(coverage.map(({ source = OWN }) => source))),
    ...(rows.length > 0 && { rows: restartedRows(rows) }),
    facts: new Map(),
    origin: 'taken-up',
  };
}
