/**
 * Which records were shipped lately. A log file may hold what another one holds, too: PostgreSQL's own key, a session's id
 * and the number of its line, shows that a record was read before, and its bytes show that it is the same.
 */

import { hash } from 'node:crypto';
import { z } from 'zod';
import { COLUMN } from '../lib/csvlog.js';
import type { RawRecord } from '../read/record.js';

export const savedShipped = z.array(z.tuple([z.string(), z.string()]));
export type SavedShipped = z.infer<typeof savedShipped>;

/** The checkpoint holds them. */
const MOST = 5000;
/** Characters of a SHA-256 in base64: 96 bits. */
const DIGEST = 16;

export class Shipped {
  readonly #digests = new Map<string, string>();
  /** The same in their order, and some that are forgotten before them. The pairs are shared with what was saved. */
  #list: SavedShipped;

  constructor(saved: SavedShipped = []) {
    this.#list = [...saved];
    for (const [key, digest] of saved) this.#digests.set(key, digest);
  }

  /** `same`: it was shipped; `other`: a record with its key was, and with other bytes; `null`: neither is known. */
  knows(record: RawRecord): 'same' | 'other' | null {
    const known = this.#digests.get(keyOf(record));
    if (known === undefined) return null;
    return known === digestOf(record) ? 'same' : 'other';
  }

  /** @param sha256 of the record's bytes in base64, if it is known */
  note(record: RawRecord, sha256?: string): void {
    const key = keyOf(record);
    if (this.#digests.has(key)) return;
    const digest = sha256?.slice(0, DIGEST) ?? digestOf(record);
    this.#digests.set(key, digest);
    this.#list.push([key, digest]);
    if (this.#digests.size > MOST) this.#forgetOldest();
  }

  /** Lines are numbered apart from now on. */
  clear(): void {
    this.#digests.clear();
    this.#list = [];
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedShipped {
    return this.#list.slice(-MOST);
  }

  #forgetOldest(): void {
    const oldest = this.#list.at(-1 - MOST);
    if (oldest !== undefined) this.#digests.delete(oldest[0]);
    if (this.#list.length >= 2 * MOST) this.#list = this.#list.slice(-MOST);
  }
}

function keyOf(record: RawRecord): string {
  return `${record.text(COLUMN.sessionId)}/${record.text(COLUMN.sessionLine)}`;
}

function digestOf({ bytes }: RawRecord): string {
  return hash('sha256', bytes, 'base64').slice(0, DIGEST);
}
