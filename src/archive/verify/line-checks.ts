/** Checks the lines of one object in order, up to its seal. */

import { leafHash, MerkleTree } from '../../lib/merkle.js';
import type { ArchivedObject, ArchivePart } from '../store/walk.js';
import type { PartAnchors } from './anchors.js';
import type { AuditedByServer } from './audited.js';
import type { Chain } from './chain.js';
import type { EndOf, PartCoverage } from './coverage.js';
import type { LogComparison } from './log-files.js';
import type { LineHashes } from './object.js';
import { checkIdentity, isOfLog, type ReadEvent, readEvent } from './read-event.js';
import { Broken, type Place } from './result.js';
import { Segment } from './segment.js';
import { checkSignature, type PublicKey } from './signature.js';
import type { Totals } from './totals.js';

export interface LinesContext {
  readonly part: ArchivePart;
  readonly keys: readonly PublicKey[];
  readonly totals: Totals;
  readonly coverage: PartCoverage;
  readonly audited: AuditedByServer;
  readonly endOf: EndOf;
  readonly anchors: readonly PartAnchors[];
  readonly logs: LogComparison | null;
}

export class LinesCheck {
  readonly #object: ArchivedObject;
  readonly #chain: Chain;
  readonly #context: LinesContext;
  readonly #segment: Segment;
  readonly #tree = new MerkleTree();
  #firstHash = '';
  #sealedAt: number | null = null;

  constructor(object: ArchivedObject, chain: Chain, context: LinesContext) {
    this.#object = object;
    this.#chain = chain;
    this.#context = context;
    this.#segment = new Segment(object.firstSeq, context.part.instance);
  }

  /** Takes line `number` (from 1). Throws Broken if it is not the one that must come next. */
  add(line: Buffer, number: number): Promise<void> | null {
    try {
      return this.#add(line, number);
    } catch (error) {
      throw error instanceof Broken ? error.at({ object: this.#object.path, line: number }) : error;
    }
  }

  #add(line: Buffer, number: number): Promise<void> | null {
    if (this.#sealedAt !== null) throw new Broken('seal', 'a line follows the seal');
    const event = readEvent(line);
    try {
      this.#chain.add(line, event, number);
      if (number === 1) this.#firstHash = this.#chain.lastHash;
      checkIdentity(event, this.#context.part);
      this.#context.totals.at(event.at);
      const { coverage, endOf } = this.#context;
      if (number === 1 && !coverage.knows(event.chain)) coverage.begin(event, this.#chain.isCut, endOf);
      return event.kind === 'seal'
        ? this.#seal(line, event)
        : this.#event(line, event, { object: this.#object.path, line: number, seq: event.seq });
    } catch (error) {
      throw error instanceof Broken ? error.at({ seq: event.seq }) : error;
    }
  }

  #event(line: Buffer, event: ReadEvent, place: Place): Promise<void> | null {
    const { coverage, audited } = this.#context;
    this.#tree.add(leafHash(line));
    this.#segment.add(event);
    coverage.add(event);
    audited.add(event);
    if (!isOfLog(event.kind)) return null;
    this.#chain.clock.addEvent(event.at, event.receivedAtMs, place);
    return this.#context.logs?.add(event.whole, place) ?? null;
  }

  #seal(line: Buffer, event: ReadEvent): Promise<void> | null {
    const { keys, totals, anchors, logs } = this.#context;
    const seal = this.#segment.close(event);
    if (seal.merkleRoot !== undefined && seal.merkleRoot !== this.#tree.root)
      throw new Broken('root', "the Merkle root of the seal is not that of its object's lines");
    this.#chain.seal(seal, event.instance);
    this.#context.coverage.seal(event, seal, this.#segment.firstReceived);
    const { path, date } = this.#object;
    this.#chain.clock.seal(this.#segment, event.at, { date, object: path, isCut: this.#chain.isCut });
    const known = anchors.filter(anchor => anchor.check(event, this.#chain));
    totals.addSeal(
      checkSignature(line, event, keys),
      known.map(({ from }) => from),
    );
    totals.addSegment(this.#segment, seal);
    this.#sealedAt = event.at;
    return logs?.seal(seal.files) ?? null;
  }

  /** To be called after the last line. Throws Broken if that was not a seal. */
  end(): LineHashes & { readonly sealedAt: number } {
    const sealedAt = this.#sealedAt;
    if (sealedAt === null) throw new Broken('seal', 'the object does not end with its seal');
    const { lastSeq, lastHash } = this.#chain;
    return { firstSeq: this.#object.firstSeq, lastSeq, firstHash: this.#firstHash, lastHash, sealedAt };
  }
}
