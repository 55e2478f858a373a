/** Finds the secrets in a statement or a parameter. */

import { budgetOf } from './budget.js';
import { evidentSecrets } from './evident.js';
import type { View } from './literal.js';
import { look } from './look.js';
import { aliasNames, hasTrigger, mayDisguise, SECRETS } from './names.js';
import { type Range, union } from './ranges.js';
import { scanRaw } from './scan-raw.js';
import type { Found } from './taken.js';

export interface Secrets {
  /** In order; none touches another. */
  readonly ranges: readonly Range[];
  /** Numbers of parameters that have a secret, from 1; `true` for those that are secrets in any form. */
  readonly parameters: ReadonlyMap<number, boolean>;
  /** A secret is taken from a column or variable. */
  readonly isFromName: boolean;
}

const NONE: Secrets = { ranges: [], parameters: new Map(), isFromName: false };

/** `code`: the text is SQL, whatever its form. Takes linear time; never throws. */
export function findSecrets(text: string, code: boolean): Secrets {
  const disguised = mayDisguise(text);
  const evident = evidentSecrets(text);
  if (!disguised && !hasTrigger(text))
    return evident.length === 0 ? NONE : { ...NONE, ranges: union(evident) };
  const first = read(text, { code, disguised, names: SECRETS });
  const readings = [
    ...first,
    ...first.flatMap(({ aliases }) => readAliases(text, { code, disguised }, aliases)),
  ];
  const lost = readings.flatMap(found => (found.held ? found.lost : [{ start: 0, end: text.length }]));
  const scanned = union(lost).map(range => scanRaw(text, range));
  return {
    ranges: union(...readings.map(({ secrets }) => secrets), scanned.flat(), evident),
    parameters: sureFirst(readings),
    isFromName: first.some(({ isFromName }) => isFromName),
  };
}

/** The values assigned to names from which a secret is taken; costs as much as the first look. */
function readAliases(text: string, how: Omit<How, 'names'>, aliases: ReadonlySet<string>): Found[] {
  if (aliases.size === 0) return [];
  return read(text, { ...how, names: aliasNames(aliases) }).map(found => ({
    ...found,
    lost: [],
    held: true,
  }));
}

function sureFirst(readings: readonly Found[]): Map<number, boolean> {
  const parameters = new Map<number, boolean>();
  for (const [number, sure] of readings.flatMap(found => [...found.parameters]))
    parameters.set(number, sure || parameters.get(number) === true);
  return parameters;
}

type How = Pick<View, 'code' | 'disguised' | 'names'>;

/**
 * The readings that may be the server's. Only `\'` is read differently with
 * `standard_conforming_strings = off` (PostgreSQL manual, 19.13.1), which the log does not say: a statement
 * that contains it is read both ways, and the reading that can follow less of it is not the server's.
 */
function read(text: string, how: How): Found[] {
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
