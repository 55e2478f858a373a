/** Characters by their UTF-16 code units: comparing numbers keeps reading fast. */

export const NEWLINE = 10;
export const RETURN = 13;
const TAB = 0x09;
const SPACE = 0x20;
export const BANG = 33;
export const DOUBLE = 34;
export const DOLLAR = 36;
export const PERCENT = 37;
export const AMPERSAND = 38;
export const SINGLE = 39;
export const OPEN = 40;
export const CLOSE = 41;
export const STAR = 42;
export const PLUS = 43;
export const COMMA = 44;
export const DASH = 45;
export const DOT = 46;
export const SLASH = 47;
export const COLON = 58;
export const SEMICOLON = 59;
export const LESS = 60;
export const EQUALS = 61;
export const GREATER = 62;
export const AT = 64;
export const OPEN_LIST = 91;
export const BACKSLASH = 92;
export const CLOSE_LIST = 93;

const WORD = new Uint8Array(128);
for (const char of '0123456789_$abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ') {
  WORD[char.charCodeAt(0)] = 1;
}

/** Whether an identifier may continue with it (PostgreSQL manual, 4.1.1). */
export function isWord(code: number): boolean {
  return code < 128 ? WORD[code] === 1 : code >= 128;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isSpace(code: number): boolean {
  return code === SPACE || (code >= TAB && code <= RETURN);
}

/** Whether it is the lower-case or upper-case form of an ASCII letter, given in lower case. */
export function isLetter(code: number, small: string): boolean {
  return (code | 0x20) === small.charCodeAt(0);
}
