/** Values that come before their name: `'x' = password`, `'x' AS password`, `('x', 'smtp.password')`. */

import { readPiece } from '../lib/sql/lexer.js';
import type { Value, View } from './literal.js';
import { SECRETS } from './names.js';

/** The value of a name is searched at most this far before it. */
const NEARBY = 100;

/** What connects a value to the name after it, which may be that of a table's column. */
const JOINS_NAME =
  '(?:::[\\w.]{1,64})?\\s*(?:=|<>|!=|\\bas\\b|\\binto\\b(?:\\s+strict)?|\\bin\\s*\\((?:\\s*[\\w.]{1,63}\\s*,){0,3})\\s*(?:\\w{1,63}\\.)?"?$';
const LITERAL_JOINS = new RegExp(`^${JOINS_NAME}`, 'i');
const PARAMETER_JOINS = new RegExp(`\\$(\\d{1,5})${JOINS_NAME}`, 'i');

/** A name that a column gets without AS. */
const AS_NAME = '(?:::[\\w.]{1,64})?\\s+"?$';
const LITERAL_NAMED = new RegExp(`^${AS_NAME}`, 'i');
const PARAMETER_NAMED = new RegExp(`\\$(\\d{1,5})${AS_NAME}`, 'i');

/**
 * The number of the parameter that is assigned to the name at `name`, or compared with it; 0 if there is none.
 *
 * @param isColumn the name may be a column's, without AS
 */
export function parameterBefore(text: string, name: number, isColumn: boolean): number {
  const number = parameterAt(text, name, PARAMETER_JOINS);
  return number === 0 && isColumn ? parameterAt(text, name, PARAMETER_NAMED) : number;
}

/** The number of the parameter next to the key at `key` in the same row; 0 if there is none. */
export function parameterBeside(text: string, key: number): number {
  return parameterAt(text, key, /\$(\d{1,5})(?:::[\w.]{1,64})?\s*,\s*$/);
}

function parameterAt(text: string, name: number, joins: RegExp): number {
  const near = text.slice(Math.max(0, name - NEARBY), name);
  return near.includes('$') ? Number(joins.exec(near)?.[1] ?? 0) : 0;
}

/** Whether a name that ends there may be what a column is called. */
export function endsColumn(text: string, at: number, { names }: View): boolean {
  return names !== SECRETS || /^"?\s*(?:[,;)]|from\b|$)/i.test(text.slice(at, at + NEARBY));
}

interface Literal {
  /** Where its opening quote is. */
  readonly at: number;
  readonly end: number;
}

/** The last two literals of a text that is read from its beginning. */
export class Literals {
  readonly #text: string;
  readonly #backslashes: boolean;
  #last: Literal = { at: 0, end: 0 };
  #before: Literal = { at: 0, end: 0 };

  constructor(text: string, backslashes: boolean) {
    this.#text = text;
    this.#backslashes = backslashes;
  }

  passed(at: number, end: number): void {
    this.#before = this.#last;
    this.#last = { at, end };
  }

  /** The same for a literal; `null` if there is none. */
  givenTo(name: number, isColumn: boolean): Value | null {
    const given = this.#joined(this.#last, name, LITERAL_JOINS);
    return given === null && isColumn ? this.#joined(this.#last, name, LITERAL_NAMED) : given;
  }

  /** The literal before the last one, which is the key that begins there, in the same row. */
  besideKey(key: number): Value | null {
    return this.#joined(this.#before, key, /^\s*,\s*$/);
  }

  #joined({ at, end }: Literal, name: number, joins: RegExp): Value | null {
    if (end === 0 || name - end > NEARBY || !joins.test(this.#text.slice(end, name))) return null;
    const piece = readPiece(this.#text, at, this.#backslashes);
    return { start: piece.open, end: piece.close, next: piece.end, closed: piece.closed, parameter: 0 };
  }
}
