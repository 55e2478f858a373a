/** Secrets that columns get by their position: `INSERT INTO t (name, password) VALUES ('x', 'y')`. */

import {
  CLOSE,
  CLOSE_LIST,
  COMMA,
  DASH,
  DOLLAR,
  DOUBLE,
  EQUALS,
  isSpace,
  isWord,
  OPEN,
  OPEN_LIST,
  SEMICOLON,
  SINGLE,
  SLASH,
  STAR,
} from '../lib/sql/chars.js';
import { dottedEnd, nextOpening, readPiece, skipPiece, skipTrivia, wordEnd } from '../lib/sql/lexer.js';
import type { View } from './literal.js';
import { decode } from './quoting.js';
import type { Range } from './ranges.js';

/** No table has more (PostgreSQL manual, appendix K). */
const MOST_COLUMNS = 1600;

/**
 * Passes on where the expressions for the secret columns of a list begin, the first of which is `name`, and the names
 * of these columns; nothing if `name` is not in such a list. Returns how far it read the list, whose names need no
 * further check, and how far it read the text.
 */
export function takeGiven(
  text: string,
  name: Range,
  view: View,
  rows: Rows,
  take: (start: number, column: string) => void,
): { listEnd: number; length: number } {
  const { end: listEnd, places } = restOfList(text, name, view);
  const starts: number[] = [];
  if (places.length === 0) return { listEnd, length: 0 };
  const before = rows.before(name.start);
  const from = before === -1 ? valuesStart(text, listEnd, view) : before;
  const numbered =
    before !== -1 && NUMBERED.test(text.slice(Math.max(from, name.start - NEARBY), name.start)) ? 1 : 0;
  let end = from;
  for (let begin = tupleStart(text, end); begin !== -1; begin = tupleStart(text, end)) {
    const tupleEnd = readTuple(text, begin, view, starts);
    for (const { place, column } of places) {
      const start = starts[starts.length + numbered - place];
      if (start !== undefined) take(start, column);
    }
    end = skipTrivia(text, tupleEnd);
    if (text.charCodeAt(end) === COMMA) end = skipTrivia(text, end + 1);
    else end = skipUnion(text, nextQuery(text, end, view));
  }
  return { listEnd, length: end - (before === -1 ? listEnd : from) };
}

/**
 * The secret columns by their places, counted from the list's end, where 1 is the last; `name` is the first of them.
 */
function restOfList(
  text: string,
  name: Range,
  view: View,
): { end: number; places: { place: number; column: string }[] } {
  const columns = [text.slice(name.start, name.end).replaceAll('"', '')];
  let end = skipTrivia(text, partEnd(text, name.end));
  for (; text.charCodeAt(end) === COMMA && columns.length < MOST_COLUMNS; end = skipTrivia(text, end)) {
    const start = skipTrivia(text, end + 1);
    const column = readColumn(text, start);
    if (column.end === start) break;
    columns.push(column.name);
    end = column.end;
  }
  if (text.charCodeAt(end) !== CLOSE) return { end, places: [] };
  const places = columns.flatMap((column, index) =>
    index === 0 || view.names.is(column) ? [{ place: columns.length - index, column }] : [],
  );
  return { end: end + 1, places };
}

/** The rows of a list of columns are searched at most this far before it. */
const NEARBY = 300;

/** The rows get one more column, a number. */
const NUMBERED = /with\s+ordinality\s+[^()]*\($/i;

/** The end of the rows before a list that names their columns: `(VALUES (1, 'x')) AS v (id, `. */
const ROWS_END = /\)\s*(?:with\s+ordinality\s+)?(?:as\s+)?["\w$]{1,64}\s*\($/i;

/** Rows in parentheses, `(VALUES …)` and `unnest(…)`: where they begin, by where they end. */
export class Rows {
  readonly #text: string;
  readonly #view: View;
  #starts: Map<number, number> | null = null;

  constructor(text: string, view: View) {
    this.#text = text;
    this.#view = view;
  }

  /** Where the rows begin whose columns are named after them, by a list with a name at `at`; -1 if there are none. */
  before(at: number): number {
    const from = Math.max(at - NEARBY, 0);
    const near = this.#text.slice(from, at);
    const open = near.lastIndexOf('(');
    if (open === -1 || !/^[\w\s",$]*$/.test(near.slice(open + 1))) return -1;
    const close = near.slice(0, open + 1).search(ROWS_END);
    if (close === -1) return -1;
    this.#starts ??= rowsIn(this.#text, this.#view);
    return this.#starts.get(from + close) ?? -1;
  }
}

/** More rows, or nested parentheses, than any statement that a person writes has. */
const MOST_ROWS = 1000;

function rowsIn(text: string, view: View): Map<number, number> {
  const starts = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0, word = ''; at < text.length && starts.size < MOST_ROWS && open.length < MOST_ROWS; ) {
    const code = text.charCodeAt(at);
    const end = elementEnd(text, at, view);
    if (code === OPEN)
      open.push(word === 'unnest' || isKeyword(text, skipTrivia(text, at + 1), 'values') ? at : -1);
    const start = code === CLOSE ? (open.pop() ?? -1) : -1;
    if (start !== -1) starts.set(at, start);
    if (!isSpace(code)) word = isWord(code) ? text.slice(at, Math.min(end, at + 7)).toLowerCase() : '';
    at = end;
  }
  return starts;
}

function readColumn(text: string, at: number): { name: string; end: number } {
  if (text.charCodeAt(at) === DOUBLE) {
    const piece = readPiece(text, at, false);
    return { name: decode(text, piece), end: piece.end };
  }
  const end = wordEnd(text, at);
  return { name: text.slice(at, end), end: partEnd(text, end) };
}

/** A part of a column: a field, or an element of an array. */
const PART = /\s{0,9}(?:\.\w{1,63}|\[[\d\s:]{1,20}\])/y;

function partEnd(text: string, at: number): number {
  PART.lastIndex = at;
  return PART.test(text) ? PART.lastIndex : at;
}

/** What comes between a list of columns and its rows. */
const BEFORE_ROWS = /^(?:as|not|materialized|values|overriding|system|user|value|row)$/i;

/** Where the first tuple after a list of columns is: after VALUES, or after `=` in `SET (a, b) = ROW (1, 2)`. */
function valuesStart(text: string, listEnd: number, view: View): number {
  let at = skipTrivia(text, listEnd);
  if (isKeyword(text, at, 'with') && text.charCodeAt(skipTrivia(text, at + 'with'.length)) !== OPEN)
    return outside(text, at, view, /^(?:select|values)$/i);
  if (text.charCodeAt(at) === EQUALS) return callStart(text, skipTrivia(text, at + 1));
  if (isKeyword(text, at, 'in')) return listStart(text, skipTrivia(text, at + 'in'.length));
  for (let words = 0; words < 5 && isWord(text.charCodeAt(at)); words++) {
    const end = dottedEnd(text, at);
    if (!BEFORE_ROWS.test(text.slice(at, Math.min(end, at + 13)))) break;
    at = skipTrivia(text, end);
  }
  return at;
}

/** Where the parentheses of a row or a call are: `= ROW (`, `= lower(`. */
function callStart(text: string, at: number): number {
  const end = skipTrivia(text, dottedEnd(text, at));
  return text.charCodeAt(end) === OPEN ? end : at;
}

/** Where the first row of a list of rows is: `IN ((1, 'x'), (2, 'y'))`. */
function listStart(text: string, at: number): number {
  const row = text.charCodeAt(at) === OPEN ? skipTrivia(text, at + 1) : at;
  return text.charCodeAt(row) === OPEN ? row : at;
}

/** Where the first element of a tuple, or of a SELECT's list, is; -1 if there is none. */
function tupleStart(text: string, at: number): number {
  if (isKeyword(text, at, 'select')) return selectStart(text, at + 'select'.length);
  if (text.charCodeAt(at) !== OPEN) return -1;
  const inner = skipTrivia(text, at + 1);
  if (isKeyword(text, inner, 'select')) return selectStart(text, inner + 'select'.length);
  return isKeyword(text, inner, 'values') ? valuesIn(text, at) : at + 1;
}

/** What may be between SELECT and its list. */
const DISTINCT = /\s{1,9}(?:all\b|distinct\b(?:\s{1,9}on\s{0,9}\([^()]{0,200}\))?)/iy;

/** Where the list of a SELECT begins; for `SELECT * FROM (VALUES …)` and `SELECT * FROM unnest(…)`, the list inside. */
function selectStart(text: string, after: number): number {
  DISTINCT.lastIndex = after;
  const at = DISTINCT.test(text) ? DISTINCT.lastIndex : after;
  const first = skipTrivia(text, at);
  const star = text.charCodeAt(first) === STAR ? first : dottedEnd(text, first);
  const from = skipTrivia(text, star + 1);
  if (text.charCodeAt(star) !== STAR || !isKeyword(text, from, 'from')) return at;
  const source = skipTrivia(text, from + 'from'.length);
  if (!isKeyword(text, source, 'unnest'))
    return text.charCodeAt(source) === OPEN ? valuesIn(text, source) : at;
  const open = skipTrivia(text, source + 'unnest'.length);
  return text.charCodeAt(open) === OPEN ? open + 1 : at;
}

/** Where the first row of VALUES in parentheses is; -1 if there are none. */
function valuesIn(text: string, open: number): number {
  const inner = skipTrivia(text, open + 1);
  if (!isKeyword(text, inner, 'values')) return -1;
  const tuple = skipTrivia(text, inner + 'values'.length);
  return text.charCodeAt(tuple) === OPEN ? tuple + 1 : -1;
}

/** Past the clauses of a query: to the UNION after it, or the end of the statement. */
function nextQuery(text: string, from: number, view: View): number {
  const isClause = isKeyword(text, from, 'from') || isKeyword(text, from, 'where');
  return isClause ? outside(text, from, view, /^(?:union|intersect|except|on|returning)$/i) : from;
}

/** Where one of these words is, outside of parentheses; where the statement ends if there is none. */
function outside(text: string, from: number, view: View, words: RegExp): number {
  let depth = 0;
  let at = from;
  for (let end = at; at < text.length; at = end) {
    const code = text.charCodeAt(at);
    end = elementEnd(text, at, view);
    if (code === OPEN) depth++;
    if (code === CLOSE) depth--;
    const isWhole = depth === 0 && isWord(code) && end - at < LONGEST_WORD;
    if (depth < 0 || code === SEMICOLON || (isWhole && words.test(text.slice(at, end)))) break;
  }
  return at;
}

/** No keyword that is searched for is longer. */
const LONGEST_WORD = 10;

/** Past `UNION ALL`, to the next SELECT. */
function skipUnion(text: string, at: number): number {
  if (!isKeyword(text, at, 'union')) return at;
  const next = skipTrivia(text, at + 'union'.length);
  const query = isKeyword(text, next, 'all') ? skipTrivia(text, next + 'all'.length) : next;
  return isKeyword(text, query, 'values') ? skipTrivia(text, query + 'values'.length) : query;
}

function isKeyword(text: string, at: number, word: string): boolean {
  return (
    text.slice(at, at + word.length).toLowerCase() === word && !isWord(text.charCodeAt(at + word.length))
  );
}

/** What ends the list of a SELECT that is not in parentheses. */
export const CLAUSE = /^(?:from|where|union|on|returning|order|limit|group)$/i;

/**
 * Finds where the elements of a tuple, whose parenthesis opens before `from`, or of a SELECT's list begin; returns
 * where it ends.
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
    else if (code === OPEN || code === OPEN_LIST) depth++;
    else if (code === CLOSE || code === CLOSE_LIST) depth--;
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
export function elementEnd(text: string, at: number, view: View): number {
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
