/** What a quoted text is, from its first word and from what is around it. Each function reads a few characters only. */

import {
  BACKSLASH,
  COLON,
  DOUBLE,
  EQUALS,
  GREATER,
  isLetter,
  isSpace,
  isWord,
  OPEN,
  SINGLE,
} from '../lib/sql/chars.js';
import { isPrefix, type Piece, skipTrivia, wordEnd, wordStart } from '../lib/sql/lexer.js';
import { isSecretName, type Names, SECRETS } from './names.js';
import type { Range } from './ranges.js';

/** At most this much of a text is read around a place. */
const NEARBY = 100;

/** No word that is searched for is longer. */
const WORD_LENGTH = 64;

/** First words of SQL and PL/pgSQL, and of fragments of them that a function puts together at run time. */
const CODE_WORDS = new Set(
  (
    'abort alter analyze and as assert begin call case checkpoint close cluster comment commit copy create ' +
    'deallocate declare def delete discard do drop else elsif end execute exit explain fetch for foreach from ' +
    'grant having if import insert into limit listen load lock loop merge move notify null offset on or order ' +
    'perform prepare raise reassign refresh reindex release reset return returning revoke rollback savepoint ' +
    'security select set show start table truncate union unlisten update using vacuum values when where while with'
  ).split(' '),
);

/** Whether it begins like SQL or PL/pgSQL. `set = 1` does not: it is a pair of a connection string. */
export function readsAsCode(text: string): boolean {
  let at = skipTrivia(text, 0);
  while (at < text.length && '(;'.includes(text.charAt(at))) at = skipTrivia(text, at + 1);
  if (text.startsWith('<<', at)) return true;
  const end = Math.min(wordEnd(text, at), at + WORD_LENGTH);
  return (
    CODE_WORDS.has(text.slice(at, end).toLowerCase()) && text.charCodeAt(skipTrivia(text, end)) !== EQUALS
  );
}

/** As SQL, as any text, or as a program, in which a word without quotes is a name. */
export type Reading = 'sql' | 'text' | 'program';

/**
 * How the content of a piece is read; the body of a function in another language in two ways. Outside SQL, `--from=x` is
 * an option, not a comment.
 */
export function readingsOf(
  content: string,
  piece: Piece,
  lead: string,
  text: string,
  inCode: boolean,
): readonly Reading[] {
  const { kind } = piece;
  const isBody = kind === 'string' && (lead === 'as' || lead === 'do');
  const hasLanguage = kind === 'string' && !isBody && namesLanguage(text, piece);
  const readings = isBody || hasLanguage ? bodyReadings(languageOf(text, piece)) : [];
  if (isBody || readings.length > 1) return readings;
  return (kind === 'string' || (kind === 'comment' && inCode)) && readsAsCode(content) ? ['sql'] : ['text'];
}

function bodyReadings(language: string): readonly Reading[] {
  if (/^(?:|sql|plpgsql|edbspl)$/i.test(language)) return ['sql'];
  return /^pl(?:sh|tclu?)$/i.test(language) ? ['sql', 'text'] : ['sql', 'program'];
}

/** Without the expressions of a program: names and calls. */
export function literalsOf(content: string, reading: Reading, secrets: readonly Range[]): readonly Range[] {
  if (reading !== 'program') return secrets;
  return secrets.filter(({ start, end }) => {
    const isAssigned = /[\w\s)\]]=\s{0,3}$/.test(content.slice(Math.max(start - 8, 0), start));
    return !isAssigned || !isExpression(content.slice(start, end));
  });
}

function isExpression(value: string): boolean {
  return /^[a-z_][\w.]*(?:[([].*)?[)\],;]*$/is.test(value) && !/^(?:qq?|r#*)["'{([|]/.test(value);
}

/** The header of a function before its body is searched at most this far, and what follows it. */
const HEADER = 2000;

const LANGUAGE = /\blanguage\s{1,9}['"]?(\w{1,63})/i;

/** `DO LANGUAGE plpython3u $$…$$`: no keyword is right before the body. */
function namesLanguage(text: string, { start }: Piece): boolean {
  return /\blanguage\s+['"]?\w{1,63}['"]?\s*$/i.test(text.slice(Math.max(start - NEARBY, 0), start));
}

/** The language of a body, if the text names one near it; else empty. */
function languageOf(text: string, { start, end }: Piece): string {
  const before = text.slice(Math.max(start - HEADER, 0), start);
  const header = before.slice(before.search(/\b(?:create|do)\b(?!.*\b(?:create|do)\b)/is));
  const [, name = ''] = `${header} ${text.slice(end, end + NEARBY)}`.match(LANGUAGE) ?? [];
  return name;
}

/**
 * What leads to a piece: the keyword or the called function right before it (`as`, `do`, `format(`), in
 * lower case; empty if it is anything else.
 */
export function leadOf(text: string, { start }: Piece): string {
  const from = Math.max(start - NEARBY, 0);
  let end = spaceStart(text, start, from);
  const code = text.charCodeAt(end - 1);
  const call = code === OPEN;
  if (!call && !isLetter(code, 's') && !isLetter(code, 'o')) return '';
  if (call) end = spaceStart(text, end - 1, from);
  const word = wordStart(text, end, Math.max(end - WORD_LENGTH, 0));
  return word === end ? '' : text.slice(word, end).toLowerCase() + (call ? '(' : '');
}

/** Whether a value may follow a name in the text: each form of it has one of these characters. */
export function mayHoldValue(text: string): boolean {
  return /['"$=:<\d]/.test(text);
}

/** Whether it ends in a secret's name and what may be between that and its value: `password=`, `PASSWORD '`. */
export function endsInSecretName(text: string): boolean {
  const from = Math.max(text.length - NEARBY, 0);
  const quotes = quotesStart(text, text.length, from);
  const operator = operatorStart(text, spaceStart(text, quotes, from), from);
  const end = quotesStart(text, spaceStart(text, operator, from), from);
  if (end === text.length) return false;
  return isSecretName(text.slice(wordStart(text, end, Math.max(end - WORD_LENGTH, 0)), end));
}

/** Where the white space that ends at `at` begins. */
function spaceStart(text: string, at: number, from: number): number {
  let start = at;
  while (start > from && isSpace(text.charCodeAt(start - 1))) start--;
  return start;
}

function quotesStart(text: string, at: number, from: number): number {
  let start = at;
  for (; start > from; start--) {
    const code = text.charCodeAt(start - 1);
    if (code !== SINGLE && code !== DOUBLE && code !== BACKSLASH) break;
  }
  return start;
}

/** Where the operator that ends at `at` begins: `=`, `=>`, `:=`, `:` or `TO`. */
function operatorStart(text: string, at: number, from: number): number {
  if (/\sto$/i.test(text.slice(Math.max(at - 3, from), at))) return at - 2;
  let start = at;
  for (; start > from; start--) {
    const code = text.charCodeAt(start - 1);
    if (code !== EQUALS && code !== GREATER && code !== COLON) break;
  }
  return start;
}

/** Whether a word begins right after the literal. */
export function touchesAfter(text: string, { quoting, end }: Piece): boolean {
  return quoting !== 'verbatim' && isWord(text.charCodeAt(end));
}

/** Whether a word other than a prefix (`N'`, `B'`, `X'`) ends right before the literal. */
export function touchesBefore(text: string, { quoting, start }: Piece): boolean {
  const code = text.charCodeAt(start - 1);
  return quoting !== 'verbatim' && isWord(code) && (!isPrefix(code) || isWord(text.charCodeAt(start - 2)));
}

/** Whether it is in a list of values of one kind: `kind IN ('password', 'x')`. */
export function isInList(text: string, { start }: Piece): boolean {
  return /\b(?:in|enum|any|all|some|array)\s*[([][^()[\]]*$/i.test(
    text.slice(Math.max(start - NEARBY, 0), start),
  );
}

/** Whether it is one of the lists that `unnest` turns into rows, or in one: `unnest(ARRAY['password', …], …)`. */
export function isUnnested(text: string, { start }: Piece): boolean {
  return /\b(?:unnest|hstore|jsonb?_object)\s*\(\s*(?:array\s*\[[^()[\]]*)?$/i.test(
    text.slice(Math.max(start - NEARBY, 0), start),
  );
}

/** Whether the function takes a list of names, and others next to it. */
export function isListing(lead: string): boolean {
  return /^(?:unnest|hstore|jsonb?_object)\($/.test(lead);
}

/** Past the call that ends right after the name of a setting: `current_setting('my.token', true)`. */
export function settingEnd(text: string, at: number): number {
  const [rest = ''] = /^\s*(?:,\s*\w{1,5}\s*)?\)/.exec(text.slice(at, at + NEARBY)) ?? [];
  return at + rest.length;
}

/** The function that builds an object is searched at most this far before a key. */
const OBJECT_NEARBY = 500;

/** Whether a function that builds an object of keys and values, or sets one in it, comes before the key. */
export function isInObject(text: string, { start }: Piece): boolean {
  return /\b(?:jsonb?_build_object|jsonb?_object|jsonb_set|jsonb_insert|hstore)\s*\([^;]*$/i.test(
    text.slice(Math.max(start - OBJECT_NEARBY, 0), start),
  );
}

/** No name of a secret is longer, nor its path. */
const LONGEST_KEY = 200;

/** Whether it is the name of a secret, its path, or a pattern that finds it. */
export function isKey(text: string, names: Names): boolean {
  if (text.length > LONGEST_KEY) return false;
  return names.is(text.replace(/^%|%$/g, '')) || (names === SECRETS && isSecretPath(text));
}

/** Whether a list contains a secret's name: `{user,password,url}`. */
export function listsSecret(text: string): boolean {
  return (
    text.startsWith('{') && text.length < OBJECT_NEARBY && text.slice(1, -1).split(',').some(isSecretName)
  );
}

/** Whether it is the path of a secret in a JSON document: `{user,password}`. */
export function isSecretPath(text: string): boolean {
  if (!text.startsWith('{') || !text.endsWith('}')) return false;
  const path = text.slice(1, -1).replace(/(?:,\d{1,9})+$/, '');
  const last = path.slice(path.lastIndexOf(',') + 1);
  return isSecretName(last.trim().replaceAll('"', ''));
}
