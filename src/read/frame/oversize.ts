import { createHash } from 'node:crypto';
import type { Gap, KnownRecord } from '../../event/gap.js';

/** A record that is too large to hold: hashed as it goes by. */
export class Oversize {
  /** Where in the file it begins. */
  readonly offset: number;
  /** What is known of it without its bytes. */
  readonly known: KnownRecord;
  readonly #hash = createHash('sha256');
  #length = 0;

  constructor(offset: number, known: KnownRecord) {
    this.offset = offset;
    this.known = known;
  }

  add(bytes: Buffer): void {
    this.#hash.update(bytes);
    this.#length += bytes.length;
  }

  /** What is known of it, when all of it was added. */
  gap(): Gap {
    const record = { ...this.known, sha256: this.#hash.digest('hex') };
    return { kind: 'gap', reason: 'oversize', offset: this.offset, length: this.#length, record };
  }
}
