/**
 * A file of people as few large arrays, which a thread builds and hands over without copying: 200,000 people take 30 MB,
 * and an object is made of an entry only when it is looked up. Also runs in worker.ts: its imports end in `.ts`.
 */

import { crc32 } from 'node:zlib';
import { ShipperError } from '../../lib/errors.ts';
import { cutKeyOf, keysOf, type PersonEntry } from './entry.ts';

/** Entries of one file; also the factor between a key's hash and the entry's number, in one exact number. */
export const MOST_ENTRIES = 2 ** 21;
/** Bytes in UTF-8 of a UTF-16 unit. */
const MOST_BYTES = 3;

export interface PeopleTable {
  /** The entries in the file's order, as JSON. */
  readonly text: Uint8Array<ArrayBuffer>;
  /** Where each entry's JSON ends. */
  readonly ends: Float64Array<ArrayBuffer>;
  /** Of each entry `validFrom` and `validTo`. */
  readonly times: Float64Array<ArrayBuffer>;
  /** Of each key of each entry: hash × MOST_ENTRIES + the entry's number; ascending. */
  readonly keys: Float64Array<ArrayBuffer>;
}

/** What a thread makes of a file. */
export interface ReadPeople {
  readonly table: PeopleTable;
  /** Names of fields that are not used, in the file's order; not all if there are very many. */
  readonly ignored: readonly string[];
}

/** Outside the heap, which a copy would double: an array that grows where it is if it can. */
class Numbers {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(...values: readonly number[]): void {
    if (this.#length + values.length > this.#values.length)
      this.#values = new Float64Array(enlarged(this.#values.buffer));
    this.#values.set(values, this.#length);
    this.#length += values.length;
  }

  /** What is in it; it is of no use afterwards. */
  take(): Float64Array<ArrayBuffer> {
    return new Float64Array(this.#values.buffer.transfer(this.#length * Float64Array.BYTES_PER_ELEMENT));
  }
}

/** Half as large again, in whole numbers of eight bytes. */
function enlarged(buffer: ArrayBuffer, least = 0): ArrayBuffer {
  return buffer.transfer(8 * Math.ceil(Math.max(least, 1.5 * buffer.byteLength) / 8));
}

/** Throws a ShipperError if there are too many entries. */
export class TableBuilder {
  #text = Buffer.from(new ArrayBuffer(64 * 1024));
  #length = 0;
  readonly #ends = new Numbers();
  readonly #times = new Numbers();
  readonly #keys = new Numbers();

  add(entry: PersonEntry): void {
    const number = this.#ends.length;
    if (number === MOST_ENTRIES)
      throw new ShipperError('directory', `more than ${MOST_ENTRIES} entries: leave out who has no access`);
    const { user, person, validFrom, validTo } = entry;
    this.#append(JSON.stringify([user, person.id, person.name, person.email, person.unit]));
    this.#ends.push(this.#length);
    this.#times.push(validFrom, validTo);
    const cut = cutKeyOf(entry);
    for (const key of cut === null ? keysOf(entry) : [...keysOf(entry), cut])
      this.#keys.push(crc32(key) * MOST_ENTRIES + number);
  }

  /** To be called once, at the end. */
  build(): PeopleTable {
    return {
      text: new Uint8Array(this.#text.buffer.transfer(this.#length)),
      ends: this.#ends.take(),
      times: this.#times.take(),
      keys: this.#keys.take().sort(),
    };
  }

  #append(text: string): void {
    const least = this.#length + text.length * MOST_BYTES;
    if (least > this.#text.length) this.#text = Buffer.from(enlarged(this.#text.buffer, least));
    this.#length += this.#text.write(text, this.#length);
  }
}

/** An entry with its number in the file, from 0. */
export type Numbered = PersonEntry & { readonly number: number };

/** Entries that may have this key, in the file's order: the hash of another key may be the same. */
export function numbersOf({ keys }: PeopleTable, key: string): number[] {
  const first = crc32(key) * MOST_ENTRIES;
  const found: number[] = [];
  for (let at = firstFrom(keys, first); at < keys.length; at += 1) {
    const number = (keys[at] ?? 0) - first;
    if (number >= MOST_ENTRIES) break;
    found.push(number);
  }
  return found;
}

/** The numbers of entries whose keys have the same hash, for each hash that several entries have. */
export function* sharedHashes({ keys }: PeopleTable): Generator<number[]> {
  let group: number[] = [];
  let hash = -1;
  for (const key of keys) {
    const next = Math.floor(key / MOST_ENTRIES);
    if (next !== hash && group.length > 1) yield group;
    if (next !== hash) group = [];
    hash = next;
    group.push(key % MOST_ENTRIES);
  }
  if (group.length > 1) yield group;
}

export function isValidAt({ times }: PeopleTable, number: number, time: number): boolean {
  const [from = Number.NaN, to = Number.NaN] = times.subarray(2 * number, 2 * number + 2);
  return from <= time && time < to;
}

export function entryAt({ text, ends, times }: PeopleTable, number: number): Numbered {
  const start = number === 0 ? 0 : ends[number - 1];
  const json = Buffer.from(text.buffer).toString('utf8', start, ends[number]);
  const [user, id, name, email, unit]: (string | null)[] = JSON.parse(json);
  const person = { ...(id && { id }), ...(name && { name }), ...(email && { email }), ...(unit && { unit }) };
  const [validFrom = Number.NaN, validTo = Number.NaN] = times.subarray(2 * number, 2 * number + 2);
  return { number, user: user ?? null, person, validFrom, validTo };
}

/** The first place whose value is not below `value`. */
function firstFrom(ascending: Float64Array, value: number): number {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
