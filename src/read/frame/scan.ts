/** The scanner's other side: a memory of its own for each file that is read, with the bytes at hand in it. */

import { readFileSync } from 'node:fs';
import { inProject } from '../../lib/paths.js';

type Counter = WebAssembly.Global;

/** scan/scan.ts and scan/skip.ts, which say what each of these is. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly INPUT: Counter;
  readonly ROW: Counter;
  readonly ZONE: Counter;
  readonly LATEST: Counter;
  readonly TOUCHED: Counter;
  readonly block: Counter;
  readonly start: Counter;
  readonly end: Counter;
  readonly columns: Counter;
  readonly quoted: Counter;
  readonly hasReturn: Counter;
  readonly isSkipping: Counter;
  readonly byUser: Counter;
  readonly byClass: Counter;
  readonly others: Counter;
  readonly touched: Counter;
  readonly latestAt: Counter;
  restart(at: number): void;
  moved(by: number): void;
  run(to: number): number;
  begin(columns: number, zoneLength: number, maxRecordSize: number): void;
  clearUsers(): void;
  setUser(at: number, length: number, verdict: number): void;
  clearSessions(): void;
  session(start: number, pid: number): number;
  forget(start: number, pid: number): void;
  statementIn(at: number, end: number): number;
}

const NAMES = [
  ...['memory', 'INPUT', 'ROW', 'ZONE', 'LATEST', 'TOUCHED', 'block', 'start', 'end', 'columns', 'quoted'],
  ...[
    'hasReturn',
    'isSkipping',
    'byUser',
    'byClass',
    'others',
    'touched',
    'latestAt',
    'restart',
    'moved',
    'run',
  ],
  ...['begin', 'clearUsers', 'setUser', 'clearSessions', 'session', 'forget', 'statementIn'],
];

function isScanner(exports: object): exports is Exports {
  return NAMES.every(name => Reflect.has(exports, name));
}

let compiled: WebAssembly.Module | null = null;

function newScanner(): Exports {
  compiled ??= new WebAssembly.Module(readFileSync(inProject('dist/scan.wasm')));
  const { exports } = new WebAssembly.Instance(compiled);
  if (isScanner(exports)) return exports;
  throw new Error('dist/scan.wasm is of another version: npm run build');
}

/** Bytes that can be read behind the input: no look of the scanner goes further. */
const MARGIN = 128;
const PAGE = 64 * 1024;

/** `more`: all bytes were looked at; `record`: one is complete; `breach`: none can begin where the last one ended. */
export type Found = 'more' | 'record' | 'breach';

/** Scanners that nobody uses: to make one takes half a millisecond, and its memory is given back late. */
const idle: Exports[] = [];
const MOST_IDLE = 2;

/** Places are counted from the start of `input`. */
export class Scan {
  readonly #scanner: Exports;
  readonly #input: number;
  #isLarge = false;
  /** Where the bytes are that are scanned. Growing replaces it. */
  input: Buffer = Buffer.alloc(0);
  /** Where the columns of the record end, counted from its start. */
  ends = new Int32Array(0);
  /** All of the scanner's memory. */
  memory: DataView = new DataView(new ArrayBuffer(0));

  private constructor(scanner: Exports) {
    this.#scanner = scanner;
    this.#input = scanner.INPUT.value;
    this.#map();
  }

  #map(): void {
    const { buffer } = this.#scanner.memory;
    this.input = Buffer.from(buffer, this.#input, buffer.byteLength - this.#input - MARGIN);
    this.ends = new Int32Array(buffer, this.#scanner.ROW.value, 32);
    this.memory = new DataView(buffer);
  }

  /** One that begins at the start of its input. */
  static take(): Scan {
    const scan = new Scan(idle.pop() ?? newScanner());
    scan.restart(0);
    return scan;
  }

  /** Nobody uses it any more. */
  release(): void {
    if (idle.length < MOST_IDLE && !this.#isLarge) idle.push(this.#scanner);
  }

  /** Makes the input at least so large; what is in it stays. */
  grow(bytes: number): void {
    const pages = Math.ceil((this.#input + bytes + MARGIN) / PAGE);
    this.#isLarge = true;
    this.#scanner.memory.grow(pages - this.#scanner.memory.buffer.byteLength / PAGE);
    this.#map();
  }

  /** Begins where a record begins. */
  restart(at: number): void {
    this.#scanner.restart(this.#input + at);
  }

  /** Bytes before this are not needed any more. */
  get neededFrom(): number {
    return this.#scanner.block.value - this.#input;
  }

  /** The bytes from `by` on were moved to the start of the input. */
  moved(by: number): void {
    this.#scanner.moved(by);
  }

  /** Looks at the bytes before `to`, from where it stopped; the record that it found last is done with. */
  run(to: number, isSkipping = false): Found {
    this.#scanner.isSkipping.value = isSkipping ? 1 : 0;
    const found = this.#scanner.run(this.#input + to);
    return found === 0 ? 'more' : found === 1 ? 'record' : 'breach';
  }

  /** Where the record begins that is complete, or being looked at. */
  get start(): number {
    return this.#scanner.start.value - this.#input;
  }

  /** One past the final newline of the record that is complete. */
  get end(): number {
    return this.#scanner.end.value - this.#input;
  }

  get columns(): number {
    return this.#scanner.columns.value;
  }

  /** Bit `i` is set if column `i` is quoted. */
  get quoted(): number {
    return this.#scanner.quoted.value;
  }

  get hasReturn(): boolean {
    return this.#scanner.hasReturn.value !== 0;
  }

  /** Whether these bytes are in this memory: their `byteOffset` is then their address in it. */
  holds(bytes: Buffer): boolean {
    return bytes.buffer === this.memory.buffer;
  }

  /** pgAudit's number of the statement in a message column that is certain to be genuine; `null` if it is not. */
  statementIn(column: Buffer): number | null {
    if (!this.holds(column)) return null;
    const statement = this.#scanner.statementIn(column.byteOffset, column.byteOffset + column.length);
    return statement === -1 ? null : statement;
  }

  /** What skipping over records needs and gives (scan/skip.ts). */
  get skipping(): Skipping {
    return new Skipping(this.#scanner, this.memory);
  }
}

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
