/** Where the lines of a file of positions begin, and which may have a content: sixteen bytes for each. */

import { createReadStream } from 'node:fs';
import { crc32 } from 'node:zlib';

/** Lines at most; also the factor between a content's hash and the line's number, in one exact number. */
const MOST_LINES = 2 ** 21;
/** Lines that are added before all are sorted again. */
const MOST_UNSORTED = 4096;
const NEWLINE = 0x0a;
const MARK = /"contentId":("(?:[^"\\]|\\.)*")/;

export class LineIndex {
  /** Hash × MOST_LINES + number, ascending. */
  #sorted = new Float64Array();
  #unsorted: number[] = [];
  /** Where each line begins, and where the last one ends. */
  #starts = new Float64Array(1024);
  #count = 0;

  /** Of whole lines. Nothing relies on an incomplete line at the end. Throws the errors of the file system. */
  static async of(path: string): Promise<LineIndex> {
    const index = new LineIndex();
    let rest = Buffer.alloc(0);
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      const bytes = Buffer.concat([rest, chunk]);
      let start = 0;
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        index.add(bytes.subarray(start, end + 1));
        start = end + 1;
      }
      rest = bytes.subarray(start);
    }
    return index;
  }

  get count(): number {
    return this.#count;
  }

  /** Where the last line ends. */
  get end(): number {
    return this.#starts[this.#count] ?? 0;
  }

  /** A line with its newline. Beyond a certain number, lines are not found any more. */
  add(line: Buffer): void {
    const { end } = this;
    const text = MARK.exec(line.toString('utf8'))?.[1];
    if (text !== undefined && this.#count < MOST_LINES)
      this.#unsorted.push(crc32(String(JSON.parse(text))) * MOST_LINES + this.#count);
    this.#count += 1;
    if (this.#count >= this.#starts.length) this.#enlarge();
    this.#starts[this.#count] = end + line.length;
    if (this.#unsorted.length >= Math.max(MOST_UNSORTED, this.#sorted.length / 8)) this.#sort();
  }

  /** From where to where a line goes, with its newline. */
  placeOf(number: number): { start: number; end: number } {
    return { start: this.#starts[number] ?? 0, end: this.#starts[number + 1] ?? 0 };
  }

  /** The numbers of lines that may have this content, the last one first. */
  linesOf(contentId: string): number[] {
    const first = crc32(contentId) * MOST_LINES;
    const isIn = (key: number): boolean => key >= first && key < first + MOST_LINES;
    const found = this.#unsorted.filter(isIn);
    for (let at = this.#firstFrom(first); isIn(this.#sorted[at] ?? -1); at += 1)
      found.push(this.#sorted[at] ?? 0);
    return found.map(key => key - first).sort((a, b) => b - a);
  }

  #firstFrom(value: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] ?? 0) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #sort(): void {
    const all = new Float64Array(this.#sorted.length + this.#unsorted.length);
    all.set(this.#sorted);
    all.set(this.#unsorted, this.#sorted.length);
    this.#sorted = all.sort();
    this.#unsorted = [];
  }

  #enlarge(): void {
    const larger = new Float64Array(2 * this.#starts.length);
    larger.set(this.#starts);
    this.#starts = larger;
  }
}
