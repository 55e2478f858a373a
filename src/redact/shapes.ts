/** What the value of a secret looks like after its name. */

import {
  AT,
  BACKSLASH,
  BANG,
  COLON,
  DOLLAR,
  DOT,
  DOUBLE,
  EQUALS,
  GREATER,
  isLetter,
  isSpace,
  isWord,
  LESS,
  OPEN,
  SINGLE,
  SLASH,
} from './chars.js';
import { dottedEnd, skipSpace, skipTrivia, stringAt } from './lexer.js';
import type { Range } from './ranges.js';

/** How a text is read. */
export interface View {
  /** SQL, where `password=x` compares two columns; in any other text, such as a connection string, x is a value. */
  readonly code: boolean;
  /** So many quotings around it; 0 for a statement or a parameter itself. */
  readonly depth: number;
  /** Plain literals have backslash escapes (`standard_conforming_strings = off`). */
  readonly backslashes: boolean;
}

/** Whether the text is a statement itself: nothing in it can be another language, and `$1` is a parameter. */
export function isStatement({ code, depth }: View): boolean {
  return code && depth === 0;
}

/** A secret in the text, or the number of the parameter that holds it; `end` is past either. */
export type Value =
  | { readonly end: number; readonly secret: Range }
  | { readonly end: number; readonly parameter: number };

/** So many calls around a literal are seen through: `password = encode(digest('x', 'sha256'), 'hex')`. */
const MOST_CALLS = 4;

/** So many words may stand between a variable's name and its value: `password text NOT NULL DEFAULT 'x'`. */
const MOST_WORDS = 3;

/** The value that follows a secret's name, or `null`. */
export function valueAfter(text: string, name: Range, view: View): Value | null {
  const at = skipTrivia(text, name.end);
  const operator = operatorEnd(text, at, isStatement(view));
  if (operator === -1) return literalAt(text, at, view) ?? declaredValue(text, at, view);
  if (view.code) return valueAt(text, skipTrivia(text, operator), view);
  const from = skipSpace(text, operator);
  return quotedValue(text, from) ?? valueAt(text, from, view) ?? bareValue(text, name, operator, from);
}

/** A literal or a parameter, also as the first argument of a call. */
export function valueAt(text: string, from: number, view: View): Value | null {
  let at = from;
  for (let calls = 0; calls <= MOST_CALLS; calls++) {
    const value = literalAt(text, at, view) ?? (isStatement(view) ? null : doubleQuoted(text, at));
    if (value !== null) return value;
    const open = skipTrivia(text, dottedEnd(text, at));
    if (text.charCodeAt(open) !== OPEN) return null;
    at = skipTrivia(text, open + 1);
  }
  return null;
}

function literalAt(text: string, at: number, view: View): Value | null {
  const literal = stringAt(text, at, view.backslashes);
  if (literal !== null) return { end: literal.end, secret: { start: literal.open, end: literal.close } };
  if (text.charCodeAt(at) !== DOLLAR || !isStatement(view)) return null;
  const number = /^\$(\d{1,5})(?!\d)/.exec(text.slice(at, at + 7));
  return number === null ? null : { end: at + number[0].length, parameter: Number(number[1]) };
}

/** `password text := 'x'` and `password text DEFAULT 'x'`: variables, arguments and columns. */
function declaredValue(text: string, from: number, view: View): Value | null {
  let at = from;
  for (let words = 0; words <= MOST_WORDS; words++) {
    const end = dottedEnd(text, at);
    if (end === at) break;
    const next = skipTrivia(text, end);
    if (end - at === 7 && text.slice(at, end).toLowerCase() === 'default') return valueAt(text, next, view);
    at = next;
  }
  return text.startsWith(':=', at) ? valueAt(text, skipTrivia(text, at + 2), view) : null;
}

/** One past what may join a name and its value; -1 where nothing does. A colon joins them in JSON, not in SQL. */
export function operatorEnd(text: string, at: number, sql: boolean): number {
  const first = text.charCodeAt(at);
  const second = text.charCodeAt(at + 1);
  if (first === EQUALS) return second === GREATER || second === EQUALS ? at + 2 : at + 1;
  if (first === COLON) return second === EQUALS ? at + 2 : sql ? -1 : at + 1;
  if ((first === LESS && second === GREATER) || (first === BANG && second === EQUALS)) return at + 2;
  const isTo = isLetter(first, 't') && isLetter(second, 'o') && !isWord(text.charCodeAt(at + 2));
  return isTo ? at + 2 : -1;
}

/**
 * `'x y'` or `"x y"` outside SQL. A connection string escapes with backslashes (libpq, 34.1.1.1), a piece
 * of SQL doubles its quotes: the value goes on over both.
 */
function quotedValue(text: string, at: number): Value | null {
  if (text.charCodeAt(at) !== SINGLE) return doubleQuoted(text, at);
  let end = at + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === BACKSLASH) end++;
    else if (code !== SINGLE) continue;
    else if (text.charCodeAt(end + 1) === SINGLE) end++;
    else break;
  }
  return delimited(text, at + 1, end);
}

/** A string of JSON, or of the many languages that write strings likewise. */
function doubleQuoted(text: string, at: number): Value | null {
  if (text.charCodeAt(at) !== DOUBLE) return null;
  let end = at + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === DOUBLE) break;
    if (code === BACKSLASH) end++;
  }
  return delimited(text, at + 1, end);
}

function delimited(text: string, start: number, close: number): Value {
  const end = Math.min(close, text.length);
  return { secret: { start, end }, end: Math.min(end + 1, text.length) };
}

/** What takes the value's place in a template: `%s`, `%1$L`. */
const PLACEHOLDER = /^%(?:\d+\$)?-?\d*[sLI]$/;

/** `password=x`: up to the next space that no backslash escapes (libpq, `conninfo_parse`), in a URI's query up to `&`. */
function bareValue(text: string, name: Range, operator: number, at: number): Value | null {
  const before = text.charAt(name.start - 1);
  if (text.charCodeAt(operator - 1) !== EQUALS || before === '.') return null;
  const end = bareEnd(text, at, before === '?' || before === '&');
  const placeholder = end - at < 9 && PLACEHOLDER.test(text.slice(at, end));
  return end === at || placeholder ? null : { secret: { start: at, end }, end };
}

function bareEnd(text: string, at: number, query: boolean): number {
  let end = at;
  for (; end < text.length; end++) {
    const char = text.charAt(end);
    if (isSpace(text.charCodeAt(end)) || (query && (char === '&' || char === '#'))) break;
    if (char === '\\') end++;
  }
  return Math.min(end, text.length);
}

/**
 * The password in `scheme://user:password@host`, where `at` is past the slashes: up to the first `@`
 * (libpq, `conninfo_uri_parse_options`), or to the last one that may be part of it.
 */
export function uriSecret(text: string, at: number, stopAtQuotes: boolean): Range | null {
  if (!isWord(text.charCodeAt(at - 4))) return null;
  let [colon, sign] = [-1, -1];
  for (let end = at; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === SLASH || isSpace(code)) break;
    if ((code === SINGLE || code === DOUBLE) && (stopAtQuotes || sign !== -1)) break;
    if (code === AT) sign = end;
    else if (code === COLON && colon === -1 && sign === -1) colon = end;
  }
  return colon === -1 || sign <= colon ? null : { start: colon + 1, end: sign };
}
