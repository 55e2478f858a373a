/** Reads a text as SQL does, and what is quoted in it likewise, and finds the secrets. */

import { COMMA, SLASH } from './chars.js';
import { endsInSecretName, isTorn, leadOf, mayHoldValue, readsAsCode } from './hints.js';
import { nextOpening, type Piece, readPiece, skipTrivia, wordEnd } from './lexer.js';
import { isSecretName, secretNameAt, triggerAfter } from './names.js';
import { decode, locate, mayDisguise } from './quoting.js';
import { type Range, union } from './ranges.js';
import { isStatement, operatorEnd, uriSecret, type Value, type View, valueAfter, valueAt } from './shapes.js';
import { secretArguments } from './templates.js';

/**
 * So many quotings inside each other are read: the body of a DO, a string that it executes, a function's
 * body in that, and a string in that. What is quoted deeper is only swept.
 */
export const MAX_DEPTH = 4;

export interface Found {
  readonly secrets: readonly Range[];
  /** Numbers of parameters that hold a secret, from 1. */
  readonly parameters: ReadonlySet<number>;
  /** Where the quoting could not be followed. */
  readonly lost: readonly Range[];
  /** Whether it could be followed in this text itself, whatever is quoted in it. */
  readonly held: boolean;
}

/** Takes linear time: nothing is read more than a fixed number of times for each level of quoting. */
export function look(text: string, view: View): Found {
  return new Look(text, view).run();
}

class Look {
  readonly #text: string;
  readonly #view: View;
  readonly #secrets: Range[] = [];
  readonly #parameters = new Set<number>();
  readonly #lost: Range[] = [];
  #held = true;

  constructor(text: string, view: View) {
    this.#text = text;
    this.#view = view;
  }

  run(): Found {
    const text = this.#text;
    for (let at = 0, trigger = -1; at < text.length; ) {
      if (trigger <= at) trigger = triggerAfter(text, at);
      const to = Math.min(trigger, text.length);
      const opening = nextOpening(text, at, to);
      if (opening < to) at = this.#piece(readPiece(text, opening, this.#view.backslashes), trigger);
      else at = trigger <= text.length ? this.#trigger(trigger, at) : text.length;
    }
    const lost = this.#held ? this.#lost : [{ start: 0, end: text.length }];
    return {
      secrets: union(this.#secrets),
      parameters: this.#parameters,
      lost: union(lost),
      held: this.#held,
    };
  }

  /** Looks at the word or URI whose trigger ends at `end`; returns where to go on. */
  #trigger(end: number, from: number): number {
    const text = this.#text;
    if (text.charCodeAt(end - 1) === SLASH) {
      const secret = uriSecret(text, end, this.#view.code);
      if (secret !== null) this.#secrets.push(secret);
      return secret?.end ?? end;
    }
    const name = secretNameAt(text, end, from);
    if (name === null) return wordEnd(text, end);
    const value = valueAfter(text, name, this.#view);
    return value === null ? name.end : this.#take(value);
  }

  #take(value: Value): number {
    if ('secret' in value) this.#secrets.push(value.secret);
    else this.#parameters.add(value.parameter);
    return value.end;
  }

  /** Looks into a piece, and at a value that follows it; returns where to go on. */
  #piece(piece: Piece, trigger: number): number {
    if (!piece.closed || isTorn(this.#text, piece, this.#view.depth)) this.#held = false;
    if (trigger > piece.close && !mayDisguise(this.#text, piece)) return piece.end;
    const content = decode(this.#text, piece);
    const lead = piece.kind === 'string' ? leadOf(this.#text, piece) : '';
    const value = this.#valueOf(content, piece, lead) ?? this.#valueJoinedTo(content, piece);
    if (mayHoldValue(content)) this.#descend(content, piece, lead);
    if (lead === 'format(') {
      for (const argument of secretArguments(content, this.#text, piece.end, this.#view)) this.#take(argument);
    }
    return value === null ? piece.end : this.#take(value);
  }

  /** The value of a piece that is a name: `"password" 'x'`, `'password': 'x'`, `set_config('my.password', 'x', false)`. */
  #valueOf(content: string, piece: Piece, lead: string): Value | null {
    if (piece.kind === 'comment' || !isSecretName(content)) return null;
    if (piece.kind === 'name') return valueAfter(this.#text, piece, this.#view);
    const next = skipTrivia(this.#text, piece.end);
    if (lead === 'set_config(' && this.#text.charCodeAt(next) === COMMA) {
      return valueAt(this.#text, skipTrivia(this.#text, next + 1), this.#view);
    }
    const joined = operatorEnd(this.#text, next, isStatement(this.#view)) !== -1;
    return joined ? valueAfter(this.#text, piece, this.#view) : null;
  }

  /** The value joined to a string that ends in its name: `'host=x password=' || 'y'`. */
  #valueJoinedTo(content: string, piece: Piece): Value | null {
    if (piece.kind !== 'string') return null;
    const at = skipTrivia(this.#text, piece.end);
    if (!this.#text.startsWith('||', at) || !endsInSecretName(content)) return null;
    return valueAt(this.#text, skipTrivia(this.#text, at + 2), this.#view);
  }

  #descend(content: string, piece: Piece, lead: string): void {
    const { depth, backslashes } = this.#view;
    if (depth === MAX_DEPTH) {
      this.#lost.push({ start: piece.open, end: piece.close });
      return;
    }
    const code = piece.kind !== 'name' && (lead === 'as' || lead === 'do' || readsAsCode(content));
    const { secrets, lost } = look(content, { code, depth: depth + 1, backslashes });
    for (const range of locate(this.#text, piece, secrets)) this.#secrets.push(range);
    for (const range of locate(this.#text, piece, lost)) this.#lost.push(range);
  }
}
