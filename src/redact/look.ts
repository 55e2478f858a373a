/** Reads a text as SQL does, and what is quoted in it likewise, and finds the secrets. */

import { BACKSLASH, CLOSE_LIST, COMMA, isWord, OPEN, SLASH } from '../sql/chars.js';
import { nextOpening, type Piece, readPiece, skipPiece, skipTrivia } from '../sql/lexer.js';
import { Rows, readTuple, takeGiven } from './columns.js';
import { expressionAt, type Given, joinedValues } from './expression.js';
import {
  endsInSecretName,
  isInList,
  isInObject,
  isSecretPath,
  leadOf,
  mayHoldValue,
  readsAsCode,
  touchesAfter,
  touchesBefore,
} from './hints.js';
import { listedValues, valueBefore } from './loose.js';
import {
  hasTrigger,
  isSecretName,
  isSureName,
  isUnsureFunction,
  keyedArgument,
  mayDisguise,
  SECRETS,
  secretNameAt,
  triggerAfter,
} from './names.js';
import { isPlain, looksRandom } from './plain.js';
import { decode, escapeClauseEnd, locate } from './quoting.js';
import { add, type Range, union } from './ranges.js';
import {
  isStatement,
  operandOf,
  operatorEnd,
  uriSecret,
  type Value,
  type View,
  valueAfter,
} from './shapes.js';
import { secretAt } from './sweep.js';
import { type Arguments, keyedArgumentAt, secretArguments } from './templates.js';

/**
 * So many quotings inside each other are read: the body of a DO, a string that it executes, a function's
 * body in that, and a string in that. What is quoted deeper is only swept.
 */
export const MAX_DEPTH = 4;

/** What it takes to look at a name, and to begin with a quoted text: in characters that are read in that time. */
const NAME_COST = 40;
const TEXT_COST = 200;

/** So far before a name a literal is looked for that is given to it, or compared. */
const NEARBY_BEFORE = 60;

/** More arguments than a function that takes a secret has. */
const MOST_ARGUMENTS = 16;

/** No longer value is a word, a number or a path. */
const LONGEST_PLAIN = 250;

/** Columns that hold values of any kind. */
const VALUE_COLUMN =
  /(?<![\w$])(?:(?:\w{1,32}_)?(?:value|verdi)|val|v|content|innhold|data|setting)"?\s{0,9}(?::?=)(?=\s{0,9}[^\s])/gi;

const EXECUTE = /\bexecute\s{1,9}["\w$]{1,64}\s{0,9}\(/gi;

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
  /** Numbers of parameters that hold a secret, from 1; those that do whatever they look like have `true`. */
  readonly parameters: ReadonlyMap<number, boolean>;
  /** What secrets are called elsewhere: columns and variables that they are taken from. */
  readonly aliases: ReadonlySet<string>;
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
  readonly #parameters = new Map<number, boolean>();
  readonly #aliases = new Set<string>();
  readonly #rows: Rows;
  readonly #lost: Range[] = [];
  #held = true;
  /** Whether a literal was the name of a secret, as in `WHERE key = 'smtp.password'`. */
  #hasKey = false;
  /** Where the last literal has its quote, and where it ends. */
  #literal = 0;
  #literalEnd = 0;
  /** Where the last list of columns ends that was looked at. */
  #listEnd = 0;

  constructor(text: string, view: View, budget: Budget) {
    this.#text = text;
    this.#view = view;
    this.#budget = budget;
    this.#rows = new Rows(text, view);
  }

  run(): Found {
    const text = this.#text;
    let at = 0;
    for (let trigger = -1; at < text.length && this.#goesOn; ) {
      if (trigger <= at) trigger = triggerAfter(text, at, this.#view.names);
      const to = Math.min(trigger, text.length);
      const opening = nextOpening(text, at, to);
      if (opening < to) at = this.#opening(opening, trigger);
      else at = trigger <= text.length ? this.#trigger(trigger, at) : text.length;
    }
    if (at < text.length) add(this.#lost, { start: at, end: text.length });
    if (this.#hasKey) this.#takeKeyed();
    if (isStatement(this.#view) && this.#parameters.size > 0) this.#takeExecuted();
    const lost = this.#held ? this.#lost : [{ start: 0, end: text.length }];
    return {
      secrets: union(this.#secrets),
      parameters: this.#parameters,
      aliases: this.#aliases,
      lost: union(lost),
      held: this.#held,
    };
  }

  /** What columns get that hold values of any kind, where a key names a secret: `SET value = 'x' WHERE key = 'password'`. */
  #takeKeyed(): void {
    for (const { 0: found, index } of this.#text.matchAll(VALUE_COLUMN)) {
      if (!this.#goesOn) break;
      this.#budget.left -= NAME_COST;
      this.#takeExpression(index + found.length, false);
    }
  }

  /** What a prepared statement is executed with in the same text. */
  #takeExecuted(): void {
    const starts: number[] = [];
    for (const { 0: found, index } of this.#text.matchAll(EXECUTE)) {
      const from = index + found.length;
      this.#budget.left -= readTuple(this.#text, from, this.#view, starts, MOST_ARGUMENTS) - from;
      if (!this.#goesOn) break;
      for (const [number, sure] of [...this.#parameters]) {
        const start = starts[number - 1];
        if (start !== undefined) this.#takeExpression(start, sure);
      }
    }
  }

  /** Most pieces are of no interest; in a statement itself that is told without reading more than their end. */
  #opening(at: number, trigger: number): number {
    const { backslashes, disguised } = this.#view;
    if (!disguised && !this.#mayTear) {
      const end = skipPiece(this.#text, at, backslashes);
      if (end < Math.min(trigger, this.#text.length)) {
        this.#literal = at;
        this.#literalEnd = end;
        return end;
      }
    }
    return this.#piece(readPiece(this.#text, at, backslashes), trigger);
  }

  /** Looks at the word or URI whose trigger ends at `end`; returns where to go on. */
  #trigger(end: number, from: number): number {
    const text = this.#text;
    this.#budget.left -= NAME_COST;
    if (text.charCodeAt(end - 1) === SLASH) {
      const secret = uriSecret(text, end, this.#view.code);
      if (secret !== null) add(this.#secrets, secret);
      return secret?.end ?? end;
    }
    const name = secretNameAt(text, end, from, this.#view.names);
    if (name === null) return end;
    const word = text.slice(name.start, name.end);
    const place = keyedArgument(word);
    if (place === undefined) return this.#named(name, word);
    this.#takeArguments(keyedArgumentAt(text, name.end, place, this.#view), !isUnsureFunction(word));
    return name.end;
  }

  /** Looks at the value of what has a secret's name; returns where to go on. */
  #named(name: Range, word: string): number {
    const sure = this.#view.names.isSure(word);
    this.#takeBefore(name, sure);
    const value = valueAfter(this.#text, name, this.#view);
    if (value !== null) {
      this.#passOver({ start: name.end, end: value.start });
      const next = this.#take(value, sure);
      return this.#view.code ? this.#takeJoined(name.end, value, sure) : next;
    }
    if (!this.#view.code && this.#text.charCodeAt(name.end) === BACKSLASH) return this.#takeEscaped(name);
    if (!this.#view.code) return this.#takeListed(name);
    const operand = operandOf(this.#text, name, this.#view);
    if (operand !== -1) this.#takeExpression(operand, sure);
    else if (name.start >= this.#listEnd) this.#takeColumns(name, sure);
    return name.end;
  }

  /** The strings in a list or an object. */
  #takeListed(name: Range): number {
    const { values, length } = listedValues(this.#text, name);
    for (const { start, end } of values) if (end > start) add(this.#secrets, { start, end });
    this.#budget.left -= length;
    return name.end;
  }

  /** A literal or a parameter that stands before a name: `'x' = password`, `'x' AS password`. */
  #takeBefore(name: Range, sure: boolean): void {
    const text = this.#text;
    const { start } = name;
    if (!this.#view.code) {
      const range = valueBefore(text, name);
      if (range !== null) add(this.#secrets, range);
      return;
    }
    const near = text.slice(Math.max(this.#literalEnd, start - NEARBY_BEFORE), start);
    if (/^(?:::[\w.]+)?\s*(?:=|<>|!=|\bas\b)\s*(?:\w+\.)?"?$/i.test(near) && this.#literalEnd > 0) {
      const { open, close, end, closed } = readPiece(text, this.#literal, this.#view.backslashes);
      this.#take({ start: open, end: close, next: end, closed, parameter: 0 }, sure);
    }
    const [, number] = /\$(\d{1,5})(?:::[\w.]+)?\s*(?:=|<>|!=|\bas\b)\s*(?:\w+\.)?"?$/i.exec(near) ?? [];
    if (number !== undefined && isStatement(this.#view)) this.#takeParameter(Number(number), sure);
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

  #takeColumns(name: Range, sure: boolean): void {
    const { names } = this.#view;
    const { listEnd, length } = takeGiven(this.#text, name, this.#view, this.#rows, (start, column) =>
      this.#takeExpression(start, sure || names.isSure(column)),
    );
    this.#listEnd = listEnd;
    this.#budget.left -= length / 2;
    if (length === 0) this.#takeCall(name);
  }

  /** What a function takes that has a secret's name: `set_password('kari', 'x')`. */
  #takeCall({ end }: Range): void {
    const text = this.#text;
    if (text.charCodeAt(end) !== OPEN || !isStatement(this.#view)) return;
    const starts: number[] = [];
    const length = readTuple(text, end + 1, this.#view, starts, MOST_ARGUMENTS) - end;
    for (const start of starts) this.#takeOthers(start);
    this.#budget.left -= length / 2;
  }

  /** What an expression gives that may be the secret. */
  #takeOthers(start: number): void {
    for (const value of this.#given(start).values) this.#takeOther(value);
  }

  /** What is joined to a value is a part of it: `password = 'md5' || md5('x' || 'user')`. */
  #takeJoined(from: number, first: Value, sure: boolean): number {
    let { next } = first;
    for (const value of joinedValues(this.#text, from, first, this.#view)) next = this.#take(value, sure);
    return next;
  }

  /** Takes what an expression gives. */
  #takeExpression(start: number, sure: boolean): number {
    const { values, others, alias } = this.#given(start);
    let next = start;
    for (const value of values) next = this.#take(value, sure);
    for (const value of others) this.#takeOther(value);
    this.#addAlias(alias);
    return next;
  }

  #addAlias(alias: string): void {
    if (alias !== '' && !this.#view.names.is(alias) && !isSecretName(alias)) this.#aliases.add(alias);
  }

  #given(start: number): Given {
    const given = expressionAt(this.#text, start, this.#view);
    this.#budget.left -= given.length / 2;
    return given;
  }

  #takeArguments({ starts, length }: Arguments, sure = true): void {
    for (const start of starts) this.#takeExpression(start, sure);
    this.#budget.left -= length / 2;
  }

  /** One of several that may be the secret. */
  #takeOther(value: Value): void {
    if (value.parameter > 0) this.#takeParameter(value.parameter, false);
    else if (looksRandom(this.#text.slice(value.start, value.end))) this.#take(value, true);
  }

  #takeParameter(number: number, sure: boolean): void {
    this.#parameters.set(number, sure || this.#parameters.get(number) === true);
  }

  #take(value: Value, sure: boolean): number {
    const { start, end, next, closed, parameter } = value;
    if (parameter > 0) this.#takeParameter(parameter, sure);
    if (!closed || (this.#mayTear && isWord(this.#text.charCodeAt(next)))) this.#held = false;
    if (end > start && (sure || !this.#isPlain(value))) add(this.#secrets, { start, end });
    return next;
  }

  /** Whether it is no secret by what it looks like; a number without quotes is none, however long. */
  #isPlain({ start, end, next }: Value): boolean {
    const text = this.#text.slice(start, Math.min(end, start + LONGEST_PLAIN));
    return (
      isPlain(text) ||
      (next === end && start > 0 && /^\d+$/.test(text) && /[\s(,=]/.test(this.#text.charAt(start - 1)))
    );
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
    const isKey = trigger >= piece.close && piece.kind !== 'comment' && this.#view.names.is(content);
    const isName = isKey || (this.#view.names === SECRETS && isSecretPath(content));
    if (isName && piece.kind === 'name') {
      return this.#named({ start: piece.start, end: escapeClauseEnd(this.#text, piece) }, content);
    }
    if (mayHoldValue(content)) this.#descend(content, piece, lead);
    if (lead === 'format(') {
      this.#takeArguments(secretArguments(content, this.#text, piece.end, this.#view));
    }
    if (piece.kind === 'string') this.#remember(piece);
    return isName ? this.#afterName(content, piece, lead) : this.#afterTemplate(content, piece, lead);
  }

  /** A string in JSON that is in a string itself: `\"password\": \"x\"`. */
  #takeEscaped({ end }: Range): number {
    const secret = secretAt(this.#text, end);
    if (secret === null || secret.end <= secret.start) return end;
    add(this.#secrets, secret);
    return secret.end;
  }

  #remember({ quoting, start, open, end }: Piece): void {
    this.#literal = quoting === 'verbatim' ? start : open - 1;
    this.#literalEnd = end;
  }

  #mayDisguise({ quoting, open, close }: Piece): boolean {
    return this.#view.disguised && (quoting === 'unicode' || mayDisguise(this.#text.slice(open, close)));
  }

  /** The value of a string that is a name: `'password': 'x'`, `set_config('my.password', 'x', false)`. */
  #afterName(name: string, piece: Piece, lead: string): number {
    const text = this.#text;
    const sure = isSureName(isSecretPath(name) ? name.slice(0, -1) : name);
    let next = skipTrivia(text, piece.end);
    if (text.charCodeAt(next) === CLOSE_LIST) next = skipTrivia(text, next + 1);
    if (this.#view.code) this.#hasKey = true;
    const isPair = text.charCodeAt(next) === COMMA;
    if (isPair && (lead === 'set_config(' || isInObject(text, piece)))
      return this.#takeExpression(next + 1, sure);
    if (this.#view.code && /^then\b/i.test(text.slice(next, next + 5)))
      return this.#takeExpression(next + 4, sure);
    if (isPair && this.#view.code && !isInList(text, piece)) this.#takeOthers(next + 1);
    if (operatorEnd(text, next, isStatement(this.#view)) === -1) return piece.end;
    const value = valueAfter(text, { start: piece.start, end: next }, this.#view);
    return value === null ? piece.end : this.#take(value, sure);
  }

  /** The value joined to a string that ends in its name: `'host=x password=' || 'y'`. */
  #afterTemplate(content: string, piece: Piece, lead: string): number {
    if (piece.kind !== 'string') return piece.end;
    const at = skipTrivia(this.#text, piece.end);
    const isConcat = lead === 'concat(' && this.#text.charCodeAt(at) === COMMA;
    if (!isConcat && !this.#text.startsWith('||', at)) return piece.end;
    if (!endsInSecretName(content)) return piece.end;
    const { values, alias } = this.#given(at + (isConcat ? 1 : 2));
    this.#addAlias(alias);
    return values[0] === undefined ? piece.end : this.#take(values[0], true);
  }

  #descend(content: string, piece: Piece, lead: string): void {
    const { depth } = this.#view;
    this.#budget.left -= content.length + TEXT_COST;
    if (depth === MAX_DEPTH || this.#budget.left < 0) {
      add(this.#lost, { start: piece.open, end: piece.close });
      return;
    }
    const code = piece.kind !== 'name' && (lead === 'as' || lead === 'do' || readsAsCode(content));
    const { secrets, lost, aliases } = new Look(
      content,
      { ...this.#view, code, depth: depth + 1 },
      this.#budget,
    ).run();
    for (const alias of aliases) this.#aliases.add(alias);
    for (const range of locate(this.#text, piece, secrets)) add(this.#secrets, range);
    for (const range of locate(this.#text, piece, lost)) add(this.#lost, range);
  }
}
