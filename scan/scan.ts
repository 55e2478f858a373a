/**
 * The scanner: finds the records of csvlog in a stretch of memory, at more than a gigabyte a second. AssemblyScript,
 * compiled to WebAssembly with SIMD by `npm run build`; src/read/frame/scan.ts is its other side.
 *
 * `run` compares 64 bytes at a time with a quote, a comma, a newline and a carriage return. From the masks of these it
 * knows which bytes are within quotes, and where the rule of quotes is broken: a quote opens only at a field's start,
 * and after a closing quote only a separator may follow. Each separator outside of quotes ends a column; its place goes
 * into the row. A complete record is given to `skips` (skip.ts), if that is switched on, and else ends the run.
 *
 * Addresses are those of this memory. Nothing here fails or allocates: what is not plain ends the run, and the slow way
 * (src/read/frame/framer.ts) decides.
 */

import { skips } from './skip';
import { INPUT, ROW, SESSIONS } from './memory';

export { INPUT, ROW, SESSIONS };
export * from './skip';
export {
  addKey,
  areSkipped,
  clearKeys,
  isWrapped,
  lineAt,
  lineEnd,
  movedLines,
  readText,
  restartLines,
  rowAt,
  rowColumns,
  rowEnd,
  rowQuoted,
  runLines,
  setOutput,
} from './lines';
export { clearSessions, clearUsers, forget, session, setUser } from './tables';
export { statementIn } from './payload';

const MOST_COLUMNS: u32 = 26;

/** What ended a run: all bytes were looked at, a record is complete, or no record can begin at `start`. */
const MORE: i32 = 0;
const RECORD: i32 = 1;
const BREACH: i32 = 2;

/** The record that is being looked at begins here. */
export let start: usize = INPUT;
/** One past the newline of the record that ended the last run. */
export let end: usize = INPUT;
export let columns: u32 = 0;
/** Bit `i` is set if column `i` is quoted. */
export let quoted: u32 = 0;
/** 1 if the record's last newline follows a carriage return. */
export let hasReturn: u32 = 0;
/** The last run was ended by a record: the next one begins behind it. */
let isFound: bool = false;
/** Whether records may be skipped. */
export let isSkipping: bool = false;

/** The block of 64 bytes that is being looked at: it is needed from its start on. */
export let block: usize = INPUT;
/** How many of its bytes are done with. */
let done: u32 = 0;
/** At the block's start: all ones within quotes; the byte before was a separator or a quote; closed quotes; was a return. */
let inQuote: u64 = 0;
let afterOk: u64 = 1;
let afterClose: u64 = 0;
let afterReturn: u64 = 0;

/** Begins at an address, where a record begins. */
export function restart(at: usize): void {
  start = at;
  end = at;
  isFound = false;
  block = at;
  done = 0;
  inQuote = 0;
  afterOk = 1;
  afterClose = 0;
  afterReturn = 0;
  columns = 0;
  quoted = 0;
}

/** The bytes were moved towards the start of memory; those of a record that was found need not be among them. */
export function moved(by: usize): void {
  start -= by;
  end -= by;
  block -= by;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function mask(at: usize, byte: v128): u64 {
  return (
    (<u64>i8x16.bitmask(i8x16.eq(v128.load(at), byte))) |
    ((<u64>i8x16.bitmask(i8x16.eq(v128.load(at, 16), byte))) << 16) |
    ((<u64>i8x16.bitmask(i8x16.eq(v128.load(at, 32), byte))) << 32) |
    ((<u64>i8x16.bitmask(i8x16.eq(v128.load(at, 48), byte))) << 48)
  );
}

/** Each bit: whether an odd number of bits is set up to it. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function parity(bits: u64): u64 {
  let x = bits;
  x ^= x << 1;
  x ^= x << 2;
  x ^= x << 4;
  x ^= x << 8;
  x ^= x << 16;
  return x ^ (x << 32);
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function below(count: u32): u64 {
  return count >= 64 ? ~(<u64>0) : ((<u64>1) << count) - 1;
}

/** The record that ended the last run is done with. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function next(): void {
  start = end;
  isFound = false;
  columns = 0;
  quoted = 0;
}

/** Looks at the bytes before `to`, behind which 64 more can be read. */
export function run(to: usize): i32 {
  const Q = i8x16.splat(0x22);
  const C = i8x16.splat(0x2c);
  const N = i8x16.splat(0x0a);
  const R = i8x16.splat(0x0d);
  if (isFound) next();
  while (block < to) {
    const left = to - block;
    const valid = below(left >= 64 ? 64 : <u32>left);
    const q = mask(block, Q) & valid;
    const n = mask(block, N) & valid;
    const c = mask(block, C) & valid;
    const within = parity(q) ^ inQuote;
    const open = q & within;
    const close = q & ~within;
    const ok = q | c | n;
    const r = mask(block, R) & valid & ~within;
    const returned = (r << 1) | afterReturn;
    const broken =
      ((open & ~((ok << 1) | afterOk)) | (((close << 1) | afterClose) & ~(ok | r)) | (returned & ~n)) & valid;
    let separators = (c | n) & ~within & ~below(done);
    while (separators) {
      const bit = <u32>ctz(separators);
      const one = (<u64>1) << bit;
      if (broken & ((one - 1) | one) & ~below(done)) return BREACH;
      const at = block + bit;
      const isNewline = (n & one) != 0;
      hasReturn = isNewline && (returned & one) != 0 ? 1 : 0;
      const field = columns == 0 ? start : start + load<u32>(ROW + (columns << 2) - 4) + 1;
      if (load<u8>(field) == 0x22) quoted |= 1 << columns;
      store<u32>(ROW + (columns << 2), <u32>(at - start) - hasReturn);
      columns++;
      separators &= separators - 1;
      if (isNewline) {
        end = at + 1;
        done = bit + 1;
        isFound = !isSkipping || !skips(start, end, columns, quoted, hasReturn, start, <u32>(end - start));
        if (isFound) return RECORD;
        next();
      } else if (columns == MOST_COLUMNS) return BREACH;
    }
    if (broken & ~below(done)) return BREACH;
    if (left < 64) {
      done = <u32>left;
      return MORE;
    }
    inQuote = <u64>((<i64>within) >> 63);
    afterOk = ok >> 63;
    afterClose = close >> 63;
    afterReturn = r >> 63;
    block += 64;
    done = 0;
  }
  return MORE;
}
