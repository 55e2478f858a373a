/** Where a secret stands that is named at another place of the same text. */

import { CLOSE, COMMA, DOUBLE, isWord, OPEN, SEMICOLON } from '../sql/chars.js';
import { CLAUSE, elementEnd, readTuple } from './columns.js';
import type { View } from './shapes.js';

/** Columns that hold values of any kind, and the sign after them. */
const VALUE_COLUMN =
  /(?<![\w$])(?:(?:\w{1,32}_)?(?:value|verdi)|val|v|content|innhold|data|setting|tekst|text)"?\s{0,9}:?=/gi;

/** Where the expressions begin that these columns are given: `SET value = 'x' WHERE key = 'smtp.password'`. */
export function* valueColumns(text: string): Generator<number> {
  for (const { 0: found, index } of text.matchAll(VALUE_COLUMN)) yield index + found.length;
}

const EXECUTE = /\bexecute\s{1,9}["\w$]{1,64}\s{0,9}\(/gi;

/** More parameters than a statement has that a person prepares. */
const MOST_PARAMETERS = 32;

/** Executions that are read: the arguments of each may be all that follows. */
const MOST_EXECUTIONS = 8;

/** Where the parameters begin of each prepared statement that is executed in the same text: `EXECUTE p('x')`. */
export function* executions(text: string, view: View): Generator<readonly number[]> {
  const starts: number[] = [];
  let count = 0;
  for (const { 0: found, index } of text.matchAll(EXECUTE)) {
    if (++count > MOST_EXECUTIONS) return;
    readTuple(text, index + found.length, view, starts, MOST_PARAMETERS);
    yield starts;
  }
}

/** A query that is read, and which of its columns the first SELECT calls a secret. */
interface Query {
  /** Of the column in the list of a SELECT, from 1; 0 outside of it. */
  place: number;
  isUnited: boolean;
  /** For each place whether it is a secret for sure. */
  readonly secret: Map<number, boolean>;
}

/** More than any statement that a person writes has. */
const MOST_OPEN = 1000;
const MOST_STARTS = 1000;

/** Where the expressions begin that a UNION adds to a secret's column: `SELECT 'x' AS password UNION SELECT 'y'`. */
export function unitedValues(text: string, view: View): readonly { start: number; sure: boolean }[] {
  const starts: { start: number; sure: boolean }[] = [];
  if (!/\bunion\b/i.test(text)) return starts;
  const open: Query[] = [newQuery()];
  for (let at = 0; at < text.length && open.length < MOST_OPEN && starts.length < MOST_STARTS; ) {
    const code = text.charCodeAt(at);
    const end = elementEnd(text, at, view);
    if (code === OPEN) open.push(newQuery());
    else if ((code === CLOSE && open.length > 1) || code === SEMICOLON) open.pop();
    if (open.length === 0) open.push(newQuery());
    const query = open.at(-1);
    const begins = query !== undefined && begin(query, code, text.slice(at, Math.min(end, at + 65)), view);
    const sure = begins && query.isUnited ? query.secret.get(query.place) : undefined;
    if (sure !== undefined) starts.push({ start: end, sure });
    at = end;
  }
  return starts;
}

function newQuery(): Query {
  return { place: 0, isUnited: false, secret: new Map() };
}

/** Whether a column of the query begins after this element. */
function begin(query: Query, code: number, element: string, { names }: View): boolean {
  if (code === COMMA && query.place > 0) return ++query.place > 0;
  if (!isWord(code) && code !== DOUBLE) return false;
  const name = element.replaceAll('"', '');
  if (/^select$/i.test(element)) query.place = 1;
  else if (CLAUSE.test(element)) query.place = 0;
  else if (query.place > 0 && !query.isUnited && names.is(name))
    query.secret.set(query.place, names.isSure(name));
  if (/^union$/i.test(element)) query.isUnited = true;
  return /^select$/i.test(element);
}
