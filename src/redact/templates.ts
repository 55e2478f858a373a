/** Secrets among the arguments of `format('… PASSWORD %L', role, 'x')` (PostgreSQL manual, 9.4.1). */

import { COMMA, PERCENT } from './chars.js';
import { endsInSecretName } from './hints.js';
import { dottedEnd, skipTrivia, stringAt } from './lexer.js';
import { type Value, type View, valueAt } from './shapes.js';

/** More arguments than a template has in any statement that a person writes. */
const MOST_ARGUMENTS = 32;

/** `%s`, `%-10L`, `%2$I`. */
const PLACEHOLDER = /^%(?:(\d{1,3})\$)?-?\d{0,3}[sLI]/;

/**
 * The arguments that the template puts in a secret's place; `at` is past the template's literal. What
 * follows an argument that is more than a literal or a name is not found.
 */
export function secretArguments(template: string, text: string, at: number, view: View): Value[] {
  const secret = secretPlaces(template);
  const values: Value[] = [];
  if (secret.size === 0) return values;
  let end = skipTrivia(text, at);
  for (let place = 1; place <= MOST_ARGUMENTS && text.charCodeAt(end) === COMMA; place++) {
    const start = skipTrivia(text, end + 1);
    const value = secret.has(place) ? valueAt(text, start, view) : null;
    if (value !== null) values.push(value);
    end = skipTrivia(text, argumentEnd(text, start, view));
  }
  return values;
}

function argumentEnd(text: string, at: number, view: View): number {
  const end = stringAt(text, at, view.backslashes)?.end ?? dottedEnd(text, at);
  return text.startsWith('::', end) ? dottedEnd(text, end + 2) : end;
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
