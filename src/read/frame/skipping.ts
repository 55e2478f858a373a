/** What skipping over records needs and gives (scan/skip.ts). */

import type { Exports } from './instance.js';

/** Where the fields of a session are (scan/skip.ts). */
export const SLOT = {
  line: 8,
  statement: 12,
  flags: 16,
  lastAt: 20,
  auditAt: 24,
  readAt: 28,
  readEnd: 32,
};

/** As in scan/memory.ts. */
const MOST_TOUCHED = 4096;
const LONGEST_ZONE = 64;
const SESSION_SIZE = 40;

/** The tables of skip.ts; valid until the memory grows. */
export class Skipping {
  readonly #scanner: Exports;
  readonly memory: DataView;
  readonly bytes: Buffer;
  readonly #touched: Uint32Array;
  readonly #sessions: number;

  constructor(scanner: Exports, memory: DataView) {
    this.#scanner = scanner;
    this.memory = memory;
    this.bytes = Buffer.from(memory.buffer);
    this.#touched = new Uint32Array(memory.buffer, scanner.TOUCHED.value, MOST_TOUCHED);
    this.#sessions = scanner.SESSIONS.value;
  }

  /**
   * Has sessions begun in the next run.
   *
   * @param after those that began later are new; in milliseconds since the epoch
   * @param started their session_start_time, as the log has it; empty: none is begun
   * @param most how many
   */
  beginSessions(after: number, started: string, most: number): void {
    const length = this.bytes.write(started, this.#scanner.STARTED.value, LONGEST_ZONE, 'latin1');
    this.#scanner.beginSessions(after / 1000, length, most);
  }

  /** @param lastTime the latest log_time, with its zone behind `timeLength` characters */
  begin(columns: number, lastTime: string, timeLength: number, maxRecordSize: number): void {
    const { ZONE, LATEST } = this.#scanner;
    this.bytes.write(lastTime, LATEST.value, timeLength, 'latin1');
    const zone = this.bytes.write(lastTime.slice(timeLength), ZONE.value, LONGEST_ZONE, 'latin1');
    this.#scanner.beginRun(columns, zone, maxRecordSize);
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

  /** Address of a session, which is put into the table; 0 if there is no room. */
  session(start: number, pid: number): number {
    return this.#scanner.session(start, pid);
  }

  /** Returns the address that the session had; 0 if it was not in the table. */
  forget(start: number, pid: number): number {
    return this.#scanner.forget(start, pid);
  }

  /** The number of the session at an address; another one may have it later. */
  numberOf(slot: number): number {
    return (slot - this.#sessions) / SESSION_SIZE;
  }

  /** The id of the session at an address, as PostgreSQL's `%lx.%x` writes it. */
  idOf(slot: number): string {
    const [pid, start] = [this.memory.getUint32(slot, true), this.memory.getUint32(slot + 4, true)];
    return `${start.toString(16)}.${pid.toString(16)}`;
  }
}
