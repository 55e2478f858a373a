/** Which times of its servers one daemon's part of an archive covers. */

import { dayOf } from './clock.js';
import type { ReadEvent } from './read-event.js';
import { Broken, plainChain, plainName } from './result.js';
import type { Seal } from './segment.js';
import { cutBack, join, type Span } from './spans.js';

/** A time that is not covered, and why. */
export interface Uncovered extends Span {
  readonly why: string;
}

/** What is known about one server's log. */
export interface SourceCoverage {
  readonly covered: Span[];
  /** Times that gap events name. */
  readonly gaps: Gap[];
  /** Of a server that was found: from when to when it is expected. `null`: as long as its daemon. */
  lives: Life[] | null;
}

/** From when a server was found until it was let go; `null`: it was not. */
export interface Life {
  readonly from: number;
  readonly to: number | null;
}

export interface Gap extends Uncovered {
  /** When it was found. */
  readonly foundAt: number;
}

/** The end of a chain, as the next chain names it. */
export interface Named extends ChainEnd {
  readonly chain: string;
  /** When the next chain began. */
  readonly until: number;
}

/** Where a chain stopped reading a server's log, and the time until which the log is in the chain. */
interface Stop {
  readonly fileId: string;
  readonly offset: number;
  readonly until: number;
}

export interface ChainEnd {
  readonly seq: number;
  /** SHA-256 (hex) of its last line. */
  readonly hash: string;
}

/** The end of a chain of this name in the archive; `null` if there is none. */
export type EndOf = (chain: string) => ChainEnd | null;

interface OfChain {
  startedAt: number;
  /** It began before the days that are read: it covers their beginning. */
  readonly isCut: boolean;
  /** By server. */
  readonly untils: Map<string, number>;
  /** By server and file, the first byte that was read before the first `until`. */
  readonly starts: Map<string, number>;
}

/** Gaps of one server that are kept one by one; later ones are merged into one stretch. */
const MOST_GAPS = 1000;

export class PartCoverage {
  readonly #instance: string;
  readonly #chains = new Map<string, OfChain>();
  readonly sources = new Map<string, SourceCoverage>();
  readonly #stops = new Map<string, Stop>();
  /** What is unknown about the time before a chain. */
  readonly unknown: Uncovered[] = [];
  /** Seals of version 0.1 have no time of reading: their own time counts. */
  isByTime = false;
  /** From when on this daemon must cover its servers; -Infinity if that is before the days that are read. */
  startedAt: number | null = null;
  retiredAt: number | null = null;
  /** What precedes the first event that is read is missing: removed after its retention, or by somebody. */
  isBeginningLost = false;
  readonly #goingOn = new Set<string>();
  /** The daemon says which servers it reads: there may be none. */
  #namesServers = false;
  /** How long a segment may stay open, in milliseconds. */
  longestSegment = 0;
  sealedAt = Number.NEGATIVE_INFINITY;
  /** Chains named as previous, and not found so far: they may be before the days that are read. */
  readonly notMet: Named[] = [];

  constructor(instance: string) {
    this.#instance = instance;
  }

  /** Takes the first event of a chain that is read. Throws Broken if it names a different end of the chain before. */
  begin(event: ReadEvent, isCut: boolean, endOf: EndOf): void {
    const startedAt = this.#goingOn.has(event.chain) ? Number.NEGATIVE_INFINITY : event.receivedAtMs;
    const isFirst = this.#chains.size === 0;
    this.#chains.set(event.chain, { startedAt, isCut, untils: new Map(), starts: new Map() });
    // What came before is no longer kept, and was expected all the same.
    const expectedFrom = isCut ? Number.NEGATIVE_INFINITY : startedAt;
    this.startedAt = Math.min(this.startedAt ?? expectedFrom, expectedFrom);
    this.isBeginningLost ||= isCut && !this.#goingOn.has(event.chain);
    this.retiredAt = null;
    const { previousChain, reason } = event.lifecycle ?? {};
    if (previousChain !== undefined) {
      const named = { ...previousChain, until: startedAt };
      const end = endOf(named.chain);
      if (end === null) this.notMet.push(named);
      else this.follow(named, end);
    } else if (!isCut && isFirst && reason !== 'archive-empty')
      this.unknown.push({
        from: Number.NEGATIVE_INFINITY,
        to: startedAt,
        why: UNKNOWN_BEFORE,
      });
  }

  /** Throws Broken if a chain does not end as the next one says. */
  follow(named: Named, end: ChainEnd): void {
    const { chain, seq, hash } = named;
    if (end.seq < seq) throw endsEarly(named, end.seq);
    if (end.seq === seq && end.hash !== hash)
      throw new Broken(
        'link',
        `chain ${plainChain(chain)} does not end with the event that the next chain names`,
      );
  }

  /**
   * To be called for each of `notMet`. Throws Broken if the archive has less of it than the next chain says.
   *
   * @param lastSeq of the chain before the days that are read; `null` if nothing of it is in the archive
   */
  metBefore(named: Named, lastSeq: number | null): void {
    if (lastSeq !== null && lastSeq < named.seq) throw endsEarly(named, lastSeq);
    if (lastSeq !== null) return;
    this.unknown.push({ from: Number.NEGATIVE_INFINITY, to: named.until, why: missingChain(named.chain) });
  }

  /**
   * The archive has what precedes the first event of this chain that is read: the chain covers the range's beginning.
   */
  goesOn(chain: string): void {
    this.#goingOn.add(chain);
  }

  /** Whether an event of this chain was added. */
  knows(chain: string): boolean {
    return this.#chains.has(chain);
  }

  /**
   * To be called if the days that are read contain nothing of the daemon.
   *
   * @param startedAt when the daemon must begin to cover its servers; Infinity if that comes later
   * @param why there is nothing; `null` if another result says it
   */
  nothing(startedAt: number, retiredAt: number | null, why: string | null): void {
    this.#sourceOf(this.#instance);
    this.startedAt = startedAt;
    this.retiredAt = retiredAt;
    if (why !== null)
      this.unknown.push({ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY, why });
  }

  /** A chain that names no server belongs to its own instance. */
  end(): void {
    if (this.sources.size === 0 && !this.#namesServers) this.#sourceOf(this.#instance);
  }

  /** Takes an event other than a seal. */
  add(event: ReadEvent): void {
    if (event.lifecycle !== undefined) this.#live(event, event.lifecycle);
    if (event.gap === undefined) return;
    const { gaps } = this.#sourceOf(event.instance);
    const { after, before, reason } = event.gap;
    const to = before === undefined ? event.at : Date.parse(before);
    const known = this.#chains.get(event.chain);
    const from =
      after === undefined ? (known?.untils.get(event.instance) ?? known?.startedAt ?? to) : Date.parse(after);
    const [start, end] = from < to ? [from, to] : [to, from];
    addGap(gaps, { from: start, to: end, foundAt: event.at, why: `gap (${plainName(reason)})` });
  }

  #live(event: ReadEvent, { action, retired, servers }: NonNullable<ReadEvent['lifecycle']>): void {
    if (action === 'found' || action === 'retired') {
      this.#liveOne(event, action);
      return;
    }
    this.retiredAt = retired === true ? event.at : null;
    if (servers !== undefined) this.#namesServers = true;
    for (const server of servers ?? []) this.#sourceOf(server);
  }

  #liveOne({ instance, at }: ReadEvent, action: 'found' | 'retired'): void {
    const isKnown = this.sources.has(instance);
    const source = this.#sourceOf(instance);
    // One that was known before it was found again was expected all the time.
    const lives =
      source.lives ?? (isKnown || action === 'retired' ? [{ from: Number.NEGATIVE_INFINITY, to: null }] : []);
    const last = lives.at(-1);
    const isOpen = last?.to === null;
    if (action === 'found') source.lives = isOpen ? lives : [...lives, { from: at, to: null }];
    else source.lives = isOpen ? lives.with(-1, { ...last, to: at }) : lives;
  }

  seal(event: ReadEvent, seal: Seal, openedAt: number | null): void {
    const { until, coverage, files } = seal;
    const chain = this.#chains.get(event.chain);
    if (chain === undefined) return;
    this.sealedAt = Math.max(this.sealedAt, event.at);
    this.longestSegment = Math.max(this.longestSegment, maxAgeOf(seal, event.at, openedAt));
    this.#beginDay(chain, event, seal);
    for (const { source = this.#instance } of files) this.#sourceOf(source);
    for (const { source = this.#instance, fileId, from } of coverage) {
      const key = JSON.stringify([source, fileId]);
      if (!chain.untils.has(source)) chain.starts.set(key, Math.min(from, chain.starts.get(key) ?? from));
    }
    for (const [source, time] of this.#untils(event, until, files, coverage))
      this.#cover(source, time, chain);
    for (const { source = this.#instance, fileId, offset } of files) {
      const reached = chain.untils.get(source);
      // The newest file comes last. Until a chain has caught up, the stop of the one before it counts.
      if (reached !== undefined) this.#stops.set(source, { fileId, offset, until: reached });
    }
  }

  /** The first seal of a UTC day has all positions: the one before it, which is no longer kept, was of an earlier day. */
  #beginDay(chain: OfChain, { at }: ReadEvent, { positions }: Seal): void {
    if (chain.isCut && chain.untils.size === 0 && positions === 'all')
      chain.startedAt = Math.min(chain.startedAt, Date.parse(dayOf(at)));
  }

  #untils(
    { at }: ReadEvent,
    until: Seal['until'],
    files: Seal['files'],
    coverage: Seal['coverage'],
  ): [string, number][] {
    if (until !== undefined)
      return until.map(({ source = this.#instance, time }) => [source, Math.min(Date.parse(time), at)]);
    this.isByTime = true;
    const sources = new Set([...files, ...coverage].map(({ source = this.#instance }) => source));
    return [...(sources.size === 0 ? [this.#instance] : sources)].map(source => [source, at]);
  }

  #cover(source: string, to: number, chain: OfChain): void {
    const before = chain.untils.get(source);
    const from = before ?? this.#startOf(source, chain);
    const { covered } = this.#sourceOf(source);
    // A clock that was ahead covers nothing that had not come yet.
    if (to < from) cutBack(covered, to);
    else join(covered, { from, to });
    chain.untils.set(source, to);
    if (before === undefined) chain.starts.clear();
  }

  /** From when on a chain covers a server's log. */
  #startOf(source: string, { startedAt, isCut, starts }: OfChain): number {
    const stop = this.#stops.get(source);
    if (isCut || stop === undefined) return startedAt;
    const start = starts.get(JSON.stringify([source, stop.fileId]));
    return start !== undefined && start <= stop.offset ? Math.min(stop.until, startedAt) : startedAt;
  }

  #sourceOf(source: string): SourceCoverage {
    const known = this.sources.get(source) ?? { covered: [], gaps: [], lives: null };
    this.sources.set(source, known);
    return known;
  }
}

export const UNKNOWN_BEFORE = 'it is not known what was before the first chain';

export function missingChain(chain: string): string {
  return `chain ${plainChain(chain)}, which came before, is missing`;
}

function endsEarly({ chain, seq }: Named, lastSeq: number): Broken {
  const what = `chain ${plainChain(chain)} continued to event ${seq}, as the next chain says`;
  return new Broken('missing', what, { seq: lastSeq + 1 });
}

/** Milliseconds; longer than a suspended machine may make it seem. */
const LONGEST_SEEN = 60 * 60 * 1000;

/**
 * How long the daemon lets a segment stay open; for version 0.1, taken from segments that were sealed for their age.
 */
function maxAgeOf({ maxAge, reason }: Seal, sealedAt: number, openedAt: number | null): number {
  if (maxAge !== undefined) return maxAge;
  return reason === 'age' && openedAt !== null ? Math.min(sealedAt - openedAt, LONGEST_SEEN) : 0;
}

function addGap(gaps: Gap[], gap: Gap): void {
  const last = gaps.at(-1);
  if (gaps.length < MOST_GAPS || last === undefined) gaps.push(gap);
  else
    gaps[gaps.length - 1] = {
      from: Math.min(last.from, gap.from),
      to: Math.max(last.to, gap.to),
      foundAt: gap.foundAt,
      why: 'gaps',
    };
}
