/** The time stamps of one daemon's part: each is over its seal, and proves everything before it. */

import type { X509Certificate } from 'node:crypto';
import { hasCode } from '../../lib/errors.js';
import { checkStamp, LARGEST_STAMP, type Stamp } from '../../lib/timestamp/stamp.js';
import type { ArchiveStore } from '../store/store.js';
import type { ArchivedObject } from '../store/walk.js';
import { Broken, type Warnings } from './result.js';

/** Milliseconds from a seal to its stamp: a newer seal, which is stamped in its place, comes within an hour. */
const LATE = 2 * 60 * 60 * 1000;
/** Milliseconds by which clocks may differ. */
const TOLERANCE = 5 * 60 * 1000;

/** The last line of an object. */
interface Sealed {
  readonly lastSeq: number;
  readonly lastHash: string;
  /** Its own time, in milliseconds since the epoch. */
  readonly sealedAt: number;
}

/** The seals of a chain after the last one with a stamp. */
interface Unstamped {
  readonly firstSeq: number;
  readonly firstAt: number;
  readonly seals: number;
}

export class Stamps {
  readonly #store: ArchiveStore;
  readonly #authorities: readonly X509Certificate[];
  readonly #warnings: Warnings;
  /** By chain. */
  readonly #unstamped = new Map<string, Unstamped>();

  constructor(store: ArchiveStore, authorities: readonly X509Certificate[], warnings: Warnings) {
    this.#store = store;
    this.#authorities = authorities;
    this.#warnings = warnings;
  }

  /** Seals that no stamp proves, in words. */
  get unstamped(): string[] {
    return [...this.#unstamped].map(
      ([chain, { firstSeq, firstAt, seals }]) =>
        `${seals} of ${chain}, from event ${firstSeq} of ${new Date(firstAt).toISOString()} on`,
    );
  }

  /** Returns whether the object's seal has a stamp. Throws Broken if that is not over this seal, or not good. */
  async add({ chain, stamp: path, path: object }: ArchivedObject, seal: Sealed): Promise<boolean> {
    if (path === null) {
      const { firstSeq, firstAt, seals } = this.#unstamped.get(chain) ?? {
        firstSeq: seal.lastSeq,
        firstAt: seal.sealedAt,
        seals: 0,
      };
      this.#unstamped.set(chain, { firstSeq, firstAt, seals: seals + 1 });
      return false;
    }
    const { time } = await this.#check(path, seal);
    this.#unstamped.delete(chain);
    const place = { object, seq: seal.lastSeq };
    if (time.getTime() > seal.sealedAt + LATE) this.#warnings.add('stamp', YOUNGER, place);
    if (time.getTime() < seal.sealedAt - TOLERANCE) this.#warnings.add('stamp', OLDER, place);
    return true;
  }

  async #check(path: string, { lastHash }: Sealed): Promise<Stamp> {
    const stamp = await this.#store.read(path, LARGEST_STAMP);
    if (stamp === null)
      throw new Broken('stamp', 'the time stamp is not good: it is too large', { object: path });
    try {
      return checkStamp(stamp, { sha256: Buffer.from(lastHash, 'hex') }, this.#authorities);
    } catch (error) {
      if (!hasCode(error, 'stamp')) throw error;
      throw new Broken('stamp', error instanceof Error ? error.message : '', { object: path });
    }
  }
}

const YOUNGER =
  'time stamps are over two hours younger than their seals: the authority or the archive could not be reached, or the seals were made later than they say';
const OLDER = 'time stamps are older than their seals: a clock was ahead, or the times of seals were edited';
