/** Bytes as PostgreSQL writes them. */

export const QUOTE: u32 = 0x22;
export const COMMA: u32 = 0x2c;
export const NEWLINE: u32 = 0x0a;
export const RETURN: u32 = 0x0d;
export const SLASH: u32 = 0x2f;
export const ZERO: u32 = 0x30;
export const MINUS: u32 = 0x2d;
export const SPACE: u32 = 0x20;
export const COLON: u32 = 0x3a;
export const BACKSLASH: u32 = 0x5c;
/** `{`, and `}`. */
export const OPEN: u32 = 0x7b;
export const CLOSE: u32 = 0x7d;

// @ts-ignore: decorators are AssemblyScript's
@inline
export function isDigit(byte: u32): bool {
  return byte - ZERO < 10;
}

/** Whether one or more digits are there, and nothing else. */
export function areDigits(at: usize, end: usize): bool {
  if (at >= end) return false;
  for (let i = at; i < end; i++) if (!isDigit(load<u8>(i))) return false;
  return true;
}

/** The number of at most nine digits; -1 if it is none. */
export function numberAt(at: usize, end: usize): i32 {
  if (at >= end || end - at > 9) return -1;
  let number: i32 = 0;
  for (let i = at; i < end; i++) {
    const digit = <u32>load<u8>(i) - ZERO;
    if (digit > 9) return -1;
    number = number * 10 + <i32>digit;
  }
  return number;
}

export function areSame(a: usize, b: usize, length: u32): bool {
  for (let i: u32 = 0; i < length; i++) if (load<u8>(a + i) != load<u8>(b + i)) return false;
  return true;
}
