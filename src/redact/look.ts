/** Reads a text as SQL does, and the quoted texts in it in the same way, and finds the secrets. */

import { BACKSLASH, CLOSE_LIST, COLON, COMMA, DOUBLE, isWord, SLASH } from '../lib/sql/chars.js';
import { nextOpening, type Piece, readPiece, skipPiece, skipTrivia, wordEnd } from '../lib/sql/lexer.js';
import { endsColumn, Literals, parameterBefore, parameterBeside } from './before.js';
import { type Budget, MAX_DEPTH, NAME_COST, TEXT_COST } from './budget.js';
import { Rows, takeGiven } from './columns.js';
import { executions, namedElsewhere, valueColumns } from './elsewhere.js';
import { skipCast, takeExpression } from './expression.js';
import {
  endsInSecretName,
  isInList,
  isInObject,
  isKey,
  isListing,
  isSecretPath,
  isUnnested,
  leadOf,
  listsSecret,
  literalsOf,
  mayHoldValue,
  readingsOf,
  settingEnd,
  touchesAfter,
  touchesBefore,
} from './hints.js';
import { isStatement, type Value, type View } from './literal.js';
import { listedValues, valueBefore } from './loose.js';
import {
  hasTrigger,
  isSureName,
  isUnsureFunction,
  keyedArgument,
  mayDisguise,
  secretNameAt,
  triggerAfter,
} from './names.js';
import { decode, escapeClauseEnd, locate } from './quoting.js';
import { add, type MutableRange, type Range, union } from './ranges.js';
import { secretAt } from './scan-raw.js';
import { operandOf, operatorAfter, uriSecret, valueAfter } from './shapes.js';
import { type Found, Taken } from './taken.js';
import {
  type Arguments,
  argumentsAt,
  argumentsStart,
  keyedArgumentAt,
  listsBeside,
  secretArguments,
} from './templates.js';

/** More values with a key in a row, arguments of a function that takes a secret, and names that one is made of. */
const [MOST_OTHERS, MOST_ARGUMENTS, MOST_NAMES] = [3, 16, 100];

/** A comment that names a secret and reveals it has more characters. */
const SHORTEST_COMMENT = 8;

/**
 * Takes linear time: each character is read a fixed number of times, and possible secrets as far as the budget
 * allows. The rest counts as lost.
 */
export function look(text: string, view: Omit<View, 'depth'>, budget: Budget): Found {
  return new Look(text, { ...view, depth: 0 }, budget).run();
}

class Look {
  readonly #text: string;
  readonly #view: View;
  readonly #budget: Budget;
  readonly #taken: Taken;
  readonly #rows: Rows;
  readonly #lost: MutableRange[] = [];
  #held = true;
  /** Whether a literal was the name of a secret, as in `WHERE key = 'smtp.password'`. */
  #hasKey = false;
  /** Whether the text has the name of a secret. */
  #hasName = false;
  readonly #literals: Literals;
  /** Where the last list of columns that was read ends. */
  #listEnd = 0;

  constructor(text: string, view: View, budget: Budget) {
    this.#text = text;
    this.#view = view;
    this.#budget = budget;
    this.#literals = new Literals(text, view.backslashes);
    this.#rows = new Rows(text, view);
    this.#taken = new Taken(text, view.names);
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
    this.#takeElsewhere();
    const lost = this.#held ? this.#lost : [{ start: 0, end: text.length }];
    return {
      secrets: union(this.#taken.secrets),
      parameters: this.#taken.parameters,
      aliases: this.#taken.aliases,
      isFromName: this.#taken.isFromName,
      lost: union(lost),
      held: this.#held,
    };
  }

  /** Secrets elsewhere in the same text: the value of a key that names a secret, the parameters of what is executed. */
  #takeElsewhere(): void {
    if (this.#hasKey) {
      for (const start of valueColumns(this.#text)) if (this.#goesOn) this.#takeExpression(start, false);
    }
    const columns = this.#hasName && this.#view.code ? namedElsewhere(this.#text, this.#view) : [];
    for (const { start, sure } of columns) if (this.#goesOn) this.#takeExpression(start, sure);
    if (!isStatement(this.#view) || this.#taken.parameters.size === 0) return;
    for (const starts of executions(this.#text, this.#view)) {
      for (const [number, sure] of [...this.#taken.parameters]) {
        const start = starts[number - 1];
        if (start !== undefined && this.#goesOn) this.#takeExpression(start, sure);
      }
    }
  }

  /** Most pieces are irrelevant; in a statement itself, reading their end is enough to know. */
  #opening(at: number, trigger: number): number {
    const { backslashes, disguised } = this.#view;
    if (!disguised && !this.#mayTear) {
      const end = skipPiece(this.#text, at, backslashes);
      if (end < Math.min(trigger, this.#text.length)) {
        this.#literals.passed(at, end);
        return end;
      }
    }
    return this.#piece(readPiece(this.#text, at, backslashes), trigger);
  }

  /** Examines the word or URI whose trigger ends at `end`; returns where to continue. */
  #trigger(end: number, from: number): number {
    const text = this.#text;
    this.#budget.left -= NAME_COST;
    if (text.charCodeAt(end - 1) === SLASH) {
      const secret = uriSecret(text, end, this.#view.code);
      if (secret !== null) this.#taken.secret(secret);
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

  /** Examines the value of a secret's name; returns where to continue. */
  #named(name: Range, word: string): number {
    const sure = this.#view.names.isSure(word);
    this.#hasName = true;
    this.#takeBefore(name, sure);
    const value = valueAfter(this.#text, name, this.#view);
    if (value !== null) {
      this.#passOver({ start: name.end, end: value.start });
      if (!this.#view.code) return this.#take(value, sure);
      const next = this.#takeExpression(name.end, sure, value);
      // What is called may take a key: `password = pgp_sym_encrypt('x', 'key')`.
      return triggerAfter(this.#text, name.end, this.#view.names) < value.start ? name.end : next;
    }
    if (!this.#view.code) return this.#takeLoose(name);
    const operand = operandOf(this.#text, name, this.#view);
    if (operand !== -1) this.#takeExpression(operand, sure);
    else if (name.start >= this.#listEnd) this.#takeColumns(name, sure);
    return name.end;
  }

  /** The strings in a list or an object, or in JSON that is itself in a string: `\"password\": \"x\"`. */
  #takeLoose(name: Range): number {
    const after = this.#text.charCodeAt(name.end);
    const isTorn = after === BACKSLASH || after === DOUBLE;
    const escaped = isTorn ? secretAt(this.#text, name.end) : null;
    const { values, length } = listedValues(this.#text, name);
    for (const range of escaped === null ? values : [escaped]) this.#taken.secret(range);
    this.#budget.left -= length;
    return escaped?.end ?? name.end;
  }

  /** A literal or a parameter before a name: `'x' = password`, `'x' AS password`. */
  #takeBefore(name: Range, sure: boolean): void {
    if (!this.#view.code) {
      const range = valueBefore(this.#text, name);
      if (range !== null) this.#taken.secret(range);
      return;
    }
    const isColumn = endsColumn(this.#text, name.end, this.#view);
    const value = this.#literals.givenTo(name.start, isColumn);
    if (value !== null) this.#take(value, sure);
    const number = isStatement(this.#view) ? parameterBefore(this.#text, name.start, isColumn) : 0;
    if (number > 0) this.#taken.parameter(number, sure);
  }

  /** The text between a name and its value is not read again, except comments, which may reveal an older value. */
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
    this.#budget.left -= length;
    if (length === 0) this.#takeCall(name);
  }

  /** The arguments of a function or table with a secret's name, or of a call around it: `set_password('kari', 'x')`. */
  #takeCall({ start, end }: Range): void {
    const text = this.#text;
    const at = argumentsStart(text, { start, end });
    if (at === -1) return;
    this.#takeAnyOf(argumentsAt(text, at, MOST_ARGUMENTS, this.#view));
  }

  /** Takes the values of an expression, whose first value may be `known`; returns where to continue. */
  #takeExpression(start: number, sure: boolean, known: Value | null = null): number {
    const other = (value: Value) => this.#taken.value(value, false);
    return this.#express(start, value => this.#take(value, sure), other, known, sure ? MOST_NAMES : 1);
  }

  /** Takes the values of expressions any of which may be the secret. */
  #takeAnyOf({ starts, length }: Arguments): void {
    for (const start of starts) this.#express(start, value => this.#taken.other(value));
    this.#budget.left -= length;
  }

  #express(
    start: number,
    value: (value: Value) => void,
    other: (value: Value) => void = () => undefined,
    known: Value | null = null,
    names = MOST_NAMES,
  ): number {
    let [next, left] = [start, names];
    const taker = {
      value: (one: Value) => {
        value(one);
        ({ next } = one);
      },
      other,
      alias: (name: string) => void (left-- > 0 && this.#taken.alias(name)),
    };
    this.#budget.left -= takeExpression(this.#text, start, this.#view, taker, known) - start;
    return next;
  }

  #takeArguments({ starts, length }: Arguments, sure = true): void {
    for (const start of starts) this.#takeExpression(start, sure);
    this.#budget.left -= length / 2;
  }

  #take(value: Value, sure: boolean): number {
    const { next, closed } = value;
    if (!closed || (this.#mayTear && isWord(this.#text.charCodeAt(next)))) this.#held = false;
    this.#taken.value(value, sure);
    return next;
  }

  get #goesOn(): boolean {
    return this.#budget.left >= 0 && !this.#isRefuted;
  }

  /** With backslash escapes the statement makes no sense: the server read it without them. */
  get #isRefuted(): boolean {
    return !this.#held && this.#view.backslashes && isStatement(this.#view);
  }

  /**
   * If a literal touches a word without white space or a comma between them, one of the two was misread. In a statement
   * itself this is allowed, since PostgreSQL has parsed it: `date'2026-01-01'`.
   */
  get #mayTear(): boolean {
    return this.#view.backslashes || !isStatement(this.#view);
  }

  #isTorn(piece: Piece): boolean {
    if (piece.kind !== 'string' || !this.#mayTear) return false;
    return touchesAfter(this.#text, piece) || (!isStatement(this.#view) && touchesBefore(this.#text, piece));
  }

  /** Examines a piece, and a value that follows it; returns where to continue. */
  #piece(piece: Piece, trigger: number): number {
    if (!piece.closed || this.#isTorn(piece)) this.#held = false;
    if (this.#isRefuted) return piece.end;
    if (piece.kind === 'string')
      this.#literals.passed(piece.quoting === 'verbatim' ? piece.start : piece.open - 1, piece.end);
    if (trigger > piece.close && !this.#mayDisguise(piece)) return piece.end;
    this.#budget.left -= NAME_COST;
    const [text, view] = [this.#text, this.#view];
    const content = decode(text, piece);
    const lead = piece.kind === 'string' ? leadOf(text, piece) : '';
    const isName = piece.kind !== 'comment' && isKey(content, view.names);
    const place = piece.kind === 'name' ? keyedArgument(content) : undefined;
    if (place !== undefined)
      this.#takeArguments(keyedArgumentAt(text, piece.end, place, view), !isUnsureFunction(content));
    if (isName && piece.kind === 'name') {
      return this.#named({ start: piece.start, end: escapeClauseEnd(text, piece) }, content);
    }
    if (mayHoldValue(content)) this.#descend(content, piece, lead);
    if (lead === 'format(') this.#takeArguments(secretArguments(content, text, piece.end, view));
    if (isListing(lead) && listsSecret(content)) this.#takeAnyOf(listsBeside(text, piece, lead, view));
    return isName ? this.#afterName(content, piece, lead) : this.#afterTemplate(content, piece, lead);
  }

  #mayDisguise({ quoting, open, close }: Piece): boolean {
    return this.#view.disguised && (quoting === 'unicode' || mayDisguise(this.#text.slice(open, close)));
  }

  /** The value of a string that is a name: `'password': 'x'`, `set_config('my.password', 'x', false)`. */
  #afterName(name: string, piece: Piece, lead: string): number {
    const text = this.#text;
    const sure = isSureName(isSecretPath(name) ? name.slice(0, -1) : name);
    let next = skipTrivia(text, lead === 'current_setting(' ? settingEnd(text, piece.end) : piece.end);
    if (text.charCodeAt(skipCast(text, next)) === COMMA) next = skipCast(text, next);
    if (text.charCodeAt(next) === CLOSE_LIST) next = skipTrivia(text, next + 1);
    if (this.#view.code) this.#hasKey = true;
    const isPair = text.charCodeAt(next) === COMMA;
    if (isPair && (lead === 'set_config(' || isInObject(text, piece)))
      return this.#takeExpression(next + 1, sure);
    if (this.#view.code && /^(?:then|value)\b/i.test(text.slice(next, next + 6)))
      return this.#takeExpression(wordEnd(text, next), sure);
    if (this.#view.code && isUnnested(text, piece))
      this.#takeAnyOf(listsBeside(text, piece, lead, this.#view));
    else if (this.#view.code && !isInList(text, piece)) this.#takeRow(piece, isPair ? next + 1 : -1);
    if (isInObject(text, piece) && text.charCodeAt(next) === COLON)
      return this.#takeExpression(next + 1, sure);
    if (operatorAfter(text, piece, next, this.#view) === -1) return piece.end;
    const value = valueAfter(text, { start: piece.start, end: next }, this.#view);
    return value === null ? piece.end : this.#take(value, sure);
  }

  /** The values next to the name of a key in a row: `('x', 'smtp.password')`, `('smtp.password', 'text', 'x')`. */
  #takeRow(piece: Piece, from: number): void {
    const text = this.#text;
    const before = this.#literals.besideKey(piece.start);
    if (before !== null) this.#taken.other(before);
    const number = isStatement(this.#view) ? parameterBeside(text, piece.start) : 0;
    if (number > 0) this.#taken.parameter(number, false);
    if (from !== -1) this.#takeAnyOf(argumentsAt(text, from, MOST_OTHERS, this.#view));
  }

  /** The value joined to a string that ends in its name: `'host=x password=' || 'y'`. */
  #afterTemplate(content: string, piece: Piece, lead: string): number {
    if (piece.kind !== 'string') return piece.end;
    const at = skipTrivia(this.#text, piece.end);
    const isRaised = content.includes('%') && this.#text.charCodeAt(at) === COMMA && hasTrigger(content);
    if (isRaised || (/^using\b/i.test(this.#text.slice(at, at + 6)) && hasTrigger(content)))
      this.#takeRow(piece, isRaised ? at + 1 : at + 5);
    const isConcat = lead === 'concat(' && this.#text.charCodeAt(at) === COMMA;
    if (!isConcat && !this.#text.startsWith('||', at)) return piece.end;
    if (!endsInSecretName(content)) return piece.end;
    let isFirst = true;
    const first = (value: Value) => {
      if (isFirst) this.#take(value, true);
      isFirst = false;
    };
    return Math.max(
      piece.end,
      this.#express(at + (isConcat ? 1 : 2), first, () => undefined),
    );
  }

  #descend(content: string, piece: Piece, lead: string): void {
    const { depth, code: inCode } = this.#view;
    for (const [index, reading] of readingsOf(content, piece, lead, this.#text, inCode).entries()) {
      this.#budget.left -= content.length + TEXT_COST;
      if (depth === MAX_DEPTH || this.#budget.left < 0) {
        add(this.#lost, { start: piece.open, end: piece.close });
        return;
      }
      const view = { ...this.#view, code: reading === 'sql', depth: depth + 1 };
      const { secrets, lost, aliases } = new Look(content, view, this.#budget).run();
      for (const alias of aliases) this.#taken.alias(alias);
      const own = literalsOf(content, reading, secrets);
      for (const range of locate(this.#text, piece, own)) this.#taken.secret(range);
      if (index === 0) for (const range of locate(this.#text, piece, lost)) add(this.#lost, range);
    }
  }
}
