/** Secrets among the arguments of `format('… PASSWORD %L', role, 'x')` (PostgreSQL manual, 9.4.1). */

import { COMMA } from './chars.js';
import { endsInSecretName } from './hints.js';
import { dottedEnd, skipTrivia, stringAt } from './lexer.js';
import { type Value, type View, valueAt } from './shapes.js';

/** More arguments than a template has in any statement that a person writes. */
const MOST_ARGUMENTS = 32;

/** So far back a placeholder's name is looked for. */
const NEARBY = 100;

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
  let [place, seen] = [0, 0];
  for (const { 0: found, 1: position, index } of template.matchAll(/%(?:(\d{1,3})\$)?-?\d{0,3}[sLI%]/g)) {
    if (seen++ === MOST_ARGUMENTS) break;
    if (found === '%%') continue;
    place = position === undefined ? place + 1 : Number(position);
    if (endsInSecretName(template.slice(Math.max(index - NEARBY, 0), index))) places.add(place);
  }
  return places;
}
