/** The forms of a secret's value after its name. */

import {
  AT,
  BANG,
  COLON,
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
} from '../lib/sql/chars.js';
import { dottedEnd, skipTrivia } from '../lib/sql/lexer.js';
import { isStatement, literalAt, type Value, type View } from './literal.js';
import { bareValue, doubleQuoted, looseValue, valueWithoutOperator } from './loose.js';
import type { Range } from './ranges.js';

/** A literal is found inside up to this many calls: `password = encode(digest('x', 'sha256'), 'hex')`. */
const MOST_CALLS = 4;

/** A type, no longer than types are, and the operator before the value. */
const DECLARATION =
  /[\w\s.()"%[\]]{0,80}?(?::=|\bdefault\b)|(?:constant\s{1,9})?(?:text|varchar|character varying|citext|jsonb?)\s{0,9}(?:\(\d{1,5}\))?\s{0,9}=/iy;

/** `[1]` and `[1:2]` of an array. */
const SUBSCRIPT = /\[[\d\s:]{1,20}\]/y;

/** Past white space, comments and a subscript. */
function afterName(text: string, { end }: Range): number {
  const at = skipTrivia(text, end);
  SUBSCRIPT.lastIndex = at;
  return SUBSCRIPT.test(text) ? skipTrivia(text, SUBSCRIPT.lastIndex) : at;
}

/** What may be between a name and its operator in SQL: a cast, a collation, a member of JSON, … */
const WRAPPING =
  '::\\s{0,9}(?:[\\w.]|"[\\w ]{1,63}"){1,80}(?:\\s{1,9}varying|\\s{0,9}\\(\\d{1,5}\\)|\\[\\]){0,2}|' +
  'collate\\s{1,9}(?:[\\w.]|"[^"]{1,63}"){1,80}|(?:->>?|#>>?)\\s{0,9}(?:\'[^\']{0,80}\'|\\d{1,5})|as\\s{1,9}[\\w.]{1,80}(?=\\s{0,9}\\))';
/** … and the end of parentheses, or of a call with other arguments. */
const CLOSING = "(?:,\\s{0,9}(?:'[^']{0,40}'(?:::\\w{1,20})?|[\\w.]{1,63}|\\$\\d{1,5})\\s{0,9}){0,3}\\)";
const IN_LIST = new RegExp(`\\s{0,9}(?:${WRAPPING})`, 'iy');
const ALONE = new RegExp(`\\s{0,9}(?:${WRAPPING}|${CLOSING})`, 'iy');
/** More of them than any statement that a person writes has. */
const MOST_WRAPPINGS = 8;

/** Where the operator after the wrapping of a name may be, which ends at `at`; -1 if nothing is around it. */
function afterWrapping(text: string, { start }: Range, at: number): number {
  const before = text.slice(Math.max(start - NEARBY, 0), start);
  const wrapping = before.lastIndexOf(',') > before.lastIndexOf('(') ? IN_LIST : ALONE;
  let end = at;
  for (let count = 0; count < MOST_WRAPPINGS; count++) {
    wrapping.lastIndex = end;
    if (!wrapping.test(text)) break;
    end = wrapping.lastIndex;
  }
  return end === at ? -1 : skipTrivia(text, end);
}

/** One past the operator between a name, after which `at` is the next sign, and its value; -1 if there is none. */
export function operatorAfter(text: string, name: Range, at: number, view: View): number {
  const isInStatement = isStatement(view);
  const end = operatorEnd(text, at, isInStatement);
  if (!view.code || end !== -1) return end;
  const compared = Math.max(matchEnd(text, at), whenEnd(text, name, at));
  const wrapped = compared === -1 ? afterWrapping(text, name, at) : -1;
  if (wrapped === -1 || isWord(text.charCodeAt(wrapped)))
    return wrapped === -1 ? compared : matchEnd(text, wrapped);
  return Math.max(operatorEnd(text, wrapped, isInStatement), matchEnd(text, wrapped));
}

/** The value that follows a secret's name, or `null`. */
export function valueAfter(text: string, name: Range, view: View): Value | null {
  const at = afterName(text, name);
  const operator = operatorAfter(text, name, at, view);
  if (operator === -1) {
    const value = literalAt(text, at, view) ?? declaredValue(text, at, view);
    return value === null && !view.code ? valueWithoutOperator(text, name) : value;
  }
  if (view.code) {
    const from = skipTrivia(text, operator);
    return valueAt(text, from, view) ?? (isSet(text, name) ? bareValue(text, from, false) : null);
  }
  return looseValue(text, name, operator, view);
}

/** Where the expression that SQL assigns to a name begins; -1 if there is none. */
export function operandOf(text: string, name: Range, view: View): number {
  const operator = operatorAfter(text, name, afterName(text, name), view);
  return operator === -1 ? -1 : skipTrivia(text, operator);
}

/** Other operators that compare in SQL. */
const MATCH =
  /(?:not\s{1,9})?(?:in\b|i?like\b|between\b|similar\s{1,9}to\b)|is\s{1,9}(?:not\s{1,9})?distinct\s{1,9}from\b|!?~\*?|[<>]=?|\^@|[@<]@?>|\?[|&]?|operator\s{0,9}\([\w.\s]{0,64}[^\w\s'()]{1,8}\s{0,9}\)/iy;

function matchEnd(text: string, at: number): number {
  MATCH.lastIndex = at;
  return MATCH.test(text) ? MATCH.lastIndex : -1;
}

/** Past the first WHEN of `CASE password WHEN 'x'`; -1 if it is none. */
function whenEnd(text: string, { start }: Range, at: number): number {
  const isCase = /\bcase\s+(?:\w+\.)?"?$/i.test(text.slice(Math.max(start - NEARBY, 0), start));
  return isCase && /^when\b/i.test(text.slice(at, at + 5)) ? at + 'when'.length : -1;
}

/** A password may be a number in SQL; the shortest numbers are counts. */
const NUMBER = /\d{4,}(?![\w.])/y;

function numberAt(text: string, at: number): Value | null {
  NUMBER.lastIndex = at;
  if (!NUMBER.test(text)) return null;
  const end = NUMBER.lastIndex;
  return { start: at, end, next: end, closed: true, parameter: 0 };
}

/** The SET of a setting's name is searched at most this far before it. */
const NEARBY = 80;

/**
 * `SET my.password = x`: a setting that extensions and applications define has a dot in its name. A text that begins
 * with `set X_PASSWORD=x` is a Windows command.
 */
function isSet(text: string, { start, end }: Range): boolean {
  if (start < NEARBY && /^\s*set "?$/i.test(text.slice(0, start))) return text.charCodeAt(end) === EQUALS;
  return /\bset\s+(?:session\s+|local\s+)?(?:[\w$"]+\.)+$/i.test(
    text.slice(Math.max(start - NEARBY, 0), start),
  );
}

/** A literal or a parameter, also after its type, or as the first argument of a call, in a list or a SELECT. */
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

/** A call that takes the name of a setting and returns its value. */
function isReference(text: string, start: number, end: number): boolean {
  return end - start < 32 && /(?:^|\.)current_setting$/i.test(text.slice(start, end));
}

/** `password varchar(20) := 'x'` and `password text NOT NULL DEFAULT 'x'`: variables, arguments and columns. */
function declaredValue(text: string, from: number, view: View): Value | null {
  DECLARATION.lastIndex = from;
  return DECLARATION.test(text) ? valueAt(text, skipTrivia(text, DECLARATION.lastIndex), view) : null;
}

/** One past an operator between a name and its value; -1 if there is none. A colon is one in JSON, not in SQL. */
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
 * The password in `scheme://user:password@host`, with `at` past the slashes: up to the first `@`
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
