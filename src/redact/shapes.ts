/** What the value of a secret looks like after its name. */

import {
  AT,
  BACKSLASH,
  BANG,
  COLON,
  DOLLAR,
  DOUBLE,
  EQUALS,
  GREATER,
  isLetter,
  isSpace,
  isWord,
  LESS,
  OPEN,
  OPEN_LIST,
  SINGLE,
  SLASH,
} from '../sql/chars.js';
import { dottedEnd, skipSpace, skipTrivia, stringAt } from '../sql/lexer.js';
import type { Names } from './names.js';
import type { Range } from './ranges.js';

/** How a text is read. */
export interface View {
  /** SQL, where `password=x` compares two columns; in any other text, such as a connection string, x is a value. */
  readonly code: boolean;
  /** So many quotings around it; 0 for a statement or a parameter itself. */
  readonly depth: number;
  /** Plain literals have backslash escapes (`standard_conforming_strings = off`). */
  readonly backslashes: boolean;
  /** Names may be spelled by escapes. */
  readonly disguised: boolean;
  /** What is looked for. */
  readonly names: Names;
}

/** Whether the text is a statement itself: nothing in it can be another language, and `$1` is a parameter. */
export function isStatement({ code, depth }: View): boolean {
  return code && depth === 0;
}

/** A secret in the text, or the parameter that holds one. */
export interface Value extends Range {
  /** Past it and its quotes. */
  readonly next: number;
  /** Whether its quotes are closed; a value without quotes is. */
  readonly closed: boolean;
  /** The number of the parameter, from 1; then there is nothing between `start` and `end`. 0 for a value in the text. */
  readonly parameter: number;
}

/** So many calls around a literal are seen through: `password = encode(digest('x', 'sha256'), 'hex')`. */
const MOST_CALLS = 4;

/** A type, as short as types are, and what the value follows then. */
const DECLARATION = /[\w\s.()"]{0,80}?(?::=|\bdefault\b)/iy;

/** The value that follows a secret's name, or `null`. */
export function valueAfter(text: string, name: Range, view: View): Value | null {
  const at = skipTrivia(text, name.end);
  const operator = Math.max(operatorEnd(text, at, isStatement(view)), view.code ? matchEnd(text, at) : -1);
  if (operator === -1) return literalAt(text, at, view) ?? declaredValue(text, at, view);
  if (view.code) {
    const from = skipTrivia(text, operator);
    return valueAt(text, from, view) ?? (isSet(text, name) ? bareValue(text, from, false) : null);
  }
  return looseValue(text, name, operator, view);
}

/** Where the expression begins that a name is given in SQL; -1 where it is given none. */
export function operandOf(text: string, name: Range, view: View): number {
  const at = skipTrivia(text, name.end);
  const operator = Math.max(operatorEnd(text, at, isStatement(view)), matchEnd(text, at));
  return operator === -1 ? -1 : skipTrivia(text, operator);
}

/** What compares with a list or a pattern in SQL. */
const MATCH = /(?:not\s{1,9})?(?:in\b|i?like\b)|is\s{1,9}(?:not\s{1,9})?distinct\s{1,9}from\b|!?~\*?/iy;

function matchEnd(text: string, at: number): number {
  MATCH.lastIndex = at;
  return MATCH.test(text) ? MATCH.lastIndex : -1;
}

/** A password may be a number in SQL; the shortest are counts. */
const NUMBER = /\d{4,}(?![\w.])/y;

function numberAt(text: string, at: number): Value | null {
  NUMBER.lastIndex = at;
  if (!NUMBER.test(text)) return null;
  const end = NUMBER.lastIndex;
  return { start: at, end, next: end, closed: true, parameter: 0 };
}

/** So far before the name of a setting its SET is looked for. */
const NEARBY = 80;

/** `SET my.password = x`: a setting that extensions and applications make up has a dot in its name. */
function isSet(text: string, { start }: Range): boolean {
  return /\bset\s+(?:session\s+|local\s+)?(?:[\w$"]+\.)+$/i.test(
    text.slice(Math.max(start - NEARBY, 0), start),
  );
}

/** A literal or a parameter, also with its type before it, or as the first argument of a call, in a list or a SELECT. */
export function valueAt(text: string, from: number, view: View): Value | null {
  let at = from;
  for (let calls = 0; calls <= MOST_CALLS; calls++) {
    const value =
      literalAt(text, at, view) ??
      (isStatement(view) ? null : doubleQuoted(text, at)) ??
      (view.code ? numberAt(text, at) : null);
    if (value !== null) return value;
    const end = dottedEnd(text, at);
    if (isReference(text, at, end)) return null;
    const open = skipTrivia(text, end);
    if (text.charCodeAt(open) !== OPEN && text.charCodeAt(open) !== OPEN_LIST)
      return open > at && view.code ? literalAt(text, open, view) : null;
    at = skipTrivia(text, open + 1);
  }
  return null;
}

/** What is called here takes the name of a setting, and gives its value. */
function isReference(text: string, start: number, end: number): boolean {
  return end - start < 32 && /(?:^|\.)current_setting$/i.test(text.slice(start, end));
}

function literalAt(text: string, at: number, view: View): Value | null {
  const literal = stringAt(text, at, view.backslashes);
  if (literal !== null) {
    const { open, close, end, closed } = literal;
    return { start: open, end: close, next: end, closed, parameter: 0 };
  }
  if (text.charCodeAt(at) !== DOLLAR || !isStatement(view)) return null;
  const [found, number] = /^\$(\d{1,5})(?!\d)/.exec(text.slice(at, at + 7)) ?? [];
  if (found === undefined) return null;
  const next = at + found.length;
  return { start: next, end: next, next, closed: true, parameter: Number(number) };
}

/** `password varchar(20) := 'x'` and `password text NOT NULL DEFAULT 'x'`: variables, arguments and columns. */
function declaredValue(text: string, from: number, view: View): Value | null {
  DECLARATION.lastIndex = from;
  return DECLARATION.test(text) ? valueAt(text, skipTrivia(text, DECLARATION.lastIndex), view) : null;
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

/** The value outside SQL: in a connection string, a URI's query, JSON, or a piece of SQL that does not look like it. */
function looseValue(text: string, name: Range, operator: number, view: View): Value | null {
  const before = text.charAt(name.start - 1);
  const from = skipSpace(text, operator);
  if (before === '?' || before === '&') return bareValue(text, from, true);
  const quoted = quotedValue(text, from) ?? literalAt(text, from, view);
  if (quoted !== null && (isQuote(text, from) || endsThere(text, quoted))) return quoted;
  const joined = text.slice(operator - 2, operator);
  if (joined.endsWith(':')) return afterColon(text, name, from);
  if (before === '.' || (!joined.endsWith('=') && joined !== '=>')) return null;
  return bareValue(text, from, false);
}

/** What JSON has without quotes, and YAML and HTTP headers in a line of its own. A sentence goes on after a word. */
const BARE = /(?:-?\d[\w.+-]*(?=\s*[,}])|[^\s"'|>&*[{,]\S*(?=[^\S\n]*(?:\n|$)))/y;

function afterColon(text: string, { start }: Range, at: number): Value | null {
  BARE.lastIndex = at;
  const [found] = BARE.exec(text) ?? [];
  if (found === undefined) return null;
  const isNumber = ',}'.includes(text.charAt(skipSpace(text, at + found.length)) || ' ');
  if (!isNumber && !/(?:^|\n)[-#\s]*$/.test(text.slice(Math.max(start - NEARBY, 0), start))) return null;
  const end = at + found.length;
  return { start: at, end, next: end, closed: true, parameter: 0 };
}

function isQuote(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === SINGLE || code === DOUBLE;
}

/** Whether it is closed and nothing goes on after it: `$a$b` and `E'a'b` are what is meant, and no literals. */
function endsThere(text: string, { closed, next }: Value): boolean {
  return (
    closed && (next === text.length || isSpace(text.charCodeAt(next)) || ',;)'.includes(text.charAt(next)))
  );
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
  const closed = close < text.length;
  return { start, end, next: closed ? end + 1 : end, closed, parameter: 0 };
}

/** What takes the value's place in a template: `%s`, `%1$L`. */
const PLACEHOLDER = /^%(?:\d+\$)?-?\d*[sLI]$/;

/** `password=x`: up to the next space that no backslash escapes (libpq, `conninfo_parse`), in a URI's query up to `&`. */
function bareValue(text: string, at: number, query: boolean): Value | null {
  const end = bareEnd(text, at, query);
  const placeholder = end - at < 9 && PLACEHOLDER.test(text.slice(at, end));
  return end === at || placeholder ? null : { start: at, end, next: end, closed: true, parameter: 0 };
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
