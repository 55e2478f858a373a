/** The values that an SQL expression yields: a literal, those joined to it, the branches of a CASE. */

import {
  CLOSE,
  CLOSE_LIST,
  COMMA,
  DOLLAR,
  isWord,
  OPEN,
  OPEN_LIST,
  SEMICOLON,
  SINGLE,
} from '../lib/sql/chars.js';
import { dottedEnd, skipTrivia } from '../lib/sql/lexer.js';
import { elementEnd } from './columns.js';
import type { Value, View } from './literal.js';
import { valueAt } from './shapes.js';

/** More parts than any statement that a person writes puts a secret together from. */
const MOST_PARTS = 16;

/** Text before the first of several values that all belong to one, and its quote. */
const JOINING =
  /\b(?:(?:concat|concat_ws|coalesce|in)\s*\(|array\s*\[)\s*(?:(?:[enbx]|u&)?'|\$\w*\$|\$\d{1,5})?$/i;

/** That text is searched at most this far before a value. */
const NEARBY = 40;

/** Receives the values of an expression. */
export interface Taker {
  /** A value that is as secret as its name says. */
  value(value: Value): void;
  /** An argument of a function; any of them may be the secret. */
  other(value: Value): void;
  /** The name of the column or variable that the value comes from. */
  alias(name: string): void;
}

/**
 * Passes on the values of the expression at `from`, whose first value may be `known`; returns where it ends, or how far
 * it was read.
 */
export function takeExpression(
  text: string,
  from: number,
  view: View,
  taker: Taker,
  known: Value | null = null,
): number {
  const at = skipTrivia(text, from);
  const first = known ?? valueAt(text, at, view);
  if (first === null) return takeResults(text, at, view, taker);
  const values = [first, ...joinedValues(text, at, first, view)];
  for (const value of values) taker.value(value);
  const { next } = values.at(-1) ?? first;
  const rest = /^\s*\|\|\s*case\b/i.exec(text.slice(next, next + NEARBY));
  return rest === null ? next : takeResults(text, skipTrivia(text, next) + 2, view, taker);
}

/** Passes on the results of the CASEs in an expression, the arguments of its calls, and its alias. */
function takeResults(text: string, from: number, view: View, taker: Taker): number {
  const alias = aliasAt(text, from);
  if (alias !== '') taker.alias(alias);
  const place = { depth: 0, cases: 0, isResult: true };
  let at = from;
  for (let end = at; at < text.length; at = end) {
    const code = text.charCodeAt(at);
    end = elementEnd(text, at, view);
    const word = isWord(code) && end - at < 10 ? text.slice(at, end).toLowerCase() : '';
    if (endsAt(code, word, place)) break;
    const isLiteral = code === SINGLE || code === DOLLAR;
    const isArgument = isLiteral && place.isResult && place.cases === 0;
    const isBranch = word === 'then' || word === 'else';
    const value = isArgument || isBranch ? valueAt(text, isBranch ? skipTrivia(text, end) : at, view) : null;
    if (value !== null) isBranch ? taker.value(value) : taker.other(value);
  }
  return at;
}

/** What ends an expression that is not in parentheses. */
const ENDS = /^(?:from|where|union|on|returning|order|limit|group|and|or|as|when|then|using|loop|into)$/;

/** Keeps track of the place in an expression; returns whether the expression ends there. */
function endsAt(
  code: number,
  word: string,
  place: { depth: number; cases: number; isResult: boolean },
): boolean {
  if (code === OPEN || code === OPEN_LIST) place.depth++;
  else if (isClose(code)) place.depth--;
  else if (word === 'case') place.cases++;
  else if (word === 'end') place.cases--;
  if (word !== '')
    place.isResult = word === 'when' ? false : place.isResult || word === 'then' || word === 'else';
  if (place.depth < 0 || place.cases < 0 || code === SEMICOLON) return true;
  return place.depth === 0 && (code === COMMA || (place.cases === 0 && ENDS.test(word)));
}

/** A name is found inside up to this many calls: `quote_literal(p)`. */
const MOST_CALLS = 4;

/** Names of something else, or of too much. */
const NO_ALIAS = /^(?:null|default|true|false|case|select|array|row|now|not|exists|id|cast|values|\d.*|)$/i;

/** Longer names, including schema and table, are not checked. */
const LONGEST_NAME = 200;

function aliasAt(text: string, from: number): string {
  let at = from;
  for (let calls = 0; calls <= MOST_CALLS; calls++) {
    const end = dottedEnd(text, at);
    const next = skipTrivia(text, end);
    if (text.charCodeAt(next) !== OPEN) {
      const dotted = text.slice(at, Math.min(end, at + LONGEST_NAME)).toLowerCase();
      const name = dotted.slice(dotted.lastIndexOf('.') + 1);
      return name.length > 63 || NO_ALIAS.test(name) ? '' : name;
    }
    at = skipTrivia(text, next + 1);
  }
  return '';
}

/** The values joined to the `first` one, of the expression that begins at `from`. */
function joinedValues(text: string, from: number, first: Value, view: View): Value[] {
  const values = rangeEnd(text, first, view);
  let place: Place = { calls: callsIn(text.slice(from, first.start)), joins: joinsAt(text, first) };
  for (let value: Value | null = first; value !== null && values.length < MOST_PARTS; ) {
    const joined = joinedAt(text, value, place);
    value = joined === null ? null : valueAt(text, joined.at, view);
    if (joined === null || value === null) break;
    const calls = callsIn(text.slice(joined.at, value.start));
    place = { calls: joined.calls + calls, joins: calls > 0 ? joinsAt(text, value) : joined.joins };
    values.push(value);
  }
  return values;
}

/** The upper end of a range: `BETWEEN 'x' AND 'y'`. */
function rangeEnd(text: string, { start, next }: Value, view: View): Value[] {
  const before = text.slice(Math.max(start - NEARBY, 0), start);
  const at = skipTrivia(text, next);
  if (!/\bbetween\s+(?:symmetric\s+)?(?:[enbx]|u&)?['$\d]*$/i.test(before)) return [];
  const upper = /^and\b/i.test(text.slice(at, at + 4)) ? valueAt(text, skipTrivia(text, at + 3), view) : null;
  return upper === null ? [] : [upper];
}

/** A value's place: inside how many calls or lists; the innermost may join everything in it. */
interface Place {
  readonly calls: number;
  readonly joins: boolean;
}

function callsIn(text: string): number {
  return text.split(/[([]/).length - 1;
}

/** Where the text that is joined to a value begins; `null` if there is none. */
function joinedAt(text: string, { next }: Value, { calls, joins }: Place): (Place & { at: number }) | null {
  let left = calls;
  let at = skipCast(text, skipTrivia(text, next));
  if (calls > 0 && joins && text.charCodeAt(at) === COMMA)
    return { at: skipTrivia(text, at + 1), calls, joins };
  for (; left > 0 && isClose(text.charCodeAt(at)); left--) at = skipCast(text, skipTrivia(text, at + 1));
  if (!text.startsWith('||', at)) return null;
  return { at: skipTrivia(text, at + 2), calls: left, joins: joins && left === calls };
}

function isClose(code: number): boolean {
  return code === CLOSE || code === CLOSE_LIST;
}

function joinsAt(text: string, { start }: Value): boolean {
  return JOINING.test(text.slice(Math.max(start - NEARBY, 0), start));
}

function skipCast(text: string, at: number): number {
  if (!text.startsWith('::', at)) return at;
  const end = dottedEnd(text, at + 2);
  return text.charCodeAt(end) === OPEN ? end : skipTrivia(text, end);
}
