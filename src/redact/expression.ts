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

/** More parts than any statement that a person writes puts a secret together from, or compares it with. */
const MOST_PARTS = 100_000;

/** Text before the first of several values that all belong to one, and its quote. */
const JOINING =
  /\b(?:(?:concat|concat_ws|coalesce|in)\s*\(|array\s*\[)\s*(?:(?:[enbx]|u&)?'|\$\w*\$|\$\d{1,5})?$/i;

/** That text is searched at most this far before a value. */
const NEARBY = 40;

/** Receives the values of an expression. */
export interface Taker {
  /** A value that is as secret as its name says. */
  value(value: Value): void;
  /** Another argument of a function: the secret, or something else. */
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
  let at = skipTrivia(text, from);
  for (let first = known ?? valueAt(text, at, view); ; first = valueAt(text, at, view)) {
    const end = first === null ? takeResults(text, at, view, taker) : takeParts(text, at, first, view, taker);
    const joined = skipTrivia(text, end);
    if (!text.startsWith('||', joined)) return end;
    at = skipTrivia(text, joined + 2);
  }
}

/** Passes on the first value, those joined to it, and the other arguments of the calls that they are in. */
function takeParts(text: string, at: number, first: Value, view: View, taker: Taker): number {
  const { values, calls } = joinedValues(text, at, first, view);
  for (const value of values) taker.value(value);
  const { next } = values.at(-1) ?? first;
  if (calls === 0 || calls > MOST_OPEN) return next;
  const open = Array.from({ length: calls }, () => frameAfter(text.slice(at, first.start)));
  return takeWithin(text, next, [ITSELF, ...open], view, taker);
}

/** Passes on the results of the CASEs in an expression, the arguments of its calls, and its aliases. */
function takeResults(text: string, from: number, view: View, taker: Taker): number {
  return takeWithin(text, from, [frameAfter('')], view, taker);
}

/** What is open: a call, a list, a query in parentheses, or the expression itself. */
interface Frame {
  /** FROM ends the columns of a query. */
  isQuery: boolean;
  /** What comes next is part of the expression's value. */
  isResult: boolean;
  /** The arguments are names and formats. */
  readonly isOther: boolean;
  cases: number;
}

/** The expression, of which everything was read but what is open in it. */
const ITSELF: Frame = { isQuery: false, isResult: false, isOther: true, cases: 0 };

/** At most so many are open at once. */
const MOST_OPEN = 100;

/** Functions whose arguments are no part of what they return. */
const OTHER =
  /\b(?:current_setting|(?:next|curr|set)val|gen_salt|date_(?:trunc|part)|to_(?:char|timestamp|date|reg\w+))\s*\($/i;

/** @param lead the text that ends with the parenthesis that opens it */
function frameAfter(lead: string): Frame {
  return {
    isQuery: /\bselect\b/i.test(lead),
    isResult: true,
    isOther: OTHER.test(lead.slice(-NEARBY)),
    cases: 0,
  };
}

/** Passes on the values in an expression until what is open is closed, or the expression ends; returns where. */
function takeWithin(text: string, from: number, frames: Frame[], view: View, taker: Taker): number {
  const [itself] = frames;
  let at = from;
  for (let end = at; at < text.length; at = end) {
    const frame = frames.at(-1);
    const code = text.charCodeAt(at);
    if (frame === undefined || frame === ITSELF || code === SEMICOLON || frames.length > MOST_OPEN) break;
    end = isWord(code) ? dottedEnd(text, at) : elementEnd(text, at, view);
    const word = isWord(code) && end - at < LONGEST_WORD ? text.slice(at, end).toLowerCase() : '';
    if (frame === itself && frame.cases === 0 && (code === COMMA || ENDS.test(word))) break;
    if (code === OPEN || code === OPEN_LIST) {
      const inner = frameAfter(text.slice(Math.max(from, at - NEARBY), at + 1));
      frames.push({ ...inner, isQuery: false, isResult: frame.isResult });
    } else if (isClose(code)) frames.pop();
    else if (text.startsWith('::', at)) end = skipCast(text, at);
    else if (!readWord(word, frame)) break;
    else if (frame.isResult && !frame.isOther) end = takeElement(text, at, end, word, frame, view, taker);
  }
  return at;
}

/** Follows the words of CASEs and queries; returns whether the expression goes on. */
function readWord(word: string, frame: Frame): boolean {
  if (word === 'case') frame.cases++;
  if (word === 'end') frame.cases--;
  if (word === 'select') frame.isQuery = true;
  if (word === 'when' || word === 'case' || (word === 'from' && frame.isQuery)) frame.isResult = false;
  if (/^(?:then|else|end|select|values)$/.test(word)) frame.isResult = true;
  return frame.cases >= 0;
}

/** Passes on what is a part of the value: a literal, the result of a CASE, or a name. Returns where to continue. */
function takeElement(
  text: string,
  at: number,
  end: number,
  word: string,
  { cases }: Frame,
  view: View,
  taker: Taker,
): number {
  if (word === 'as') return dottedEnd(text, skipTrivia(text, end));
  const isBranch = word === 'then' || word === 'else';
  const code = text.charCodeAt(at);
  if (!isBranch && code !== SINGLE && code !== DOLLAR) {
    const alias = isWord(code) ? aliasAt(text, at) : '';
    if (alias !== '') taker.alias(alias);
    return end;
  }
  const value = valueAt(text, isBranch ? skipTrivia(text, end) : at, view);
  if (value !== null) isBranch || cases > 0 ? taker.value(value) : taker.other(value);
  return end;
}

/** What ends an expression that is not in parentheses. */
const ENDS = /^(?:from|where|union|on|returning|order|limit|group|and|or|as|when|then|using|loop|into)$/;
const LONGEST_WORD = 10;

/** Names of something else, or of too much. */
const NO_ALIAS = new Set(
  (
    'null default true false case when then else end select array row now not exists id cast values distinct all any ' +
    'some as on both leading trailing placing from for in is and or like ilike using by order group having with ' +
    'recursive filter over partition limit offset between only lateral join left right inner outer cross natural ' +
    'union intersect except where asc desc nulls first last current_user session_user current_timestamp current_date ' +
    'interval timestamp timestamptz date time text varchar bytea uuid json jsonb int integer bigint numeric boolean ' +
    'returning collate loop into'
  ).split(' '),
);

/** Longer names, including schema and table, are not checked. */
const LONGEST_NAME = 200;

/** The last part of the name at `at`; empty if it is a function's, a type's or a prefix, or no name at all. */
function aliasAt(text: string, at: number): string {
  const end = dottedEnd(text, at);
  const next = text.charCodeAt(skipTrivia(text, end));
  if (next === OPEN || next === SINGLE) return '';
  const dotted = text.slice(at, Math.min(end, at + LONGEST_NAME)).toLowerCase();
  const name = dotted.slice(dotted.lastIndexOf('.') + 1);
  return name.length > 63 || NO_ALIAS.has(name) || /^(?:\d|$)/.test(name) ? '' : name;
}

/** The values joined to the `first` one, of the expression that begins at `from`. */
function joinedValues(
  text: string,
  from: number,
  first: Value,
  view: View,
): { values: Value[]; calls: number } {
  const values = rangeEnd(text, first, view);
  values.unshift(first);
  let place: Place = { calls: callsIn(text.slice(from, first.start)), joins: joinsAt(text, first) };
  for (let value = first; values.length < MOST_PARTS; ) {
    const joined = joinedAt(text, value, place);
    const next = joined === null ? null : valueAt(text, joined.at, view);
    if (joined === null || next === null) break;
    const calls = callsIn(text.slice(joined.at, next.start));
    place = { calls: joined.calls + calls, joins: calls > 0 ? joinsAt(text, next) : joined.joins };
    values.push(next);
    value = next;
  }
  return { values, calls: place.calls };
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

/** How many parentheses and brackets a text opens and does not close. */
function callsIn(text: string): number {
  let open = 0;
  for (const [character] of text.matchAll(/[()[\]]/g))
    open = character === '(' || character === '[' ? open + 1 : Math.max(0, open - 1);
  return open;
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

/** Past `::type`, if there is one. */
export function skipCast(text: string, at: number): number {
  if (!text.startsWith('::', at)) return at;
  const end = dottedEnd(text, at + 2);
  return text.charCodeAt(end) === OPEN ? end : skipTrivia(text, end);
}
