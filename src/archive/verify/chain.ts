/** One hash chain, object by object: each line follows the one before, and so does each object. */

import { hashOf } from '../../event/line.js';
import type { SealedPosition, SealId } from '../../event/seal.js';
import type { ArchivedObject } from '../store/walk.js';
import type { ProvedChain } from './bookmark.js';
import { ChainClock } from './clock.js';
import { fileKey } from './file-key.js';
import type { ReadEvent } from './read-event.js';
import { Broken, type ChainResult, plainName, type Warnings } from './result.js';
import { RowOrder } from './rows.js';
import type { Seal } from './segment.js';

const FIRST_HASH = '0'.repeat(64);

export class Chain {
  readonly #name: string;
  readonly clock: ChainClock;
  readonly #warnings: Warnings;
  /** It began before the range: what its first object follows is unknown. */
  readonly isCut: boolean;
  #firstSeq = 1;
  #nextSeq = 1;
  /** `null` if unknown. */
  #lastHash: string | null = FIRST_HASH;
  #firstAt: string | null = null;
  #objects = 0;
  #lastDay: string;
  /** What an earlier verification proved of it; `null`: nothing. */
  readonly #proved: ProvedChain | null;
  #isConfirmed = false;
  #reason: string | null = null;
  /** Where and when a shipper that had lost its state took the chain up from the archive. */
  readonly #takeUps: { readonly seq: number; readonly at: number }[] = [];
  #isAnnounced: boolean;
  /** Up to where each file was read, by file key. */
  readonly #ends = new Map<string, number>();
  #coveredBytes = 0;
  readonly #rows = new RowOrder();
  #lastSeal: SealId | null = null;
  /** Whether seals name the one before them: those of version 0.1 do not. */
  #areSealsLinked = false;
  /** Files in the seal before; `null` before the first seal. */
  #known: ReadonlySet<string> | null = null;

  /** @param mayBeCut whether its beginning may be before the range */
  constructor(
    first: ArchivedObject,
    mayBeCut: boolean,
    warnings: Warnings,
    proved: ProvedChain | null = null,
  ) {
    this.#name = first.chain;
    this.#lastDay = first.date;
    this.#proved = proved;
    this.clock = new ChainClock(warnings);
    this.#warnings = warnings;
    this.isCut = mayBeCut && first.firstSeq > 1;
    this.#isAnnounced = this.isCut;
    if (!this.isCut) return;
    this.#firstSeq = first.firstSeq;
    this.#nextSeq = first.firstSeq;
    this.#lastHash = null;
    if (proved === null || first.firstSeq <= proved.seq) return;
    // A chain that had ended goes on.
    this.#lastHash = proved.hash;
    this.#lastSeal = { seq: proved.seq, hash: proved.hash };
    this.#isConfirmed = true;
    if (first.firstSeq > proved.seq + 1) this.#nextSeq = proved.seq + 1;
  }

  /** Whether the seal in the bookmark is in the chain. */
  get isConfirmed(): boolean {
    return this.#isConfirmed;
  }

  get name(): string {
    return this.#name;
  }

  get firstSeq(): number {
    return this.#firstSeq;
  }

  /** The time of its first event that was read; `null`: none was. */
  get firstAt(): string | null {
    return this.#firstAt;
  }

  get lastSeq(): number {
    return this.#nextSeq - 1;
  }

  get lastHash(): string {
    return this.#lastHash ?? FIRST_HASH;
  }

  /** Keys of all files that its seals name. */
  get files(): Iterable<string> {
    return this.#ends.keys();
  }

  /** Bytes of the log that its seals cover. */
  get coveredBytes(): number {
    return this.#coveredBytes;
  }

  get result(): ChainResult {
    return {
      chain: this.#name,
      firstSeq: this.#firstSeq,
      lastSeq: this.lastSeq,
      lastHash: this.lastHash,
      lastDay: this.#lastDay,
      objects: this.#objects,
      reason: this.#reason,
    };
  }

  /** Throws Broken if this is not the next object by name. */
  begin({ firstSeq, lastSeq, date }: ArchivedObject): void {
    const next = this.#nextSeq;
    this.#objects += 1;
    this.#lastDay = date;
    if (date < dayOfChain(this.#name))
      throw new Broken('misplaced', 'the object is stored under a day before its chain began');
    if (firstSeq > next && next === 1) throw beginsWith(firstSeq);
    if (firstSeq > next)
      throw new Broken('missing', `events ${next} to ${firstSeq - 1} are missing before this object`, {
        seq: next,
      });
    if (firstSeq < next)
      throw new Broken(
        'duplicate',
        `events ${firstSeq} to ${Math.min(lastSeq, next - 1)} are in an earlier object already`,
        {
          seq: firstSeq,
        },
      );
  }

  /** Takes line `number` (from 1) of the object. Throws Broken if it does not follow the line before. */
  add(line: Buffer, event: ReadEvent, number: number): void {
    const isFirst = number === 1;
    if (event.chain !== this.#name)
      throw new Broken('name', "the event belongs to a chain other than its object's name says");
    if (event.seq !== this.#nextSeq)
      throw isFirst
        ? new Broken('name', `the object begins with event ${event.seq}, but its name says ${this.#nextSeq}`)
        : new Broken('order', `event ${event.seq} is in the place of event ${this.#nextSeq}`);
    if (this.#lastHash !== null && event.previousHash !== this.#lastHash) throw this.#unlinked(event, number);
    this.#lastHash = hashOf(line);
    this.#nextSeq += 1;
    this.#firstAt ??= event.time;
    if (event.seq === this.#proved?.seq) this.#confirm(this.#proved);
    if (!this.#isAnnounced && event.kind !== 'seal') this.#announced(event);
    if (event.kind === 'row') this.#rows.add(event);
    if (event.lifecycle?.takenUpFromArchive === true) this.#takeUps.push({ seq: event.seq, at: event.at });
  }

  /**
   * Whether an event with that seq and time was lost, and the chain taken up before it.
   *
   * @param proved up to here Cloud Logging has the chain, too: only a take-up before it is believed
   */
  wasTakenUp({ seq, at }: { readonly seq: number; readonly at: number }, proved: number): boolean {
    return this.#takeUps.some(takeUp => takeUp.seq <= seq && at <= takeUp.at && takeUp.seq <= proved);
  }

  /** Whether the state was lost and the chain taken up from the archive, after one event and up to another. */
  wasTakenUpBetween(after: number, upTo: number): boolean {
    return this.#takeUps.some(({ seq }) => seq > after && seq <= upTo);
  }

  #confirm({ hash }: ProvedChain): void {
    if (this.#lastHash !== hash)
      throw new Broken('bookmark', 'the event is not the seal that the bookmark proved');
    this.#isConfirmed = true;
  }

  #unlinked({ seq }: ReadEvent, number: number): Broken {
    if (number > 1) {
      const place = { line: number - 1, seq: seq - 1 };
      return new Broken('link', 'the line does not have the hash that the next line names', place);
    }
    const what =
      seq === 1
        ? 'the first event of the chain names an event before it'
        : 'the object does not follow the one before: its first line names a different hash';
    return new Broken('link', what);
  }

  /** Only a shipper that cannot take its chain up begins another, and its first event says so. */
  #announced({ kind, lifecycle }: ReadEvent): void {
    if (kind !== 'lifecycle' || lifecycle?.action !== 'started' || lifecycle.newChain !== true)
      throw new Broken('announcement', 'the chain does not begin with an event that announces it as new');
    this.#isAnnounced = true;
    this.#reason = plainName(lifecycle.reason ?? '');
  }

  /**
   * Throws Broken if the seal does not continue where the seals before ended.
   *
   * @param instance of the chain
   */
  seal({ coverage, files, previousSeal, rows = [] }: Seal, instance: string): void {
    this.#checkPrevious(previousSeal);
    this.#rows.seal(rows, instance);
    const seen = new Set<string>();
    for (const one of coverage) {
      const { from, to } = one;
      const key = fileKey(one);
      if (to < from || seen.has(key)) throw new Broken('coverage', 'the byte ranges of the seal are invalid');
      this.#checkStart(key, from);
      seen.add(key);
      this.#ends.set(key, to);
      this.#coveredBytes += to - from;
    }
    for (const position of files) this.#checkPosition(position);
    this.#known = new Set(files.map(fileKey));
  }

  /** Of the first seal in the range, the one before is not known if the chain began earlier. */
  #checkPrevious(named: SealId | undefined): void {
    const last = this.#lastSeal;
    const isKnown = last !== null || !this.isCut;
    if (named === undefined && this.#areSealsLinked)
      throw new Broken('previous-seal', 'the seal does not name the one before it');
    if (named !== undefined && isKnown && (named.seq !== last?.seq || named.hash !== last.hash))
      throw new Broken('previous-seal', 'the seal names another one than the one before it');
    this.#areSealsLinked ||= named !== undefined;
    this.#lastSeal = { seq: this.lastSeq, hash: this.lastHash };
  }

  #checkStart(key: string, from: number): void {
    const end = this.#endOf(key);
    if (end === null || from === end) return;
    if (from > end) throw new Broken('coverage', 'no seal covers some bytes of a file');
    if (from > 0 || this.#known?.has(key) !== false)
      throw new Broken('coverage', 'two seals cover the same bytes of a file');
    this.#warnings.add(
      'read-again',
      'a file that was gone for so long that it was forgotten came back and was read again',
    );
  }

  /** If the range begins in the middle of a chain, its first seal says how far files were read. */
  #endOf(key: string): number | null {
    return this.#ends.get(key) ?? (this.isCut && this.#known === null ? null : 0);
  }

  /** A daemon that lost its state continues from here: no bytes in between may be skipped. */
  #checkPosition(position: SealedPosition): void {
    const { offset } = position;
    const key = fileKey(position);
    const end = this.#endOf(key);
    if (end !== null && offset !== end)
      throw new Broken('coverage', 'the position in the seal is not where the covered bytes end');
    this.#ends.set(key, offset);
  }

  /** Throws Broken if no event announced the chain as new. */
  end(): void {
    if (!this.#isAnnounced)
      throw new Broken('announcement', 'the chain does not begin with an event that announces it as new');
  }
}

export function beginsWith(seq: number): Broken {
  return new Broken(
    'beginning',
    `the chain begins with event ${seq}: those before it were removed; if retention did it, give the first day that is kept as --since`,
    { seq },
  );
}

/** The UTC day on which a chain began, from its name. */
export function dayOfChain(name: string): string {
  return name.replace(/^(\d{4})(\d\d)(\d\d).*$/, '$1-$2-$3');
}
