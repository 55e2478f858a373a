/** What PostgreSQL always writes in one form: session ids, and times without their zone. */

import { isDigit, MINUS, ZERO } from './bytes';

/** Bytes of a time. */
export const TIME: u32 = 23;

/** `6b05339d.cfc`: two hexadecimal numbers of at most 32 bits; 0 if it is none. */
export function keyAt(at: usize, end: usize): u64 {
  let key: u64 = 0;
  let length = 0;
  let dots = 0;
  for (let i = at; i < end; i++) {
    const byte = <u32>load<u8>(i);
    if (byte == 0x2e) {
      if (length == 0 || length > 8 || dots > 0) return 0;
      dots = 1;
      length = 0;
      key <<= 32;
      continue;
    }
    let digit = byte - ZERO;
    if (digit > 9) {
      digit = byte - 0x61;
      if (digit > 5) return 0;
      digit += 10;
    }
    // `%lx` writes no zero at the start: with one it is another text.
    if (++length > 8 || (length == 1 && digit == 0)) return 0;
    key = (key & 0xffffffff00000000) | (((key << 4) | digit) & 0xffffffff);
  }
  return dots == 1 && length > 0 ? key : 0;
}

/** The minute that was looked at last, `2026-11-24 07:50`: it is the same in many records. */
let minute0: u64 = u64.MAX_VALUE;
let minute1: u64 = u64.MAX_VALUE;
const MINUTE: usize = 16;

/** `2026-11-24 07:50:05.791`: digits, but for their separators. */
export function isTime(at: usize): bool {
  const isKnown = load<u64>(at) == minute0 && load<u64>(at, 8) == minute1;
  if (!areTime(at, isKnown ? MINUTE : 0)) return false;
  minute0 = load<u64>(at);
  minute1 = load<u64>(at, 8);
  return true;
}

function areTime(at: usize, from: usize): bool {
  for (let i = from; i < TIME; i++) {
    const byte = <u32>load<u8>(at + i);
    if (i == 4 || i == 7) {
      if (byte != MINUS) return false;
    } else if (i == 10) {
      if (byte != 0x20) return false;
    } else if (i == 13 || i == 16) {
      if (byte != 0x3a) return false;
    } else if (i == 19) {
      if (byte != 0x2e) return false;
    } else if (!isDigit(byte)) return false;
  }
  return true;
}
