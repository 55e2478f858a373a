/** Reads a text as SQL does, and what is quoted in it likewise, and finds the secrets. */

import { COMMA, isWord, SLASH } from '../sql/chars.js';
import { nextOpening, type Piece, readPiece, skipPiece, skipTrivia } from '../sql/lexer.js';
import { takeGiven } from './columns.js';
import {
  endsInSecretName,
  isInObject,
  isSecretPath,
  leadOf,
  mayHoldValue,
  readsAsCode,
  touchesAfter,
  touchesBefore,
} from './hints.js';
import { joinedValues } from './joined.js';
import { hasTrigger, isSecretName, keyedArgument, mayDisguise, secretNameAt, triggerAfter } from './names.js';
import { decode, escapeClauseEnd, locate } from './quoting.js';
import { type Range, union } from './ranges.js';
import { isStatement, operatorEnd, uriSecret, type Value, type View, valueAfter, valueAt } from './shapes.js';
import { type Arguments, keyedValue, secretArguments } from './templates.js';

/**
 * So many quotings inside each other are read: the body of a DO, a string that it executes, a function's
 * body in that, and a string in that. What is quoted deeper is only swept.
 */
export const MAX_DEPTH = 4;

/** What it takes to look at a name, and to begin with a quoted text: in characters that are read in that time. */
const NAME_COST = 40;
const TEXT_COST = 200;

/** So much is spent on the shortest statement. */
const LEAST_BUDGET = 100_000;

/** A comment that names a secret and tells it has more characters. */
const SHORTEST_COMMENT = 8;

/** How much may still be spent on what looks like a secret. */
export interface Budget {
  left: number;
}

/** Enough to read all that is quoted once more, or a name in every forty characters. */
export function budgetOf(text: string): Budget {
  return { left: text.length + LEAST_BUDGET };
}

export interface Found {
  readonly secrets: readonly Range[];
  /** Numbers of parameters that hold a secret, from 1. */
  readonly parameters: readonly number[];
  /** Where the quoting could not be followed. */
  readonly lost: readonly Range[];
  /** Whether it could be followed in this text itself, whatever is quoted in it. */
  readonly held: boolean;
}

/**
 * Takes linear time: each character is read a fixed number of times, and what looks like a secret as far
 * as the budget goes. What is beyond that counts as lost.
 */
export function look(text: string, view: Omit<View, 'depth'>, budget: Budget): Found {
  return new Look(text, { ...view, depth: 0 }, budget).run();
}

class Look {
  readonly #text: string;
  readonly #view: View;
  readonly #budget: Budget;
  readonly #secrets: Range[] = [];
  readonly #parameters: number[] = [];
  readonly #lost: Range[] = [];
  #held = true;
  /** Where the last list of columns ends that was looked at. */
  #listEnd = 0;

  constructor(text: string, view: View, budget: Budget) {
    this.#text = text;
    this.#view = view;
    this.#budget = budget;
  }

  run(): Found {
    const text = this.#text;
    let at = 0;
    for (let trigger = -1; at < text.length && this.#goesOn; ) {
      if (trigger <= at) trigger = triggerAfter(text, at);
      const to = Math.min(trigger, text.length);
      const opening = nextOpening(text, at, to);
      if (opening < to) at = this.#opening(opening, trigger);
      else at = trigger <= text.length ? this.#trigger(trigger, at) : text.length;
    }
    if (at < text.length) this.#lost.push({ start: at, end: text.length });
    const lost = this.#held ? this.#lost : [{ start: 0, end: text.length }];
    return {
      secrets: union(this.#secrets),
      parameters: this.#parameters,
      lost: union(lost),
      held: this.#held,
    };
  }

  /** Most pieces are of no interest; in a statement itself that is told without reading more than their end. */
  #opening(at: number, trigger: number): number {
    const { backslashes, disguised } = this.#view;
    if (!disguised && !this.#mayTear) {
      const end = skipPiece(this.#text, at, backslashes);
      if (end < Math.min(trigger, this.#text.length)) return end;
    }
    return this.#piece(readPiece(this.#text, at, backslashes), trigger);
  }

  /** Looks at the word or URI whose trigger ends at `end`; returns where to go on. */
  #trigger(end: number, from: number): number {
    const text = this.#text;
    this.#budget.left -= NAME_COST;
    if (text.charCodeAt(end - 1) === SLASH) {
      const secret = uriSecret(text, end, this.#view.code);
      if (secret !== null) this.#secrets.push(secret);
      return secret?.end ?? end;
    }
    const name = secretNameAt(text, end, from);
    if (name === null) return end;
    const place = keyedArgument(text.slice(name.start, name.end));
    if (place === undefined) return this.#named(name);
    this.#takeArguments(keyedValue(text, name.end, place, this.#view));
    return name.end;
  }

  /** Looks at the value of what has a secret's name; returns where to go on. */
  #named(name: Range): number {
    const value = valueAfter(this.#text, name, this.#view);
    if (value !== null) {
      this.#passOver({ start: name.end, end: value.start });
      const next = this.#take(value);
      return this.#view.code ? this.#takeJoined(name.end, value) : next;
    }
    if (this.#view.code && name.start >= this.#listEnd) this.#given(name);
    return name.end;
  }

  /** What stands between a name and its value is read no more; there may be a comment that tells an older one. */
  #passOver({ start, end }: Range): void {
    const text = this.#text;
    if (end - start <= SHORTEST_COMMENT || !hasTrigger(text.slice(start, end))) return;
    for (let at = nextOpening(text, start, end); at < end; ) {
      const piece = readPiece(text, at, this.#view.backslashes);
      if (piece.kind === 'comment') this.#descend(decode(text, piece), piece, '');
      at = nextOpening(text, piece.end, Math.max(piece.end, end));
    }
  }

  #given(name: Range): void {
    const { listEnd, end } = takeGiven(this.#text, name, this.#view, value => this.#take(value));
    this.#listEnd = listEnd;
    this.#budget.left -= (end - listEnd) / 2;
  }

  /** What is joined to a value is a part of it: `password = 'md5' || md5('x' || 'user')`. */
  #takeJoined(from: number, first: Value): number {
    let { next } = first;
    for (const value of joinedValues(this.#text, from, first, this.#view)) next = this.#take(value);
    return next;
  }

  #takeArguments({ values, length }: Arguments): void {
    for (const value of values) this.#take(value);
    this.#budget.left -= length / 2;
  }

  #take({ start, end, next, closed, parameter }: Value): number {
    if (parameter > 0) this.#parameters.push(parameter);
    if (!closed || (this.#mayTear && isWord(this.#text.charCodeAt(next)))) this.#held = false;
    if (end > start) this.#secrets.push({ start, end });
    return next;
  }

  get #goesOn(): boolean {
    return this.#budget.left >= 0 && !this.#isRefuted;
  }

  /** With backslash escapes the statement makes no sense: the server read it without. */
  get #isRefuted(): boolean {
    return !this.#held && this.#view.backslashes && isStatement(this.#view);
  }

  /**
   * Where a literal touches a word without white space or a comma between, one of the two is not what it
   * seems. A statement itself may have it, since PostgreSQL has parsed it: `date'2026-01-01'`.
   */
  get #mayTear(): boolean {
    return this.#view.backslashes || !isStatement(this.#view);
  }

  #isTorn(piece: Piece): boolean {
    if (piece.kind !== 'string' || !this.#mayTear) return false;
    return touchesAfter(this.#text, piece) || (!isStatement(this.#view) && touchesBefore(this.#text, piece));
  }

  /** Looks into a piece, and at a value that follows it; returns where to go on. */
  #piece(piece: Piece, trigger: number): number {
    if (!piece.closed || this.#isTorn(piece)) this.#held = false;
    if (this.#isRefuted) return piece.end;
    if (trigger > piece.close && !this.#mayDisguise(piece)) return piece.end;
    this.#budget.left -= NAME_COST;
    const content = decode(this.#text, piece);
    const lead = piece.kind === 'string' ? leadOf(this.#text, piece) : '';
    const isKey = trigger >= piece.close && piece.kind !== 'comment' && isSecretName(content);
    const isName = isKey || isSecretPath(content);
    if (isName && piece.kind === 'name') {
      return this.#named({ start: piece.start, end: escapeClauseEnd(this.#text, piece) });
    }
    const value = isName ? this.#valueOf(piece, lead) : this.#valueJoinedTo(content, piece, lead);
    if (mayHoldValue(content)) this.#descend(content, piece, lead);
    if (lead === 'format(') {
      this.#takeArguments(secretArguments(content, this.#text, piece.end, this.#view));
    }
    return value === null ? piece.end : this.#take(value);
  }

  #mayDisguise({ quoting, open, close }: Piece): boolean {
    return this.#view.disguised && (quoting === 'unicode' || mayDisguise(this.#text.slice(open, close)));
  }

  /** The value of a string that is a name: `'password': 'x'`, `set_config('my.password', 'x', false)`. */
  #valueOf(piece: Piece, lead: string): Value | null {
    const next = skipTrivia(this.#text, piece.end);
    if ((lead === 'set_config(' || isInObject(this.#text, piece)) && this.#text.charCodeAt(next) === COMMA) {
      return valueAt(this.#text, skipTrivia(this.#text, next + 1), this.#view);
    }
    const joined = operatorEnd(this.#text, next, isStatement(this.#view)) !== -1;
    return joined ? valueAfter(this.#text, piece, this.#view) : null;
  }

  /** The value joined to a string that ends in its name: `'host=x password=' || 'y'`. */
  #valueJoinedTo(content: string, piece: Piece, lead: string): Value | null {
    if (piece.kind !== 'string') return null;
    const at = skipTrivia(this.#text, piece.end);
    const isConcat = lead === 'concat(' && this.#text.charCodeAt(at) === COMMA;
    if (!isConcat && !this.#text.startsWith('||', at)) return null;
    if (!endsInSecretName(content)) return null;
    return valueAt(this.#text, skipTrivia(this.#text, at + (isConcat ? 1 : 2)), this.#view);
  }

  #descend(content: string, piece: Piece, lead: string): void {
    const { depth } = this.#view;
    this.#budget.left -= content.length + TEXT_COST;
    if (depth === MAX_DEPTH || this.#budget.left < 0) {
      this.#lost.push({ start: piece.open, end: piece.close });
      return;
    }
    const code = piece.kind !== 'name' && (lead === 'as' || lead === 'do' || readsAsCode(content));
    const { secrets, lost } = new Look(
      content,
      { ...this.#view, code, depth: depth + 1 },
      this.#budget,
    ).run();
    for (const range of locate(this.#text, piece, secrets)) this.#secrets.push(range);
    for (const range of locate(this.#text, piece, lost)) this.#lost.push(range);
  }
}
