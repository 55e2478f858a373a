/** The content of a quoted text, and which of its characters stand for which part of it. */

import { DOUBLE, PLUS, SINGLE } from '../lib/sql/chars.js';
import { type Piece, reopening, skipTrivia } from '../lib/sql/lexer.js';
import type { Range } from './ranges.js';

/** Short contents are decoded here: allocating a buffer takes longer than filling it. */
const SHORT = new Uint16Array(256);

/** The content with its quotes and escapes resolved. */
export function decode(text: string, piece: Piece): string {
  if (isVerbatim(text, piece)) return text.slice(piece.open, piece.close);
  const most = piece.close - piece.open;
  if (most <= SHORT.length) {
    const length = decodeInto(SHORT, text, piece);
    return Reflect.apply(String.fromCharCode, String, SHORT.subarray(0, length));
  }
  const narrow = new Uint8Array(most);
  const length = decodeInto(narrow, text, piece);
  if (length !== -1) return Buffer.from(narrow.buffer, 0, length).toString('latin1');
  const wide = new Uint16Array(most);
  return Buffer.from(wide.buffer, 0, decodeInto(wide, text, piece) * 2).toString('utf16le');
}

/** Returns how many code units the content has; -1 if one of them does not fit. */
function decodeInto(decoded: Uint8Array | Uint16Array, text: string, piece: Piece): number {
  const units = new Units(text, piece);
  const most = decoded.BYTES_PER_ELEMENT === 1 ? 0xff : 0xffff;
  let length = 0;
  while (units.next()) {
    if (units.code > most) return -1;
    decoded[length++] = units.code;
    if (units.length === 2) decoded[length++] = units.low;
  }
  return length;
}

/** Where ranges of the decoded content are in the text itself. They are in order, as from `union`. */
export function locate(text: string, piece: Piece, ranges: readonly Range[]): Range[] {
  const { open } = piece;
  if (ranges.length === 0 || isVerbatim(text, piece)) {
    return ranges.map(({ start, end }) => ({ start: open + start, end: open + end }));
  }
  const located: Range[] = [];
  const units = new Units(text, piece);
  let [decoded, start, next] = [0, -1, 0];
  for (let range = ranges[next]; range !== undefined && units.next(); ) {
    decoded += units.length;
    if (start === -1 && range.start < decoded) start = units.start;
    if (range.end > decoded) continue;
    located.push({ start, end: units.end });
    start = -1;
    range = ranges[++next];
  }
  return located;
}

/** Whether every character of the content stands for itself. */
function isVerbatim(text: string, piece: Piece): boolean {
  if (piece.quoting === 'verbatim') return true;
  const content = text.slice(piece.open, piece.close);
  if (content.includes(piece.kind === 'name' ? '"' : "'")) return false;
  return piece.quoting === 'plain' || !content.includes(escapeOf(text, piece));
}

/** The character that escapes begin with, if there are any. */
function escapeOf(text: string, piece: Piece): string {
  return piece.quoting === 'unicode' ? unicodeEscape(text, piece) : '\\';
}

/** The escape clause is searched at most this far after a literal. */
const NEARBY = 100;

/** `UESCAPE '!'` after the literal sets an escape character other than the backslash (4.1.2.3). */
function unicodeEscape(text: string, piece: Piece): string {
  const end = escapeClauseEnd(text, piece);
  return end === piece.end ? '\\' : text.charAt(end - 2);
}

/** One past the `UESCAPE '!'` that belongs to the piece, or past the piece itself. */
export function escapeClauseEnd(text: string, { quoting, end }: Piece): number {
  if (quoting !== 'unicode') return end;
  const after = text.slice(end, end + NEARBY);
  const at = skipTrivia(after, 0);
  const quote = skipTrivia(after, at + 7);
  const clause =
    after.slice(at, at + 7).toLowerCase() === 'uescape' && /^'[\s\S]'/.test(after.slice(quote, quote + 3));
  return clause ? end + quote + 3 : end;
}

/** What letters mean after a backslash (table 4.1). */
const LETTERS = new Map(
  Object.entries({ b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }).map(([letter, char]) => [
    letter.charCodeAt(0),
    char.charCodeAt(0),
  ]),
);

/** The number in an escape, after a prefix of this many characters. */
interface NumberForm {
  readonly digits: number;
  readonly prefix: number;
  readonly radix: number;
}

const FORMS = {
  x: { digits: 2, prefix: 1, radix: 16 },
  u: { digits: 4, prefix: 1, radix: 16 },
  U: { digits: 8, prefix: 1, radix: 16 },
  octal: { digits: 3, prefix: 0, radix: 8 },
  unicode: { digits: 4, prefix: 0, radix: 16 },
  plus: { digits: 6, prefix: 1, radix: 16 },
} as const satisfies Record<string, NumberForm>;

/** Reads a quoted content unit by unit: a character, a doubled quote or an escape. */
class Units {
  /** Where the unit is in the text. */
  start = 0;
  end: number;
  /** Its value: one UTF-16 code unit, or two. */
  code = 0;
  low = 0;
  length = 1;

  readonly #text: string;
  readonly #close: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #unicode: boolean;

  constructor(text: string, piece: Piece) {
    this.#text = text;
    this.#close = piece.close;
    this.#quote = piece.kind === 'name' ? DOUBLE : SINGLE;
    this.#escape = piece.quoting === 'plain' ? -1 : escapeOf(text, piece).charCodeAt(0);
    this.#unicode = piece.quoting === 'unicode';
    this.end = piece.open;
  }

  next(): boolean {
    while (this.end < this.#close) {
      this.start = this.end;
      const code = this.#text.charCodeAt(this.start);
      if (code === this.#escape) return this.#escaped();
      if (code !== this.#quote) return this.#is(code, 1);
      if (this.#text.charCodeAt(this.start + 1) === code) return this.#is(code, 2);
      // The seam between two literals that are continued as one has no value.
      this.end = Math.max(reopening(this.#text, this.start), this.start) + 1;
    }
    return false;
  }

  #is(code: number, length: number): boolean {
    this.end = Math.min(this.start + length, this.#close);
    this.length = code > 0xffff ? 2 : 1;
    this.code = code > 0xffff ? 0xd7c0 + (code >> 10) : code;
    this.low = 0xdc00 | (code & 0x3ff);
    return true;
  }

  #escaped(): boolean {
    const letter = this.#text.charCodeAt(this.start + 1);
    const { digits, prefix, radix } = this.#unicode ? unicodeForm(letter) : escapeForm(letter);
    const from = this.start + 1 + prefix;
    const most = Math.min(from + digits, this.#close);
    let at = from;
    let value = 0;
    for (; at < most; at++) {
      const digit = digitOf(this.#text.charCodeAt(at));
      if (digit >= radix) break;
      value = value * radix + digit;
    }
    if (at > from && value <= 0x10ffff) return this.#is(value, at - this.start);
    return this.#is(this.#unicode ? letter : (LETTERS.get(letter) ?? letter), 2);
  }
}

/** `\XXXX` or `\+XXXXXX` (4.1.2.3). */
function unicodeForm(letter: number): NumberForm {
  return letter === PLUS ? FORMS.plus : FORMS.unicode;
}

/** `\xXX`, `\uXXXX`, `\UXXXXXXXX` or `\ooo` (table 4.1). */
function escapeForm(letter: number): NumberForm {
  switch (letter) {
    case 0x78:
      return FORMS.x;
    case 0x75:
      return FORMS.u;
    case 0x55:
      return FORMS.U;
    default:
      return FORMS.octal;
  }
}

/** The value of a hexadecimal digit; sixteen for any other character. */
function digitOf(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const letter = code | 0x20;
  return letter >= 97 && letter <= 102 ? letter - 87 : 16;
}
