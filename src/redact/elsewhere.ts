/** Secrets that are named at another place of the same text. */

import { CLOSE, COMMA, DOUBLE, isWord, OPEN, SEMICOLON } from '../lib/sql/chars.js';
import { skipTrivia } from '../lib/sql/lexer.js';
import { CLAUSE, elementEnd, readTuple } from './columns.js';
import { isStatement, type View } from './literal.js';
import { valueAt } from './shapes.js';

/** Columns that have values of any kind. */
const VALUES = '(?:(?:\\w{1,32}_)?(?:value|verdi)|val|v|content|innhold|data|setting|tekst|text)';
const VALUE_NAME = new RegExp(`^${VALUES}$`, 'i');
/** With the operator after them. */
const VALUE_COLUMN = new RegExp(`(?<![\\w$])${VALUES}"?\\s{0,9}:?=`, 'gi');

/** Whether a column has values of any kind, as its name says: what they are is in another column of the row. */
export function isValueColumn(name: string): boolean {
  return VALUE_NAME.test(name);
}

/** Where the expressions begin that these columns get: `SET value = 'x' WHERE key = 'smtp.password'`. */
export function* valueColumns(text: string): Generator<number> {
  for (const { 0: found, index } of text.matchAll(VALUE_COLUMN)) yield index + found.length;
}

const EXECUTE = /\bexecute\s{1,9}["\w$]{1,64}\s{0,9}\(/gi;

/** More parameters than a prepared statement of a person has. */
const MOST_PARAMETERS = 32;

/** Executions that are read: each one's arguments may extend over the rest of the text. */
const MOST_EXECUTIONS = 8;

/** Where the parameters of each prepared statement that is executed in the same text begin: `EXECUTE p('x')`. */
export function* executions(text: string, view: View): Generator<readonly number[]> {
  const starts: number[] = [];
  let count = 0;
  for (const { 0: found, index } of text.matchAll(EXECUTE)) {
    if (++count > MOST_EXECUTIONS) return;
    readTuple(text, index + found.length, view, starts, MOST_PARAMETERS);
    yield starts;
  }
}

/** Where expressions begin that a name elsewhere in the text makes secrets. */
export function namedElsewhere(text: string, view: View): readonly Column[] {
  return isStatement(view)
    ? [...selectedColumns(text, view), ...returned(text, view)]
    : selectedColumns(text, view);
}

/** The results of a function with a secret's name: `CREATE FUNCTION get_api_key() … RETURN 'x'`. */
function returned(text: string, { names }: View): Column[] {
  const [, name = ''] = /\bfunction\s{1,9}(?:\w{1,63}\.)?"?(\w{1,63})/i.exec(text) ?? [];
  if (!names.is(name)) return [];
  const ends = text.matchAll(/\b(?:return|select)\s{1,9}(?=')/gi).take(MOST_RETURNS);
  return Array.from(ends, ({ 0: found, index }) => ({ start: index + found.length, sure: false }));
}

/** More than any function that a person writes has. */
const MOST_RETURNS = 8;

/** A query, and which of its columns the first SELECT names as a secret. */
interface Query {
  /** Of the column in the list of a SELECT, from 1; 0 outside it. */
  place: number;
  /** Where the column begins. */
  start: number;
  /** Whether AS was the last word. */
  isNamed: boolean;
  isUnited: boolean;
  /** For each place whether it is certainly a secret. */
  readonly secret: Map<number, boolean>;
}

interface Column {
  readonly start: number;
  readonly sure: boolean;
}

/** More than any statement that a person writes has. */
const MOST_OPEN = 1000;
const MOST_COLUMNS = 1000;

/**
 * Columns in the list of a SELECT with the name of a secret, and what a UNION adds to them: `SELECT unnest(ARRAY['x',
 * 'y']) AS password`, `SELECT 'x' AS password UNION SELECT 'y'`.
 */
function selectedColumns(text: string, view: View): readonly Column[] {
  const columns: Column[] = [];
  if (!/\b(?:union|as)\b/i.test(text)) return columns;
  const open: Query[] = [newQuery()];
  for (let at = 0; at < text.length && open.length < MOST_OPEN && columns.length < MOST_COLUMNS; ) {
    const code = text.charCodeAt(at);
    const end = elementEnd(text, at, view);
    if (code === OPEN) open.push(newQuery());
    else if ((code === CLOSE && open.length > 1) || code === SEMICOLON) open.pop();
    if (open.length === 0) open.push(newQuery());
    const query = open.at(-1) ?? newQuery();
    const isBegin = code === COMMA && query.place > 0;
    const word = isWord(code) || code === DOUBLE ? text.slice(at, Math.min(end, at + LONGEST_WORD)) : '';
    const column =
      isBegin || /^select$/i.test(word) ? beginColumn(query, isBegin, end) : nameColumn(query, word, view);
    if (
      column !== null &&
      (column.start === end || valueAt(text, skipTrivia(text, column.start), view) !== null)
    )
      columns.push(column);
    at = end;
  }
  return columns;
}

/** No name that is checked is longer, in quotes. */
const LONGEST_WORD = 66;

function newQuery(): Query {
  return { place: 0, start: 0, isNamed: false, isUnited: false, secret: new Map() };
}

function beginColumn(query: Query, isNext: boolean, start: number): Column | null {
  query.place = isNext ? query.place + 1 : 1;
  query.start = start;
  const sure = query.isUnited ? query.secret.get(query.place) : undefined;
  return sure === undefined ? null : { start, sure };
}

/** The column that this word names as a secret. */
function nameColumn(query: Query, word: string, { names }: View): Column | null {
  if (word === '') return null;
  const { isNamed, place, start } = query;
  query.isNamed = /^as$/i.test(word);
  query.isUnited ||= /^union$/i.test(word);
  if (CLAUSE.test(word)) query.place = 0;
  const name = word.replaceAll('"', '');
  if (place === 0 || query.isUnited || !names.is(name)) return null;
  query.secret.set(place, names.isSure(name));
  return isNamed ? { start, sure: names.isSure(name) } : null;
}
