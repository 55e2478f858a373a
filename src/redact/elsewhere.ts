/** Where a secret stands that is named at another place of the same text. */

import { readTuple } from './columns.js';
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
