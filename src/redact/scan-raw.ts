/**
 * The second look, used if the quoting could not be followed: a scan of the raw text, whatever its quoting. It rather
 * removes too much than misses a secret.
 */

import {
  AMPERSAND,
  BACKSLASH,
  COLON,
  DOUBLE,
  isLetter,
  isSpace,
  isWord,
  OPEN,
  SINGLE,
} from '../lib/sql/chars.js';
import { dollarTagEnd, isPrefix, lineEnd, skipSpace, wordEnd } from '../lib/sql/lexer.js';
import { SECRETS, secretNameAt, triggerAfter } from './names.js';
import { add, type MutableRange, type Range } from './ranges.js';
import { operatorEnd, uriSecret } from './shapes.js';

/** A secret in dollar quotes is no longer than this; beyond it, it is unknown what is quoted. */
const LONGEST_DOLLAR_QUOTE = 1000;

/** A value is found inside up to this many calls. */
const MOST_CALLS = 4;

/** More backslashes before a quote count as this many: secrets are not quoted deeper. */
const MOST_BACKSLASHES = 7;

/** The secrets in the given part of a text. Takes linear time. */
export function scanRaw(text: string, { start, end }: Range): Range[] {
  const part = text.slice(start, end);
  const secrets: MutableRange[] = [];
  for (let at = triggerAfter(part, 0, SECRETS); at <= part.length; ) {
    const secret = part[at - 1] === '/' ? uriSecret(part, at, true) : secretAt(part, at);
    if (secret !== null && secret.end > secret.start)
      add(secrets, { start: start + secret.start, end: start + secret.end });
    at = triggerAfter(part, Math.max(secret?.end ?? 0, at), SECRETS);
  }
  return secrets;
}

export function secretAt(text: string, trigger: number): Range | null {
  const name = secretNameAt(text, trigger, 0, SECRETS);
  if (name === null) return null;
  const after = skipSpace(text, skipQuotes(text, name.end));
  const operator = operatorEnd(text, after, false);
  if (operator === -1) return quotedAt(text, after, false);
  const at = skipCalls(text, skipSpace(text, operator));
  return quotedAt(text, at, true) ?? bareAt(text, at, operator);
}

/** Past the double quotes around a name. */
function skipQuotes(text: string, at: number): number {
  const end = skipBackslashes(text, at);
  return text.charCodeAt(end) === DOUBLE ? runEnd(text, end) : at;
}

/** Past the calls around a value, if they are few: `crypt('x', …)`. */
function skipCalls(text: string, from: number): number {
  let at = from;
  for (let calls = 0; calls <= MOST_CALLS; calls++) {
    const end = wordEnd(text, at);
    if (text.charCodeAt(end) !== OPEN) break;
    at = skipSpace(text, end + 1);
  }
  return at;
}

function quotedAt(text: string, at: number, joined: boolean): Range | null {
  if (dollarTagEnd(text, at) !== -1) return dollarQuotedAt(text, at);
  const from = skipPrefix(text, at);
  const quote = skipBackslashes(text, from);
  const code = text.charCodeAt(quote);
  const isQuote = code === SINGLE || (code === DOUBLE && joined);
  return isQuote ? between(text, from, quote) : null;
}

/** Past a literal's prefix, such as `E` or `U&`; without a quote after it, it is not a prefix, which is harmless. */
function skipPrefix(text: string, at: number): number {
  const code = text.charCodeAt(at);
  if (isLetter(code, 'u') && text.charCodeAt(at + 1) === AMPERSAND) return at + 2;
  return isPrefix(code) ? at + 1 : at;
}

function skipBackslashes(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === BACKSLASH) end++;
  return end;
}

/**
 * The text between the quotes at `quote`, which are preceded by the backslashes from `at`, and the next such quotes.
 * Quoted n times, a quote is written as a run of 2ⁿ, and one inside as twice that.
 */
function between(text: string, at: number, quote: number): Range | null {
  const open = runEnd(text, quote);
  const backslashes = Math.min(quote - at, MOST_BACKSLASHES);
  const unit = backslashes > 0 ? 1 : (open - quote) & (quote - open);
  if (unit > 1 && isOver(text, open)) return null;
  const start = quote + unit;
  return {
    start,
    end: closing(text, start, { char: text.charAt(quote), backslashes, unit }) ?? lineEnd(text, start),
  };
}

/** Whether the text there shows that the quotes before it were an empty literal. */
function isOver(text: string, at: number): boolean {
  return at === text.length || isSpace(text.charCodeAt(at)) || ',;)'.includes(text.charAt(at));
}

interface Quotes {
  readonly char: string;
  readonly backslashes: number;
  readonly unit: number;
}

function closing(text: string, start: number, { char, backslashes, unit }: Quotes): number | null {
  for (let at = text.indexOf(char, start); at !== -1; ) {
    const end = runEnd(text, at);
    const before = backslashesBefore(text, at, start);
    if (backslashes > 0 && Math.min(before, MOST_BACKSLASHES) <= backslashes) return at - before;
    const rest = (end - at) % (2 * unit);
    if (backslashes === 0 && before % 2 === 0 && rest !== 0) return end - rest;
    at = text.indexOf(char, end);
  }
  return null;
}

function backslashesBefore(text: string, at: number, from: number): number {
  let start = at;
  while (start > from && text.charCodeAt(start - 1) === BACKSLASH) start--;
  return at - start;
}

/** One past the run of the same character. */
function runEnd(text: string, at: number): number {
  const code = text.charCodeAt(at);
  let end = at + 1;
  while (end < text.length && text.charCodeAt(end) === code) end++;
  return end;
}

function dollarQuotedAt(text: string, at: number): Range {
  const near = text.slice(at, at + LONGEST_DOLLAR_QUOTE);
  const open = dollarTagEnd(near, 0);
  const close = near.indexOf(near.slice(0, open), open);
  return close === -1
    ? { start: at + open, end: lineEnd(text, at + open) }
    : { start: at + open, end: at + close };
}

/** `password=x`: up to white space or a quote that is not inside a word. */
function bareAt(text: string, at: number, operator: number): Range | null {
  if (text.charCodeAt(operator - 1) === COLON) return null;
  let end = at;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (isSpace(code) || code === DOUBLE) break;
    if (code !== SINGLE) continue;
    const past = runEnd(text, end);
    if (past === end + 1 || !isWord(text.charCodeAt(past))) break;
    end = past;
  }
  return end === at || isNothing(text.slice(at, Math.min(end, at + 20))) ? null : { start: at, end };
}

function isNothing(value: string): boolean {
  return /^(?:null|<redacted>)[;,)]*$/i.test(value);
}
