/** What PostgreSQL always writes in one form: session ids, and times without their zone. */

import { ZERO } from './bytes';

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

/** `2026-11-24 07:50:05.791`: digits, but for their separators. */
export function isTime(at: usize): bool {
  const isKnown = load<u64>(at) == minute0 && load<u64>(at, 8) == minute1;
  if (!isKnown && !isMinute(at)) return false;
  minute0 = load<u64>(at);
  minute1 = load<u64>(at, 8);
  return isWithSeparators(load<u64>(at, 15), 0x0000002e00003a00, 0x000000ff0000ff00);
}

/** `2026-11-24 07:50` */
function isMinute(at: usize): bool {
  return (
    isWithSeparators(load<u64>(at), 0x2d00002d00000000, 0xff0000ff00000000) &&
    isWithSeparators(load<u64>(at, 8), 0x00003a0000200000, 0x0000ff0000ff0000)
  );
}

/** Whether eight bytes are these separators where `mask` is set, and digits elsewhere: of `3` and a number below ten. */
// @ts-ignore: decorators are AssemblyScript's
@inline
function isWithSeparators(bytes: u64, separators: u64, mask: u64): bool {
  const digits = (bytes & ~mask) | (0x3030303030303030 & mask);
  const isTens = (digits & 0xf0f0f0f0f0f0f0f0) == 0x3030303030303030;
  // Six more than nine is the next ten.
  const isBelow = ((digits + 0x0606060606060606) & 0xf0f0f0f0f0f0f0f0) == 0x3030303030303030;
  return isTens && isBelow && (bytes & mask) == separators;
}
