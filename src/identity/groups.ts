import type { Expression } from '../lib/expression.js';
import type { Person } from './person.js';

/**
 * The person named in a text: the named groups of the first expression that matches and fills at least one.
 * `null` if none does.
 */
export function personIn(text: string, expressions: readonly Expression[]): Person | null {
  for (const expression of expressions) {
    const groups = expression.groups(text);
    if (groups !== null && Object.keys(groups).length > 0) return groups;
  }
  return null;
}

/** Whether a text is exactly one e-mail address. */
export function isEmail(text: string): boolean {
  return /^[^\s@<>]+@[^\s@<>.]+(\.[^\s@<>.]+)+$/.test(text);
}
