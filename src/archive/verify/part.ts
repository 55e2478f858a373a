/** Verifies one daemon's part of an archive, object by object, up to the first fault. */

import type { X509Certificate } from 'node:crypto';
import { kindIn } from '../../event/line.js';
import { ahead } from '../store/ahead.js';
import type { ArchiveStore } from '../store/store.js';
import { type ArchivedObject, type ArchivePart, type Days, partitions, walkObjects } from '../store/walk.js';
import type { Anchors, PartAnchors } from './anchors.js';
import { AuditedByServer } from './audited.js';
import type { ProvedChain } from './bookmark.js';
import { beginsWith, Chain, dayOfChain } from './chain.js';
import { type ChainEnd, missingChain, type Named, PartCoverage, UNKNOWN_BEFORE } from './coverage.js';
import { LinesCheck } from './line-checks.js';
import { LogComparison, type LogFiles } from './log-files.js';
import { ObjectReader, type PreparedObject, prepareObject } from './object.js';
import { inSteps, type Shares, type Step } from './progress.js';
import { type ReadEvent, readEvent } from './read-event.js';
import {
  Broken,
  type Failure,
  type LogFilesResult,
  type PartResult,
  plainChain,
  type Warnings,
} from './result.js';
import type { PublicKey } from './signature.js';
import type { Span } from './spans.js';
import { Stamps } from './stamps.js';
import { type Unproved, warnForeign } from './surroundings.js';
import { Totals } from './totals.js';
import type { KnownPart } from './verdict.js';

export interface PartOptions {
  readonly days: Days;
  /** If there are none, signatures are not checked. */
  readonly keys: readonly PublicKey[];
  /** Whose time stamps are trusted; if there are none, it is not checked whose they are. */
  readonly authorities: readonly X509Certificate[];
  readonly anchors: readonly Anchors[];
  readonly logFiles: LogFiles | null;
  /** The period to be checked. */
  readonly asked: Span;
  /** What an earlier verification proved. */
  readonly proved: readonly ProvedChain[];
  /** Called with the name of each chain that is found; may throw. */
  readonly onChain: (chain: string) => void;
}

/** Small objects that are fetched at once. */
const MOST_AHEAD = 16;

export class PartCheck {
  readonly #store: ArchiveStore;
  readonly #part: ArchivePart;
  readonly #options: PartOptions;
  readonly #warnings: Warnings;
  readonly #chains = new Map<string, Chain>();
  readonly #totals = new Totals();
  readonly #coverage: PartCoverage;
  readonly #audited: AuditedByServer;
  readonly #anchors: readonly PartAnchors[];
  readonly #logs: LogComparison | null;
  readonly #stamps: Stamps;

  constructor(store: ArchiveStore, part: ArchivePart, options: PartOptions, warnings: Warnings) {
    this.#store = store;
    this.#part = part;
    this.#coverage = new PartCoverage(part.instance);
    this.#audited = new AuditedByServer(options.asked);
    this.#options = options;
    this.#warnings = warnings;
    this.#stamps = new Stamps(store, options.authorities, warnings);
    this.#anchors = options.anchors.map(one => one.of(part, warnings, options.days.since));
    this.#logs = options.logFiles === null ? null : new LogComparison(options.logFiles);
  }

  /** Chains whose beginning is before the range, and those that continue after Cloud Logging's last seal. */
  get unproved(): Unproved {
    const chains = [...this.#chains.values()];
    const [first] = this.#anchors;
    return {
      cut: chains
        .filter(chain => chain.isCut && !chain.isConfirmed)
        .map(({ name, firstAt }) => `${name} (from ${firstAt} on)`),
      behind:
        first === undefined
          ? []
          : chains.filter(chain => this.#anchors.every(one => one.isBehind(chain))).map(chain => chain.name),
      notCompared: this.#anchors
        .flatMap(one => [...one.outside.values()])
        .map(({ chain, seals, first, last }) => `${seals} seals of ${chain}, from ${first} to ${last}`),
      unstamped: this.#stamps.unstamped,
    };
  }

  /** What the archive covers of its servers; complete after `run`. */
  get known(): KnownPart {
    return { node: this.#part.node, coverage: this.#coverage, audited: this.#audited.bySource };
  }

  /** Throws a ShipperError if the archive or a log file cannot be read. */
  async run(shares: Shares): Promise<PartResult> {
    let failure: Failure | null = null;
    let logFiles: LogFilesResult | null = null;
    try {
      await this.#walk(shares);
      for (const chain of this.#chains.values()) chain.end();
      this.#checkProved();
      if (this.#chains.size === 0) await this.#findNothing();
      else this.#coverage.end();
      for (const chain of this.#chains.values()) await this.#checkAfter(chain);
      for (const named of this.#coverage.notMet) await this.#meet(named);
      for (const one of this.#anchors) one.end(this.#chains, this.#options.days);
      logFiles = (await this.#logs?.end()) ?? null;
    } catch (error) {
      if (!(error instanceof Broken)) throw error;
      failure = error.toFailure();
    } finally {
      await this.#logs?.close();
    }
    const { instance, node } = this.#part;
    return { instance, node, ...this.#totals.result([...this.#chains.values()]), logFiles, failure };
  }

  /** A chain that another one names may be before the days, or, if the clock was set back, be read after that one. */
  async #meet(named: Named): Promise<void> {
    const end = this.#endOf(named.chain);
    if (end !== null) this.#coverage.follow(named, end);
    else this.#coverage.metBefore(named, (await this.#objectBefore(named.chain))?.lastSeq ?? null);
  }

  #endOf(name: string): ChainEnd | null {
    const known = this.#chains.get(name);
    return known === undefined ? null : { seq: known.lastSeq, hash: known.lastHash };
  }

  /** Throws Broken if a seal of the days that are read, which an earlier verification proved, is missing. */
  #checkProved(): void {
    const { proved, days } = this.#options;
    for (const { chain, seq, day } of proved)
      if (day >= (days.since ?? day) && this.#chains.get(chain)?.isConfirmed !== true)
        throw new Broken('bookmark', `event ${seq}, a seal that the bookmark proved, is not in the archive`, {
          seq,
        });
  }

  /** The daemon may have begun and been retired before the days that are read, or begin after them. */
  async #findNothing(): Promise<void> {
    const { since, until } = this.#options.days;
    const days = await this.#daysInArchive();
    const before = days.filter(day => since !== null && day < since);
    const after = days.filter(day => until !== null && day > until);
    if (before.length > 0 || after.length === 0) {
      const why = days.length === 0 ? 'there is no object of this daemon' : null;
      return this.#coverage.nothing(Number.NEGATIVE_INFINITY, await this.#retiredOn(before.at(-1)), why);
    }
    const why = await this.#lostBefore(after);
    this.#coverage.nothing(why === null ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY, null, why);
  }

  /**
   * Why a daemon whose oldest objects are of these days had begun earlier; `null`: it had not. Throws Broken if its first
   * objects were removed.
   */
  async #lostBefore(days: readonly string[]): Promise<string | null> {
    const { since } = this.#options.days;
    const firsts = await this.#firstOfChains(days);
    const cut = firsts.find(({ firstSeq }) => firstSeq > 1);
    if (cut !== undefined && since !== null && dayOfChain(cut.chain) < since)
      return `chain ${plainChain(cut.chain)} began earlier, and nothing of it is in the archive`;
    if (cut !== undefined) throw beginsWith(cut.firstSeq).at({ object: cut.path });
    const [first] = firsts;
    if (first === undefined) return 'there is no object of this daemon';
    const { previousChain, reason } = (await this.#firstEventOf(first)).lifecycle ?? {};
    if (previousChain !== undefined) return missingChain(previousChain.chain);
    return reason === 'archive-empty' ? null : UNKNOWN_BEFORE;
  }

  /** The first objects of all chains on the first of these days that has any. */
  async #firstOfChains(days: readonly string[]): Promise<ArchivedObject[]> {
    for (const day of days) {
      const firsts = new Map<string, ArchivedObject>();
      for await (const object of walkObjects(this.#store, this.#part, { since: day, until: day }))
        if (!firsts.has(object.chain)) firsts.set(object.chain, object);
      if (firsts.size > 0) return [...firsts.values()];
    }
    return [];
  }

  async #firstEventOf(object: ArchivedObject): Promise<ReadEvent> {
    const reader = new ObjectReader(await prepareObject(this.#store, object), this.#store);
    for await (const [line] of reader.lines()) if (line !== undefined) return readEvent(line);
    throw new Broken('format', 'the object is empty', { object: object.path });
  }

  /** When the daemon was retired, according to the newest object of its last day before the range. */
  async #retiredOn(day: string | undefined): Promise<number | null> {
    if (day === undefined) return null;
    let newest: ArchivedObject | null = null;
    for await (const object of walkObjects(this.#store, this.#part, { since: day, until: day }))
      newest = object;
    if (newest === null) return null;
    const coverage = new PartCoverage(this.#part.instance);
    const reader = new ObjectReader(await prepareObject(this.#store, newest), this.#store);
    for await (const lines of reader.lines()) for (const line of lines) coverage.add(readEvent(line));
    return coverage.retiredAt;
  }

  /** The chain's last object before the range; `null` if none is kept. */
  async #objectBefore(chain: string): Promise<ArchivedObject | null> {
    const { since } = this.#options.days;
    const days = (await this.#daysInArchive()).filter(day => since !== null && day < since);
    return (await this.#nearest(chain, days.reverse()))?.at(-1) ?? null;
  }

  /** The populations of the day before say who was not audited when the range began. */
  async #lookAtAuditOn(day: string): Promise<void> {
    for await (const object of walkObjects(this.#store, this.#part, { since: day, until: day })) {
      const reader = new ObjectReader(await prepareObject(this.#store, object), this.#store);
      for await (const lines of reader.lines())
        for (const line of lines) if (isOfAudit(line)) this.#audited.add(readEvent(line));
    }
  }

  /** Throws Broken if objects between the range and what follows it are missing. */
  async #checkAfter({ name, lastSeq }: Chain): Promise<void> {
    const { until } = this.#options.days;
    const days = (await this.#daysInArchive()).filter(day => until !== null && day > until);
    const after = (await this.#nearest(name, days))?.[0];
    if (after !== undefined && after.firstSeq > lastSeq + 1) throw missing(lastSeq + 1, after.firstSeq - 1);
  }

  /** A chain's objects on the first of these days that has any. */
  async #nearest(chain: string, days: readonly string[]): Promise<ArchivedObject[] | null> {
    for (const day of days) {
      const found: ArchivedObject[] = [];
      for await (const object of walkObjects(this.#store, this.#part, { since: day, until: day }))
        if (object.chain === chain) found.push(object);
      if (found.length > 0) return found;
    }
    return null;
  }

  async #daysInArchive(): Promise<string[]> {
    return (await partitions(this.#store, this.#part.folder, 'date')).map(([day]) => day);
  }

  async #walk(shares: Shares): Promise<void> {
    const onForeign = (object: string): void => warnForeign(this.#warnings, object);
    const objects = walkObjects(this.#store, this.#part, this.#options.days, onForeign);
    const prepare = async (step: Step) => ({ step, prepared: await prepareObject(this.#store, step.object) });
    for await (const { step, prepared } of ahead(inSteps(objects), MOST_AHEAD, prepare)) {
      try {
        await this.#checkObject(prepared, shares);
      } catch (error) {
        throw error instanceof Broken ? error.at({ object: step.object.path }) : error;
      }
      shares.step(this.#part.folder, step);
    }
  }

  async #checkObject(prepared: PreparedObject, shares: Shares): Promise<void> {
    const { object } = prepared;
    const chain = await this.#chainOf(object);
    chain.begin(object);
    const check = new LinesCheck(object, chain, {
      part: this.#part,
      keys: this.#options.keys,
      totals: this.#totals,
      coverage: this.#coverage,
      audited: this.#audited,
      endOf: name => this.#endOf(name),
      anchors: this.#anchors,
      logs: this.#logs,
    });
    const reader = new ObjectReader(prepared, this.#store);
    let number = 0;
    for await (const lines of reader.lines()) {
      const before = number;
      for (const line of lines) {
        number += 1;
        const isWaiting = check.add(line, number);
        if (isWaiting !== null) await isWaiting;
      }
      shares.lines(number - before);
    }
    const hashes = check.end();
    const hasMetadata = reader.end(hashes);
    if (await this.#stamps.add(object, hashes)) this.#totals.seals.stamped += 1;
    if (!hasMetadata) this.#warnings.add('metadata', NO_METADATA, { object: object.path });
    this.#totals.objects += 1;
    this.#totals.bytes += reader.bytes;
  }

  async #chainOf(object: ArchivedObject): Promise<Chain> {
    const known = this.#chains.get(object.chain);
    if (known !== undefined) return known;
    const { since } = this.#options.days;
    const mayBeCut = since !== null && dayOfChain(object.chain) < since;
    const before = mayBeCut ? await this.#objectBefore(object.chain) : null;
    if (before !== null) await this.#lookAtAuditOn(before.date);
    if (before !== null && before.lastSeq + 1 < object.firstSeq)
      throw missing(before.lastSeq + 1, object.firstSeq - 1);
    const proved = this.#options.proved.find(({ chain: name }) => name === object.chain) ?? null;
    const chain = new Chain(object, mayBeCut, this.#warnings, proved);
    if (before !== null) this.#coverage.goesOn(object.chain);
    if (this.#chains.size > 0)
      this.#warnings.add('new-chain', newChain(object.chain), { object: object.path, seq: object.firstSeq });
    this.#chains.set(object.chain, chain);
    this.#options.onChain(object.chain);
    return chain;
  }
}

function isOfAudit(line: Buffer): boolean {
  return ['population', 'config'].includes(kindIn(line));
}

function missing(first: number, last: number): Broken {
  return new Broken('missing', `events ${first} to ${last} are missing at the edge of the days`, {
    seq: first,
  });
}

const NO_METADATA = "objects lack the shipper's metadata: somebody copied them, or put them back";

function newChain(chain: string): string {
  return `chain ${chain} is new: what was between it and the one before is not proved`;
}
