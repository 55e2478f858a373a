/** Literals that are joined into one value: `'md5' || md5('x' || 'user')`, `concat('a', 'b')`. */

import { CLOSE, CLOSE_LIST, COMMA, OPEN } from '../sql/chars.js';
import { dottedEnd, skipTrivia } from '../sql/lexer.js';
import { type Value, type View, valueAt } from './shapes.js';

/** More parts than a secret is put together from in any statement that a person writes. */
const MOST_PARTS = 16;

/** Before the first of what is all a part of the value, and its quote. */
const JOINING =
  /\b(?:(?:concat|concat_ws|coalesce|in)\s*\(|array\s*\[)\s*(?:(?:[enbx]|u&)?'|\$\w*\$|\$\d{1,5})?$/i;

/** So far before a value that is looked for. */
const NEARBY = 40;

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
