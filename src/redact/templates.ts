/**
 * Arguments of functions, and secrets among those of `format('… PASSWORD %L', role, 'x')` (PostgreSQL manual, 9.4.1).
 */

import { COMMA, OPEN, PERCENT } from '../lib/sql/chars.js';
import { type Piece, skipTrivia } from '../lib/sql/lexer.js';
import { readTuple } from './columns.js';
import { endsInSecretName, isListing } from './hints.js';
import type { View } from './literal.js';
import type { Range } from './ranges.js';

/** More arguments than a template in any statement that a person writes has. */
const MOST_ARGUMENTS = 32;

/** `%s`, `%-10L`, `%2$I`. */
const PLACEHOLDER = /^%(?:(\d{1,3})\$)?-?\d{0,3}[sLI]/;

export interface Arguments {
  /** Where each begins. */
  readonly starts: readonly number[];
  /** How many characters of them were read. */
  readonly length: number;
}

/** The first ones of those that begin at `at`. */
export function argumentsAt(text: string, at: number, most: number, view: View): Arguments {
  const starts: number[] = [];
  const end = readTuple(text, at, view, starts, most);
  return { starts: starts.slice(0, most), length: end - at };
}

/** At most this far around a name, the function that takes it is searched. */
const NEARBY = 40;

/** Functions that compare, or choose one of their arguments. */
const COMPARING =
  /\b(?:starts_with|strpos|regexp_like|similarity|levenshtein|coalesce|nullif|greatest|least|xmlelement)\s*\(\s*(?:name\s+)?(?:\w+\.)?$/i;

/**
 * Where the arguments of a function of that name begin, the row of a table of secrets, or the arguments next to
 * the name: `set_password(`, `INTO user_secrets VALUES (`, `starts_with(token, `; -1 if there are none.
 */
export function argumentsStart(text: string, { start, end }: Range): number {
  if (text.charCodeAt(end) === OPEN) return end + 1;
  const [rows] = /^\s+values\s*\(/i.exec(text.slice(end, end + NEARBY)) ?? [];
  if (rows !== undefined && /s$/i.test(text.slice(start, end))) return end + rows.length;
  const next = skipTrivia(text, end);
  const isCompared =
    text.charCodeAt(next) === COMMA && COMPARING.test(text.slice(Math.max(start - NEARBY, 0), start));
  return isCompared ? next + 1 : -1;
}

/** More lists than any statement that a person writes turns into columns. */
const MOST_LISTS = 4;

/**
 * The lists after one of names, all of which become columns: `unnest(ARRAY['user', 'password'], ARRAY['kari', 'x'])`.
 */
export function listsBeside(text: string, name: Piece, lead: string, view: View): Arguments {
  const rest = isListing(lead) ? 0 : argumentsAt(text, name.end, MOST_ARGUMENTS, view).length;
  const { starts, length } = argumentsAt(text, name.end + rest, MOST_LISTS, view);
  return { starts: starts.slice(1), length: rest + length };
}

/** The arguments that the template puts in a secret's place; `at` is past the template's literal. */
export function secretArguments(template: string, text: string, at: number, view: View): Arguments {
  const secret = secretPlaces(template);
  if (secret.size === 0) return { starts: [], length: 0 };
  const starts: number[] = [];
  const end = readTuple(text, at, view, starts, MOST_ARGUMENTS);
  return { starts: starts.filter((_, place) => secret.has(place)), length: end - at };
}

/** Which arguments are in a secret's place, from 1. */
function secretPlaces(template: string): Set<number> {
  const places = new Set<number>();
  let place = 0;
  let at = template.indexOf('%');
  for (let seen = 0; at !== -1 && seen < MOST_ARGUMENTS; seen++) {
    const [found, position] = PLACEHOLDER.exec(template.slice(at, at + 12)) ?? ['%'];
    if (found.length > 1) place = position === undefined ? place + 1 : Number(position);
    if (found.length > 1 && endsInSecretName(template.slice(0, at))) places.add(place);
    at = template.indexOf('%', at + (template.charCodeAt(at + 1) === PERCENT ? 2 : found.length));
  }
  return places;
}

/** The secret argument of a function whose name ends at `at`. */
export function keyedArgumentAt(text: string, at: number, place: number, view: View): Arguments {
  const open = skipTrivia(text, at);
  if (text.charCodeAt(open) !== OPEN) return { starts: [], length: 0 };
  const starts: number[] = [];
  const end = readTuple(text, open + 1, view, starts, place);
  const start = starts[place - 1];
  return { starts: start === undefined ? [] : [start], length: end - at };
}
