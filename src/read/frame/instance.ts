/** The scanner itself (scan/): WebAssembly, with a memory of its own in each instance. */

import { readFileSync } from 'node:fs';
import { inProject } from '../../lib/paths.js';

type Counter = WebAssembly.Global;

/** scan/scan.ts, scan/skip.ts and scan/lines.ts, which say what each of these is. */
export interface Exports {
  readonly memory: WebAssembly.Memory;
  readonly INPUT: Counter;
  readonly ROW: Counter;
  readonly ZONE: Counter;
  readonly LATEST: Counter;
  readonly TOUCHED: Counter;
  readonly STARTED: Counter;
  readonly SESSIONS: Counter;
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
  beginRun(columns: number, zoneLength: number, maxRecordSize: number): void;
  beginSessions(after: number, startedLength: number, most: number): void;
  clearUsers(): void;
  setUser(at: number, length: number, verdict: number): void;
  clearSessions(): void;
  session(start: number, pid: number): number;
  forget(start: number, pid: number): number;
  statementIn(at: number, end: number): number;
  readonly lineAt: Counter;
  readonly lineEnd: Counter;
  readonly rowAt: Counter;
  readonly rowEnd: Counter;
  readonly rowColumns: Counter;
  readonly rowQuoted: Counter;
  readonly isWrapped: Counter;
  readonly areSkipped: Counter;
  clearKeys(): void;
  addKey(length: number, slot: number): number;
  setOutput(at: number, end: number): void;
  restartLines(at: number): void;
  movedLines(by: number): void;
  runLines(to: number): number;
  readText(at: number, end: number): number;
}

const NAMES = [
  ...['memory', 'INPUT', 'ROW', 'ZONE', 'LATEST', 'TOUCHED', 'STARTED', 'SESSIONS', 'block', 'start', 'end'],
  ...['columns', 'quoted', 'hasReturn', 'isSkipping', 'byUser', 'byClass', 'others', 'touched', 'latestAt'],
  ...['restart', 'moved', 'run', 'beginRun', 'beginSessions', 'clearUsers', 'setUser', 'clearSessions'],
  ...['session', 'forget', 'statementIn'],
  ...['lineAt', 'lineEnd', 'rowAt', 'rowEnd', 'rowColumns', 'rowQuoted', 'isWrapped', 'areSkipped'],
  ...['clearKeys', 'addKey', 'setOutput', 'restartLines', 'movedLines', 'runLines', 'readText'],
];

function isScanner(exports: object): exports is Exports {
  return NAMES.every(name => Reflect.has(exports, name));
}

let compiled: WebAssembly.Module | null = null;

export function newScanner(): Exports {
  compiled ??= new WebAssembly.Module(readFileSync(inProject('dist/scan.wasm')));
  const { exports } = new WebAssembly.Instance(compiled);
  if (isScanner(exports)) return exports;
  throw new Error('dist/scan.wasm is of another version: npm run build');
}
