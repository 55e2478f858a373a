/** Reads an archive for a report, and proves that it is what was verified just before. */

import { damageOf, openObjects } from '../../archive/search/read.js';
import type { ArchiveLocation } from '../../archive/store/location.js';
import { patientStore } from '../../archive/store/patient.js';
import { type ArchivedObject, type Days, listParts } from '../../archive/store/walk.js';
import type { ChainResult, PartResult, VerifyResult } from '../../archive/verify/result.js';
import { hashOf, PREVIOUS_HASH_WITHIN, previousHashIn } from '../../event/line.js';
import { readEvent } from '../../report/event.js';
import type { Reading, ReadLine } from '../../report/reading.js';

/** Objects that are begun before they are needed. */
const AHEAD = 4;

/** Damages that are listed. */
const MOST_DAMAGES = 100;

/**
 * Every event of these days but for seals, in order. Where the archive is intact, only what was verified is given, and
 * that it is the same is checked hash by hash; else all that can be read. Throws the store's errors.
 */
export async function* readEvents(
  { store, prefix }: ArchiveLocation,
  days: Days,
  verified: VerifyResult,
  reading: Reading,
): AsyncGenerator<ReadLine> {
  const patient = patientStore(store);
  for (const part of await listParts(patient, prefix)) {
    const chains = verified.isIntact ? new VerifiedChains(partIn(verified, part)) : null;
    // The verification has told of what is foreign.
    const onForeign = (): void => undefined;
    for await (const { object, lines } of openObjects(patient, part, { days, ahead: AHEAD, onForeign })) {
      // What was sealed after the verification belongs to the next report.
      if (chains?.includes(object) === false) continue;
      reading.newest.set(object.chain, object.path);
      yield* readObject(object, lines, chains, reading);
    }
    for (const chain of chains?.unfinished ?? [])
      tell(reading, chain, 'the chain is not the one that was verified a moment ago');
  }
}

async function* readObject(
  object: ArchivedObject,
  lines: AsyncIterable<Buffer>,
  chains: VerifiedChains | null,
  reading: Reading,
): AsyncGenerator<ReadLine> {
  let unreadable = 0;
  try {
    for await (const line of lines) {
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
    tell(reading, object.path, damage);
  }
  if (unreadable > 0) tell(reading, object.path, `${unreadable} of its lines cannot be read as events`);
}

function tell({ damages }: Reading, object: string, what: string): void {
  if (damages.length < MOST_DAMAGES) damages.push({ object, what });
}

function partIn({ parts }: VerifyResult, place: { instance: string; node: string }): PartResult | undefined {
  return parts.find(({ instance, node }) => instance === place.instance && node === place.node);
}

/** Follows the chains of a part up to where they were verified. */
class VerifiedChains {
  readonly #chains: ReadonlyMap<string, ChainResult>;
  /** Of the last line; not there where a chain was torn since. */
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

  /** Chains whose last line is another one than was verified, or that were torn on the way there. */
  get unfinished(): string[] {
    const isOther = ({ chain, lastHash }: ChainResult): boolean =>
      this.#torn.has(chain) || this.#hashes.get(chain) !== lastHash;
    return [...this.#chains.values()].filter(isOther).map(({ chain }) => chain);
  }
}
