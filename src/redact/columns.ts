/** Secrets that columns are given by their place: `INSERT INTO t (name, password) VALUES ('x', 'y')`. */

import {
  CLOSE,
  COMMA,
  DASH,
  DOLLAR,
  DOUBLE,
  EQUALS,
  isWord,
  OPEN,
  SEMICOLON,
  SINGLE,
  SLASH,
} from '../sql/chars.js';
import { dottedEnd, nextOpening, readPiece, skipPiece, skipTrivia, wordEnd } from '../sql/lexer.js';
import { isSecretName } from './names.js';
import { decode } from './quoting.js';
import type { Range } from './ranges.js';
import { type Value, type View, valueAt } from './shapes.js';

/** No table has more (PostgreSQL manual, appendix K). */
const MOST_COLUMNS = 1600;

/**
 * Hands over what the secret columns of a list get, the first of which is `name`; nothing where that is in
 * no such list. Returns how far it read the list, whose names need no other look, and how far the text.
 */
export function takeGiven(
  text: string,
  name: Range,
  view: View,
  take: (value: Value) => void,
): { listEnd: number; end: number } {
  const { end: listEnd, places } = restOfList(text, name.end);
  const starts: number[] = [];
  let end = places.length === 0 ? listEnd : valuesStart(text, listEnd);
  for (let begin = tupleStart(text, end); begin !== -1; begin = tupleStart(text, end)) {
    const tupleEnd = readTuple(text, begin, view, starts);
    for (const place of places) {
      const start = starts[starts.length - place];
      const value = start === undefined ? null : valueAt(text, skipTrivia(text, start), view);
      if (value !== null) take(value);
    }
    end = skipTrivia(text, tupleEnd);
    if (text.charCodeAt(end) === COMMA) end = skipTrivia(text, end + 1);
    else end = skipUnion(text, end);
  }
  return { listEnd, end };
}

/** The places of the secret columns, counted from the list's end, where 1 is the last. `at` is past the first of them. */
function restOfList(text: string, at: number): { end: number; places: number[] } {
  const secret = [true];
  let end = skipTrivia(text, at);
  for (; text.charCodeAt(end) === COMMA && secret.length < MOST_COLUMNS; end = skipTrivia(text, end)) {
    const start = skipTrivia(text, end + 1);
    const column = readColumn(text, start);
    if (column.end === start) break;
    secret.push(isSecretName(column.name));
    end = column.end;
  }
  if (text.charCodeAt(end) !== CLOSE) return { end, places: [] };
  const places = secret.flatMap((isSecret, index) => (isSecret ? [secret.length - index] : []));
  return { end: end + 1, places };
}

function readColumn(text: string, at: number): { name: string; end: number } {
  if (text.charCodeAt(at) === DOUBLE) {
    const piece = readPiece(text, at, false);
    return { name: decode(text, piece), end: piece.end };
  }
  const end = wordEnd(text, at);
  return { name: text.slice(at, end), end };
}

/** Where the first tuple is after a list of columns: after VALUES, or after `=` in `SET (a, b) = ROW (1, 2)`. */
function valuesStart(text: string, listEnd: number): number {
  let at = skipTrivia(text, listEnd);
  if (text.charCodeAt(at) === EQUALS) at = skipTrivia(text, at + 1);
  for (let words = 0; words < 4 && isWord(text.charCodeAt(at)); words++) {
    const end = dottedEnd(text, at);
    if (!/^(?:as|values|overriding|system|user|value|row)$/i.test(text.slice(at, Math.min(end, at + 11))))
      break;
    at = skipTrivia(text, end);
  }
  return at;
}

/** Where the first element of a tuple, or of what a SELECT gives, is; -1 where there is none. */
function tupleStart(text: string, at: number): number {
  if (isKeyword(text, at, 'select')) return at + 'select'.length;
  if (text.charCodeAt(at) !== OPEN) return -1;
  const inner = skipTrivia(text, at + 1);
  if (isKeyword(text, inner, 'select')) return inner + 'select'.length;
  if (!isKeyword(text, inner, 'values')) return at + 1;
  const tuple = skipTrivia(text, inner + 'values'.length);
  return text.charCodeAt(tuple) === OPEN ? tuple + 1 : -1;
}

/** Past `UNION ALL`, to the next SELECT. */
function skipUnion(text: string, at: number): number {
  if (!isKeyword(text, at, 'union')) return at;
  const next = skipTrivia(text, at + 'union'.length);
  return isKeyword(text, next, 'all') ? skipTrivia(text, next + 'all'.length) : next;
}

function isKeyword(text: string, at: number, word: string): boolean {
  return (
    text.slice(at, at + word.length).toLowerCase() === word && !isWord(text.charCodeAt(at + word.length))
  );
}

/** What ends the list of a SELECT that stands in no parentheses. */
const CLAUSE = /^(?:from|where|union|on|returning|order|limit|group)$/i;

/**
 * Finds where the elements begin of a tuple whose parenthesis opens before `from`, or of a SELECT's list; returns where
 * it ends.
 */
export function readTuple(
  text: string,
  from: number,
  view: View,
  starts: number[],
  most = MOST_COLUMNS,
): number {
  starts.length = 0;
  starts.push(from);
  let depth = 1;
  let at = from;
  while (at < text.length && depth > 0 && starts.length <= most) {
    const code = text.charCodeAt(at);
    if (code === COMMA && depth === 1) starts.push(at + 1);
    else if (code === OPEN) depth++;
    else if (code === CLOSE) depth--;
    const end = elementEnd(text, at, view);
    if (
      depth === 1 &&
      (code === SEMICOLON || (isWord(code) && end < at + 10 && CLAUSE.test(text.slice(at, end))))
    )
      return at;
    at = end;
  }
  return at;
}

/** One past the literal, identifier, comment, word or other character at `at`. */
function elementEnd(text: string, at: number, view: View): number {
  switch (text.charCodeAt(at)) {
    case SINGLE:
    case DOUBLE:
    case DOLLAR:
    case DASH:
    case SLASH:
      if (nextOpening(text, at, at + 1) === at) return skipPiece(text, at, view.backslashes);
  }
  return Math.max(wordEnd(text, at), at + 1);
}
