/** Secrets among the arguments of `format('… PASSWORD %L', role, 'x')` (PostgreSQL manual, 9.4.1). */

import { OPEN, PERCENT } from '../sql/chars.js';
import { skipTrivia } from '../sql/lexer.js';
import { readTuple } from './columns.js';
import { endsInSecretName } from './hints.js';
import { type Value, type View, valueAt } from './shapes.js';

/** More arguments than a template has in any statement that a person writes. */
const MOST_ARGUMENTS = 32;

/** `%s`, `%-10L`, `%2$I`. */
const PLACEHOLDER = /^%(?:(\d{1,3})\$)?-?\d{0,3}[sLI]/;

export interface Arguments {
  readonly values: readonly Value[];
  /** So much was read of them, in characters. */
  readonly length: number;
}

/** The arguments that the template puts in a secret's place; `at` is past the template's literal. */
export function secretArguments(template: string, text: string, at: number, view: View): Arguments {
  const secret = secretPlaces(template);
  const values: Value[] = [];
  if (secret.size === 0) return { values, length: 0 };
  const starts: number[] = [];
  const end = readTuple(text, at, view, starts, MOST_ARGUMENTS);
  for (const [place, start] of starts.entries()) {
    const value = secret.has(place) ? valueAt(text, skipTrivia(text, start), view) : null;
    if (value !== null) values.push(value);
  }
  return { values, length: end - at };
}

/** Which arguments stand in a secret's place, from 1. */
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

/** The secret argument of a function of pgcrypto, whose name ends at `at`. */
export function keyedValue(text: string, at: number, place: number, view: View): Arguments {
  const open = skipTrivia(text, at);
  if (text.charCodeAt(open) !== OPEN) return { values: [], length: 0 };
  const starts: number[] = [];
  const end = readTuple(text, open + 1, view, starts, place);
  const start = starts[place - 1];
  const value = start === undefined ? null : valueAt(text, skipTrivia(text, start), view);
  return { values: value === null ? [] : [value], length: end - at };
}
