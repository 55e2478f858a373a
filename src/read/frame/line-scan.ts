/** Scans formats that have one record a line (scan/lines.ts): what it finds is written down again as rows of csvlog. */

import type { LogFormat } from '../../lib/log-format.js';
import { type Exports, newScanner } from './instance.js';
import { LINE_KEYS } from './line-keys.js';
import { type Found, MARGIN, Scan } from './scan.js';

export type LineFormat = Exclude<LogFormat, 'csvlog'>;

/** Bytes of input that there is room for at first. */
const INPUT = 1024 * 1024;
/** Bytes that a row takes at most for each of its line, besides these (`mostOf` in scan/row.ts). */
const ROW_SIZE = { jsonlog: 1, cnpg: 2 };
const ROW_MORE = 256;

/** Scanners that nobody uses. */
const idle: Record<LineFormat, Exports[]> = { jsonlog: [], cnpg: [] };
const MOST_IDLE = 2;

/** What a text is: a record, none, or something else that is not the server's log. */
export type Text = 'record' | 'breach' | 'other';

export class LineScan extends Scan {
  readonly #format: LineFormat;

  private constructor(scanner: Exports, format: LineFormat) {
    super(scanner);
    this.#format = format;
    this.addRoom(INPUT);
  }

  /** One that begins at the start of its input. */
  static take(format: LineFormat): LineScan {
    const scan = new LineScan(idle[format].pop() ?? newLineScanner(format), format);
    scan.restart(0);
    return scan;
  }

  release(): void {
    if (idle[this.#format].length < MOST_IDLE && !this.isLarge) idle[this.#format].push(this.scanner);
  }

  protected roomFor(bytes: number): number {
    return bytes + MARGIN + ROW_SIZE[this.#format] * bytes + ROW_MORE + MARGIN;
  }

  protected get capacity(): number {
    return Math.floor((this.room - 2 * MARGIN - ROW_MORE) / (1 + ROW_SIZE[this.#format]));
  }

  protected override map(): void {
    super.map();
    const output = this.inputAt + this.capacity + MARGIN;
    this.scanner.setOutput(output, this.inputAt + this.room - MARGIN);
  }

  restart(at: number): void {
    this.scanner.restartLines(this.inputAt + at);
  }

  get neededFrom(): number {
    return this.start;
  }

  moved(by: number): void {
    this.scanner.movedLines(by);
  }

  run(to: number, isSkipping = false): Found {
    this.scanner.areSkipped.value = isSkipping ? 1 : 0;
    const found = this.scanner.runLines(this.inputAt + to);
    return found === 0 ? 'more' : found === 1 ? 'record' : found === 2 ? 'breach' : 'full';
  }

  /** Reads these bytes of the input as one record, without what CloudNativePG's lines have around it. */
  readText(from: number, to: number): Text {
    const found = this.scanner.readText(this.inputAt + from, this.inputAt + to);
    return found === 1 ? 'record' : found === 4 ? 'other' : 'breach';
  }

  get start(): number {
    return this.scanner.lineAt.value - this.inputAt;
  }

  get end(): number {
    return this.scanner.lineEnd.value - this.inputAt;
  }

  get columns(): number {
    return this.scanner.rowColumns.value;
  }

  get quoted(): number {
    return this.scanner.rowQuoted.value;
  }

  /** The row of the record that was found, without a newline. */
  get row(): Buffer {
    const { rowAt, rowEnd } = this.scanner;
    return Buffer.from(this.memory.buffer, rowAt.value, rowEnd.value - rowAt.value);
  }
}

function newLineScanner(format: LineFormat): Exports {
  const scanner = newScanner();
  scanner.isWrapped.value = format === 'cnpg' ? 1 : 0;
  scanner.clearKeys();
  for (const table of LINE_KEYS[format]) {
    for (const [key, slot] of table) addKey(scanner, key, slot);
    addKey(scanner, '', 0);
  }
  return scanner;
}

function addKey(scanner: Exports, key: string, slot: number): void {
  const at = scanner.addKey(key.length, slot);
  Buffer.from(scanner.memory.buffer).write(key, at, 'latin1');
}
