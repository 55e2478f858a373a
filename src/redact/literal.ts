/** How a text is read, and a literal in it. */

import { DOLLAR } from '../lib/sql/chars.js';
import { stringAt } from '../lib/sql/lexer.js';
import type { Names } from './names.js';
import type { Range } from './ranges.js';

/** How a text is read. */
export interface View {
  /** SQL, in which `password=x` compares two columns; in any other text, such as a connection string, x is a value. */
  readonly code: boolean;
  /** The number of quotings around it; 0 for a statement or a parameter itself. */
  readonly depth: number;
  /** Plain literals have backslash escapes (`standard_conforming_strings = off`). */
  readonly backslashes: boolean;
  /** Escapes may hide names. */
  readonly disguised: boolean;
  /** The names that are searched for. */
  readonly names: Names;
}

/** Whether the text is a statement itself: nothing in it can be another language, and `$1` is a parameter. */
export function isStatement({ code, depth }: View): boolean {
  return code && depth === 0;
}

/** A secret in the text, or the parameter that has one. */
export interface Value extends Range {
  /** Past it and its quotes. */
  readonly next: number;
  /** Whether its quotes are closed; true for a value without quotes. */
  readonly closed: boolean;
  /** The number of the parameter, from 1; then `start` and `end` are equal. 0 for a value in the text. */
  readonly parameter: number;
}

export function literalAt(text: string, at: number, view: View): Value | null {
  const literal = stringAt(text, at, view.backslashes);
  if (literal !== null) {
    const { open, close, end, closed } = literal;
    return { start: open, end: close, next: end, closed, parameter: 0 };
  }
  if (text.charCodeAt(at) !== DOLLAR || !isStatement(view)) return null;
  const [found, number] = /^\$(\d{1,5})(?!\d)/.exec(text.slice(at, at + 7)) ?? [];
  if (found === undefined) return null;
  const next = at + found.length;
  return { start: next, end: next, next, closed: true, parameter: Number(number) };
}
