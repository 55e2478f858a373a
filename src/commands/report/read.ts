/** Reads an archive for a report, and proves that it is what was verified just before. */

import { openObjects } from '../../archive/search/read.js';
import type { ArchiveLocation } from '../../archive/store/location.js';
import { linesOf } from '../../archive/store/object-lines.js';
import { patientStore } from '../../archive/store/patient.js';
import { damageOf } from '../../archive/store/unreadable.js';
import { type ArchivedObject, type Days, listParts } from '../../archive/store/walk.js';
import type { ChainResult, PartResult, VerifyResult } from '../../archive/verify/result.js';
import { hashOf, PREVIOUS_HASH_WITHIN, previousHashIn } from '../../event/line.js';
import { readEvent } from '../../report/event.js';
import type { Reading, ReadLine } from '../../report/reading.js';

/** Objects that are opened before they are needed. */
const AHEAD = 4;

/** At most this many damages are listed. */
const MOST_DAMAGES = 100;

/**
 * Every event of these days except seals, in order. If the archive is intact, only verified lines are returned, and
 * each is checked by its hash; else everything readable. Throws the store's errors.
 */
export async function* readEvents(
  { store, prefix, only }: ArchiveLocation,
  days: Days,
  verified: VerifyResult,
  reading: Reading,
): AsyncGenerator<ReadLine> {
  const patient = patientStore(store);
  for (const part of await listParts(patient, prefix, only)) {
    const chains = verified.isIntact ? new VerifiedChains(partIn(verified, part)) : null;
    // The verification has reported foreign objects.
    const onForeign = (): void => undefined;
    for await (const { object, pieces } of openObjects(patient, part, { days, ahead: AHEAD, onForeign })) {
      // What was sealed after the verification belongs to the next report.
      if (chains?.includes(object) === false) continue;
      reading.newest.set(object.chain, object.path);
      yield* readObject(object, pieces, chains, reading);
    }
    for (const chain of chains?.unfinished ?? [])
      addDamage(reading, chain, 'the chain is not the one that was verified just before');
  }
}

async function* readObject(
  object: ArchivedObject,
  pieces: AsyncIterable<Buffer>,
  chains: VerifiedChains | null,
  reading: Reading,
): AsyncGenerator<ReadLine> {
  let unreadable = 0;
  try {
    for await (const piece of pieces)
      for (const line of linesOf(piece)) {
        reading.lines += 1;
        const lineHash = hashOf(line);
        chains?.follow(object.chain, line, lineHash);
        const event = readEvent(line);
        if (event === null) unreadable += 1;
        else if (event.kind !== 'seal') yield { event, hash: lineHash };
      }
  } catch (error) {
    const damage = damageOf(error);
    if (damage === null) throw error;
    addDamage(reading, object.path, damage);
  }
  if (unreadable > 0) addDamage(reading, object.path, `${unreadable} of its lines cannot be read as events`);
}

function addDamage({ damages }: Reading, object: string, what: string): void {
  if (damages.length < MOST_DAMAGES) damages.push({ object, what });
}

function partIn({ parts }: VerifyResult, owner: { instance: string; node: string }): PartResult | undefined {
  return parts.find(({ instance, node }) => instance === owner.instance && node === owner.node);
}

/** Follows the chains of a part up to the point where their verification ended. */
class VerifiedChains {
  readonly #chains: ReadonlyMap<string, ChainResult>;
  /** Of the last line; missing if a chain was broken since. */
  readonly #hashes = new Map<string, string>();
  readonly #torn = new Set<string>();

  constructor(part: PartResult | undefined) {
    this.#chains = new Map((part?.chains ?? []).map(chain => [chain.chain, chain]));
  }

  includes({ chain, lastSeq }: ArchivedObject): boolean {
    return lastSeq <= (this.#chains.get(chain)?.lastSeq ?? 0);
  }

  follow(chain: string, line: Buffer, lineHash: string): void {
    const previous = previousHashIn(line.toString('latin1', 0, PREVIOUS_HASH_WITHIN));
    if (previous !== (this.#hashes.get(chain) ?? previous)) this.#torn.add(chain);
    this.#hashes.set(chain, lineHash);
  }

  /** Chains whose last line differs from the verified one, or that were broken on the way there. */
  get unfinished(): string[] {
    const isOther = ({ chain, lastHash }: ChainResult): boolean =>
      this.#torn.has(chain) || this.#hashes.get(chain) !== lastHash;
    return [...this.#chains.values()].filter(isOther).map(({ chain }) => chain);
  }
}
