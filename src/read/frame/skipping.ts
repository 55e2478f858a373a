/** What skipping over records needs and gives (scan/skip.ts). */

import type { Exports } from './instance.js';

/** Where the fields of a session are (scan/skip.ts). */
export const SLOT = {
  line: 8,
  statement: 12,
  flags: 16,
  lastAt: 20,
  auditAt: 24,
  index: 28,
  readAt: 32,
  readEnd: 36,
};

/** As in scan/memory.ts. */
const MOST_TOUCHED = 4096;

/** The tables of skip.ts; valid until the memory grows. */
export class Skipping {
  readonly #scanner: Exports;
  readonly memory: DataView;
  readonly bytes: Buffer;
  readonly #touched: Uint32Array;

  constructor(scanner: Exports, memory: DataView) {
    this.#scanner = scanner;
    this.memory = memory;
    this.bytes = Buffer.from(memory.buffer);
    this.#touched = new Uint32Array(memory.buffer, scanner.TOUCHED.value, MOST_TOUCHED);
  }

  /** @param lastTime the latest log_time, with its zone behind `timeLength` characters */
  begin(columns: number, lastTime: string, timeLength: number, maxRecordSize: number): void {
    const { ZONE, LATEST } = this.#scanner;
    this.bytes.write(lastTime, LATEST.value, timeLength, 'latin1');
    const zone = this.bytes.write(lastTime.slice(timeLength), ZONE.value, 64, 'latin1');
    this.#scanner.begin(columns, zone, maxRecordSize);
  }

  /** Records skipped since `begin`. */
  get counts(): { readonly byUser: number; readonly byClass: number; readonly others: number } {
    const { byUser, byClass, others } = this.#scanner;
    return { byUser: byUser.value, byClass: byClass.value, others: others.value };
  }

  /** Address of the latest log_time; 0 if it is as it was at `begin`. */
  get latestAt(): number {
    return this.#scanner.latestAt.value;
  }

  /** Addresses of the sessions of which records were skipped since `begin`. */
  get touched(): Uint32Array {
    return this.#touched.subarray(0, this.#scanner.touched.value);
  }

  clear(): void {
    this.clearUsers();
    this.#scanner.clearSessions();
  }

  clearUsers(): void {
    this.#scanner.clearUsers();
  }

  /** @param column the role's column as it is in the log, in this memory */
  setUser(column: Buffer, verdict: number): void {
    this.#scanner.setUser(column.byteOffset, column.length, verdict);
  }

  session(start: number, pid: number): number {
    return this.#scanner.session(start, pid);
  }

  forget(start: number, pid: number): void {
    this.#scanner.forget(start, pid);
  }
}
