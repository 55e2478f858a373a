/**
 * As much of SQL's lexical structure as is needed to distinguish a literal from the text around it (PostgreSQL manual,
 * 4.1 "Lexical Structure"; scan.l). Written by hand: regular expressions would overflow the stack on a megabyte of
 * spaces. Each function takes time linear in what it skips.
 */

import {
  AMPERSAND,
  BACKSLASH,
  DASH,
  DOLLAR,
  DOT,
  DOUBLE,
  isDigit,
  isLetter,
  isSpace,
  isWord,
  NEWLINE,
  RETURN,
  SINGLE,
  SLASH,
  STAR,
} from './chars.js';

/** Which escapes the content of a piece may have. */
export type Quoting = 'plain' | 'escapes' | 'unicode' | 'verbatim';

/** A string literal, a quoted identifier or a comment. A piece that is not closed extends to the end of the text. */
export interface Piece {
  readonly kind: 'string' | 'name' | 'comment';
  readonly quoting: Quoting;
  /** Where it begins, including its prefix (`E`, `U&`) and its quote. */
  readonly start: number;
  /** Where its content begins and ends. */
  readonly open: number;
  readonly close: number;
  readonly end: number;
  readonly closed: boolean;
}

/** One past the word that continues at `at`. */
export function wordEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && isWord(text.charCodeAt(end))) end++;
  return end;
}

/** One past words with dots between them. */
export function dottedEnd(text: string, at: number): number {
  let end = wordEnd(text, at);
  while (end > at && text.charCodeAt(end) === DOT) end = wordEnd(text, end + 1);
  return end;
}

/** Where the word that ends at `at` begins, not before `from`. Dashes belong to it: `api-key`. */
export function wordStart(text: string, at: number, from: number): number {
  let start = at;
  for (; start > from; start--) {
    const code = text.charCodeAt(start - 1);
    if (!isWord(code) && code !== DASH) break;
  }
  return start;
}

export function skipSpace(text: string, at: number): number {
  let end = at;
  while (end < text.length && isSpace(text.charCodeAt(end))) end++;
  return end;
}

/** Past white space and comments. */
export function skipTrivia(text: string, at: number): number {
  for (let end = skipSpace(text, at); ; end = skipSpace(text, end)) {
    if (opensLineComment(text, end)) end = lineEnd(text, end);
    else if (opensBlockComment(text, end)) end = blockCommentEnd(text, end).end;
    else return end;
  }
}

function opensLineComment(text: string, at: number): boolean {
  return text.charCodeAt(at) === DASH && text.charCodeAt(at + 1) === DASH;
}

function opensBlockComment(text: string, at: number): boolean {
  return text.charCodeAt(at) === SLASH && text.charCodeAt(at + 1) === STAR;
}

export function lineEnd(text: string, at: number): number {
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === NEWLINE || code === RETURN) return end;
  }
  return text.length;
}

/** Block comments nest (4.1.5). */
function blockCommentEnd(text: string, at: number): { end: number; closed: boolean } {
  let depth = 1;
  for (let end = at + 2; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code !== STAR && code !== SLASH) continue;
    const next = text.charCodeAt(end + 1);
    if (code === next || (next !== STAR && next !== SLASH)) continue;
    end++;
    depth += code === SLASH ? 1 : -1;
    if (depth === 0) return { end: end + 1, closed: true };
  }
  return { end: text.length, closed: false };
}

/** Where the next piece opens, between `from` and `to`; `to` if there is none. Text before `from` is read already. */
export function nextOpening(text: string, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    switch (text.charCodeAt(at)) {
      case SINGLE:
      case DOUBLE:
        return at;
      case DOLLAR:
        if ((at === from || !isWord(text.charCodeAt(at - 1))) && dollarTagEnd(text, at) !== -1) return at;
        break;
      case DASH:
        if (opensLineComment(text, at)) return at;
        break;
      case SLASH:
        if (opensBlockComment(text, at)) return at;
        break;
    }
  }
  return to;
}

/** One past a `$tag$` that begins at `at`; -1 if there is none. */
export function dollarTagEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== DOLLAR || isDigit(text.charCodeAt(at + 1))) return -1;
  let end = at + 1;
  while (end < text.length && text.charCodeAt(end) !== DOLLAR && isWord(text.charCodeAt(end))) end++;
  return text.charCodeAt(end) === DOLLAR ? end + 1 : -1;
}

/**
 * The piece that opens at `at`. With `backslashes`, plain literals have backslash escapes, as with
 * `standard_conforming_strings = off`.
 */
export function readPiece(text: string, at: number, backslashes: boolean): Piece {
  switch (text.charCodeAt(at)) {
    case SINGLE:
      return readString(text, at, backslashes);
    case DOUBLE:
      return readName(text, at);
    case DOLLAR:
      return readDollar(text, at);
    default:
      return readComment(text, at);
  }
}

/** Its content ends before the closing mark: a secret in a comment must not include the mark. */
function readComment(text: string, at: number): Piece {
  const piece = { kind: 'comment', quoting: 'verbatim', start: at, open: at + 2 } as const;
  if (opensLineComment(text, at)) {
    const end = lineEnd(text, at);
    return { ...piece, close: end, end, closed: true };
  }
  const { end, closed } = blockCommentEnd(text, at);
  return { ...piece, close: closed ? end - 2 : end, end, closed };
}

function readDollar(text: string, at: number): Piece {
  const open = dollarTagEnd(text, at);
  const found = text.indexOf(text.slice(at, open), open);
  const closed = found !== -1;
  const close = closed ? found : text.length;
  const end = closed ? close + open - at : close;
  return { kind: 'string', quoting: 'verbatim', start: at, open, close, end, closed };
}

function readName(text: string, at: number): Piece {
  const unicode = hasUnicodePrefix(text, at);
  const close = closingQuote(text, at + 1, DOUBLE, false);
  const closed = close < text.length;
  return {
    kind: 'name',
    quoting: unicode ? 'unicode' : 'plain',
    start: unicode ? at - 2 : at,
    open: at + 1,
    close,
    end: closed ? close + 1 : close,
    closed,
  };
}

function readString(text: string, at: number, backslashes: boolean): Piece {
  const prefix = prefixLength(text, at);
  const quoting = quotingOf(prefix, backslashes);
  const close = stringClose(text, at, quoting);
  const closed = close < text.length;
  const end = closed ? close + 1 : close;
  return { kind: 'string', quoting, start: at - prefix, open: at + 1, close, end, closed };
}

function quotingOf(prefix: 0 | 1 | 2, backslashes: boolean): Quoting {
  if (prefix === 2) return 'unicode';
  return prefix === 1 || backslashes ? 'escapes' : 'plain';
}

/** Where the content of the literal whose quote is at `at` ends, including literals that continue it. */
function stringClose(text: string, at: number, quoting: Quoting): number {
  const escapes = quoting === 'escapes';
  let close = closingQuote(text, at + 1, SINGLE, escapes);
  for (let next = reopening(text, close); next !== -1; next = reopening(text, close)) {
    close = closingQuote(text, next + 1, SINGLE, escapes);
  }
  return close;
}

/** One past the piece that opens at `at`: faster than `readPiece` if nothing else is needed. */
export function skipPiece(text: string, at: number, backslashes: boolean): number {
  if (text.charCodeAt(at) !== SINGLE) return readPiece(text, at, backslashes).end;
  const close = stringClose(text, at, quotingOf(prefixLength(text, at), backslashes));
  return Math.min(close + 1, text.length);
}

/** 1 for `E'`, 2 for `U&'`, else 0: other prefixes do not affect what is between the quotes. */
function prefixLength(text: string, at: number): 0 | 1 | 2 {
  if (hasUnicodePrefix(text, at)) return 2;
  return isLetter(text.charCodeAt(at - 1), 'e') && !isWord(text.charCodeAt(at - 2)) ? 1 : 0;
}

function hasUnicodePrefix(text: string, at: number): boolean {
  if (text.charCodeAt(at - 1) !== AMPERSAND) return false;
  return isLetter(text.charCodeAt(at - 2), 'u') && !isWord(text.charCodeAt(at - 3));
}

/** Where the content that begins at `from` ends; at the end of the text if it is not closed. */
function closingQuote(text: string, from: number, quote: number, escapes: boolean): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (escapes && code === BACKSLASH) at++;
    else if (code !== quote) continue;
    else if (text.charCodeAt(at + 1) === quote) at++;
    else return at;
  }
  return text.length;
}

/**
 * Literals that are separated only by white space and line comments, with a line break, are one literal
 * (4.1.2.1; scan.l `quotecontinue`): where the next one opens after the quote at `close`, or -1.
 */
export function reopening(text: string, close: number): number {
  let at = close + 1;
  let broken = false;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE || code === RETURN) broken = true;
    else if (opensLineComment(text, at)) at = lineEnd(text, at) - 1;
    else if (!isSpace(code)) break;
  }
  return broken && text.charCodeAt(at) === SINGLE ? at : -1;
}

/** A string literal that begins at `at`, including its prefix; `null` if there is none. */
export function stringAt(text: string, at: number, backslashes: boolean): Piece | null {
  const quote = quoteOf(text, at);
  if (quote !== -1) return readString(text, quote, backslashes);
  return dollarTagEnd(text, at) === -1 ? null : readDollar(text, at);
}

/** Where the quote of a literal that begins at `at` is: `'`, `E'`, `N'`, `B'`, `X'` or `U&'`; -1 if there is none. */
function quoteOf(text: string, at: number): number {
  const first = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1);
  if (first === SINGLE) return at;
  if (second === SINGLE) return isPrefix(first) ? at + 1 : -1;
  return second === AMPERSAND && isLetter(first, 'u') && text.charCodeAt(at + 2) === SINGLE ? at + 2 : -1;
}

/** Whether a literal may have this letter before its quote. */
export function isPrefix(code: number): boolean {
  return isLetter(code, 'e') || isLetter(code, 'n') || isLetter(code, 'b') || isLetter(code, 'x');
}
