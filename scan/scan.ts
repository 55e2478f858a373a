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
/** Of a record that ended a run: bit `i` is set if column `i` is quoted. */
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
}

/** The bytes were moved towards the start of memory; those of a record that was found need not be among them. */
export function moved(by: usize): void {
  start -= by;
  end -= by;
  block -= by;
}

// @ts-ignore: decorators are AssemblyScript's
@inline
function mask(a: v128, b: v128, c: v128, d: v128, byte: v128): u64 {
  return (
    (<u64>i8x16.bitmask(i8x16.eq(a, byte))) |
    ((<u64>i8x16.bitmask(i8x16.eq(b, byte))) << 16) |
    ((<u64>i8x16.bitmask(i8x16.eq(c, byte))) << 32) |
    ((<u64>i8x16.bitmask(i8x16.eq(d, byte))) << 48)
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
}

/** Ends a column at each of these places of the block; false if a record has not as many columns. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function endColumns(separators: u64): bool {
  const count = columns + <u32>popcnt(separators);
  if (count >= MOST_COLUMNS) return false;
  const from = <u32>(block - start);
  let at = ROW + (<usize>columns << 2);
  for (let left = separators; left != 0; left &= left - 1, at += 4) store<u32>(at, from + <u32>ctz(left));
  columns = count;
  return true;
}

/** Which columns of the record are quoted. */
function findQuoted(): u32 {
  let found: u32 = 0;
  let field = start;
  for (let column: u32 = 0; column < columns; column++) {
    if (load<u8>(field) == 0x22) found |= 1 << column;
    field = start + load<u32>(ROW + (<usize>column << 2)) + 1;
  }
  return found;
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
    const a = v128.load(block);
    const b = v128.load(block, 16);
    const c = v128.load(block, 32);
    const d = v128.load(block, 48);
    const quotes = mask(a, b, c, d, Q) & valid;
    const commas = mask(a, b, c, d, C) & valid;
    const within = parity(quotes) ^ inQuote;
    let n: u64 = 0;
    let r: u64 = 0;
    // Most blocks have neither: they have nothing below a carriage return.
    const lowest = i8x16.min_u(i8x16.min_u(a, b), i8x16.min_u(c, d));
    if (v128.any_true(i8x16.le_u(lowest, R))) {
      n = mask(a, b, c, d, N) & valid;
      r = mask(a, b, c, d, R) & valid & ~within;
    }
    const open = quotes & within;
    const close = quotes & ~within;
    const ok = quotes | commas | n;
    const returned = (r << 1) | afterReturn;
    const ahead = valid & ~below(done);
    const broken =
      ((open & ~((ok << 1) | afterOk)) | (((close << 1) | afterClose) & ~(ok | r)) | (returned & ~n)) & ahead;
    let separators = (commas | n) & ~within & ahead;
    for (let ends = n & separators; ends != 0; ends &= ends - 1) {
      const one = ends & (0 - ends);
      const before = one - 1;
      if (broken & (before | one) || !endColumns(separators & before)) return BREACH;
      separators &= ~(before | one);
      const bit = <u32>ctz(one);
      end = block + bit + 1;
      done = bit + 1;
      hasReturn = (returned & one) != 0 ? 1 : 0;
      store<u32>(ROW + (<usize>columns << 2), <u32>(end - 1 - start) - hasReturn);
      columns++;
      isFound = !isSkipping || !skips(start, end, columns, hasReturn, start, <u32>(end - start));
      if (isFound) {
        quoted = findQuoted();
        return RECORD;
      }
      next();
    }
    if (broken || !endColumns(separators)) return BREACH;
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
