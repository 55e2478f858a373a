/** The totals of one part. */

import { addRecords, noRecords, type RecordCounts } from '../../event/counts.js';
import { CLOUD_LOGGING, WITNESS } from './anchors.js';
import type { Chain } from './chain.js';
import { type PartResult, plainName } from './result.js';
import type { Seal, Segment } from './segment.js';
import { Tally } from './tally.js';

export class Totals {
  objects = 0;
  bytes = 0;
  readonly #events = new Tally();
  readonly #gaps = new Tally();
  #records: RecordCounts = noRecords();
  #from = Number.POSITIVE_INFINITY;
  #to = Number.NEGATIVE_INFINITY;
  /** By server. */
  readonly #rows = new Map<string | undefined, PartResult['rows'][number]>();
  readonly seals = { total: 0, signed: 0, checked: 0, anchored: 0, witnessed: 0, stamped: 0 };

  /** An event's time. */
  at(time: number): void {
    if (time < this.#from) this.#from = time;
    if (time > this.#to) this.#to = time;
  }

  /** The number of events so far. */
  get events(): number {
    return this.#events.sum();
  }

  addSegment({ events, gaps }: Segment, seal: Seal): void {
    this.#events.addAll(events);
    this.#events.add('seal');
    this.#gaps.addAll(gaps);
    this.#records = addRecords(this.#records, seal.records);
    for (const { source, time: readUntil, records } of seal.rows ?? []) {
      const before = this.#rows.get(source)?.records ?? noRecords();
      const name = source === undefined ? {} : { source: plainName(source) };
      this.#rows.set(source, { ...name, readUntil, records: addRecords(before, records) });
    }
  }

  /** @param knownFrom the names of those who have the same seal */
  addSeal(signature: 'checked' | 'signed' | 'unsigned', knownFrom: readonly string[]): void {
    this.seals.total += 1;
    if (signature !== 'unsigned') this.seals.signed += 1;
    if (signature === 'checked') this.seals.checked += 1;
    if (knownFrom.includes(CLOUD_LOGGING)) this.seals.anchored += 1;
    if (knownFrom.includes(WITNESS)) this.seals.witnessed += 1;
  }

  result(chains: readonly Chain[]): Omit<PartResult, 'instance' | 'node' | 'logFiles' | 'failure'> {
    const files = new Set(chains.flatMap(chain => [...chain.files]));
    return {
      chains: chains.map(chain => chain.result),
      objects: this.objects,
      bytes: this.bytes,
      events: plain(this.#events),
      from: toText(this.#from),
      to: toText(this.#to),
      source: {
        files: files.size,
        bytes: chains.reduce((sum, chain) => sum + chain.coveredBytes, 0),
        records: this.#records,
      },
      rows: [...this.#rows.values()],
      gaps: plain(this.#gaps),
      seals: this.seals,
    };
  }
}

/** Names come from the archive, and may be any text. */
function plain(tally: Tally): Record<string, number> {
  const named = new Tally();
  for (const [name, count] of tally.entries) named.add(plainName(name), count);
  return Object.fromEntries(named.entries);
}

function toText(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null;
}
