/** Rows of a history come in its order, and not beyond the position that their seal names. */

import type { ReadRows } from '../../event/row.js';
import { type ReadEvent, uuidOf } from './read-event.js';
import { Broken } from './result.js';

/** The place of a row in the history of one database, server and timeline. */
interface RowPlace {
  readonly system: string;
  readonly timeline: number;
  readonly database: string | null;
  readonly transaction: string;
  readonly id: string;
}

export class RowOrder {
  /** Each server's last row, or the position that the last seal names. */
  #last = new Map<string, RowPlace>();
  /** Servers with rows since the last seal. */
  readonly #unsealed = new Set<string>();

  /** Throws Broken if the row is not behind those before it. */
  add(event: ReadEvent): void {
    const [id, { row, instance }] = [uuidOf(event), event];
    if (row === undefined || id === null)
      throw new Broken('format', 'the event of a row does not say where it was read');
    const place = { ...row, id, database: event.database ?? null };
    const last = this.#last.get(instance);
    if (last !== undefined && isSameHistory(last, place) && !isAfter(place, last))
      throw new Broken('source', 'the event comes after one whose row is later in its history');
    this.#last.set(instance, place);
    this.#unsealed.add(instance);
  }

  /** Throws Broken if a position is before a row that it covers. */
  seal(positions: readonly ReadRows[], instance: string): void {
    const sealed = new Map(positions.map(one => [one.source ?? instance, placeOf(one)]));
    for (const [server, last] of this.#last) {
      const position = sealed.get(server);
      if (
        position === undefined
          ? this.#unsealed.has(server)
          : isSameHistory(last, position) && isAfter(last, position)
      )
        throw new Broken('coverage', 'rows come from a part of their history that the seal does not cover');
    }
    this.#last = new Map([...this.#last, ...sealed]);
    this.#unsealed.clear();
  }
}

function placeOf({ database, ...position }: ReadRows): RowPlace {
  return { ...position, database: database.name };
}

function isSameHistory(a: RowPlace, b: RowPlace): boolean {
  return a.system === b.system && a.timeline === b.timeline && a.database === b.database;
}

function isAfter(a: RowPlace, b: RowPlace): boolean {
  const [first, second] = [BigInt(a.transaction), BigInt(b.transaction)];
  return first > second || (first === second && a.id > b.id);
}
