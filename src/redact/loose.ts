/**
 * The forms of a secret outside SQL: in a connection string, JSON, YAML, XML, properties, a command line, a sentence.
 */

import { BACKSLASH, DOUBLE, isSpace, SINGLE } from '../lib/sql/chars.js';
import { lineEnd, skipSpace } from '../lib/sql/lexer.js';
import { literalAt, type Value, type View } from './literal.js';
import { isPlain, looksRandom } from './plain.js';
import type { Range } from './ranges.js';

/** The surroundings of a name are searched at most this far before it. */
const NEARBY = 80;
const NEARBY_PAIR = 200;

/** No value on one line is longer. */
const LONGEST_LINE = 1000;

/** The value outside SQL: in a connection string, a URI's query, JSON, or SQL that does not look like it. */
export function looseValue(text: string, name: Range, operator: number, view: View): Value | null {
  const value = givenValue(text, name, operator, view);
  const isSaid =
    value !== null && text.charAt(operator - 1) === ':' && value.end - value.start < LONGEST_SAID;
  return isSaid && SAID.test(text.slice(value.start, value.end)) ? null : value;
}

/**
 * Words about a password, in JSON or a list of rights, that are not a password: `"password": "required"`,
 * `password:reset`.
 */
const SAID = /^(?:required|optional|string|reset|read|write|create|delete)$/;
const LONGEST_SAID = 10;

function givenValue(text: string, name: Range, operator: number, view: View): Value | null {
  const before = text.charAt(name.start - 1);
  const from = skipSpace(text, operator);
  if (before === '?' || before === '&') return bareValue(text, from, true);
  const quoted = quotedValue(text, from) ?? literalAt(text, from, view);
  if (quoted !== null && (isQuote(text, from) || endsThere(text, quoted))) return quoted;
  const joined = text.slice(operator - 2, operator);
  if (joined.endsWith(':')) return afterColon(text, name, from) ?? randomAt(text, from);
  if (!joined.endsWith('=') && joined !== '=>') return null;
  const value = lineValue(text, name, from) ?? bareValue(text, from, false);
  return before === '.' && value !== null && isPlain(text.slice(value.start, value.end)) ? null : value;
}

/** The beginning of a property on its own line: `db.password = x y`. */
const LINE = /(?:^|\n)[^\S\n]*(?:export |set )?(?:[\w-]+\.){0,8}$/;

/** The value that fills one of several lines: it may have spaces, but no other pair. */
function lineValue(text: string, { start }: Range, at: number): Value | null {
  if (!LINE.test(text.slice(Math.max(start - NEARBY, 0), start))) return null;
  const end = Math.min(lineEnd(text, at), at + LONGEST_LINE);
  const value = text.slice(at, end).trimEnd();
  if (value === '' || end === text.length || /\s[\w-]+=|[;'"\\]/.test(value)) return null;
  return { start: at, end: at + value.length, next: at + value.length, closed: true, parameter: 0 };
}

/** The secret that follows its name without an operator. */
export function valueWithoutOperator(text: string, name: Range): Value | null {
  return (
    optionValue(text, name) ??
    filterValue(text, name) ??
    elementValue(text, name) ??
    pairedValue(text, name) ??
    sentenceValue(text, name) ??
    listValue(text, name) ??
    setValue(text, name)
  );
}

/** `--password x`. */
function optionValue(text: string, { start, end }: Range): Value | null {
  if (!text.startsWith('--', start)) return null;
  return matchAt(text, end, /\s{1,9}(?:"|'{1,2})?(?![-$])([^\s"'|;&]+)/dy);
}

/** In a path of JSON: `$.password ? (@ == "x")`. */
function filterValue(text: string, { end }: Range): Value | null {
  return matchAt(
    text,
    end,
    /\s{0,9}(?:\?\s{0,9}\(\s{0,9}@\s{0,9})?(?:[=!]=|<>|like_regex|starts\s{1,9}with)\s{0,9}"([^"]+)/dy,
  );
}

/** `<password>x</password>`. */
function elementValue(text: string, { start, end }: Range): Value | null {
  const opens = /<(?:[\w.-]{1,64}:)?$/.test(text.slice(Math.max(start - NEARBY, 0), start));
  if (text.startsWith('&lt;', start - 4)) return matchAt(text, end, /(?:(?!&gt;)[^<>;]){0,80}&gt;([^&<]+)/dy);
  return opens
    ? matchAt(
        text,
        end,
        /[^<>]{0,200}>\s{0,99}(?:<(?:value|val|verdi|string|text|data)\b[^<>]{0,80}>\s{0,99})?(?:<!\[CDATA\[)?([^<\s][^<]*)/diy,
      )
    : null;
}

/** `"name": "password", "value": "x"`, `<add key="password" value="x"/>` and `<entry key="password">x</entry>`. */
function pairedValue(text: string, { end }: Range): Value | null {
  const value =
    matchAt(
      text,
      end,
      /["'\\]{0,4}[^{}<>]{0,80}?["'\s](?:value|val|verdi|v|content|default)["'\\]{0,4}\s{0,9}[:=]\s{0,9}["'\\]{0,4}([^"'\\<>\n]+)/diy,
    ) ??
    matchAt(text, end, /["'\\]{0,4}\s{0,9}>\s{0,99}([^<\s][^<]*)(?=<)/dy) ??
    matchAt(
      text,
      end,
      /\s{0,9}(?:<\/[\w:]{1,32}|[^<>]{0,40})>\s{0,99}<(?:value|val|verdi|string)[^<>]{0,80}>([^<]+)/diy,
    );
  return value === null || isPlain(text.slice(value.start, value.end)) ? null : value;
}

/** The value before the name: `{"value": "x", "name": "password"}`. */
export function valueBefore(text: string, { start }: Range): Range | null {
  const from = Math.max(start - NEARBY_PAIR, 0);
  const found =
    /["'\s](?:value|val|verdi)["'\\]{0,4}\s{0,9}[:=]\s{0,9}["'\\]{1,4}([^"'\\{}<>]+)["'\\]{1,4}[\s,]{1,9}["'\\]{0,4}(?:key|name|k|navn|nøkkel)["'\\]{0,4}\s{0,9}[:=]\s{0,9}["'\\]{0,4}$/di.exec(
      text.slice(from, start),
    );
  const [first, end] = found?.indices?.[1] ?? [0, 0];
  const range = { start: from + first, end: from + end };
  return end === 0 || isPlain(text.slice(range.start, range.end)) ? null : range;
}

/** `{user,kari,password,x}`, an array of names and values. */
function listValue(text: string, { start, end }: Range): Value | null {
  if (
    !text.startsWith('{') ||
    !/[{,]\s{0,9}"?(?:[\w.]{1,64}\.)?$/.test(text.slice(Math.max(start - NEARBY, 0), start))
  )
    return null;
  const value = matchAt(text, end, /"?\s{0,9},\s{0,9}"?([^",{}]{1,200})"?\s{0,9}[,}]/dy);
  return value !== null && isPlain(text.slice(value.start, value.end)) ? null : value;
}

/** `define("password", "x")`, `config["password"] = "x"`. */
function setValue(text: string, { start, end }: Range): Value | null {
  const before = text.slice(Math.max(start - NEARBY, 0), start + 1);
  if (!/[([]\s{0,3}\\?["'](?:[\w.-]{1,64}\.)?[^"']?$/.test(before)) return null;
  const value = matchAt(
    text,
    end,
    /(?:\\?["'])?(?:\s{0,3}\])?\s{0,3}(?:,|=)\s{0,3}\\?["']([^"'\\\n]{1,200})/dy,
  );
  return value !== null && isPlain(text.slice(value.start, value.end)) ? null : value;
}

/** `the password is x`, `login kari password x`: if x is not a word. */
function sentenceValue(text: string, { end }: Range): Value | null {
  const value = matchAt(
    text,
    end,
    /(?:[\s:]{1,4}(?:\d\s)?(?!\()|(?<=sana)\s{1,3}on\s{1,4}|(?:[\s(]{1,3}[\p{L}]{1,20}\)?){0,4}?(?:\s{0,3}(?:[:=→]|-+>)|\s(?:er|is|are|var|was|ble|blir|be|ist|är|(?:satt|endret) til|(?:set|changed) to))\s{1,4})["'«(]{0,2}([^\s"'<>,;()]{6,200})/diuy,
  );
  return value !== null && looksRandom(text.slice(value.start, value.end)) ? value : null;
}

function randomAt(text: string, at: number): Value | null {
  const value = matchAt(text, at, /([^\s"'<>,;()]{6,200})/dy);
  return value !== null && looksRandom(text.slice(value.start, value.end)) ? value : null;
}

function matchAt(text: string, at: number, pattern: RegExp): Value | null {
  pattern.lastIndex = at;
  const [start, end] = pattern.exec(text)?.indices?.[1] ?? [0, 0];
  return end === 0 ? null : { start, end, next: end, closed: true, parameter: 0 };
}

/** The lines under a name in YAML: the items of a list, or a text of several lines. */
const BLOCK = /["']?:[^\S\n]*(?:([|>])[+-]?)?[^\S\n]*\n/y;

function linesUnder(text: string, { start, end }: Range): { values: Range[]; length: number } {
  const values: Range[] = [];
  BLOCK.lastIndex = end;
  const [opening, sign] = BLOCK.exec(text) ?? [];
  if (opening === undefined) return { values, length: 0 };
  const before = text.slice(Math.max(start - NEARBY, 0), start);
  const indent = /(?:^|\n)([^\S\n]*)["']?$/.exec(before)?.[1]?.length ?? 0;
  const from = end + opening.length;
  let at = from;
  for (let next = at; at < text.length && values.length < MOST_LINES; at = next + 1) {
    next = lineEnd(text, at);
    const [, space = '', item, value = ''] =
      /^(\s*)(-\s+)?["']?(.*?)["']?$/.exec(text.slice(at, Math.min(next, at + LONGEST_LINE))) ?? [];
    if (sign === undefined ? item === undefined : space.length <= indent) break;
    const first = at + space.length + (item ?? '').length;
    if (sign !== undefined || !isPlain(value)) values.push({ start: first, end: next });
  }
  return { values, length: at - from };
}

/** No secret has more lines. */
const MOST_LINES = 64;

/** At most this much of a list or an object is read. */
const LONGEST_LIST = 10_000;

/** The strings in a name's list or object: `"tokens": ["x", "y"]`, `"password": {"value": "x"}`. */
export function listedValues(text: string, name: Range): { values: Range[]; length: number } {
  const values: Range[] = [];
  const opening = /["'\\]{0,4}\s{0,9}[:=]\s{0,9}[[{]/y;
  opening.lastIndex = name.end;
  if (!opening.test(text)) return linesUnder(text, name);
  const from = opening.lastIndex;
  const most = Math.min(from + LONGEST_LIST, text.length);
  let depth = 1;
  let at = from;
  while (at < most && depth > 0) {
    const char = text.charAt(at);
    if (char === '[' || char === '{') depth++;
    else if (char === ']' || char === '}') depth--;
    const string = quotedValue(text, at);
    at = string?.next ?? at + 1;
    if (string === null || text.charAt(skipSpace(text, at)) === ':') continue;
    if (!isPlain(text.slice(string.start, Math.min(string.end, string.start + LONGEST_LINE))))
      values.push(string);
  }
  return { values, length: at - from };
}

/**
 * Values without quotes in JSON, and on their own lines in YAML and HTTP headers. A sentence continues after a word.
 */
const BARE = /(?:-?\d[\w.+-]*(?=\s*[,}])|[^\s"'|>&*[{,]\S*(?=[^\S\n]*(?:\n|$)))/y;

function afterColon(text: string, { start }: Range, at: number): Value | null {
  BARE.lastIndex = at;
  const [found] = BARE.exec(text) ?? [];
  if (found === undefined || /^%[sLI]?$/.test(found)) return null;
  const isNumber = ',}'.includes(text.charAt(skipSpace(text, at + found.length)) || ' ');
  if (!isNumber && !/(?:^|\n)[-#\s]*$/.test(text.slice(Math.max(start - NEARBY, 0), start))) return null;
  const end = at + found.length;
  return { start: at, end, next: end, closed: true, parameter: 0 };
}

function isQuote(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === SINGLE || code === DOUBLE;
}

/** Whether it is closed and ends there: `$a$b` and `E'a'b` are values as they are, not literals. */
function endsThere(text: string, { closed, next }: Value): boolean {
  return (
    closed && (next === text.length || isSpace(text.charCodeAt(next)) || ',;)'.includes(text.charAt(next)))
  );
}

/**
 * `'x y'` or `"x y"` outside SQL. A connection string escapes with backslashes (libpq, 34.1.1.1), SQL doubles its
 * quotes: the value extends over both.
 */
function quotedValue(text: string, at: number): Value | null {
  if (text.charCodeAt(at) !== SINGLE) return doubleQuoted(text, at);
  let end = at + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === BACKSLASH) end++;
    else if (code !== SINGLE) continue;
    else if (text.charCodeAt(end + 1) === SINGLE) end++;
    else break;
  }
  return delimited(text, at + 1, end);
}

/** A string of JSON, or of the many languages with the same syntax. */
export function doubleQuoted(text: string, at: number): Value | null {
  if (text.charCodeAt(at) !== DOUBLE) return null;
  let end = at + 1;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === DOUBLE) break;
    if (code === BACKSLASH) end++;
  }
  return delimited(text, at + 1, end);
}

function delimited(text: string, start: number, close: number): Value {
  const end = Math.min(close, text.length);
  const closed = close < text.length;
  return { start, end, next: closed ? end + 1 : end, closed, parameter: 0 };
}

/** Placeholders for the value in a template: `%s`, `%1$L`. */
const PLACEHOLDER = /^%(?:\d+\$)?-?\d*[sLI]$/;

/**
 * `password=x`: up to the next space without a backslash before it (libpq, `conninfo_parse`), in a URI's query up to
 * `&`.
 */
export function bareValue(text: string, at: number, query: boolean): Value | null {
  const end = bareEnd(text, at, query);
  const placeholder = end - at < 9 && PLACEHOLDER.test(text.slice(at, end));
  return end === at || placeholder ? null : { start: at, end, next: end, closed: true, parameter: 0 };
}

function bareEnd(text: string, at: number, query: boolean): number {
  let end = at;
  for (; end < text.length; end++) {
    const char = text.charAt(end);
    if (isSpace(text.charCodeAt(end)) || (query && (char === '&' || char === '#'))) break;
    if (char === '\\') end++;
  }
  return Math.min(end, text.length);
}
