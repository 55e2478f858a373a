/** Scans csvlog (scan/scan.ts). */

import { type Exports, newScanner } from './instance.js';
import { type Found, MARGIN, Scan } from './scan.js';

/** Scanners that nobody uses: to make one takes half a millisecond, and its memory is given back late. */
const idle: Exports[] = [];
const MOST_IDLE = 2;

export class CsvScan extends Scan {
  private constructor(scanner: Exports) {
    super(scanner);
    this.map();
  }

  /** One that begins at the start of its input. */
  static take(): CsvScan {
    const scan = new CsvScan(idle.pop() ?? newScanner());
    scan.restart(0);
    return scan;
  }

  release(): void {
    if (idle.length < MOST_IDLE && !this.isLarge) idle.push(this.scanner);
  }

  protected roomFor(bytes: number): number {
    return bytes + MARGIN;
  }

  protected get capacity(): number {
    return this.room - MARGIN;
  }

  restart(at: number): void {
    this.scanner.restart(this.inputAt + at);
  }

  get neededFrom(): number {
    return this.scanner.block.value - this.inputAt;
  }

  moved(by: number): void {
    this.scanner.moved(by);
  }

  run(to: number, isSkipping = false): Found {
    this.scanner.isSkipping.value = isSkipping ? 1 : 0;
    const found = this.scanner.run(this.inputAt + to);
    return found === 0 ? 'more' : found === 1 ? 'record' : 'breach';
  }

  get start(): number {
    return this.scanner.start.value - this.inputAt;
  }

  get end(): number {
    return this.scanner.end.value - this.inputAt;
  }

  get columns(): number {
    return this.scanner.columns.value;
  }

  get quoted(): number {
    return this.scanner.quoted.value;
  }

  get hasReturn(): boolean {
    return this.scanner.hasReturn.value !== 0;
  }
}
