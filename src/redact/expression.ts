/** The values of what an expression of SQL gives: of a literal, of those joined to it, of the branches of a CASE. */

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
} from '../sql/chars.js';
import { dottedEnd, skipTrivia } from '../sql/lexer.js';
import { CLAUSE, elementEnd } from './columns.js';
import { type Value, type View, valueAt } from './shapes.js';

/** More parts than a secret is put together from in any statement that a person writes. */
const MOST_PARTS = 16;

/** Before the first of what is all a part of the value, and its quote. */
const JOINING =
  /\b(?:(?:concat|concat_ws|coalesce|in)\s*\(|array\s*\[)\s*(?:(?:[enbx]|u&)?'|\$\w*\$|\$\d{1,5})?$/i;

/** So far before a value that is looked for. */
const NEARBY = 40;

/** What an expression gives. */
export interface Given {
  /** As its name says, secrets or not. */
  readonly values: readonly Value[];
  /** Arguments of a function, any of which may be the secret. */
  readonly others: readonly Value[];
  /** The name of what it gives, where it is a column or a variable; empty where it is anything else. */
  readonly alias: string;
  /** So many characters were read of it. */
  readonly length: number;
}

/** What the expression at `from` gives. */
export function expressionAt(text: string, from: number, view: View): Given {
  const at = skipTrivia(text, from);
  const first = valueAt(text, at, view);
  if (first !== null) {
    const values = [first, ...joinedValues(text, at, first, view)];
    return { values, others: [], alias: '', length: (values.at(-1)?.next ?? at) - at };
  }
  const branches = branchesOf(text, at, view);
  return { ...branches, alias: branches.values.length === 0 ? aliasAt(text, at) : '' };
}

/** The results of the CASEs in the expression at `from`, and the literals among the arguments of its calls. */
function branchesOf(text: string, from: number, view: View): Omit<Given, 'alias'> {
  const values: Value[] = [];
  const others: Value[] = [];
  let [depth, cases, isResult] = [0, 0, true];
  let at = from;
  for (let end = at; at < text.length; at = end) {
    const code = text.charCodeAt(at);
    end = elementEnd(text, at, view);
    if (code === OPEN || code === OPEN_LIST) depth++;
    else if (isClose(code)) depth--;
    if (depth < 0 || code === SEMICOLON || (code === COMMA && depth === 0)) break;
    const word = isWord(code) && end - at < 10 ? text.slice(at, end).toLowerCase() : '';
    if (depth === 0 && cases === 0 && CLAUSE.test(word)) break;
    if (word === 'case') cases++;
    else if (word === 'end') cases--;
    else if (word === 'when') isResult = false;
    if (word === 'end' && cases === 0 && depth === 0) break;
    if (word === 'then' || word === 'else') {
      isResult = true;
      const value = valueAt(text, skipTrivia(text, end), view);
      if (value !== null) values.push(value);
    } else if (isResult && cases === 0 && depth > 0 && (code === SINGLE || code === DOLLAR)) {
      const value = valueAt(text, at, view);
      if (value !== null) others.push(value);
    }
  }
  return { values, others, length: at - from };
}

/** So many calls around a name are seen through: `quote_literal(p)`. */
const MOST_CALLS = 4;

/** Names of something else, or of too much. */
const NO_ALIAS = /^(?:null|default|true|false|case|select|array|row|now|not|exists|id|cast|values|\d.*|)$/i;

function aliasAt(text: string, from: number): string {
  let at = from;
  for (let calls = 0; calls <= MOST_CALLS; calls++) {
    const end = dottedEnd(text, at);
    const next = skipTrivia(text, end);
    if (text.charCodeAt(next) !== OPEN) {
      const name =
        text
          .slice(at, Math.min(end, at + 200))
          .split('.')
          .at(-1)
          ?.toLowerCase() ?? '';
      return name.length > 63 || NO_ALIAS.test(name) ? '' : name;
    }
    at = skipTrivia(text, next + 1);
  }
  return '';
}

/** The values joined to the `first` one, of what begins at `from`. */
export function joinedValues(text: string, from: number, first: Value, view: View): Value[] {
  const values: Value[] = [];
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

/** Where a value is: in so many calls or lists, the innermost of which may join all that is in it. */
interface Place {
  readonly calls: number;
  readonly joins: boolean;
}

function callsIn(text: string): number {
  return text.split(/[([]/).length - 1;
}

/** Where that begins which is joined to a value; `null` where nothing is. */
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
