/** Counts which transactions will still fail, in a few bytes for each. */

const INSTANCE = Buffer.from('"instance":"');
const SESSION = Buffer.from('"session":{"id":"');
const TRANSACTION = Buffer.from('"virtualTransactionId":"');
const QUOTE = 0x22;

const FIRST_SIZE = 1024;

/**
 * Counts by transaction, identified by 64 bits of a hash: the chance that one of a hundred million statements is taken
 * for one of a million failures is one in 180,000. A hash table with open addressing, 12 bytes a slot and at most two
 * thirds of the slots used: ten thousand failures take 400 kB, a million 25 MB.
 */
export class Failures {
  #high = new Uint32Array(FIRST_SIZE);
  #low = new Uint32Array(FIRST_SIZE);
  #counts = new Int32Array(FIRST_SIZE);
  #taken = 0;

  /** Counts the transaction that an event's line names, if any. */
  add(line: Buffer): void {
    this.#count(line, 1);
  }

  #count(line: Buffer, by: number): void {
    const key = keyIn(line);
    if (key === null) return;
    const slot = this.#slotOf(key);
    if (this.#isFree(slot)) this.#take(slot, key);
    this.#counts[slot] = this.#countIn(slot) + by;
    if (this.#taken * 3 > this.#counts.length * 2) this.#grow();
  }

  /** Takes back one `add` of the line's transaction, even before it comes. */
  remove(line: Buffer): void {
    this.#count(line, -1);
  }

  /** Whether the line's transaction was added more often than taken back. */
  has(line: Buffer): boolean {
    const key = keyIn(line);
    return key !== null && this.#countIn(this.#slotOf(key)) > 0;
  }

  #countIn(slot: number): number {
    return this.#counts[slot] ?? 0;
  }

  #isFree(slot: number): boolean {
    return this.#high[slot] === 0 && this.#low[slot] === 0;
  }

  #take(slot: number, { high, low }: Key): void {
    this.#high[slot] = high;
    this.#low[slot] = low;
    this.#taken += 1;
  }

  /** The slot of the key, or the free one that it would get. */
  #slotOf({ high, low }: Key): number {
    const size = this.#counts.length;
    let slot = low % size;
    while (!this.#isFree(slot) && (this.#high[slot] !== high || this.#low[slot] !== low))
      slot = (slot + 1) % size;
    return slot;
  }

  #grow(): void {
    const [highs, lows, counts] = [this.#high, this.#low, this.#counts];
    const size = counts.length * 2;
    this.#high = new Uint32Array(size);
    this.#low = new Uint32Array(size);
    this.#counts = new Int32Array(size);
    this.#taken = 0;
    for (const [index, low] of lows.entries()) {
      const key = { high: highs[index] ?? 0, low };
      if (key.high === 0 && low === 0) continue;
      const slot = this.#slotOf(key);
      this.#take(slot, key);
      this.#counts[slot] = counts[index] ?? 0;
    }
  }
}

interface Key {
  readonly high: number;
  readonly low: number;
}

/**
 * A hash over instance, session and virtual transaction id, not zero; `null` if the line does not name them. It reads
 * the bytes, since only few of many lines match: text inside JSON strings cannot look like a member.
 */
function keyIn(line: Buffer): Key | null {
  let [high, low, from] = [0x9e3779b9, 0x85ebca6b, 0];
  for (const member of [INSTANCE, SESSION, TRANSACTION]) {
    const start = line.indexOf(member, from);
    if (start === -1) return null;
    // The closing quote separates values that would otherwise run together.
    const end = line.indexOf(QUOTE, start + member.length) + 1;
    for (let index = start + member.length; index < end; index++) {
      const byte = line[index] ?? 0;
      high = Math.imul(high ^ byte, 0x01000193);
      low = Math.imul(low + byte, 0x5bd1e995);
      low ^= low >>> 15;
    }
    from = end;
  }
  return { high: mixed(high ^ low), low: mixed(low) || 1 };
}

/** The last step of MurmurHash3: each bit of the input changes half of the bits of the result. */
function mixed(bits: number): number {
  let result = bits ^ (bits >>> 16);
  result = Math.imul(result, 0x85ebca6b);
  result ^= result >>> 13;
  result = Math.imul(result, 0xc2b2ae35);
  return (result ^ (result >>> 16)) >>> 0;
}
