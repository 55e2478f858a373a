/** Finds the secrets in a statement or a parameter. */

import { evidentSecrets } from './evident.js';
import { budgetOf, type Found, look } from './look.js';
import { hasTrigger, mayDisguise } from './names.js';
import { type Range, union } from './ranges.js';
import { sweep } from './sweep.js';

export interface Secrets {
  /** In order, none touching another. */
  readonly ranges: readonly Range[];
  /** Numbers of parameters that hold a secret, from 1. */
  readonly parameters: ReadonlySet<number>;
}

const NONE: Secrets = { ranges: [], parameters: new Set() };

/** `code`: the text is SQL, whatever it looks like. Takes linear time; throws nothing. */
export function findSecrets(text: string, code: boolean): Secrets {
  const disguised = mayDisguise(text);
  const evident = evidentSecrets(text);
  if (!disguised && !hasTrigger(text))
    return evident.length === 0 ? NONE : { ...NONE, ranges: union(evident) };
  const readings = read(text, { code, disguised });
  const lost = readings.flatMap(found => (found.held ? found.lost : [{ start: 0, end: text.length }]));
  const swept = union(lost).map(range => sweep(text, range));
  return {
    ranges: union(...readings.map(({ secrets }) => secrets), swept.flat(), evident),
    parameters: new Set(readings.flatMap(({ parameters }) => parameters)),
  };
}

/**
 * The readings that may be the server's. Only `\'` is read differently with
 * `standard_conforming_strings = off` (PostgreSQL manual, 19.13.1), which the log does not tell: a statement
 * that has it is read both ways, and a reading that can follow less than the other is not the server's.
 */
function read(text: string, how: { code: boolean; disguised: boolean }): Found[] {
  const budget = budgetOf(text);
  const standard = look(text, { ...how, backslashes: false }, budget);
  if (!how.code || !text.includes("\\'")) return [standard];
  const other = look(text, { ...how, backslashes: true }, budget);
  if (!other.held || length(other.lost) > length(standard.lost)) return [standard];
  return standard.held ? [standard, other] : [other];
}

function length(ranges: readonly Range[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
