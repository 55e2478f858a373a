/** Secrets that columns are given by their place: `INSERT INTO t (name, password) VALUES ('x', 'y')`. */

import { CLOSE, COMMA, DASH, DOLLAR, DOUBLE, EQUALS, isWord, OPEN, SINGLE, SLASH } from './chars.js';
import { dottedEnd, nextOpening, readPiece, skipPiece, skipTrivia, wordEnd } from './lexer.js';
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
  while (text.charCodeAt(end) === OPEN) {
    const tupleEnd = readTuple(text, end + 1, view, starts);
    for (const place of places) {
      const start = starts[starts.length - place];
      const value = start === undefined ? null : valueAt(text, skipTrivia(text, start), view);
      if (value !== null) take(value);
    }
    end = skipTrivia(text, tupleEnd);
    if (text.charCodeAt(end) === COMMA) end = skipTrivia(text, end + 1);
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
    if (!/^(?:values|overriding|system|user|value|row)$/i.test(text.slice(at, Math.min(end, at + 11)))) break;
    at = skipTrivia(text, end);
  }
  return at;
}

/** Finds where the elements begin of a tuple whose parenthesis opens before `from`; returns where it ends. */
function readTuple(text: string, from: number, view: View, starts: number[]): number {
  starts.length = 0;
  starts.push(from);
  let depth = 1;
  let at = from;
  while (at < text.length && depth > 0) {
    const code = text.charCodeAt(at);
    if (code === COMMA && depth === 1) starts.push(at + 1);
    else if (code === OPEN) depth++;
    else if (code === CLOSE) depth--;
    at = elementEnd(text, at, view);
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
