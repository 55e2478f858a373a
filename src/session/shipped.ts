/**
 * Which records were shipped lately. A log file may hold what another one holds, too: PostgreSQL's own key, a session's id
 * and the number of its line, shows that a record was read before, and its bytes show that it is the same.
 */

import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
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
  readonly #records: LRUCache<string, string>;

  constructor(saved: SavedShipped = []) {
    this.#records = new LRUCache({ max: MOST });
    for (const [key, value] of saved) this.#records.set(key, value);
  }

  /** `same`: it was shipped; `other`: a record with its key was, and with other bytes; `null`: neither is known. */
  knows(record: RawRecord): 'same' | 'other' | null {
    const known = this.#records.get(keyOf(record));
    if (known === undefined) return null;
    return known === digestOf(record) ? 'same' : 'other';
  }

  /** @param sha256 of the record's bytes in base64, if it is known */
  note(record: RawRecord, sha256?: string): void {
    const key = keyOf(record);
    if (this.#records.get(key) !== undefined) return;
    this.#records.set(key, sha256?.slice(0, DIGEST) ?? digestOf(record));
  }

  /** Plain data for the checkpoint. */
  get saved(): SavedShipped {
    return this.#records.dump().map(([key, { value }]) => [key, value]);
  }
}

function keyOf(record: RawRecord): string {
  return `${record.text(COLUMN.sessionId)}/${record.text(COLUMN.sessionLine)}`;
}

function digestOf({ bytes }: RawRecord): string {
  return hash('sha256', bytes, 'base64').slice(0, DIGEST);
}
